/** Random bytes that are the same for the same seed. For simulations and tests; never for a key that matters. */
import { createHash } from 'node:crypto'
import type { Random } from '../seams.ts'

/** The stream SHA-256(key ‖ label ‖ counter); each label of one key has a stream of its own. */
export function seededRandom(key: Uint8Array, label: string): Random {
  const prefix = createHash('sha256').update(key).update(label).digest()
  let block = Buffer.alloc(0)
  let used = 0
  let counter = 0n

  function refill(): void {
    const count = Buffer.alloc(8)
    count.writeBigUInt64BE(counter++)
    block = createHash('sha256').update(prefix).update(count).digest()
    used = 0
  }

  return (length) => {
    const out = new Uint8Array(length)
    let filled = 0
    while (filled < length) {
      if (used === block.length) refill()
      const part = block.subarray(used, used + length - filled)
      out.set(part, filled)
      filled += part.length
      used += part.length
    }
    return out
  }
}
