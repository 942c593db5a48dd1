/** Snappy's block format, read alone: https://github.com/google/snappy/blob/main/format_description.txt */
import { varint } from './varint.ts'

/** More than LevelDB puts into one block. */
const unpackedBytesMax = 64 * 1024 * 1024

/** The content of a compressed block. Throws where the block is malformed. */
export function decompress(packed: Uint8Array): Uint8Array {
  const length = varint(packed, 0)
  if (length.value > unpackedBytesMax) throw new RangeError('larger than any block')
  const out = new Uint8Array(length.value)
  let [from, to] = [length.next, 0]
  while (from < packed.length) {
    const tag = packed[from]!
    if ((tag & 3) === 0) {
      const { size, next } = literal(packed, from)
      out.set(packed.subarray(next, next + size), to)
      from = next + size
      to += size
      continue
    }
    const { size, back, next } = copy(packed, from)
    if (back === 0 || back > to || to + size > out.length) throw new RangeError('copies what is not there')
    // A copy may reach into what it writes itself, so it goes byte by byte.
    for (const end = to + size; to < end; to++) out[to] = out[to - back]!
    from = next
  }
  if (to !== out.length) throw new RangeError('ends too early')
  return out
}

function literal(packed: Uint8Array, at: number): { size: number; next: number } {
  const short = packed[at]! >>> 2
  const more = Math.max(0, short - 59)
  const size = more === 0 ? short + 1 : littleEndian(packed, at + 1, more) + 1
  return { size, next: at + 1 + more }
}

function copy(packed: Uint8Array, at: number): { size: number; back: number; next: number } {
  const tag = packed[at]!
  if ((tag & 3) === 1) return { size: ((tag >>> 2) & 7) + 4, back: ((tag >>> 5) << 8) | packed[at + 1]!, next: at + 2 }
  const width = (tag & 3) === 2 ? 2 : 4
  return { size: (tag >>> 2) + 1, back: littleEndian(packed, at + 1, width), next: at + 1 + width }
}

function littleEndian(bytes: Uint8Array, at: number, width: number): number {
  let value = 0
  for (let index = width - 1; index >= 0; index--) value = value * 256 + bytes[at + index]!
  return value
}
