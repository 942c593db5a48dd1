/**
 * Length-prefixed frames on a libp2p stream, with back-pressure both ways.
 *
 * Wire: a 4-byte big-endian length and that many bytes; the length 0xffffffff, without bytes, says that
 * all has been said. Without that mark a connection that drops would look like a short answer.
 *
 * The library's own helpers are not used because they do not hold a sender back: its buffered reader takes
 * in whatever comes until it overflows, and `onDrain()` resolves at once after it has resolved one time.
 */
import assert from 'node:assert'
import type { Stream } from '@libp2p/interface'
import { frameMaxBytes } from './limits.ts'

const headerBytes = 4
const endMark = 0xffff_ffff

export interface Frames {
  /** The next frame; `undefined` after the end mark. Rejects when the stream ends before it, or breaks, or one is too large. */
  read(): Promise<Uint8Array | undefined>
  /** Send one frame of at most 1 MiB; resolves when the peer has room for more. Rejects when the stream is gone. */
  write(frame: Uint8Array): Promise<void>
  /** Send the end mark, then close our half of the stream. */
  end(): Promise<void>
}

/** Take over a stream, on which the peer sends frames up to a size. Nothing is taken in from it except while a read waits. */
export function frames(stream: Stream, { bytesMax }: { readonly bytesMax: number }): Frames {
  const chunks: Uint8Array[] = []
  let bufferedBytes = 0
  let broken: Error | undefined
  let waiting: (() => void)[] = []

  const changed = () => new Promise<void>((resolve) => waiting.push(resolve))
  const wake = () => {
    const woken = waiting
    waiting = []
    for (const resume of woken) resume()
  }

  stream.addEventListener('message', ({ data }) => {
    const chunk = data.subarray()
    chunks.push(chunk)
    bufferedBytes += chunk.length
    wake()
  })
  stream.addEventListener('close', ({ error }) => {
    broken ??= error
    wake()
  })
  for (const event of ['end', 'drain', 'idle', 'remoteCloseWrite'] as const) stream.addEventListener(event, wake)
  hold(stream)

  async function take(length: number): Promise<Uint8Array> {
    while (bufferedBytes < length) {
      if (isSilent(stream)) throw lost(broken)
      const change = changed()
      release(stream)
      await change
    }
    hold(stream)
    bufferedBytes -= length
    return takeFrom(chunks, length)
  }

  async function send(bytes: Uint8Array): Promise<void> {
    if (!isWritable(stream)) throw lost(broken)
    stream.send(bytes)
    while (stream.writableNeedsDrain || stream.writeBufferLength > 0) {
      if (!isWritable(stream)) throw lost(broken)
      await changed()
    }
  }

  return {
    async read() {
      const length = view(await take(headerBytes)).getUint32(0)
      if (length === endMark) return undefined
      if (length > bytesMax) throw new Error(`a frame of ${length} bytes was announced; ${bytesMax} is the most`)
      return take(length)
    },
    async write(frame) {
      assert(frame.length <= frameMaxBytes, 'a frame is at most 1 MiB')
      const bytes = new Uint8Array(headerBytes + frame.length)
      view(bytes).setUint32(0, frame.length)
      bytes.set(frame, headerBytes)
      await send(bytes)
    },
    async end() {
      const mark = new Uint8Array(headerBytes)
      view(mark).setUint32(0, endMark)
      await send(mark)
      await stream.close()
    },
  }
}

/** Stop taking bytes in: the peer's send window runs out, and it waits. */
function hold(stream: Stream): void {
  if (stream.readStatus === 'readable') stream.pause()
}

function release(stream: Stream): void {
  if (stream.readStatus === 'paused') stream.resume()
}

/** True once nothing more can come: ended by the peer, reset, aborted, or the connection is gone. */
function isSilent(stream: Stream): boolean {
  const over = stream.status === 'closed' || stream.status === 'aborted' || stream.status === 'reset'
  return stream.readableEnded || (over && stream.readBufferLength === 0)
}

function isWritable(stream: Stream): boolean {
  return stream.writeStatus === 'writable' && (stream.status === 'open' || stream.status === 'closing')
}

function lost(cause: Error | undefined): Error {
  return cause ?? new Error('the stream ended before all was said')
}

/** Remove exactly `length` bytes from the front; copied, so that a small frame does not pin a large buffer. */
function takeFrom(chunks: Uint8Array[], length: number): Uint8Array {
  const out = new Uint8Array(length)
  let filled = 0
  while (filled < length) {
    const first = chunks[0]!
    const part = first.subarray(0, length - filled)
    out.set(part, filled)
    filled += part.length
    if (part.length === first.length) chunks.shift()
    else chunks[0] = first.subarray(part.length)
  }
  return out
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
