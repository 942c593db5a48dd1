/**
 * The bytes of a back-up: a line that says what the file is, then frames, each with a byte for its kind, its length and
 * its content. The last one has the SHA-256 of everything before it, so that a file that was cut short or changed is known.
 */
import { createHash } from 'node:crypto'
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import * as P from 'micro-packed'
import { record, text, whole } from '../settings/shape.ts'

/** The first bytes; the number is that of the layout of frames. */
export const firstLine = utf8ToBytes('bmail-backup 1\n')

/** What a frame holds: what the database is of, records of it, a file of the home, the end. */
const kinds = { head: 0x68, records: 0x72, file: 0x66, end: 0x65 } as const
export type Kind = keyof typeof kinds
export type Frame = { readonly kind: Kind; readonly bytes: Uint8Array }

const FrameHead = P.struct({ kind: P.U8, length: P.U32BE })
const frameHeadBytes = 5

/** Records in one frame, as many as it has room for. */
export const Records = P.array(null, P.struct({ key: P.bytes(P.U16BE), value: P.bytes(P.U32BE) }))
/** A file by its path in the home, with slashes. */
export const HomeFile = P.struct({ path: P.string(P.U16BE), bytes: P.bytes(P.U32BE) })

/** No record and no file is larger; a frame has no more than one of them beyond `recordsBytes`. */
export const frameBytesMax = 256 * 1024 * 1024
/** A frame of records is closed once it has so much. */
export const recordsBytes = 256 * 1024

/** What a back-up is of: the version of the program, the network's id, the version of the wire, the format of the database. */
export type BackupHead = {
  readonly version: string
  readonly network: string
  readonly wire: number
  readonly format: number
}
const headShape = record<BackupHead>({
  version: text(64),
  network: text(64),
  wire: whole(255),
  format: whole(2 ** 32 - 1),
})

export const encodeHead = (head: BackupHead): Uint8Array => utf8ToBytes(JSON.stringify(headShape.write(head)))
export const decodeHead = (bytes: Uint8Array): BackupHead =>
  headShape.read(JSON.parse(new TextDecoder().decode(bytes)), '')

export const frameOf = (kind: Kind, bytes: Uint8Array): Uint8Array =>
  concatBytes(FrameHead.encode({ kind: kinds[kind], length: bytes.length }), bytes)

/** A back-up that cannot be used, or made; the message says why, and what to do. */
export class BackupError extends Error {
  override name = 'BackupError'
}

/** Hashes what goes by, and makes the last frame. */
export function createSum() {
  const hash = createHash('sha256').update(firstLine)
  return {
    add: (bytes: Uint8Array): void => void hash.update(bytes),
    digest: (): Uint8Array => hash.digest(),
  }
}

/** Every frame of a back-up but its end, which is checked. Throws BackupError where it is no back-up, was cut short, or was changed. */
export async function* framesIn(pieces: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Frame> {
  const take = taking(pieces, name)
  const line = await take(firstLine.length)
  if (!Buffer.from(line).equals(firstLine))
    throw new BackupError(
      `${name} is no back-up that this program knows. Name the file that \`bmail backup\` wrote; where a newer bmail wrote it, restore it with that one.`,
    )
  const sum = createSum()
  while (true) {
    const head = await take(frameHeadBytes)
    const { kind: number, length } = FrameHead.decode(head)
    const kind = (Object.keys(kinds) as Kind[]).find((known) => kinds[known] === number)
    if (!kind || length > frameBytesMax) throw changed(name)
    const bytes = await take(length)
    if (kind === 'end') {
      if (!Buffer.from(bytes).equals(sum.digest())) throw changed(name)
      return
    }
    sum.add(head)
    sum.add(bytes)
    yield { kind, bytes }
  }
}

const changed = (name: string): BackupError =>
  new BackupError(`${name} was damaged since it was written. Take another back-up; nothing was restored.`)

/** Takes so many bytes at a time out of pieces of any size. */
function taking(pieces: AsyncIterable<Uint8Array>, name: string) {
  const iterator = pieces[Symbol.asyncIterator]()
  let parts: Uint8Array[] = []
  let have = 0
  return async (wanted: number): Promise<Uint8Array> => {
    while (have < wanted) {
      const { done, value } = await iterator.next()
      if (done) throw new BackupError(`${name} was cut short. Take another back-up; nothing was restored.`)
      parts.push(value)
      have += value.length
    }
    const all = Buffer.concat(parts)
    parts = [all.subarray(wanted)]
    have -= wanted
    return all.subarray(0, wanted)
  }
}
