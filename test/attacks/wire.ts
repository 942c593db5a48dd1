/** Beneath the streams: connections whose frames are written by hand, so that they cost nearly nothing and keep to no rule. */
import { multiaddr } from '@multiformats/multiaddr'
import { startLibp2p } from '../../node/network/libp2p-node.ts'
import { defaultLimits } from '../../node/network/network-options.ts'
import { unbounded } from '../kit/unbounded.ts'
import { random } from './mallory.ts'

type Secured = {
  send(bytes: Uint8Array): boolean
  pause(): void
  addEventListener(name: 'drain' | 'close', listener: () => void, options: { once: true }): void
  readonly status: string
}

type Wire = {
  /** Write bytes below the streams; resolves when there is room for more. Rejects where the other side hung up. */
  write(bytes: Uint8Array): Promise<void>
  /** Read nothing any more. */
  deafen(): void
  isOpen(): boolean
  close(): Promise<void>
}

/** Connect to a relay, shake hands, and take the connection over. */
export async function openWire(address: string): Promise<Wire> {
  const options = { seed: random(32), listen: [], announce: [] }
  const libp2p = await startLibp2p(options, defaultLimits, unbounded)
  const connection = await libp2p.dial(multiaddr(address))
  const { maConn } = (connection as unknown as { muxer: { maConn: Secured } }).muxer
  return {
    async write(bytes) {
      if (maConn.status !== 'open') throw new Error('the other side hung up')
      if (maConn.send(bytes)) return
      await new Promise<void>((resolve) => {
        for (const event of ['drain', 'close'] as const) maConn.addEventListener(event, () => resolve(), { once: true })
      })
    },
    deafen: () => maConn.pause(),
    isOpen: () => maConn.status === 'open',
    close: () => Promise.resolve(libp2p.stop()).catch(() => undefined),
  }
}

/** Write the same again and again until a time, over a wire that is opened anew where the other side hangs up. */
export async function keepWriting(
  address: string,
  { until, bytes, deaf = false }: { readonly until: number; readonly bytes: () => Uint8Array; readonly deaf?: boolean },
): Promise<void> {
  while (Date.now() < until) {
    const wire = await openWire(address).catch(() => undefined)
    if (!wire) {
      await new Promise((resolve) => setTimeout(resolve, 500))
      continue
    }
    if (deaf) wire.deafen()
    try {
      while (Date.now() < until && wire.isOpen()) {
        await wire.write(bytes())
        await new Promise((resolve) => setImmediate(resolve))
      }
    } catch {
      // It is opened anew.
    }
    await wire.close()
  }
}
