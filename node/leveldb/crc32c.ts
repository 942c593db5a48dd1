/**
 * CRC-32C (Castagnoli, reflected polynomial 0x82f63b78), by which LevelDB knows whether a block is as it was written; and
 * the way back: where one byte of a block is wrong, its checksum says which.
 */

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc
})
/** Which byte makes a row of the table, by its top byte: all 256 are different. */
const byTop = new Uint8Array(256)
for (const [byte, row] of table.entries()) byTop[row >>> 24] = byte

/** The checksum of some bytes. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (let at = 0; at < bytes.length; at++) crc = table[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}

/** What LevelDB stores in place of a checksum, so that checksums of checksums stay good ones. */
export const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0

/** One byte to be changed, by what it is XORed with. */
type Turn = { readonly at: number; readonly by: number }

/**
 * The one byte of a block that has to be changed so that the block has this checksum; undefined if no byte or more than one
 * would do. By how much a changed byte changes the checksum depends only on the change and on how many bytes follow. So the
 * difference between the two checksums is taken back by one byte at a time, until it is the difference that one byte makes.
 */
export function turnedByte(bytes: Uint8Array, crc: number): Turn | undefined {
  let difference = (crc32c(bytes) ^ crc) >>> 0
  let found: Turn | undefined
  for (let at = bytes.length - 1; at >= 0; at--) {
    const by = byTop[difference >>> 24]!
    const rest = (difference ^ table[by]!) >>> 0
    if (rest === 0) {
      if (found) return undefined
      found = { at, by }
    }
    difference = ((rest << 8) | by) >>> 0
  }
  return found
}
