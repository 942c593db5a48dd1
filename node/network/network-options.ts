/** What the real network is started with: who we are, whom we know, and the limits of everything. */
import type { Clock, Random } from '../seams.ts'
import type { ExchangeTimes } from './exchange.ts'
import { retainScoreMs } from './gossip-settings.ts'
import type { AnswerLimits } from './under-way.ts'
import type { ValidationLimits } from './validation.ts'

/** What we log to; a pino logger fits. */
export interface NetworkLog {
  debug(fields: object, text: string): void
  info(fields: object, text: string): void
  warn(fields: object, text: string): void
}

export interface NetworkOptions {
  /** 32-byte Ed25519 seed; the peer id is its public key. */
  readonly seed: Uint8Array
  /** Multiaddrs to listen on; empty for a node that only dials out. */
  readonly listen: readonly string[]
  /** Multiaddrs to tell peers besides those listened on, such as a forwarded port. */
  readonly announce: readonly string[]
  /** Multiaddrs of peers to stay connected to, dialled again for ever. These are also how a node finds the network. */
  readonly keep: readonly string[]
  /** Starts every topic and protocol on the wire, such as /bmail/1f00ba11; peers with another prefix are not understood. */
  readonly prefix: string
  /** DNS-SD service, such as _bmail._udp.local, under which to find and be found on the local network. Without it: not at all. */
  readonly mdnsService?: string
  /** IP addresses behind which many honest peers live (tests, containers): not scored for colocation, and with larger shares. */
  readonly colocated?: readonly string[]
  readonly limits?: Partial<NetworkLimits>
  readonly clock: Clock
  readonly random: Random
  readonly log: NetworkLog
}

export interface NetworkLimits extends ValidationLimits, ExchangeTimes, AnswerLimits {
  /** The most connections; fewer where the process may not have as many descriptors open. */
  readonly maxConnections: number
  /** Connections from one address (IPv6: from its first 64 bits), and with one peer. */
  readonly connectionsOfAddress: number
  readonly connectionsOfPeer: number
  /** Inbound connections that have not shaken hands yet: in all, and from one address. */
  readonly halfOpen: number
  readonly halfOpenOfAddress: number
  /** How long shaking hands may take, and saying what a stream is for. */
  readonly handshakeMs: number
  /** New connections a second from one IP address; raise it where many nodes share one. */
  readonly inboundConnectionThreshold: number
  /** How long a gossiped message is remembered. */
  readonly seenMs: number
  /** How long a peer is refused after its score fell under the graylist threshold. */
  readonly graylistBanMs: number
  readonly redialFirstMs: number
  readonly redialCapMs: number
  readonly dialMs: number
  /** So many requests that a peer began and never finished, in so many moments, within the time, and we hang up on it for as long. */
  readonly unfinishedMost: number
  readonly unfinishedMoments: number
  readonly unfinishedMs: number
}

/** Limits where nobody says otherwise. */
export const defaultLimits: NetworkLimits = {
  maxConnections: 300,
  connectionsOfAddress: 8,
  connectionsOfPeer: 4,
  halfOpen: 64,
  halfOpenOfAddress: 16,
  handshakeMs: 5_000,
  inboundConnectionThreshold: 20,
  seenMs: 10 * 60_000,
  graylistBanMs: retainScoreMs + 60_000,
  redialFirstMs: 1000,
  redialCapMs: 60_000,
  dialMs: 15_000,
  served: 256,
  servedOfAddress: 64,
  servedOfPeer: 32,
  unreadBytes: 32 * 1024 * 1024,
  unreadBytesOfPeer: 8 * 1024 * 1024,
  unfinishedMost: 16,
  unfinishedMoments: 4,
  unfinishedMs: 10 * 60_000,
  askIdleMs: 15_000,
  firstFrameMs: 5_000,
  serveIdleMs: 60_000,
  serveMs: 10 * 60_000,
  concurrent: 64,
  concurrentOfPeer: 16,
  heldBytes: 64 * 1024 * 1024,
  heldBytesOfPeer: 16 * 1024 * 1024,
}
