/** Decisions of simulated people, out of a seed: same seed, same decisions. */
import type { Random } from '../seams.ts'

export type Chance = {
  /** Whether something of a probability (0 to 1) happens. */
  readonly chance: (probability: number) => boolean
  /** A whole number from 0 up to, and without, `below`. */
  readonly number: (below: number) => number
  /** One of a list that is not empty. */
  readonly pick: <T>(list: readonly T[]) => T
}

/** Chance over a stream of random bytes. Its numbers are slightly uneven (by less than `below` in 2³²), which nothing here feels. */
export function chanceOf(random: Random): Chance {
  let block: DataView = new DataView(new ArrayBuffer(0))
  let at = 0
  const next = (): number => {
    if (at === block.byteLength) {
      block = new DataView(random(blockBytes).buffer)
      at = 0
    }
    at += 4
    return block.getUint32(at - 4)
  }
  const number = (below: number) => next() % below
  return { chance: (probability) => next() < probability * 2 ** 32, number, pick: (list) => list[number(list.length)]! }
}

const blockBytes = 4096
