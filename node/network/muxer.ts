/**
 * Yamux as we run it. Where the pinned library leaves what one connection may hold and cause to whoever is on the other
 * side, bounds are set on an instance of it, and what it causes is counted on the meter of its address. This file is also the
 * one that knows the parts of the library which its published type leaves out.
 */
import assert from 'node:assert'
import { yamux } from '@chainsafe/libp2p-yamux'
import type { Clock } from '../seams.ts'
import type { Caller } from './admission.ts'
import { hostOf } from './hosts.ts'
import { type Meter, workCosts } from './meter.ts'

/** Streams that one connection may have open towards us. */
const streamsIn = 128

/** A window: the most of a stream that is on its way, and so the largest frame. A paused stream has to fit one into the 4 MiB that the library buffers for it. */
const windowBytes = 1024 * 1024

/** What may come on a stream before its protocol is agreed on, which takes some 100 bytes, and on one of the library's own small protocols. */
const unagreedBytes = 2 * 1024
const smallBytes = 64 * 1024
const smallProtocols = '/ipfs/'

/** What a connection may leave unread: bytes, and frames, of which the small ones take a multiple of their size. */
const unreadBytes = 8 * 1024 * 1024
const unreadFrames = 8_192

/** What all connections together may; above it, the one that leaves most is hung up on. */
const unreadBytesInAll = 48 * 1024 * 1024

/** Longest time for which a connection is not read from at once; then it is looked at again. */
const pauseMs = 2_000

type Header = { readonly type: number; readonly flag: number; readonly streamID: number; readonly length: number }
type Frame = { readonly header: Header; readonly data?: { readonly byteLength: number } }

interface MuxedStream {
  readonly streamId: number
  readonly protocol: string
  abort(error: Error): void
}

interface Carrier {
  /** What it is encrypted over. */
  readonly stream: Pick<Caller, 'remoteAddr'>
  readonly status: string
  readonly readStatus: string
  readonly writableNeedsDrain: boolean
  readonly writeBufferLength: number
  pause(): void
  resume(): void
}

/** The parts of the library's muxer that its published type leaves out. */
interface Muxer {
  readonly maConn: Carrier
  readonly streams: readonly MuxedStream[]
  readonly decoder: { readonly buffer: { readonly byteLength: number; subarray(from: number, to: number): Uint8Array } }
  onData(bytes: { readonly byteLength: number }): void
  handleFrame(frame: Frame): void
  incomingStream(id: number): void
  send(bytes: { readonly byteLength: number }): boolean
}

type Guards = { readonly meter: Meter; readonly clock: Pick<Clock, 'after'> }
type Unread = ReturnType<typeof createUnread<Carrier>>

/** The muxer for `createLibp2p`. */
export function guardedYamux(guards: Guards): ReturnType<typeof yamux> {
  const create = yamux({ maxInboundStreams: streamsIn, streamOptions: { maxStreamWindowSize: windowBytes } })
  const unread = createUnread<Carrier>(unreadBytesInAll)
  return () => {
    const factory = create()
    const open = factory.createStreamMuxer.bind(factory)
    factory.createStreamMuxer = (carrier) => {
      const muxer = open(carrier)
      guard(internalsOf(muxer), { ...guards, unread })
      return muxer
    }
    return factory
  }
}

/** The inner parts of a muxer. Fails where another version of the library has them no more. */
function internalsOf(service: object): Muxer {
  const muxer = service as Muxer
  const { onData, handleFrame, incomingStream, send, decoder, maConn } = muxer
  const areThere = [onData, handleFrame, incomingStream, send].every((part) => typeof part === 'function')
  assert(areThere && decoder.buffer && maConn.stream?.remoteAddr, 'the pinned yamux has the inner parts we rely on')
  return muxer
}

/** Set the bounds, on one instance. What they throw ends the connection. */
function guard(muxer: Muxer, { meter, clock, unread }: Guards & { readonly unread: Unread }): void {
  const host = hostOf(muxer.maConn.stream)
  countWork(muxer, { host, meter })
  boundFrames(muxer)
  boundStreams(muxer, { host, meter })
  boundUnread(muxer, { clock, all: unread })
  holdBack(muxer, { host, meter, clock })
}

/** Count frames, streams and bytes on the meter of whoever sends them. */
function countWork(muxer: Muxer, { host, meter }: { readonly host: string; readonly meter: Meter }): void {
  const { handleFrame, incomingStream } = muxer
  muxer.handleFrame = (frame) => {
    meter.spend(host, workCosts.frame * (frame.header.type === pingType ? 2 : 1))
    handleFrame.call(muxer, frame)
  }
  muxer.incomingStream = (id) => {
    meter.spend(host, workCosts.stream)
    incomingStream.call(muxer, id)
  }
  const { onData } = muxer
  muxer.onData = (bytes) => {
    meter.spend(host, (bytes.byteLength / mebibyte) * workCosts.mebibyte)
    onData.call(muxer, bytes)
  }
}

