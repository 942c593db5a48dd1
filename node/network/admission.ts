/**
 * Admission: which inbound connections are let in, so that no address takes the places of the others. A connection that has
 * not shaken hands yet is half-open. An honest handshake takes a moment, so where there are too many half-open ones of an
 * address its oldest makes room. Where all places are taken, the address with the most gives one up; and where none has more
 * than one, the connection that has been here longest among the younger half: so many addresses cannot keep a newcomer out,
 * nor put out those that have been here long.
 */
import type { MultiaddrConnection, PeerId } from '@libp2p/interface'
import { hostOf, shareOf } from './hosts.ts'
import { type Meter, workCosts } from './meter.ts'

interface AdmissionLimits {
  /** Inbound connections, half-open ones included. */
  readonly inbound: number
  /** Connections that have shaken hands, of one address and of one peer. */
  readonly ofAddress: number
  readonly ofPeer: number
  /** Half-open connections: in all, and of one address. */
  readonly halfOpen: number
  readonly halfOpenOfAddress: number
}

/** What we need to know of a connection; libp2p's fits. */
export type Caller = Pick<MultiaddrConnection, 'remoteAddr' | 'abort' | 'addEventListener'>

interface Guest {
  readonly caller: Caller
  readonly address: string
  /** Nobody, while it is half-open. */
  peer: string | undefined
}

type Admission = ReturnType<typeof createAdmission>

/**
 * Makes an admission. Addresses behind which many honest peers live (`colocated`) are bounded as well: to three quarters of all places,
 * so that there is always room for another.
 */
export function createAdmission(limits: AdmissionLimits, colocated: readonly string[]) {
  /** In the order in which they came. */
  const guests = new Set<Guest>()
  const shared = new Set(colocated.map(shareOf))

  const most = (address: string, { usual, of }: { usual: number; of: number }): number =>
    shared.has(address) ? Math.max(usual, Math.floor((of * 3) / 4)) : usual

  const openMost = (address: string): number => most(address, { usual: limits.ofAddress, of: limits.inbound })

  function send(guest: Guest | undefined, why: string): void {
    if (!guest) return
    guests.delete(guest)
    guest.caller.abort(new Error(why))
  }

  /** Of the address with the most guests among some, all of them, in the order in which they came. */
  function crowd(among: readonly Guest[]): readonly Guest[] {
    const byAddress = Map.groupBy(among, ({ address }) => address)
    return [...byAddress.values()].reduce((most, others) => (others.length > most.length ? others : most), [])
  }

  const halfOpen = (): Guest[] => [...guests].filter(({ peer }) => peer === undefined)
  const open = (): Guest[] => [...guests].filter(({ peer }) => peer !== undefined)

  return {
    /** Whether a connection that came is let in; where it is, it counts from now on until it closes. */
    comesIn(caller: Caller): boolean {
      const address = shareOf(hostOf(caller))
      const isHere = (guest: Guest) => guest.address === address
      if (open().filter(isHere).length >= openMost(address)) return false
      const waiting = halfOpen()
      const own = waiting.filter(isHere)
      if (own.length >= most(address, { usual: limits.halfOpenOfAddress, of: limits.halfOpen }))
        send(own[0], 'its address has too many connections that do not shake hands')
      else if (waiting.length >= limits.halfOpen) send(crowd(waiting)[0], 'too many connections do not shake hands')
      if (guests.size >= limits.inbound) {
        const all = [...guests]
        const others = crowd(all)
        const ownCount = all.filter(isHere).length
        if (others.length > ownCount + 1)
          send(others.find(({ peer }) => peer === undefined) ?? others.at(-1), 'its address has the most connections')
        // Who has no more than we would have then gives nothing up, but to an address that has nothing.
        else if (ownCount > 0) return false
        else send(all[Math.floor(all.length / 2)], 'all places are taken, and others come')
      }
      const guest: Guest = { caller, address, peer: undefined }
      guests.add(guest)
      caller.addEventListener('close', () => void guests.delete(guest), { once: true })
      return true
    },
    /** Whether one that shook hands may stay. */
    hasShakenHands(caller: Caller, peer: string): boolean {
      const guest = [...guests].find((other) => other.caller === caller)
      if (!guest) return false
      const others = open()
      if (others.filter((other) => other.peer === peer).length >= limits.ofPeer) return false
      if (others.filter(({ address }) => address === guest.address).length >= openMost(guest.address)) return false
      guest.peer = peer
      return true
    },
    isHalfOpen: (caller: Caller): boolean =>
      [...guests].some((guest) => guest.caller === caller && guest.peer === undefined),
    counts: () => ({ open: open().length, halfOpen: halfOpen().length }),
  }
}

/** What shaking hands may take at most, in bytes, with what is sent at once behind it. */
const handshakeBytes = 256 * 1024

/**
 * What libp2p's gate asks, answered by admission. Shaking hands is the dearest thing that a stranger can ask for, so it counts on
 * the meter, and an address that is above its share is not let in.
 */
export const gateOf = (admission: Admission, meter: Pick<Meter, 'spend' | 'waitMs'>) => ({
  denyInboundConnection(caller: MultiaddrConnection): boolean {
    const host = hostOf(caller)
    if (meter.waitMs(host) > 0 || !admission.comesIn(caller)) return true
    meter.spend(host, workCosts.handshake)
    boundHandshake(caller, admission)
    return false
  },
  denyInboundUpgradedConnection: (peer: PeerId, caller: MultiaddrConnection): boolean =>
    !admission.hasShakenHands(caller, peer.toString()),
})

/** What comes before hands are shaken is kept by the library up to 4 MiB. */
function boundHandshake(caller: MultiaddrConnection, admission: Pick<Admission, 'isHalfOpen'>): void {
  const inner = caller as unknown as { onData(bytes: { readonly byteLength: number }): void }
  const take = inner.onData.bind(caller)
  let came = 0
  inner.onData = (bytes) => {
    came += bytes.byteLength
    if (came > handshakeBytes && admission.isHalfOpen(caller))
      caller.abort(new Error('it says much and does not shake hands'))
    else take(bytes)
  }
}
