/** Drawing by a seed: from lists, and numbers. */
import type { Random } from '../../node/seams.ts'

/** Draws from a list, and numbers from `least` to `most`, both included. */
export function drawing(random: Random) {
  const number = (least: number, most: number): number =>
    least + (new DataView(random(4).buffer).getUint32(0) % (most - least + 1))
  const pick = <T>(list: readonly T[]): T => list[number(0, list.length - 1)]!
  return { number, pick, percent: (chance: number): boolean => number(1, 100) <= chance }
}
