/**
 * A log of LevelDB (`doc/log_format.md` there): writes in the order they were made, cut into pieces that fit blocks of
 * 32 KiB. The list of tables, its MANIFEST, is such a log as well.
 */
import { concatBytes } from '@noble/hashes/utils.js'
import type { Checked, Fault } from './checked.ts'
import { crc32c, masked } from './crc32c.ts'
import { mendSealed } from './table.ts'

const blockBytes = 32 * 1024
/** Checksum of type and data (4), length of the data (2), type (1). */
const headerBytes = 7
/** A piece is all of a record, or its first, a middle, or its last one. */
const types = { full: 1, first: 2, middle: 3, last: 4 } as const

type Piece = { readonly type: number; readonly data: Uint8Array; readonly next: number }

/**
 * Hold every piece against its checksum. A piece at the end that was not written whole is no fault: a program that was
 * stopped while writing leaves one. Where something cannot be mended, the bytes returned are a new log of the whole records.
 */
export function checkLog(given: Uint8Array): Checked {
  const { faults, bytes, pieces } = readLog(given)
  const isMended = faults.every((fault) => fault.isMended)
  return { faults, bytes: isMended ? bytes : logOf(recordsOf(pieces)) }
}

/** The records of a log; nothing where something in it cannot be mended. */
export function recordsIn(given: Uint8Array): readonly Uint8Array[] | undefined {
  const { faults, pieces } = readLog(given)
  return faults.every((fault) => fault.isMended) ? recordsOf(pieces) : undefined
}

type Read = { readonly faults: readonly Fault[]; readonly bytes: Uint8Array; readonly pieces: readonly Piece[] }

/** Every piece of a log, and a copy of its bytes in which is mended what can be. */
function readLog(given: Uint8Array): Read {
  const bytes = new Uint8Array(given)
  const faults: Fault[] = []
  const pieces: Piece[] = []
  for (let at = 0; at + headerBytes <= bytes.length; ) {
    const left = blockBytes - (at % blockBytes)
    // Too little room for a header, or nothing more written in this block.
    if (left < headerBytes || bytes.subarray(at, Math.min(at + left, bytes.length)).every((byte) => byte === 0)) {
      at += left
      continue
    }
    const { state, piece } = pieceAt(bytes, at)
    if (state === 'torn') break
    if (state !== 'good') faults.push({ at, what: 'a record', isMended: state === 'mended' })
    if (piece) pieces.push(piece)
    at = piece?.next ?? nextWhole(bytes, at + 1)
  }
  return { faults, bytes, pieces }
}

/** Where the next whole piece of a block begins; the end of the block where there is none. */
function nextWhole(bytes: Uint8Array, from: number): number {
  const end = Math.min(from - (from % blockBytes) + blockBytes, bytes.length)
  for (let at = from; at + headerBytes <= end; at++) {
    const header = new DataView(bytes.buffer, bytes.byteOffset + at, headerBytes)
    const next = at + headerBytes + header.getUint16(4, true)
    const type = bytes[at + 6]!
    if (type < types.full || type > types.last || next > end) continue
    if (header.getUint32(0, true) === masked(crc32c(bytes.subarray(at + 6, next)))) return at
  }
  return end
}

type Found = { readonly state: 'good' | 'mended' | 'lost' | 'torn'; readonly piece?: Piece }

/** The piece at a place, mended where it can be. */
function pieceAt(bytes: Uint8Array, at: number): Found {
  const blockEnd = at - (at % blockBytes) + blockBytes
  const end = Math.min(blockEnd, bytes.length)
  const header = new DataView(bytes.buffer, bytes.byteOffset + at, headerBytes)
  const piece = (): Piece => {
    const next = at + headerBytes + header.getUint16(4, true)
    return { type: bytes[at + 6]!, data: bytes.subarray(at + headerBytes, next), next }
  }
  const isFitting = (): boolean => piece().next <= end
  const isWhole = (): boolean =>
    isFitting() && header.getUint32(0, true) === masked(crc32c(bytes.subarray(at + 6, piece().next)))

  if (isWhole()) return { state: 'good', piece: piece() }
  const length = header.getUint16(4, true)
  const lengths = [0, 8].flatMap((shift) => Array.from({ length: 255 }, (_, by) => length ^ ((by + 1) << shift)))
  for (const other of lengths) {
    header.setUint16(4, other, true)
    if (isWhole()) return { state: 'mended', piece: piece() }
  }
  header.setUint16(4, length, true)
  // What was written last may have reached the disk in part; a file that grew already is filled with zeros then.
  const isLast =
    bytes.subarray(Math.min(piece().next, end)).every((byte) => byte === 0) && nextWhole(bytes, at + 1) === end
  if (isFitting() && mendSealed(bytes.subarray(at + 6, piece().next), header) === 'mended')
    return { state: 'mended', piece: piece() }
  return { state: isLast ? 'torn' : 'lost' }
}

/** The records that are there from their first piece to their last. */
function recordsOf(pieces: readonly Piece[]): Uint8Array[] {
  const records: Uint8Array[] = []
  let begun: Uint8Array[] | undefined
  let expected = 0
  for (const { type, data, next } of pieces) {
    const follows = begun !== undefined && next - data.length - headerBytes - expected < headerBytes
    if (type === types.full || type === types.first) begun = [data]
    else begun = follows ? [...begun!, data] : undefined
    expected = next
    if (begun && (type === types.full || type === types.last)) {
      records.push(concatBytes(...begun))
      begun = undefined
    }
  }
  return records
}

/** A log that holds these records. */
function logOf(records: readonly Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = []
  let at = 0
  const put = (part: Uint8Array): void => {
    parts.push(part)
    at += part.length
  }
  for (const record of records)
    for (let from = 0, isFirst = true; isFirst || from < record.length; isFirst = false) {
      const left = blockBytes - (at % blockBytes)
      if (left < headerBytes) put(new Uint8Array(left))
      const room = blockBytes - (at % blockBytes) - headerBytes
      const data = record.subarray(from, from + room)
      from += data.length
      put(headed(typeOf({ isFirst, isLast: from >= record.length }), data))
      if (from >= record.length) break
    }
  return concatBytes(...parts)
}

const typeOf = ({ isFirst, isLast }: { isFirst: boolean; isLast: boolean }): number =>
  isFirst ? (isLast ? types.full : types.first) : isLast ? types.last : types.middle

function headed(type: number, data: Uint8Array): Uint8Array {
  const piece = new Uint8Array(headerBytes + data.length)
  const header = new DataView(piece.buffer)
  piece[6] = type
  piece.set(data, headerBytes)
  header.setUint32(0, masked(crc32c(piece.subarray(6))), true)
  header.setUint16(4, data.length, true)
  return piece
}
