/** Shares of lock keys that came before the batch that settles their message: kept in memory until then. */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Share } from '../../protocol/lock.ts'

/** The most messages for which there are any; the oldest make room. */
const messagesMax = 50_000

export function createEarlyShares() {
  const byMessage = new Map<string, Share[]>()
  return {
    /** Says whether it is new; of each keeper there is one. */
    keep(message: Uint8Array, share: Share): boolean {
      const name = bytesToHex(message)
      const known = byMessage.get(name) ?? []
      if (known.some(({ index }) => index === share.index)) return false
      byMessage.set(name, [...known, share])
      for (const oldest of byMessage.keys()) {
        if (byMessage.size <= messagesMax) break
        byMessage.delete(oldest)
      }
      return true
    },
    /** The shares of a message, which are forgotten with this. */
    takeOut(message: Uint8Array): readonly Share[] {
      const name = bytesToHex(message)
      const shares = byMessage.get(name) ?? []
      byMessage.delete(name)
      return shares
    },
  }
}
