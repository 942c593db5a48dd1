/**
 * What addresses make us do beneath the messages: shaking hands, opening streams, frames, gossip's own words. None of it
 * comes to a validator or a handler, so no budget of theirs counts it, and its bytes cost whoever sends them next to nothing.
 * Who causes more than its share is not read from until that is worked off: nobody is hung up on for being busy.
 */
import type { Clock } from '../seams.ts'
import { shareOf } from './hosts.ts'

/** What a piece of work costs, in microseconds of processor time, about. */
export const workCosts = {
  /** A certificate is made for each, and the other side's is checked. */
  handshake: 8_000,
  /** A stream: opened, its protocol agreed on, and handed to whoever serves it. */
  stream: 500,
  /** A byte that comes before a protocol is agreed on: three are a word, and each word is answered. */
  unagreed: 5,
  /** A frame of the muxer, whatever is in it; an answered ping is two. */
  frame: 15,
  /** A MiB that is read, whatever is in it. */
  mebibyte: 2_000,
  /** A call of gossip; a message in one, which is hashed and looked for among those that were seen; a topic; an id. */
  call: 50,
  message: 50,
  topic: 20,
  id: 1,
} as const

/** How much work is worked off in a second: of one address at most, and of all together. */
const workedOff = 150_000
const workedOffInAll = 400_000
/** How much work an address may have left: at most, at least, and about how much all of them together. */
const aheadMost = 400_000
const aheadLeast = 50_000
const aheadInAll = 2_000_000

export type Meter = ReturnType<typeof createMeter>

/**
 * A new meter, with no work on it. All addresses that have work left share what is worked off in a second, so that many of
 * them get no more than a few. An address behind which many honest peers live (`colocated`) may have as much as all together.
 */
export function createMeter(clock: Pick<Clock, 'monotonic'>, colocated: readonly string[]) {
  /** By address, what it caused and was not worked off yet. */
  const open = new Map<string, number>()
  const shared = new Set(colocated.map(shareOf))
  let lastMs = clock.monotonic()

  const rateOf = (address: string): number =>
    shared.has(address) ? workedOffInAll : Math.min(workedOff, workedOffInAll / Math.max(1, open.size))

  const mostOf = (address: string): number =>
    shared.has(address) ? aheadInAll : Math.max(aheadLeast, Math.min(aheadMost, aheadInAll / Math.max(1, open.size)))

  function workOff(): void {
    const nowMs = clock.monotonic()
    const seconds = (nowMs - lastMs) / 1_000
    if (seconds < 0.01) return
    lastMs = nowMs
    const rates = [...open.keys()].map((address) => ({ address, rate: rateOf(address) }))
    for (const { address, rate } of rates) {
      const left = open.get(address)! - rate * seconds
      if (left > 0) open.set(address, left)
      else open.delete(address)
    }
  }

  return {
    /** Count work that an address caused. */
    spend(host: string, work: number): void {
      workOff()
      const address = shareOf(host)
      open.set(address, (open.get(address) ?? 0) + work)
    },
    /** For how many milliseconds an address should not be read from; 0 where it is within its share. */
    waitMs(host: string): number {
      workOff()
      const address = shareOf(host)
      const over = (open.get(address) ?? 0) - mostOf(address)
      return over <= 0 ? 0 : Math.ceil((over / rateOf(address)) * 1_000)
    },
  }
}
