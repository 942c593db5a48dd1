/** Starting libp2p: TCP, TLS or Noise, Yamux and gossipsub as we run them, and a gate that refuses banned peers. */
import { noise } from '@chainsafe/libp2p-noise'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { FaultTolerance, type PeerId } from '@libp2p/interface'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { createLibp2p } from 'libp2p'
import type { Clock } from '../seams.ts'
import type { Bans } from './bans.ts'
import { createAdmission, gateOf } from './admission.ts'
import { gossipService } from './gossipsub.ts'
import type { Meter } from './meter.ts'
import { guardedYamux } from './muxer.ts'
import { nearby } from './nearby.ts'
import type { NetworkLimits, NetworkOptions } from './network-options.ts'

export type Libp2pNode = Awaited<ReturnType<typeof startLibp2p>>

/** Sockets that are accepted beyond the connections that admission lets in. */
const beyondAdmission = 16

type Options = Pick<NetworkOptions, 'seed' | 'listen' | 'announce' | 'mdnsService' | 'colocated'>

/** Start it; what addresses make it do beneath the messages is counted on the meter. Throws an `Error` with a cause where it cannot listen. */
export async function startLibp2p(
  options: Options,
  limits: NetworkLimits,
  { bans, meter, clock }: { readonly bans: Pick<Bans, 'has'>; readonly meter: Meter; readonly clock: Clock },
) {
  const refuses = (peer: PeerId) => bans.has(peer.toString())
  const { maxConnections, handshakeMs } = limits
  // A quarter of all places is for those that we dial.
  const inbound = Math.ceil((maxConnections * 3) / 4)
  const admission = createAdmission(
    {
      inbound,
      ofAddress: limits.connectionsOfAddress,
      ofPeer: limits.connectionsOfPeer,
      halfOpen: Math.min(limits.halfOpen, Math.ceil(inbound / 2)),
      halfOpenOfAddress: Math.min(limits.halfOpenOfAddress, Math.ceil(inbound / 4)),
    },
    options.colocated ?? [],
  )
  try {
    const node = await createLibp2p({
      privateKey: await generateKeyPairFromSeed('Ed25519', options.seed),
      addresses: { listen: [...options.listen], appendAnnounce: [...options.announce] },
      transports: [
        tcp({
          dialOpts: { noDelay: true },
          listenOpts: { noDelay: true },
          // A limit of the library before admission is asked. It is higher, because admission needs the newcomer in order to
          // close another connection for it.
          maxConnections: inbound + beyondAdmission,
        }),
      ],
      // TLS before Noise: it costs half the processor time a message.
      connectionEncrypters: [tls(), noise()],
      streamMuxers: [guardedYamux({ meter, clock })],
      peerDiscovery: options.mdnsService === undefined ? [] : [nearby(options.mdnsService, clock)],
      transportManager: { faultTolerance: FaultTolerance.FATAL_ALL },
      connectionManager: {
        maxConnections,
        inboundConnectionThreshold: limits.inboundConnectionThreshold,
        // Admission bounds these by address; the library knows one number for all, which one address could use up.
        maxIncomingPendingConnections: inbound + beyondAdmission,
        inboundUpgradeTimeout: handshakeMs,
        inboundStreamProtocolNegotiationTimeout: handshakeMs,
        dialTimeout: limits.dialMs,
        // One slow address must not use up the time of the others.
        addressDialTimeout: Math.ceil(limits.dialMs / 3),
      },
      // A busy machine answers late; only a peer that is silent for long is gone.
      connectionMonitor: { pingInterval: 20_000, pingTimeout: { minTimeout: 20_000 } },
      connectionGater: {
        ...gateOf(admission, meter),
        denyDialPeer: refuses,
        denyInboundEncryptedConnection: refuses,
        denyOutboundEncryptedConnection: refuses,
      },
      services: {
        identify: identify(),
        ping: ping(),
        gossip: gossipService({ seenMs: limits.seenMs, colocated: options.colocated ?? [] }),
      },
    })
    return forgetting(node, clock)
  } catch (cause) {
    const where = options.listen.join(', ') || 'no address'
    throw new Error(
      `Cannot start the network on ${where}. Check that the address is ours and that no other program uses the port.`,
      {
        cause,
      },
    )
  }
}

/** So long after a peer left, all parts of the library have heard of it, which look up what it said of itself. */
const forgetAfterMs = 10_000

/**
 * Have a node forget what peers said of themselves a while after they left: the library keeps up to 8 KiB of each for hours,
 * and identities are free. Whom we keep is dialled by the address that its owner wrote down.
 */
function forgetting<
  Node extends Pick<Awaited<ReturnType<typeof createLibp2p>>, 'addEventListener' | 'getConnections' | 'peerStore'>,
>(node: Node, clock: Pick<Clock, 'monotonic'>): Node & { forget(peer: PeerId): Promise<void> } {
  /** Who left, and when, the longest ago first. */
  const left: { readonly peer: PeerId; readonly atMs: number }[] = []
  const forget = (peer: PeerId) => node.peerStore.delete(peer).catch(() => undefined)
  node.addEventListener('peer:disconnect', ({ detail: peer }) => {
    const nowMs = clock.monotonic()
    left.push({ peer, atMs: nowMs })
    while (left[0]!.atMs + forgetAfterMs < nowMs) {
      const { peer: gone } = left.shift()!
      if (node.getConnections(gone).length === 0) void forget(gone)
    }
  })
  return Object.assign(node, { forget })
}
