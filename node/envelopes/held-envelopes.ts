/** Envelopes in memory: those of messages that wait to be settled. */
import { bytesToHex } from '@noble/hashes/utils.js'

/** The most bytes of them. */
const heldBytesMax = 256 * 1024 * 1024

export function createHeldEnvelopes() {
  const byMessage = new Map<string, Uint8Array>()
  let heldBytes = 0
  return {
    get: (message: Uint8Array): Uint8Array | undefined => byMessage.get(bytesToHex(message)),
    holds: (message: Uint8Array): boolean => byMessage.has(bytesToHex(message)),
    /** Keep an envelope until its op is settled or dropped; false where there is no room. */
    hold(message: Uint8Array, bytes: Uint8Array): boolean {
      const name = bytesToHex(message)
      if (byMessage.has(name)) return true
      if (heldBytes + bytes.length > heldBytesMax) return false
      byMessage.set(name, bytes)
      heldBytes += bytes.length
      return true
    },
    drop(message: Uint8Array): void {
      const name = bytesToHex(message)
      heldBytes -= byMessage.get(name)?.length ?? 0
      byMessage.delete(name)
    },
  }
}
