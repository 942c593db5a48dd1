/**
 * One question, many frames of answer, over one libp2p stream: the request-response half of `Network`.
 * Every step has a deadline; when one passes the stream is aborted, and whoever waits on it learns why.
 */
import type { Connection, Stream } from '@libp2p/interface'
import { afterAwake } from './awake.ts'
import { type Frames, frames } from './frames.ts'
import { frameMaxBytes } from './limits.ts'
import type { UnderWay } from './under-way.ts'
import type { Clock, Handler } from '../seams.ts'

/** Streams of one protocol that one connection may have open at a time. */
export const streamLimits = { maxInboundStreams: 32, maxOutboundStreams: 64 } as const

/** How long one side may stand still, and how long an answer may take in all as seen by its server. */
export interface ExchangeTimes {
  readonly askIdleMs: number
  readonly serveIdleMs: number
  readonly serveMs: number
  /** How long a request of at most 64 KiB may take to arrive; one that may be larger has more time, in proportion. */
  readonly firstFrameMs: number
}

/** A request whose bytes did not all come, came too late, or were not as its protocol says. */
export class Unfinished extends Error {}

interface Question {
  /** The connection to ask over; `undefined` when the peer is not connected. */
  readonly connection: Connection | undefined
  readonly peer: string
  readonly protocol: string
  readonly request: Uint8Array
  /** For the whole answer, from asking to the last frame, the reader's own time included. */
  readonly timeoutMs: number
}

/**
 * Ask a peer and yield the frames of its answer. Throws an `Error` with a cause when the peer is not
 * connected, does not serve the protocol, breaks off, or is too slow. Leaving early aborts the stream.
 */
export async function* ask(question: Question, clock: Clock, times: ExchangeTimes): AsyncGenerator<Uint8Array> {
  const { connection, peer, protocol, request, timeoutMs } = question
  const watch = watchdog(clock, { totalMs: timeoutMs, idleMs: Math.min(times.askIdleMs, timeoutMs) })
  let answered = false
  let stream: Stream | undefined
  try {
    if (request.length > frameMaxBytes)
      throw new Error(`the request has ${request.length} bytes; ${frameMaxBytes} is the most`)
    if (connection === undefined) throw new Error('it is not connected')
    watch.expect()
    stream = await connection.newStream([protocol], { signal: watch.signal, ...streamLimits })
    watch.guard(stream)
    const io = frames(stream, { bytesMax: frameMaxBytes })
    await io.write(request)
    await stream.close({ signal: watch.signal })
    while (true) {
      watch.expect()
      const frame = await io.read()
      watch.relax()
      if (frame === undefined) break
      yield frame
    }
    answered = true
  } catch (error) {
    const cause = watch.reason() ?? error
    throw new Error(
      `Peer ${peer} gave no full answer to ${protocol}: ${sentence(cause)}. Ask another peer, or later.`,
      {
        cause,
      },
    )
  } finally {
    watch.stop()
    if (!answered) stream?.abort(new Error('the answer is no longer wanted'))
  }
}

interface Answering {
  readonly from: string
  readonly handler: Handler
  readonly requestBytesMax: number
  /** The room that the answer takes while its reader has not read it. */
  readonly underWay: Pick<UnderWay, 'hold' | 'taken'>
  readonly clock: Clock
  readonly times: ExchangeTimes
}

/**
 * Serve one stream: read the request, write what the handler yields. A throw of the handler aborts the stream
 * and is handed on. When the stream breaks, the handler is told to return, but not waited for: one that hangs
 * must not hold a place for ever. Throws `Unfinished` where no request came.
 */
export async function answer(
  stream: Stream,
  { from, handler, requestBytesMax, underWay, clock, times }: Answering,
): Promise<void> {
  const watch = watchdog(clock, { totalMs: times.serveMs, idleMs: times.serveIdleMs })
  const gone = goneOf(stream)
  let steps: AsyncIterator<Uint8Array> | undefined
  try {
    watch.guard(stream)
    const io = frames(stream, { bytesMax: requestBytesMax })
    const timeMs = times.firstFrameMs * Math.max(1, requestBytesMax / usualRequestBytes)
    await underWay.hold(requestBytesMax)
    // Not kept here: the answer may take minutes.
    steps = handler(await requestOf(io, watch, timeMs), from)[Symbol.asyncIterator]()
    underWay.taken()
    while (true) {
      const { done, value: frame } = await Promise.race([steps.next(), gone])
      if (done) break
      if (frame.length > frameMaxBytes)
        throw new Error(`the handler yielded ${frame.length} bytes; a frame has at most ${frameMaxBytes}`)
      watch.expect()
      // The frame, and its copy behind a length.
      await Promise.race([underWay.hold(2 * frame.length), gone])
      await io.write(frame)
      underWay.taken()
      watch.relax()
    }
    watch.expect()
    await io.end()
  } catch (error) {
    const cause = error instanceof Unfinished ? error : (watch.reason() ?? error)
    stream.abort(asError(cause))
    steps?.return?.().catch(() => undefined)
    throw cause
  } finally {
    watch.stop()
  }
}

const usualRequestBytes = 64 * 1024

/** The one frame that is asked. */
async function requestOf(io: Pick<Frames, 'read'>, watch: Watchdog, timeMs: number): Promise<Uint8Array> {
  try {
    watch.expect(timeMs)
    const request = await io.read()
    if (request === undefined) throw new Error('the stream carried no request')
    watch.relax()
    return request
  } catch (error) {
    const cause = watch.reason() ?? asError(error)
    throw new Unfinished(cause.message, { cause })
  }
}

/** Rejects when the stream is closed under us. */
function goneOf(stream: Stream): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  promise.catch(() => undefined) // Nobody may be waiting for it, and that is no bug.
  stream.addEventListener('close', ({ error }) => reject(error ?? new Error('the requester left')), { once: true })
  return promise
}

interface Watchdog {
  readonly signal: AbortSignal
  /** From now on the stream dies with the deadline. */
  guard(stream: Stream): void
  /** The other side is to do something: the idle time starts anew, or another one. */
  expect(timeMs?: number): void
  /** It is our own turn: only the total counts. */
  relax(): void
  /** Which deadline passed, if one did. */
  reason(): Error | undefined
  stop(): void
}

function watchdog(clock: Clock, { totalMs, idleMs }: { totalMs: number; idleMs: number }): Watchdog {
  const controller = new AbortController()
  const expire = (why: string) => () => controller.abort(new Error(why))
  const cancelTotal = afterAwake(clock, totalMs, expire(`the deadline of ${totalMs} ms passed`))
  let cancelIdle = () => {}
  return {
    signal: controller.signal,
    guard: (stream) =>
      controller.signal.addEventListener('abort', () => stream.abort(asError(controller.signal.reason)), {
        once: true,
      }),
    expect(timeMs = idleMs) {
      cancelIdle()
      cancelIdle = afterAwake(clock, timeMs, expire(`nothing moved for ${timeMs} ms`))
    },
    relax: () => cancelIdle(),
    reason: () => (controller.signal.aborted ? asError(controller.signal.reason) : undefined),
    stop() {
      cancelTotal()
      cancelIdle()
    },
  }
}

function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value))
}

/** The message of an error as the middle of a sentence. */
function sentence(error: unknown): string {
  return asError(error).message.replace(/\.$/, '')
}
