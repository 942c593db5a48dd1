/**
 * A node, put together from its parts over the seams: the same in a daemon and in a simulation. A batch that becomes
 * final runs through here to everything that follows up on it.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { equalBytes } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import { type Incoming, readOp } from '../../protocol/doorway.ts'
import { networkId, type Genesis, type Rules } from '../../protocol/rules.ts'
import { no, type Reason, type Result } from '../../protocol/reason.ts'
import { createFirstHop } from './first-hop.ts'
import { createEnvelopes } from './envelopes.ts'
import { createHost } from './host.ts'
import { createKeeper, type KeeperKeys } from './keeper.ts'
import type { Logger } from '../logger.ts'
import { createPending, type Waiting } from './pending.ts'
import { createInclusionPromises } from './inclusion-promises.ts'
import { createRelay } from './relay.ts'
import { createReleases } from './releases.ts'
import { createReplica, type Settled } from '../ledger/replica.ts'
import { createSales } from '../ledger/sales.ts'
import type { Answer, Seams } from '../seams.ts'
import { sentOf } from '../ledger/settled-sends.ts'
import { createStore } from '../ledger/store.ts'
import { createAsk, serveStreams, short } from './streams.ts'
import { createSync } from './sync.ts'
import { believesNone, createVerifier } from '../ledger/verified.ts'

/** How often a node asks for what gossip did not bring. */
const roundMs = 2_000
const keeperAgainMs = 10_000
const pruneMs = 60_000
/** A waiting op counts as not collected after so many batch intervals. */
const uncollectedIntervals = 10

/** What a node tells its owner while it runs; metrics are made of it. */
export type Observer = {
  readonly onAnswer: (topic: string, answer: Answer, reason: Reason | undefined) => void
  readonly onSettled: (settled: Settled) => void
  readonly onOmitted: (opId: Uint8Array, reason: Reason) => void
  readonly onDiskFailure: (error: Error) => void
}

export type NodeOptions = {
  readonly seams: Seams
  readonly rules: Rules
  readonly genesis: Genesis
  readonly logger: Logger
  /** The private key of `rules.hostKey`, on the one node that has it. */
  readonly hostKey?: Uint8Array
  readonly keeper?: KeeperKeys
  /** Which shards of mail this node keeps: a relay all of them, a personal daemon those of its own addresses. */
  readonly shards: () => readonly number[] | 'all'
  /** Addresses whose owner reads mail here: this node keeps what they sent from another device, too. */
  readonly own?: () => readonly Uint8Array[]
  /** Whether this is a person's own node: what it submits enters the network through one peer at a time. */
  readonly isPersonal?: boolean
  readonly observer: Observer
}

export type Node = Awaited<ReturnType<typeof createNode>>

