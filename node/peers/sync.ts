/**
 * Staying in step with others: greet peers, catch up with the ledger, and fetch what gossip did not bring. All of it can be
 * lost and asked for again, by anybody, in any order.
 */
import type { Replica } from '../ledger/replica.ts'
import type { Store } from '../ledger/store.ts'
import type { Logger } from '../logger.ts'
import type { Moments } from '../moments.ts'
import type { Clock, Network, Random } from '../seams.ts'
import type { Ask } from './ask.ts'
import { createCatchingUp } from './catching-up.ts'
import type { Envelopes } from '../envelopes/envelopes.ts'
import { fetchEnvelopes, fetchLockKeys, fetchWaiting, keepStored } from './fetching.ts'
import { createGreetings } from './greetings.ts'
import { createOwnMail } from './own-mail.ts'
import { createPeerClocks } from './peer-clocks.ts'
import { createPeerHeights } from './peer-heights.ts'
import type { Pending } from './pending.ts'
import type { Relay } from './relay.ts'
import type { Releases } from '../envelopes/releases.ts'
import type { Ways } from './ways.ts'

/** Every so many rounds lock keys are asked for however old the lock is; in the others, those of the last batches. */
const deepRounds = 15
const recentBatches = 64n

type Options = {
  readonly replica: Pick<Replica, 'accept' | 'compare' | 'context' | 'halted' | 'head'>
  readonly pending: Pick<Pending, 'get' | 'has' | 'list'>
  readonly envelopes: Pick<Envelopes, 'check' | 'giveUp' | 'hold' | 'holds' | 'keep' | 'missing'>
  readonly releases: Pick<Releases, 'closed' | 'envelopeCame' | 'takeLockKey'>
  readonly relay: Pick<Relay, 'takeAgain'>
  readonly store: Pick<Store, 'fetch'>
  readonly ask: Ask
  readonly network: Pick<Network, 'disconnect' | 'onPeer' | 'peers' | 'voiceOf'>
  readonly clock: Pick<Clock, 'after' | 'monotonic' | 'now'>
  readonly random: Random
  readonly logger: Logger
  /** Which shards are kept here; and of a person's node, through whom each is asked for, and when. */
  readonly shards: () => readonly number[] | 'all'
  readonly ways: Ways | undefined
  readonly moments: Pick<Moments, 'draw'>
  readonly isOut: (id: Uint8Array) => boolean
  readonly onHeader: Parameters<typeof createPeerHeights>[0]['onHeader']
}

export type Sync = ReturnType<typeof createSync>

export function createSync(options: Options) {
  const { replica, pending, ask, network, clock, random, logger, onHeader } = options
  const peers = createPeerHeights({ replica, network, logger, onHeader })
  const clocks = createPeerClocks({ network, clock })
  const { catchUp, announced } = createCatchingUp({ replica, pending, peers, ask, network, random, logger })
  let rounds = 0
  const { ways } = options
  const shards = (): readonly number[] | undefined => {
    const kept = options.shards()
    return kept === 'all' ? undefined : kept
  }
  const byShards =
    ways &&
    createOwnMail({
      ...options,
      ways,
      rules: replica.context.rules,
      shards: () => shards() ?? [],
      keep: (stored) => keepStored(options, stored),
    })

  async function greet(peer: string): Promise<void> {
    const askedAt = clock.monotonic()
    const hello = await ask.hello(peer)
    if (!hello) return
    // How far it is comes first: a host that believes its clock must know what it is behind by then.
    await peers.greeted(hello, peer)
    if (peers.heights.has(peer)) clocks.heard(peer, { time: hello.time, askedAt })
  }

  const notGreeted = (peer: string) => (error: Error) => logger.debug({ peer, err: error }, 'could not greet')

  const greetAll = createGreetings({ greet, clock, failed: notGreeted })
  const answering = (): Promise<string[]> => greetAll(network.peers())

  network.onPeer((peer, state) => {
    if (state === 'down') {
      peers.forget(peer)
      clocks.forget(peer)
    } else clock.after(0, () => greet(peer).then(catchUp).catch(notGreeted(peer)))
  })

  return {
    greeted: peers.greeted,
    announced,
    /** Ask every peer how far it is, and be back with all that they have. */
    async refresh(): Promise<void> {
      const known = network.peers()
      const greeted = await Promise.allSettled(known.map(greet))
      for (const [at, result] of greeted.entries())
        if (result.status === 'rejected') notGreeted(known[at]!)(result.reason)
      await catchUp()
    },
    /** One round of everything. */
    async round(): Promise<void> {
      const asked = await answering()
      const { height } = replica.head.sealed.header
      const ownMail = shards() && byShards
      const fetching = { ...options, network: { peers: () => asked }, ownMail }
      await catchUp()
      await fetchWaiting(fetching)
      await fetchEnvelopes(fetching)
      const isDeep = rounds++ % deepRounds === 0 || height < recentBatches
      await fetchLockKeys({ ...fetching, from: isDeep ? 0n : height - recentBatches })
    },
    isBehind: peers.isBehind,
    /** Whether some peer is known, and none is further. */
    synced: (): boolean => peers.heights.size > 0 && !peers.isBehind(),
    /** How far each peer is. */
    heights: peers.heights,
    /** What time it is by peers' clocks. */
    clocks,
  }
}
