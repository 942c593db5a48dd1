/**
 * A node, put together from its parts over the seams: the same in a daemon and in a simulation. A batch that becomes
 * final runs through here to everything that follows up on it.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Header } from '../../protocol/batch.ts'
import { equalBytes } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import type { Incoming } from '../../protocol/doorway.ts'
import { type Reason, yes } from '../../protocol/reason.ts'
import { type Genesis, networkId, type Rules } from '../../protocol/rules.ts'
import type { SettledBatch } from '../ledger/batch-steps.ts'
import { createReplica } from '../ledger/replica.ts'
import { createSales } from '../ledger/sales.ts'
import { settledSendsOf } from '../ledger/settled-sends.ts'
import { createStore } from '../ledger/store.ts'
import { believesNone, createVerifier } from '../ledger/verified.ts'
import type { Logger } from '../logger.ts'
import type { Answer, Seams } from '../seams.ts'
import type { Taken } from './aside.ts'
import { type Ask, createAsk } from './ask.ts'
import { createEnvelopes } from '../envelopes/envelopes.ts'
import { createEmbedded } from './embedded.ts'
import { createFirstHop } from './first-hop.ts'
import { createFollowUp } from './follow-up.ts'
import { createHandIn } from './handing-in.ts'
import { createHostClock } from './host-clock.ts'
import { createInclusionPromises } from './inclusion-promises.ts'
import { createKeeper, type KeeperKeys } from '../envelopes/keeper.ts'
import { createKeeperWatch } from '../envelopes/keeper-watch.ts'
import { createLanes } from './lanes.ts'
import { createOwnOps, type OwnOps } from './own-ops.ts'
import { createPeerBudget } from './peer-budget.ts'
import { createPending, type Pending } from './pending.ts'
import { createPulls } from './pulls.ts'
import { createRelay } from './relay.ts'
import { createReleases } from '../envelopes/releases.ts'
import { createUnwritten } from '../envelopes/unwritten.ts'
import { startRounds } from './rounds.ts'
import { createSchedule } from './schedule.ts'
import { serveStreams } from './serve.ts'
import type { ReadSetUp } from './set-up-files.ts'
import { createSubmission } from './submission.ts'
import { createSync } from './sync.ts'
import { createWays } from './ways.ts'

/** A waiting op counts as not collected after so many batch intervals. */
const uncollectedIntervals = 10

/** What a node tells its owner while it runs; metrics are made of it. */
export type Observer = {
  readonly onAnswer: (topic: string, answer: Answer, reason: Reason | undefined) => void
  readonly onSettled: (settled: SettledBatch) => void
  readonly onOmitted: (opId: Uint8Array, reason: Reason) => void
  readonly onDiskFailure: (error: Error) => void
  /** A header above ours that the host signed, with a batch as it was announced, or by a peer that has it. */
  readonly onHeader?: (header: Header, how: 'announced' | 'told') => void
}

export type NodeOptions = {
  readonly seams: Seams
  readonly rules: Rules
  readonly genesis: Genesis
  readonly logger: Logger
  /** The private key of `rules.hostKey`, on the one node that has it. */
  readonly hostKey?: Uint8Array
  readonly keeper?: KeeperKeys
  /** Which shards of mail this node keeps: a relay all of them, a personal daemon those of `followed.ts`. */
  readonly shards: () => readonly number[] | 'all'
  /** Addresses whose owner reads mail here: this node has what they sent from another device, too. */
  readonly own?: () => readonly Uint8Array[]
  /** 32 secret bytes of a person's own node: by them it chooses the one peer that is shown a pseudonym. */
  readonly wayKey?: Uint8Array
  /** Reads the files of the set-up of the proofs, for peers that lack them. */
  readonly readSetUp?: ReadSetUp
  readonly observer: Observer
}

export type Node = Awaited<ReturnType<typeof createNode>>

