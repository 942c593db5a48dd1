/** How each trouble is found. A sentence says what is wrong and what to do, and names no address of ours. */
import { balanceOf } from '../../protocol/account.ts'
import type { Wallet } from '../keys/wallet.ts'
import type { Node } from '../peers/node.ts'
import type { ClockWatch } from './clock-watch.ts'
import type { DiskWatch } from './disk-watch.ts'
import type { ProofWatch } from './proof-watch.ts'
import type { Looks } from './troubles.ts'

type Sources = {
  readonly node: Node
  readonly clockWatch: ClockWatch
  readonly diskWatch: DiskWatch
  readonly proofWatch: ProofWatch
  readonly wallet: Wallet | undefined
}

export function looksOf({ node, clockWatch, diskWatch, proofWatch, wallet }: Sources): Looks {
  const { replica, seams } = node
  const peers = (): number => seams.network.peers().length
  return {
    halted: () => replica.halted,
    'disk-failing': diskWatch.fault,
    'proofs-failing': () => proofWatch.fault(),
    'clock-apart': clockWatch.fault,
    'no-peers': () => (node.host || peers() > 0 ? undefined : noPeers),
    starting: () => (proofWatch.isOver() ? undefined : 'The daemon is still checking that it can verify proofs.'),
    'catching-up': () => (node.synced() || replica.halted || peers() === 0 ? undefined : catchingUp),
    registering: async () => {
      const { funded } = await unregistered(node, wallet)
      return funded === 0 ? undefined : registering(funded)
    },
    'host-silent': () => hostSilent(node),
    'disk-low': diskWatch.shortage,
    'host-alone': () => (node.host && peers() === 0 ? hostAlone : undefined),
    'not-registered': async () => {
      const { all, funded, registered } = await unregistered(node, wallet)
      return registered > 0 || all === 0 || funded > 0 ? undefined : notRegistered
    },
  }
}

const noPeers =
  'No peer is connected, so no mail comes or goes. They are tried again by themselves; check this machine’s network, and `peers` in bmail.toml (or --peers).'

const catchingUp = 'This daemon does not have everything yet that its peers have. It fetches it by itself.'

const hostAlone =
  'This is the host of the network, and nobody is connected to it. Check that others can reach where it listens (`listen` and `announce` in bmail.toml).'

const registering = (count: number): string =>
  `${count === 1 ? 'An address of this mailbox is' : `${count} addresses of this mailbox are`} being registered. Until a batch has settled that, nobody can write there.`

const notRegistered =
  'No address of this mailbox is registered, so nobody can write to it. Hand what `bmail whoami` prints to somebody on the network, who sponsors it.'

/** How many of our addresses, the retired ones left out, there are, are registered, and could be by what they hold. */
async function unregistered({ replica, context: { rules } }: Pick<Node, 'replica' | 'context'>, wallet?: Wallet) {
  const own = wallet?.own.filter(({ retired }) => !retired) ?? []
  const view = await replica.view(own.map(({ address }) => ({ table: 'accounts', key: address })))
  const accounts = own.map(({ address }) => view.read('accounts', address))
  const open = accounts.filter((account) => account?.signingKey === undefined)
  const funded = open.filter((account) => account && balanceOf(rules, account) >= rules.inclusionFee).length
  return { all: own.length, registered: own.length - open.length, funded }
}

/** What waits longer than an honest host takes. */
function hostSilent({ replica, host, seams, uncollected, uncollectedMs }: Node): string | undefined {
  const count = uncollected()
  if (count === 0) return undefined
  const waiting = `${count === 1 ? 'An operation has' : `${count} operations have`} waited for more than ${uncollectedMs / 1_000} s`
  if (host) return `${waiting} at this host: what belongs to them has not come, or the disk takes nothing.`
  const lastMs = Number(replica.head.sealed.header.time)
  if (lastMs > seams.clock.now() - uncollectedMs)
    return `${waiting}, and the host makes batches without them. They are offered to it by themselves; if it lasts, ask whoever runs the network.`
  return `${waiting}, and the host takes nothing; its last batch is of ${new Date(lastMs).toISOString()}. It is down, or cut off from here. What waits goes on by itself when it is back; if it lasts, ask whoever runs the network.`
}
