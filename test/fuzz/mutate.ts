/** Changes of bytes that find what a decoder overlooks: bits, lengths, cuts, repeats, and pieces of other inputs. */
import type { Draw } from './draw.ts'

/** No input is longer: what is refused for its size alone is refused at once. */
const bytesMax = 64 * 1024

/** One to four changes of one input; `others` lend pieces. */
export function mutated(draw: Draw, input: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  let bytes = Buffer.from(input)
  for (let left = 1 + draw.below(4); left > 0; left--) bytes = draw.pick(changes)(draw, bytes, draw.pick(others))
  return new Uint8Array(bytes.subarray(0, bytesMax))
}

type Change = (draw: Draw, bytes: Buffer, other: Uint8Array) => Buffer<ArrayBuffer>

const at = (draw: Draw, bytes: Uint8Array): number => draw.below(bytes.length + 1)

/** Numbers at which lengths, counts and flags break. */
const edges = [0, 1, 2, 3, 4, 5, 6, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 100, 101, 127, 128, 254, 255]

const changes: readonly Change[] = [
  function flipBit(draw, bytes) {
    const place = at(draw, bytes)
    if (place < bytes.length) bytes[place]! ^= 1 << draw.below(8)
    return copyOf(bytes)
  },
  function setByte(draw, bytes) {
    const place = at(draw, bytes)
    if (place < bytes.length) bytes[place] = draw.percent(50) ? draw.pick(edges) : draw.below(256)
    return copyOf(bytes)
  },
  function setNumber(draw, bytes) {
    const width = draw.pick([2, 4, 8])
    if (bytes.length < width) return copyOf(bytes)
    const value = draw.pick([0n, 1n, 255n, 256n, 1024n, 1025n, 4096n, 4097n, 65_535n, 2n ** 31n, 2n ** 32n - 1n, -1n])
    const part = Buffer.alloc(8)
    part.writeBigInt64BE(BigInt.asIntN(64, value))
    bytes.set(part.subarray(8 - width), draw.below(bytes.length - width + 1))
    return copyOf(bytes)
  },
  (draw, bytes) => copyOf(bytes.subarray(0, at(draw, bytes))),
  (draw, bytes) => copyOf(bytes.subarray(at(draw, bytes))),
  (draw, bytes) => joined(bytes, draw.bytes(1 + draw.below(8))),
  function insert(draw, bytes) {
    const place = at(draw, bytes)
    return joined(bytes.subarray(0, place), draw.bytes(1 + draw.below(4)), bytes.subarray(place))
  },
  function remove(draw, bytes) {
    const place = at(draw, bytes)
    return joined(bytes.subarray(0, place), bytes.subarray(place + 1 + draw.below(8)))
  },
  function repeat(draw, bytes) {
    const [from, length] = [at(draw, bytes), 1 + draw.below(64)]
    return joined(bytes.subarray(0, from + length), bytes.subarray(from))
  },
  function swap(draw, bytes) {
    const [one, other, length] = [at(draw, bytes), at(draw, bytes), 1 + draw.below(33)]
    const kept = Buffer.from(bytes.subarray(one, one + length))
    bytes.copyWithin(one, other, other + length)
    bytes.set(kept.subarray(0, Math.max(0, bytes.length - other)), other)
    return copyOf(bytes)
  },
  function splice(draw, bytes, other) {
    const [here, there] = [at(draw, bytes), at(draw, other)]
    return joined(bytes.subarray(0, here), other.subarray(there))
  },
  function overwrite(draw, bytes, other) {
    const [here, there] = [at(draw, bytes), at(draw, other)]
    const piece = other.subarray(there, there + 1 + draw.below(64))
    bytes.set(piece.subarray(0, Math.max(0, bytes.length - here)), here)
    return copyOf(bytes)
  },
]

const copyOf = (bytes: Uint8Array): Buffer<ArrayBuffer> => Buffer.from(bytes)
const joined = (...parts: readonly Uint8Array[]): Buffer<ArrayBuffer> => Buffer.concat(parts)