const [dataType, pingType] = [0, 2]
const headerBytes = 12
const mebibyte = 1024 * 1024

/** A frame is kept until all of it is there, and only then held against the window: a header may announce 4 GiB. */
function boundFrames(muxer: Muxer): void {
  const { onData } = muxer
  muxer.onData = (bytes) => {
    onData.call(muxer, bytes)
    const { buffer } = muxer.decoder
    if (buffer.byteLength < headerBytes) return
    const header = Buffer.from(buffer.subarray(0, headerBytes))
    if (header[1] === dataType && header.readUInt32BE(8) > windowBytes)
      throw new Error('a frame is announced that is larger than any window')
  }
}

/** What comes before a protocol is agreed on, or for one of a few bytes, is kept by the library up to 4 MiB a stream, and more. */
function boundStreams(muxer: Muxer, { host, meter }: { readonly host: string; readonly meter: Meter }): void {
  const came = new WeakMap<MuxedStream, number>()
  const { handleFrame } = muxer
  muxer.handleFrame = (frame) => {
    const { type, streamID, length } = frame.header
    const stream = type === dataType ? muxer.streams.find(({ streamId }) => streamId === streamID) : undefined
    const most = stream && mostOf(stream.protocol)
    if (stream && most !== undefined) {
      const bytes = (came.get(stream) ?? 0) + length
      came.set(stream, bytes)
      if (stream.protocol === '') meter.spend(host, length * workCosts.unagreed)
      if (bytes > most) return stream.abort(new Error('more comes on the stream than its protocol has'))
    }
    handleFrame.call(muxer, frame)
  }
}

function mostOf(protocol: string): number | undefined {
  if (protocol === '') return unagreedBytes
  return protocol.startsWith(smallProtocols) ? smallBytes : undefined
}

/**
 * Streams wait until the other side reads; answers to pings, resets and windows do not, and are kept without end for one that
 * sends and does not read.
 */
function boundUnread(muxer: Muxer, { clock, all }: { readonly clock: Guards['clock']; readonly all: Unread }): void {
  const { maConn, send } = muxer
  let unread = 0
  // In a turn of its own: whoever sends now does not expect its stream to end meanwhile.
  const hangUp = (carrier: Carrier, why: string): void =>
    void clock.after(0, () => (carrier as unknown as Caller).abort(new Error(why)))
  muxer.send = (bytes) => {
    const hasRoom = send.call(muxer, bytes)
    unread = maConn.writableNeedsDrain ? unread + 1 : 0
    const isAbove = unread > unreadFrames || maConn.writeBufferLength > unreadBytes
    if (isAbove) hangUp(maConn, 'the other side does not read')
    const worst = all.sent(maConn)
    if (worst) hangUp(worst, 'of all, the other side leaves most unread')
    return hasRoom
  }
}

/**
 * What connections leave unread, in all. What is known of one is from when it last sent, so before anybody is blamed all are
 * looked at anew.
 */
export function createUnread<Connection extends Pick<Carrier, 'status' | 'writeBufferLength'>>(mostInAll: number) {
  const known = new Map<Connection, number>()
  let inAll = 0

  function look(connection: Connection): void {
    const bytes = connection.status === 'open' ? connection.writeBufferLength : 0
    inAll += bytes - (known.get(connection) ?? 0)
    if (bytes > 0) known.set(connection, bytes)
    else known.delete(connection)
  }

  return {
    /** A connection has sent. Says which one leaves most unread, where all together leave too much. */
    sent(connection: Connection): Connection | undefined {
      look(connection)
      if (inAll <= mostInAll) return undefined
      for (const other of [...known.keys()]) look(other)
      if (inAll <= mostInAll) return undefined
      const [worst] = [...known].reduce((most, other) => (other[1] > most[1] ? other : most))
      // It is hung up on, and counts no more.
      inAll -= known.get(worst)!
      known.delete(worst)
      return worst
    },
  }
}

/** Read no more from a connection while its address has more in front of it than its share. */
function holdBack(muxer: Muxer, { host, meter, clock }: Guards & { readonly host: string }): void {
  const { onData, maConn } = muxer
  function hold(): void {
    if (maConn.status !== 'open') return
    const waitMs = meter.waitMs(host)
    if (waitMs > 0) clock.after(Math.min(waitMs, pauseMs), hold)
    if (waitMs > 0 && maConn.readStatus === 'readable') maConn.pause()
    if (waitMs === 0 && maConn.readStatus === 'paused') maConn.resume()
  }
  muxer.onData = (bytes) => {
    onData.call(muxer, bytes)
    if (maConn.readStatus === 'readable' && meter.waitMs(host) > 0) hold()
  }
}
