/** Draws from a seed, fast and good enough to fuzz with (mulberry32): the same seed gives the same inputs. */

export type Draw = {
  /** A whole number from 0 to below `end`. */
  below(end: number): number
  /** True so often of a hundred times. */
  percent(chance: number): boolean
  pick<T>(items: readonly T[]): T
  bytes(length: number): Uint8Array
}

export function drawFrom(seed: number): Draw {
  let state = seed >>> 0
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const below = (end: number): number => next() % end
  return {
    below,
    percent: (chance) => below(100) < chance,
    pick: (items) => items[below(items.length)]!,
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
  }
}
