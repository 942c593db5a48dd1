/**
 * Messages whose locks opened a moment ago, in memory. Several keepers and the sender open the same lock at once, so each
 * message is named a few times more right after it opened; that is answered from here, without the disk.
 */
import { bytesToHex } from '@noble/hashes/utils.js'

/** The most that are remembered; the oldest make room. */
const rememberedMax = 16_384

/** How often a message may be named after its lock opened: once by each keeper of a large set, and by a few devices. */
const echoesMax = 40

export function createOpenedLately() {
  const echoes = new Map<string, number>()
  return {
    add(message: Uint8Array): void {
      echoes.set(bytesToHex(message), 0)
      for (const oldest of echoes.keys()) {
        if (echoes.size <= rememberedMax) break
        echoes.delete(oldest)
      }
    },
    /** Nothing where it is not remembered; otherwise whether it was named more often than honest nodes name it. */
    echo(message: Uint8Array): 'fair' | 'idle' | undefined {
      const name = bytesToHex(message)
      const count = echoes.get(name)
      if (count === undefined) return undefined
      echoes.set(name, count + 1)
      return count < echoesMax ? 'fair' : 'idle'
    },
  }
}
