/** How a daemon is, in a few lines. */
import type { Status } from '../node/service.ts'
import { facts, when } from './print.ts'

/** The status of a daemon for a person. */
export function statusText(status: Status): Promise<string> {
  const parts = [
    status.role,
    ...(status.hosting ? ['host'] : []),
    ...(status.keeper === null ? [] : [`keeper ${status.keeper + 1}`]),
  ]
  return facts(
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
  )
}

const stateOf = ({ halted, synced, peers }: Status): string => {
  if (halted) return `stopped replaying: ${halted}`
  if (synced) return 'ready'
  return peers.length === 0 ? 'looking for peers' : 'catching up'
}
