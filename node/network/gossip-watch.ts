/** Watching the peers of gossipsub: the library neither hangs up on bad ones, nor revives those whose streams are gone. */
import type { GossipSub } from '@chainsafe/libp2p-gossipsub'
import type { Internals } from './gossip-repairs.ts'
import { graylistScore } from './gossip-settings.ts'

/** Heartbeats for which a connected peer may lack its gossip streams before the connection is thrown away. */
const patienceHeartbeats = 5

export interface GossipWatch {
  /** Peers we have a connection to. */
  readonly connected: () => readonly string[]
  /** A peer fell under the graylist score. */
  readonly onGraylisted: (peer: string, score: number) => Promise<void>
  /** A peer is connected, but its gossip streams are gone, and nothing but a new connection opens them again. */
  readonly onMute: (peer: string) => Promise<void>
}

/** Look at every peer after each heartbeat, and tell of those that are graylisted or mute. */
export function watchPeers(
  service: Pick<GossipSub, 'addEventListener'>,
  router: Pick<Internals, 'getScore' | 'peers' | 'streamsOutbound'>,
  { connected, onGraylisted, onMute }: GossipWatch,
): void {
  /** Heartbeats since a peer lost its gossip streams. Peers that never had any are not counted. */
  const missed = new Map<string, number>()

  function look(peer: string): void {
    const score = router.getScore(peer)
    if (score < graylistScore) onGraylisted(peer, score)
    else if (router.peers.has(peer) && router.streamsOutbound.has(peer)) missed.set(peer, 0)
    else if (missed.has(peer)) {
      const beats = missed.get(peer)! + 1
      missed.set(peer, beats)
      if (beats === patienceHeartbeats) onMute(peer)
    }
  }

  service.addEventListener('gossipsub:heartbeat', () => {
    const peers = new Set(connected())
    for (const peer of missed.keys()) if (!peers.has(peer)) missed.delete(peer)
    for (const peer of peers) look(peer)
  })
}