/** Open a node over its disk, join the network, and start its rounds. */
export async function createNode(options: NodeOptions) {
  const { seams, genesis, logger, hostKey, keeper: keeperKeys, shards, wayKey, observer } = options
  const { clock, random, network, proofs } = seams
  const { later, every, moments, ...schedule } = createSchedule({ clock, random, logger })
  const follows = (shard: number): boolean => isAmong(shards(), shard)
  const { context, store, envelopes, sales, releases, replica } = await openLedger(options, follows)
  const pending = createPending(replica, { clock, proofs })
  const ownOps = createOwnOps(pending)
  // The host orders what it has: it has nobody to go through.
  const ways = wayKey && !hostKey ? createWays({ key: wayKey, network }) : undefined
  const asking = createAsk(network, replica, clock)
  const { take, ...ask } = withEchoes({ pending, ask: asking, ownOps, heard: (id, from) => firstHop?.heard(id, from) })
  const lanes = createLanes({ take, clock })
  const voiceOf = (peer: string): string => network.voiceOf(peer).name
  const budget = createPeerBudget(clock, voiceOf)
  const waiting = { replica, pending, envelopes }
  const relay = createRelay({
    ...waiting,
    lanes,
    releases,
    network,
    budget,
    follows,
    pull: createPulls({ ask, budget, network }),
    onAnnounced(announced, from) {
      observer.onHeader?.(announced.sealed.header, 'announced')
      later('replay an announced batch', () => sync.announced(announced, from))
    },
    onAnswer: observer.onAnswer,
  })
  const sync = createSync({
    ...waiting,
    releases,
    relay,
    store,
    ask,
    network,
    clock,
    random,
    logger,
    shards,
    ways,
    moments,
    isOut: ownOps.isOut,
    onHeader: (header) => observer.onHeader?.(header, 'told'),
  })
  const { publishBatch, publishRelease, publishOp, mailOf, takeGiven } = relay
  const { onOmitted, onSettled } = observer
  const hostClock = createHostClock({ replica, clock, clocks: sync.clocks })
  const anchor = createEmbedded({ ...waiting, hostKey, hostClock, publish: publishBatch, onOmitted, sync })
  const { host } = anchor
  const opener = { context, store, envelopes, releases, random }
  const warn = logger.warn.bind(logger)
  const keeper = keeperKeys && createKeeper({ ...opener, keys: keeperKeys, publish: publishRelease, warn })
  const inclusionPromises = createInclusionPromises({ context, pending, network, host, clock, ask, ways, moments })
  const firstHop = ways && createFirstHop({ ...waiting, ask, relay, ways, ownOps, moments, clock, later })
  const submission = createSubmission({ context, lanes, pending, envelopes, send: firstHop?.send ?? publishOp })

  const keeperWatch = createKeeperWatch({ keepers: context.rules.keepers.members.length, clock })
  releases.onShares(keeperWatch.heard)
  const followed = { sales, envelopes, pending, lanes, releases, keeper, keeperWatch }
  replica.onSettled(createFollowUp({ ...followed, onSettled, later, logger }))
  serveStreams({
    ...waiting,
    releases,
    store,
    network,
    clock,
    promiseOf: ways ? () => undefined : inclusionPromises.get,
    mailOf,
    take: takeGiven,
    readSetUp: options.readSetUp,
    isShown: ways ? ownOps.isShown : () => true,
    isServed: (message, peer) => ownOps.isServed(message, peer),
    budget: createPeerBudget(clock, voiceOf),
    greeted: sync.greeted,
  })
  relay.subscribe()
  const uncollectedMs = context.rules.batchIntervalMs * uncollectedIntervals
  startRounds({ every, ...waiting, sync, anchor, keeper, firstHop, inclusionPromises })
  later('count the envelopes', envelopes.countStored)
  const height = Number(replica.head.sealed.header.height)
  logger.info({ network: bytesToHex(context.network), height }, 'the node is open')

  return {
    context,
    seams,
    genesis,
    store,
    replica,
    pending,
    envelopes,
    releases,
    sales,
    relay,
    sync,
    inclusionPromises,
    host,
    keeper,
    /** Hand in the key of one of our own locks. */
    handIn: createHandIn(ways, { ask, relay }),
    /** Keepers that do not answer. */
    silentKeepers: keeperWatch.silent,
    /** Rounds that failed the last time, each with why. */
    failing: schedule.failing,
    /** Our place in the keeper set, or null. */
    keeperIndex: keeperKeys?.index ?? null,
    ...submission,
    /** How long an op may wait here before it counts as not collected: longer than an honest host takes. */
    uncollectedMs,
    /** Ops that have waited here for so long. */
    uncollected(): number {
      const before = clock.now() - uncollectedMs
      return pending.list().filter(({ since }) => since < before).length
    },
    /** Whether this node has everything that is final. */
    synced: anchor.synced,
    /** Operations in order and not final yet. */
    settling: anchor.settling,
    /** Stop the rounds, and be back when nothing is under way. */
    async stop(): Promise<void> {
      schedule.stop()
      lanes.stop()
      await replica.stop()
    },
  }
}

/** Taking ops in, and asking peers for them, with an ear for those of ours among what others have: they are under way. */
function withEchoes({
  pending,
  ask,
  ownOps,
  heard,
}: {
  readonly pending: Pick<Pending, 'add'>
  readonly ask: Ask
  readonly ownOps: Pick<OwnOps, 'cameBack' | 'seen'>
  readonly heard: (id: Uint8Array, from: string) => void
}) {
  return {
    ...ask,
    async waiting(peer: string): Promise<Uint8Array[]> {
      const ids = await ask.waiting(peer)
      for (const id of ids) {
        heard(id, peer)
        ownOps.seen(id, peer)
      }
      return ids
    },
    /** Take an op in; one of ours that a peer brings back travels on as if it were new here. */
    async take(incoming: Incoming, from: string | undefined): Promise<Taken> {
      const taken = await pending.add(incoming, from)
      if (!taken.ok || from === undefined) return taken
      heard(incoming.id, from)
      return ownOps.cameBack(incoming.id) ? yes('new') : taken
    },
  }
}

const isAmong = (shards: readonly number[] | 'all', shard: number): boolean =>
  shards === 'all' || shards.includes(shard)

/** The ledger of a node's disk, and all that is written together with its batches. */
async function openLedger(
  { seams, rules, genesis, own = () => [], observer }: NodeOptions,
  follows: (shard: number) => boolean,
) {
  const { clock, proofs } = seams
  const { onDiskFailure } = observer
  // Proofs are looked at before they are asked for, and the answers come with each batch.
  const context: Context = {
    network: networkId(rules, genesis),
    rules,
    verify: createVerifier(),
    verifyProof: believesNone,
  }
  const store = createStore(seams.disk)
  const isOwn = (address: Uint8Array): boolean => own().some((mine) => equalBytes(mine, address))
  const unwritten = createUnwritten(store)
  const envelopes = createEnvelopes({ store, unwritten, context, follows, isOwn })
  const sales = await createSales({ store, rules })
  const releases = createReleases({ store: unwritten.store, context, envelopes })
  const writesWith = (settled: SettledBatch) => {
    const sends = settledSendsOf(settled)
    return [
      ...envelopes.writesOf({ sends, header: settled.header }),
      ...releases.writesOf(sends, settled.header.height),
      ...sales.writesOf(settled),
    ]
  }
  const replica = await createReplica({ store, context, genesis, clock, proofs, onDiskFailure, writesWith })
  return { context, store, envelopes, sales, releases, replica }
}