/** Open a node over its disk, join the network, and start its rounds. */
export async function createNode({
  seams,
  rules,
  genesis,
  logger,
  hostKey,
  keeper: keeperKeys,
  shards,
  own = () => [],
  isPersonal = false,
  observer,
}: NodeOptions) {
  const { clock, random, network, proofs } = seams
  // Proofs are looked at before they are asked for, and the answers come with each batch.
  const context: Context = {
    network: networkId(rules, genesis),
    rules,
    verify: createVerifier(),
    verifyProof: believesNone,
  }
  const store = createStore(seams.disk)
  const follows = (shard: number): boolean => {
    const followed = shards()
    return followed === 'all' || followed.includes(shard)
  }
  const isOwn = (address: Uint8Array): boolean => own().some((one) => equalBytes(one, address))
  const envelopes = createEnvelopes({ store, context, follows, isOwn })
  const sales = await createSales({ store, rules })
  const releases = createReleases({ store, context, envelopes })
  const replica = await createReplica({
    store,
    context,
    genesis,
    clock,
    proofs,
    onDiskFailure: observer.onDiskFailure,
    writesWith: (settled) => {
      const sends = sentOf(settled)
      return [
        ...envelopes.writesOf({ sends, header: settled.header }),
        ...releases.writesOf(sends, settled.header.height),
        ...sales.writesOf(settled),
      ]
    },
  })
  const pending = createPending(replica, { clock, proofs })
  const ask = createAsk(network, replica)
  const relay = createRelay({
    replica,
    pending,
    envelopes,
    releases,
    network,
    clock,
    follows,
    pull: async (peer, message) => {
      for await (const stored of ask.envelopes(peer, [message])) return stored.envelope
      return undefined
    },
    onAnnounced: (announced, from) => later('replay an announced batch', () => sync.announced(announced, from)),
    onAnswer: observer.onAnswer,
  })
  const host =
    hostKey &&
    createHost({
      key: hostKey,
      replica,
      pending,
      envelopes,
      clock,
      publish: relay.publishBatch,
      onOmitted: observer.onOmitted,
    })
  const keeper =
    keeperKeys &&
    createKeeper({
      keys: keeperKeys,
      context,
      store,
      envelopes,
      releases,
      random,
      publish: relay.publishRelease,
      warn: logger.warn.bind(logger),
    })
  const promises = createInclusionPromises({ context, pending, network, host, clock })
  const sync = createSync({
    replica,
    pending,
    envelopes,
    releases,
    relay,
    store,
    ask,
    network,
    clock,
    random,
    logger,
    shards,
  })
  const firstHop = isPersonal && !host ? createFirstHop({ ask, relay, replica, network, clock, later }) : undefined
  const stops: (() => void)[] = []

  /** Do something soon, outside of whatever is going on now; a failure is logged and ends nothing. */
  function later(what: string, task: () => Promise<void>): void {
    clock.after(0, () => task().catch((error: Error) => logger.warn({ err: error }, `could not ${what}`)))
  }
  function every(intervalMs: number, what: string, task: () => Promise<unknown>): void {
    stops.push(
      clock.every(intervalMs, () =>
        task().then(
          () => undefined,
          (error: Error) => logger.warn({ err: error }, `could not ${what}`),
        ),
      ),
    )
  }

  /** Envelopes of ops that wait no longer; those that were settled are on disk by then. */
  function dropEnvelopes(gone: readonly Waiting[]): void {
    for (const { message } of gone) if (message) envelopes.drop(message)
  }

  /** Signed bytes of our own through the doorway, with the envelope that belongs to them. */
  function readOurs(bytes: Uint8Array, envelope: Uint8Array | undefined): Result<Incoming> {
    const read = readOp(bytes, context)
    if (!read.ok || read.value.op.action.TAG !== 'send') return read
    if (!envelope) return no('envelope-missing')
    const fits = envelopes.check(read.value.op, envelope)
    return fits.ok ? read : fits
  }

  /** Whether an op of our own would be taken, without taking it. */
  async function check(bytes: Uint8Array, envelope?: Uint8Array): Promise<Result<Incoming>> {
    const read = readOurs(bytes, envelope)
    if (!read.ok) return read
    const checked = await pending.check(read.value)
    return checked.ok ? read : checked
  }

  replica.onSettled(async (settled) => {
    const sends = sentOf(settled)
    sales.settled(settled)
    envelopes.settled(sends)
    dropEnvelopes(pending.settle(settled))
    observer.onSettled(settled)
    const { height } = settled.header
    logger.debug(
      { height: Number(height), ops: settled.ops.length, root: short(settled.header.stateRoot) },
      'a batch is final',
    )
    if (sends.length === 0) return
    await releases.settled(sends, height)
    if (keeper) later('release shares', () => keeper.settled(sends))
  })
  serveStreams({
    replica,
    pending,
    envelopes,
    releases,
    store,
    network,
    promise: async (opId) => promises.get(opId),
    take: relay.takeGiven,
    isShown: firstHop ? firstHop.isShown : () => true,
    greeted: sync.greeted,
  })
  relay.subscribe()
  // A host whose disk lost its last batches takes them back from those who heard them, and makes no others at their heights.
  if (host) every(rules.batchIntervalMs, 'make a batch', async () => (sync.isBehind() ? undefined : host.tick()))
  if (keeper) every(keeperAgainMs, 'release shares again', () => keeper.again(50))
  every(roundMs, 'catch up', sync.round)
  every(roundMs, 'forget what expired', async () => dropEnvelopes(pending.expire()))
  every(rules.batchIntervalMs * 2, 'ask for the host’s word', () => promises.round(ask))
  every(pruneMs, 'drop envelopes past their lifetime', () => envelopes.prune(BigInt(clock.now())))
  later('count the envelopes', envelopes.countStored)
  logger.info(
    { network: bytesToHex(context.network), height: Number(replica.head.sealed.header.height) },
    'the node is open',
  )

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
    promises,
    host,
    keeper,
    /** Our place in the keeper set, or null. */
    keeperIndex: keeperKeys?.index ?? null,
    check,
    /** Take in signed bytes of our own, with the envelope of a send, and gossip them. Refuses what `check` does. */
    async submit(bytes: Uint8Array, envelope?: Uint8Array): Promise<Result<Incoming>> {
      const read = readOurs(bytes, envelope)
      if (!read.ok) return read
      const { message } = read.value
      if (message && envelope && !envelopes.hold(message, envelope)) return no('queue-full')
      const taken = await pending.add(read.value, undefined)
      if (!taken.ok) {
        if (message) envelopes.drop(message)
        return taken
      }
      await (firstHop ? firstHop.enter(read.value) : relay.publishOp(read.value))
      return read
    },
    /** Ops that have waited here longer than an honest host takes. */
    uncollected(): number {
      const before = clock.now() - rules.batchIntervalMs * uncollectedIntervals
      return pending.list().filter(({ since }) => since < before).length
    },
    /** Whether this node has everything that anybody it knows has; a host orders, so it always does. */
    synced: (): boolean => !replica.halted && (host !== undefined || sync.synced()),
    /** Stop the rounds, and be back when nothing is under way. */
    async stop(): Promise<void> {
      for (const stop of stops) stop()
      await replica.stop()
    },
  }
}
