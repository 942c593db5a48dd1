/**
 * Which batches were announced already. An announcement is a signed header and a list of op ids, and the list is not
 * signed: anybody could send the same header with ever other lists, and each would be a new message to gossip. So only the
 * first announcement of a header travels on.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { type Header, headerHash } from '../../protocol/batch.ts'

/** The most headers that are remembered. Of a batch so far behind the head, no announcement counts as the first. */
const rememberedMax = 1_024

export function createAnnouncements() {
  const announced = new Set<string>()
  return {
    /** Whether a header was announced before, as far as that is remembered. */
    has: (header: Header): boolean => announced.has(bytesToHex(headerHash(header))),
    /** Whether a header is announced for the first time; `head` is the height that this node is at. */
    isFirst(header: Header, head: bigint): boolean {
      const name = bytesToHex(headerHash(header))
      if (announced.has(name) || header.height + BigInt(rememberedMax) < head) return false
      announced.add(name)
      for (const oldest of announced) {
        if (announced.size <= rememberedMax) break
        announced.delete(oldest)
      }
      return true
    },
  }
}
