/** `bmail status`: how the daemon is, what we hold, and what is wrong. */
import type { Command } from 'commander'
import type { Pseudonym, Status } from '../node/service.ts'
import { type Money, moneyIn } from './amount.ts'
import { type Client, connect } from './client.ts'
import { type Act, type Answer, examples, type Invocation } from './command.ts'
import { facts, table, when } from './print.ts'

export function configure(command: Command, act: Act): void {
  command.addHelpText('after', examples('bmail status', 'bmail status --json')).action(
    act(async (context): Promise<Answer> => {
      const api = connect(context.home)
      const status = await api.status()
      const own = await ownOf(api, status)
      return { value: { ...status, own }, text: () => statusText(context, status, own) }
    }),
  )
}

/** Our own addresses, which a relay has none of. */
export const ownOf = async (api: Pick<Client, 'pseudonyms'>, { role }: Status): Promise<readonly Pseudonym[]> =>
  role === 'personal' ? api.pseudonyms() : []

/** The status of a daemon for a person. */
export async function statusText(context: Invocation, status: Status, own: readonly Pseudonym[]): Promise<string> {
  const money = moneyIn(status.network.coin, context)
  const parts = [
    status.role,
    ...(status.hosting ? ['host'] : []),
    ...(status.keeper === null ? [] : [`keeper ${status.keeper + 1}`]),
  ]
  const text = await facts(
    ['daemon', `${parts.join(', ')}; version ${status.version}`],
    ['network', `${status.network.name} (${status.network.id.slice(0, 16)})`],
    ['state', stateOf(status)],
    ['batch', `${status.height}, of ${when(status.time)}, in epoch ${status.epoch}`],
    ['peers', `${status.peers.length} connected`],
    [
      'waiting',
      `${status.pendingOps} operations${status.uncollected > 0 ? `, ${status.uncollected} not collected` : ''}`,
    ],
    ['listens', status.addresses.join(', ') || 'no, it only dials out'],
    ...own.filter(({ retired }) => !retired).map((one): [string, string] => ['address', ownText(one, money)]),
  )
  const troubles = await troublesText(status)
  return troubles === '' ? text : `${text}\n\n${troubles}`
}

const stateOf = ({ ready, troubles, halted }: Status): string => {
  if (halted) return `stopped replaying: ${halted}`
  if (!ready) return 'not ready'
  return troubles.length === 0 ? 'ready' : 'ready, with trouble'
}

const ownText = ({ label, address, registered, balance, reserve }: Pseudonym, { shown }: Money): string =>
  `${address} (“${label}”), ${registered ? 'registered' : 'not registered'}; holds ${shown(balance)}, and ${shown(reserve)} in reserve`

/** A line for each trouble, the worst first; empty where there is none. */
const troublesText = async ({ troubles }: Status): Promise<string> =>
  troubles.length === 0
    ? ''
    : table(
        ['trouble', 'since', ''],
        troubles.map(({ name, since, sentence }) => [name, when(since), sentence]),
      )
