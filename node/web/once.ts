/** Values that are handed over once, each under a name that nobody can guess: a link that opens the page, a letter for a frame. */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Clock, Random } from '../seams.ts'

type Options = {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly random: Random
  /** How many are kept; of more, the oldest is forgotten. */
  readonly most: number
  readonly lifetimeMs: number
}

/** Nothing is kept at first. */
export function createOnce<Value>({ clock, random, most, lifetimeMs }: Options) {
  const kept = new Map<string, { readonly value: Value; readonly until: number }>()
  return {
    /** The name, 128 random bits in hex, by which the value is taken. */
    keep(value: Value): string {
      const name = bytesToHex(random(16))
      kept.set(name, { value, until: clock.monotonic() + lifetimeMs })
      // A map lists its keys in the order in which they were set.
      if (kept.size > most) kept.delete(kept.keys().next().value!)
      return name
    },
    /** The value, for the one who comes first; nothing where it was taken, is forgotten, or never was. */
    take(name: string): Value | undefined {
      const found = kept.get(name)
      kept.delete(name)
      return found && clock.monotonic() < found.until ? found.value : undefined
    },
  }
}
