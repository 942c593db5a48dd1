/** Frames of the muxer, and words of the negotiation of protocols, written by hand. */

/** What yamux's frames are, and their flags. */
const frameOf = { data: 0, windowUpdate: 1, ping: 2 } as const
export const flagOf = { syn: 1, fin: 4, rst: 8 } as const

type Frame = {
  readonly type: keyof typeof frameOf
  readonly flags?: number
  readonly stream?: number
  /** Of data: how many bytes are said to follow. */
  readonly length?: number
  readonly bytes?: Uint8Array
}

/** The bytes of a frame: twelve, and those of the data. */
export function frame({ type, flags = 0, stream = 0, bytes = new Uint8Array(), length = bytes.length }: Frame): Buffer {
  const header = Buffer.alloc(12)
  header[1] = frameOf[type]
  header.writeUInt16BE(flags, 2)
  header.writeUInt32BE(stream, 4)
  header.writeUInt32BE(length, 8)
  return Buffer.concat([header, bytes])
}

/** Words of the negotiation of a protocol, as they are sent. */
export const said = (word: string): Buffer => Buffer.concat([Buffer.of(word.length + 1), Buffer.from(`${word}\n`)])
