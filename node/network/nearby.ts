/**
 * Peers that are found on the local network. Anybody there can announce as many as they like, so few are heard in a minute,
 * and few are dialled at a time; what was passed over is announced again.
 */
import type { PeerId } from '@libp2p/interface'
import { mdns } from '@libp2p/mdns'
import type { Clock } from '../seams.ts'
import type { NetworkLog } from './network-options.ts'

/** Peers that are heard of in a minute, and dialled at one time. */
export const foundInMinute = 64
export const dialledAtOnce = 4

type Found = ReturnType<ReturnType<typeof mdns>>

/** Discovery by mDNS for `createLibp2p`, under a DNS-SD service. */
export const nearby =
  (serviceTag: string, clock: Pick<Clock, 'monotonic'>): ReturnType<typeof mdns> =>
  (components) =>
    boundFinds(mdns({ serviceTag })(components), clock)

/** Have a discovery tell of so many peers in a minute, and of no more: each is remembered, and dialled. */
export function boundFinds<Discovery extends Pick<Found, 'dispatchEvent'>>(
  discovery: Discovery,
  clock: Pick<Clock, 'monotonic'>,
): Discovery {
  const tell = discovery.dispatchEvent.bind(discovery)
  let minute = 0
  let found = 0
  discovery.dispatchEvent = (event) => {
    if (event.type !== 'peer') return tell(event)
    const now = Math.floor(clock.monotonic() / 60_000)
    if (now !== minute) found = 0
    minute = now
    found += 1
    return found <= foundInMinute && tell(event)
  }
  return discovery
}

type Options = {
  readonly dial: (peer: PeerId) => Promise<unknown>
  readonly isConnected: (peer: PeerId) => boolean
  /** Forget a peer that is not connected, so that it is found again. */
  readonly forget: (peer: PeerId) => Promise<unknown>
  readonly log: Pick<NetworkLog, 'debug'>
}

/** Returns what hears of a peer that was found, and dials it where few others are being dialled. */
export function createNearbyDials({ dial, isConnected, forget, log }: Options): (peer: PeerId) => Promise<void> {
  let underWay = 0
  return async (peer) => {
    if (isConnected(peer)) return
    try {
      if (underWay >= dialledAtOnce) return
      underWay += 1
      try {
        await dial(peer)
      } finally {
        underWay -= 1
      }
    } catch (error) {
      // Announced again and again, so a failure is not worth more than a word.
      log.debug({ error }, 'cannot connect to a peer on the local network')
    } finally {
      if (!isConnected(peer)) await forget(peer)
    }
  }
}
