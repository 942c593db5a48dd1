/** How each trouble is found. A sentence says what is wrong and what to do, and names no pseudonym of ours. */
import { balanceOf } from '../../protocol/account.ts'
import { streamsOf } from '../../protocol/gossip.ts'
import { wireVersion } from '../../protocol/version.ts'
import { amountText } from '../amount.ts'
import { utc } from '../dates.ts'
import type { Wallet } from '../keys/wallet.ts'
import { lackOf } from '../mailbox/lack.ts'
import type { Libp2pNetwork } from '../network/libp2p.ts'
import type { HostTrouble } from '../peers/host-clock.ts'
import type { Node } from '../peers/node.ts'
import type { watchAnnounced } from './announce-watch.ts'
import type { ClockWatch } from './clock-watch.ts'
import type { DiskWatch } from './disk-watch.ts'
import type { ProofWatch } from './proof-watch.ts'
import type { Mailbox } from './mailbox.ts'
import type { Looks } from './troubles.ts'

type Sources = {
  readonly node: Node
  readonly network: Libp2pNetwork
  /** How many peers the settings name (`peers`). */
  readonly named: number
  readonly announceWatch: Pick<ReturnType<typeof watchAnnounced>, 'fault'>
  readonly clockWatch: ClockWatch
  readonly diskWatch: DiskWatch
  readonly proofWatch: ProofWatch
  readonly wallet: Wallet | undefined
  readonly mailbox: Pick<Mailbox, 'failing' | 'allowance'> | undefined
}

export function looksOf({
  node,
  network,
  named,
  announceWatch,
  clockWatch,
  diskWatch,
  proofWatch,
  wallet,
  mailbox,
}: Sources): Looks {
  const { replica, seams } = node
  const peers = (): number => seams.network.peers().length
  return {
    halted: () => replica.halted,
    'disk-failing': diskWatch.fault,
    'proofs-failing': () => proofWatch.fault(),
    'clock-apart': clockWatch.fault,
    'clock-ahead': () => hostClock(node, 'clock-ahead'),
    'clock-unconfirmed': () => hostClock(node, 'clock-unconfirmed'),
    'batches-lost': () => (node.host ? batchesLost(node) : undefined),
    'no-peers': () => (node.host || peers() > 0 ? undefined : named > 0 ? noPeers(seams.clock.now()) : noneNamed),
    'other-wire': () => otherWire(node, network),
    starting: () => (proofWatch.isOver() ? undefined : 'The daemon is still checking that it can verify proofs.'),
    'catching-up': async () =>
      isBehind(node) && peers() > 0 && !(await otherWire(node, network)) ? catchingUp : undefined,
    registering: async () => {
      // Where people can write to one address already, the others wait for moments of their own.
      const { funded, registered } = await unregistered(node, wallet)
      return funded === 0 || registered > 0 || (await isLimited(node, mailbox)) ? undefined : registering
    },
    'host-silent': () => hostSilent(node),
    'keepers-silent': () => keepersSilent(node),
    'rounds-failing': () => roundsFailing([...node.failing(), ...(mailbox?.failing() ?? [])]),
    'peer-unreachable': () => peersUnreachable(network),
    'announce-unresolved': announceWatch.fault,
    'disk-low': diskWatch.shortage,
    'few-connections': () => fewConnections(network),
    'host-alone': () => (node.host && peers() === 0 ? hostAlone : undefined),
    'not-registered': async () => {
      const { all, funded, keyless, registered } = await unregistered(node, wallet)
      return registered > 0 || all === 0 || funded > 0 || keyless > 0 ? undefined : notRegistered
    },
    'key-missing': async () => ((await unregistered(node, wallet)).keyless > 0 ? keyMissing(node.context) : undefined),
    'limit-reached': async () => {
      const { funded } = await unregistered(node, wallet)
      return funded > 0 && (await isLimited(node, mailbox)) ? limitReached(funded) : undefined
    },
  }
}

/** Whether something is missing that peers have. A host that only waits for its clock misses nothing. */
const isBehind = ({ replica, host, sync, synced }: Pick<Node, 'replica' | 'host' | 'sync' | 'synced'>): boolean =>
  !replica.halted && (host ? sync.isBehind() : !synced())

const noPeers = (now: number): string =>
  `No peer is connected, so no mail comes or goes. They are tried again by themselves; check this machine’s network, its clock (it says ${utc(now)}; where that is far off, peers turn it away), and \`peers\` in bmail.toml (or --peers).`

const noneNamed =
  'No peer is connected, so no mail comes or goes, and none is named to connect to. Put the address of a relay, which whoever runs the network hands out, into `peers` of bmail.toml (or --peers), and start the daemon again.'

/** What the peers of a node speak, where none of them speaks as it does. A host has no need of any. */
async function otherWire(
  { host, context }: Pick<Node, 'host' | 'context'>,
  { versionsOf }: Pick<Libp2pNetwork, 'versionsOf'>,
): Promise<string | undefined> {
  const [hello] = streamsOf(context.network).hello.split('/')
  const spoken = host ? [] : (await versionsOf(hello!)).filter((versions) => versions.length > 0)
  const versions = [...new Set(spoken.flat())].sort((a, b) => a - b)
  if (spoken.length === 0 || versions.includes(wireVersion)) return undefined
  const theirs = `${spoken.length === 1 ? 'the one peer that is connected speaks' : `the ${spoken.length} peers that are connected speak`} version ${versions.join(' and ')}`
  return `This program speaks version ${wireVersion} of the wire, and ${theirs}, so nothing passes between them. ${
    versions.at(-1)! > wireVersion
      ? 'It is older than the network: install the bmail that the network runs, and start the daemon again.'
      : 'It is newer than they are: ask whoever runs them to install a bmail of this version; or put a relay that speaks it into `peers` of bmail.toml (or --peers), and start the daemon again.'
  }`
}

