/** Streams over one connection that each send most of a large frame and then nothing more. */
import { startLibp2p } from '../../node/network/libp2p-node.ts'
import { defaultLimits } from '../../node/network/network-options.ts'
import { unbounded } from '../kit/unbounded.ts'
import { multiaddr } from '@multiformats/multiaddr'
import type { Attack } from './attack.ts'
import { random } from './mallory.ts'
import { pause } from './measure.ts'

const frameBytes = 1024 * 1024
const partBytes = 64 * 1024
/** As many as the nine protocols take from one connection. */
const each = 32

export const halfFrames: Attack = {
  name: 'half-frames',
  what: '288 frames of 1 MiB over one connection, each but for its last bytes',
  victim: 'relay2',
  async strike(mallory) {
    const options = { seed: random(32), listen: [], announce: [] }
    const libp2p = await startLibp2p(options, defaultLimits, unbounded)
    const connection = await libp2p.dial(multiaddr(mallory.addresses.relay2!))
    const names = Object.values(mallory.streams).flatMap((name) => Array.from({ length: each }, () => `/bmail/${name}`))
    await mallory.begin()
    const part = random(partBytes)
    const halfSend = async (name: string): Promise<void> => {
      const signal = AbortSignal.timeout(mallory.seconds * 1_000)
      const stream = await connection.newStream([name], { signal, maxOutboundStreams: each })
      const length = Buffer.alloc(4)
      length.writeUInt32BE(frameBytes)
      stream.send(length)
      for (let sent = partBytes; sent < frameBytes; sent += partBytes)
        if (!stream.send(part)) await stream.onDrain({ signal })
    }
    await Promise.all([...names.map((name) => halfSend(name).catch(() => undefined)), pause(mallory.seconds * 1_000)])
    await libp2p.stop()
  },
}
