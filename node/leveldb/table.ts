/**
 * A table of LevelDB (`doc/table_format.md` there): blocks of sorted records, a filter, an index of the blocks, and a footer
 * that says where the index is. LevelDB itself looks at checksums only where it is asked to, and its binding cannot ask.
 */
import type { Checked, Fault } from './checked.ts'
import { crc32c, masked, turnedByte } from './crc32c.ts'
import { decompress } from './snappy.ts'
import { varint } from './varint.ts'

/** Where a block is: its first byte, and its length without type and checksum. */
type Handle = { readonly offset: number; readonly sizeBytes: number }
type Footer = { readonly metaindex: Handle; readonly index: Handle }

/** Behind each block: how it is packed (0 not, 1 by Snappy), and the checksum of it and that. */
const trailerBytes = 5
const footerBytes = 48
const handlesBytes = 40
const magic = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]
/** A way to pack that there is not, so that LevelDB refuses the block. */
const refusedType = 0x7f

/** Hold every block against its checksum. */
export function checkTable(given: Uint8Array): Checked {
  const bytes = new Uint8Array(given)
  const faults: Fault[] = []
  const footer = footerIn(bytes) ?? mendFooter(bytes)
  if (!footer)
    return { faults: [{ at: Math.max(0, bytes.length - footerBytes), what: 'the footer', isMended: false }], bytes }
  if (!footerIn(given)) faults.push({ at: bytes.length - footerBytes, what: 'the footer', isMended: true })

  /** What a block holds, mended where that can be; nothing where it cannot. */
  function look(handle: Handle, what: string): Uint8Array | undefined {
    const state = settle(bytes, handle)
    if (state !== 'good') faults.push({ at: handle.offset, what, isMended: state === 'mended' })
    return state === 'lost' ? undefined : contentOf(bytes, handle)
  }

  const metaindex = look(footer.metaindex, 'the list of filters')
  const index = look(footer.index, 'the index')
  for (const handle of metaindex ? handlesIn(metaindex) : []) look(handle, 'a filter')
  for (const handle of index ? handlesIn(index) : []) look(handle, 'a block of records')
  return { faults, bytes }
}

/** The footer of a table; nothing where it does not fit what is before it: the list of filters, the index, the footer. */
function footerIn(bytes: Uint8Array): Footer | undefined {
  const start = bytes.length - footerBytes
  if (start < 0 || magic.some((byte, at) => bytes[start + handlesBytes + at] !== byte)) return undefined
  try {
    const metaindex = handleAt(bytes, start)
    const index = handleAt(bytes, metaindex.next)
    const isPadded = bytes.subarray(index.next, start + handlesBytes).every((byte) => byte === 0)
    return isPadded && endOf(metaindex) === index.offset && endOf(index) === start ? { metaindex, index } : undefined
  } catch {
    return undefined // a number that does not end, or is too large
  }
}

/** Change the one byte of a footer with which it fits what is before it. A footer has no checksum, but the index has. */
function mendFooter(bytes: Uint8Array): Footer | undefined {
  for (let at = Math.max(0, bytes.length - footerBytes); at < bytes.length; at++) {
    const was = bytes[at]!
    for (let by = 1; by < 256; by++) {
      bytes[at] = was ^ by
      const footer = footerIn(bytes)
      if (footer && isWhole(bytes, footer.index)) return footer
    }
    bytes[at] = was
  }
  return undefined
}

const endOf = ({ offset, sizeBytes }: Handle): number => offset + sizeBytes + trailerBytes

function handleAt(bytes: Uint8Array, at: number): Handle & { readonly next: number } {
  const offset = varint(bytes, at)
  const size = varint(bytes, offset.next)
  return { offset: offset.value, sizeBytes: size.value, next: size.next }
}

/** A block with its type, which is what the checksum is of, and the checksum that is stored. */
function sealedAt(bytes: Uint8Array, { offset, sizeBytes }: Handle): { block: Uint8Array; stored: DataView } {
  const block = bytes.subarray(offset, offset + sizeBytes + 1)
  return { block, stored: new DataView(bytes.buffer, bytes.byteOffset + offset + sizeBytes + 1, 4) }
}

function isWhole(bytes: Uint8Array, handle: Handle): boolean {
  const { block, stored } = sealedAt(bytes, handle)
  return stored.getUint32(0, true) === masked(crc32c(block))
}

/** Leave a block as it is, mend it, or have LevelDB refuse it. */
function settle(bytes: Uint8Array, handle: Handle): 'good' | 'mended' | 'lost' {
  if (endOf(handle) > bytes.length) return 'lost'
  const { block, stored } = sealedAt(bytes, handle)
  const state = mendSealed(block, stored)
  if (state === 'lost') block[block.length - 1] = refusedType
  return state
}

/** Put right the one byte of a block, or of its stored checksum, that is wrong. */
export function mendSealed(block: Uint8Array, stored: DataView): 'good' | 'mended' | 'lost' {
  const right = masked(crc32c(block))
  const written = stored.getUint32(0, true)
  if (written === right) return 'good'
  const wrong = (written ^ right) >>> 0
  if ([0, 8, 16, 24].some((shift) => (wrong & ~(0xff << shift)) === 0)) {
    stored.setUint32(0, right, true)
    return 'mended'
  }
  const turn = turnedByte(block, unmasked(written))
  if (!turn) return 'lost'
  block[turn.at]! ^= turn.by
  return 'mended'
}

function unmasked(written: number): number {
  const rotated = (written - 0xa282ead8) >>> 0
  return ((rotated >>> 17) | (rotated << 15)) >>> 0
}

function contentOf(bytes: Uint8Array, { offset, sizeBytes }: Handle): Uint8Array | undefined {
  const content = bytes.subarray(offset, offset + sizeBytes)
  try {
    return bytes[offset + sizeBytes] === 1 ? decompress(content) : content
  } catch {
    return undefined
  }
}

/** The handles that the records of a block hold. A checksum vouches for the block. */
function handlesIn(block: Uint8Array): Handle[] {
  const restarts = new DataView(block.buffer, block.byteOffset + block.length - 4).getUint32(0, true)
  const end = block.length - 4 - 4 * restarts
  const handles: Handle[] = []
  for (let at = 0; at < end; ) {
    const unshared = varint(block, varint(block, at).next)
    const size = varint(block, unshared.next)
    const value = size.next + unshared.value
    handles.push(handleAt(block, value))
    at = value + size.value
  }
  return handles
}