const catchingUp = 'This daemon does not have everything yet that its peers have. It fetches it by itself.'

const hostAlone =
  'This is the host of the network, and nobody is connected to it. Check that others can reach where it listens (`listen` and `announce` in bmail.toml).'

const registering =
  'An address of this mailbox is being registered. Until a batch has settled that, nobody can write there.'

/** Whether the limit of a day has no room for what a registration costs. */
async function isLimited({ context: { rules } }: Pick<Node, 'context'>, mailbox: Sources['mailbox']): Promise<boolean> {
  const allowance = await mailbox?.allowance()
  return allowance !== undefined && allowance < rules.inclusionFee
}

const limitReached = (count: number): string =>
  `${count === 1 ? 'An address of this mailbox has' : `${count} addresses of this mailbox have`} funds and cannot be written to: the limit of a day (spendPerDay) has no room for registering. That is done by itself once there is room; if it cannot wait, raise spendPerDay in bmail.toml and start the daemon again.`

/** What the host signed and does not have any more. */
function batchesLost({ replica, sync }: Pick<Node, 'replica' | 'sync'>): string | undefined {
  const lostTo = replica.lostTo()
  if (lostTo === undefined) return undefined
  const { height } = replica.head.sealed.header
  const asked = sync.heights.size
  const whoHas =
    asked === 0
      ? 'no peer is there to ask'
      : `${asked === 1 ? 'the one peer that is' : `none of the ${asked} peers that are`} there ${asked === 1 ? 'does not have' : 'has'} them`
  return `The host signs no batches: its log ends with batch ${height}, it signed up to ${lostTo}, and ${whoHas}. The first peer that has them gives them back, and it goes on by itself. If nobody has them any more: \`bmail confirm-clock --lost\`, which says what that risks.`
}

const notRegistered =
  'No address of this mailbox is registered, so nobody can write to it. Hand what `bmail whoami` prints to somebody on the network, who sponsors it.'

const keyMissing = ({ rules: { reserve, inclusionFee, coin } }: Pick<Node['context'], 'rules'>): string =>
  `An address of this mailbox has no key that letters are sealed to, so nobody can write there: what registered it paid, and did not count. It cannot be registered again, and gives itself the key once it has ${amountText(inclusionFee, coin)} beside its reserve of ${amountText(reserve, coin)}. Have somebody pay it that with \`bmail transfer\`.`

/**
 * How many of our addresses, the retired ones left out, there are, can be written to, could be by what they hold, and lack
 * one key and the funds to give it to themselves.
 */
async function unregistered({ replica, context: { rules } }: Pick<Node, 'replica' | 'context'>, wallet?: Wallet) {
  const own = wallet?.own.filter(({ retired }) => !retired) ?? []
  const view = await replica.view(own.map(({ address }) => ({ table: 'accounts', key: address })))
  const accounts = own.map(({ address }) => view.read('accounts', address))
  const lacks = await Promise.all(own.map(({ address }) => lackOf(replica, address)))
  const isFunded = accounts.map((account) => account && balanceOf(rules, account) >= rules.inclusionFee)
  const registered = lacks.filter((lack) => lack === undefined).length
  const funded = lacks.filter((lack, at) => lack && isFunded[at]).length
  const keyless = lacks.filter((lack, at) => lack === 'seal key' && !isFunded[at]).length
  return { all: own.length, registered, funded, keyless }
}

/** Why this host signs nothing, where that is by this name. */
function hostClock({ host }: Pick<Node, 'host'>, name: HostTrouble['name']): string | undefined {
  const trouble = host?.trouble()
  return trouble?.name === name ? trouble.sentence : undefined
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
  return `${waiting}, and the host takes nothing; its last batch is of ${utc(lastMs)}. It is down, or cut off from here. What waits goes on by itself when it is back; if it lasts, ask whoever runs the network.`
}

function peersUnreachable({ unreached }: Pick<Libp2pNetwork, 'unreached'>): string | undefined {
  const all = unreached()
  if (all.length === 0) return undefined
  const each = all.map(({ address, why }) => `${address} (${why})`).join(', ')
  return `Of the peers to stay connected to, ${each} cannot be reached. Correct what is wrong there in \`peers\` of bmail.toml (or --peers); what is right is tried again by itself.`
}

function fewConnections({ connectionsMost: { allowed, wished } }: Libp2pNetwork): string | undefined {
  if (allowed >= wished) return undefined
  return `This process may have only so many files open that it takes ${allowed} connections instead of ${wished}. Raise that limit (\`ulimit -n\`, LimitNOFILE) and start it again.`
}

function keepersSilent({ silentKeepers, context }: Pick<Node, 'silentKeepers' | 'context'>): string | undefined {
  const { members, threshold } = context.rules.keepers
  const silent = silentKeepers()
  const left = members.length - silent.length
  if (left >= threshold) return undefined
  const since = utc(Math.max(...silent.map((one) => one.since)))
  return `${left} of the ${threshold} keepers that open a lock answer; ${silent.map(({ keeper }) => `keeper ${keeper + 1}`).join(', ')} did not to what was settled at ${since}. Letters that come stay locked until their senders’ daemons or enough keepers are up; tell whoever runs the network.`
}

const roundsFailing = (all: readonly string[]): string | undefined =>
  all.length === 0
    ? undefined
    : `What this daemon does by itself failed the last time: ${all.join(', ')}. It is tried again by itself; its log says more.`
