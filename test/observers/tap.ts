/** What reaches one node of the simulated network: every frame of gossip and streams with its time and peer, and who comes and goes. */
import type { Clock, Handler, Network } from '../../node/seams.ts'

/** One frame, raw. `by` is the peer on the other side of the connection. */
export type Frame = {
  readonly timeMs: number
  readonly by: string
  /** How it came: gossiped; asked of us; answered to us. */
  readonly way: 'gossip' | 'asked' | 'answer'
  /** The topic or protocol, as it stands on the wire. */
  readonly name: string
  readonly bytes: Uint8Array
}

/** A peer that connected or went. */
type Coming = { readonly timeMs: number; readonly peer: string; readonly state: 'up' | 'down' }

export type Recording = { readonly frames: Frame[]; readonly comings: Coming[] }

/** The same network, with everything that reaches this node written down by its own clock. */
export function tapped(network: Network, clock: Pick<Clock, 'now'>, { frames, comings }: Recording): Network {
  const note = (by: string, way: Frame['way'], name: string, bytes: Uint8Array): void =>
    void frames.push({ timeMs: clock.now(), by, way, name, bytes: bytes.slice() })
  network.onPeer((peer, state) => void comings.push({ timeMs: clock.now(), peer, state }))
  return {
    ...network,
    subscribe: (topic, validate) =>
      network.subscribe(topic, (data, from, stepAside) => {
        note(from, 'gossip', topic, data)
        return validate(data, from, stepAside)
      }),
    serve(protocol, handler, serving) {
      const noted: Handler = (request, from) => {
        note(from, 'asked', protocol, request)
        return handler(request, from)
      }
      network.serve(protocol, noted, serving)
    },
    async *request(peer, protocol, request, options) {
      for await (const frame of network.request(peer, protocol, request, options)) {
        note(peer, 'answer', protocol, frame)
        yield frame
      }
    },
  }
}
