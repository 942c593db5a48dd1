/** Batches over streams: a batch may be larger than a frame, so its bytes go in pieces. The first byte of the last piece is 1, of others 0. */
import { concatBytes } from '@noble/hashes/utils.js'

const pieceBytes = 512 * 1024
/** No batch is larger: 10,000 ops of 4 KiB. */
const joinedBytesMax = 48 * 1024 * 1024

/** Cut the bytes of a batch into frames. */
export function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; ; at += pieceBytes) {
    const isLast = at + pieceBytes >= bytes.length
    yield concatBytes(Uint8Array.of(isLast ? 1 : 0), bytes.subarray(at, at + pieceBytes))
    if (isLast) return
  }
}

/** Put frames together into the bytes of batches. Throws where one grows larger than any batch is. */
export async function* joined(frames: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = []
  let length = 0
  for await (const frame of frames) {
    parts.push(frame.subarray(1))
    length += frame.length
    if (length > joinedBytesMax) throw new Error('the peer answered with more than any batch holds')
    if (frame[0] !== 1) continue
    yield concatBytes(...parts)
    parts = []
    length = 0
  }
}
