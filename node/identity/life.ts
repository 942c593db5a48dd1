/**
 * The life of our identity, which a personal daemon leads by itself: once it is enrolled, it is renewed in every epoch and
 * each pseudonym takes a pass, at moments drawn at random. Nothing of it is kept on disk but a wish to endorse: where it
 * stands is read from the ledger, so a crash between proving and settling costs a proof.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { commitmentOf, modeOf, networkField } from '../../protocol/identity.ts'
import type { Reason } from '../../protocol/reason.ts'
import { tierOf } from '../../protocol/reputation.ts'
import { checkpointKey, metaKey, metaOf, type Meta, type Records, type Reference } from '../../protocol/state.ts'
import type { Action } from '../../protocol/operations.ts'
import { encodeSignedOp, nobody, type Op, unsigned } from '../../protocol/wire.ts'
import type { Cabinet, Wish } from '../mailbox/cabinet.ts'
import { type Choice, passesSeen, tierToTake } from './anonymity-set.ts'
import type { Logger } from '../logger.ts'
import { againAfter, type Course, passMoment, renewalMoment } from './timing.ts'
import type { Node } from '../peers/node.ts'
import type { Outbox } from '../mailbox/outbox.ts'
import { createPasses, nearest } from './passes.ts'
import { proveRenewal, provePass, shortKey } from './renewal.ts'
import { sentences } from '../sentences.ts'
import { keysOf, type Self, traceIdentity, type Traced } from './history.ts'
import type { Own, Wallet } from '../keys/wallet.ts'

export type Life = ReturnType<typeof createLife>

/** What the life is at, for whoever shows it. */
export type LifeProgress = {
  readonly meta: Meta
  readonly traced: Traced | undefined
  /** At which tier passes are taken; undefined before the renewal of the epoch. */
  readonly choice: Choice | undefined
  /** What the daemon will do by itself, and when; undefined where it waits for a checkpoint. */
  readonly next: readonly { readonly what: string; readonly at: number | undefined }[]
  /** Pseudonyms that get no pass in this epoch. */
  readonly without: readonly Own[]
  /** The epoch whose renewal an endorsement that is asked for now goes out with. */
  readonly endorsesIn: number
  /** What is being proven now. */
  readonly proving: string | undefined
  /** What came to nothing the last time, and why, until something succeeds. */
  readonly failure: Failure | undefined
}

type Failure = { readonly what: string; readonly why: string; readonly times: number }
/** When things are done in an epoch. A renewal is planned anew for each state that it uses up. */
type Plan = {
  readonly epoch: number
  renewal?: { readonly nullifier: bigint; readonly at: number }
  readonly passAt: Map<string, number>
}
type Place = { readonly epoch: number; readonly checkpoint: number; readonly roots: Records['checkpoints'] }
type Task = {
  readonly what: string
  readonly run: (signal: AbortSignal) => Promise<void>
  /** Plan it for later. */
  readonly postpone: (until: number) => void
}

/** Another device of ours did the same: nothing is lost, and nothing is left to do. */
const doneElsewhere: ReadonlySet<Reason> = new Set(['nullifier-used', 'nullifier-pending'])

export function createLife({
  node,
  wallet,
  cabinet,
  outbox,
  hideAmong,
  logger,
}: {
  node: Node
  wallet: Wallet
  cabinet: Cabinet
  outbox: Outbox
  /** Among how many a pass is to hide, its owner counted. */
  hideAmong: number
  logger: Logger
}) {
  const { context, store, replica, pending } = node
  const { rules } = context
  const { clock, random, proofs } = node.seams
  const self: Self = { secret: wallet.identitySecret, network: networkField(context.network) }
  const passesOf = createPasses({ node, wallet, cabinet, self })
  const stopping = new AbortController()
  let traced: Traced | undefined
  let plan: Plan = { epoch: 0, passAt: new Map() }
  let work: { readonly what: string; readonly done: Promise<void> } | undefined
  let isLooking = false
  let failure: Failure | undefined
  /** Up to which batch and which moment there was nothing to do. */
  const awake = { height: -1n, until: 0 }
  let idle = awake

  const failed = (error: Error) => logger.warn({ err: error }, 'could not look after the identity; it is tried again')
  const read = (references: readonly Reference[]) => replica.view(references)
  const waitUntil = (moment: number): void => {
    idle = { ...idle, until: Math.min(idle.until, moment) }
  }

  async function look(): Promise<Meta> {
    const meta = metaOf(await read([{ table: 'meta', key: metaKey }]))
    traced = await traceIdentity(store, rules, self, traced)
    // Two may look at once, and the earlier one come last.
    if (meta.epoch > plan.epoch) {
      plan = { epoch: meta.epoch, passAt: new Map() }
      failure = undefined
    }
    return meta
  }

  /** The latest checkpoint of this epoch, once a leaf stands behind it. */
  async function placeOf(meta: Meta, { leaf }: Traced): Promise<Place | undefined> {
    if (meta.committedAt === 0n) return undefined
    const { epoch, checkpoint } = meta
    const key = checkpointKey(meta)
    const roots = (await read([{ table: 'checkpoints', key }])).read('checkpoints', key)
    return roots && leaf < roots.identities ? { epoch, checkpoint, roots } : undefined
  }

  /** Do what is due, one proof at a time, and be back before it is proven. */
  async function round(): Promise<void> {
    const { height } = replica.head.sealed.header
    if (work || isLooking || stopping.signal.aborted || !node.synced()) return
    // Nothing is to be done until a batch comes or a moment does.
    if (height === idle.height && clock.now() < idle.until) return
    isLooking = true
    idle = { height, until: Number.POSITIVE_INFINITY }
    try {
      const task = await dueNow()
      if (task && !stopping.signal.aborted) begin(task)
    } catch (error) {
      waitUntil(clock.now() + againAfter(1))
      throw error
    } finally {
      isLooking = false
    }
  }

  /** What is to be proven now, if anything; where it is not time yet, until when to wait. */
  async function dueNow(): Promise<Task | undefined> {
    const meta = await look()
    const state = traced
    const at = state && (await placeOf(meta, state))
    if (!at) return undefined
    return modeOf(state.hidden, meta.epoch) ? renewalDue(meta, state, at) : passDue(meta, state, at)
  }

  function renewalDue(meta: Meta, state: Traced, at: Place): Task | undefined {
    const { nullifier } = state
    const current = plan
    // It is drawn once the one before it is settled, so that a settlement and the renewal after it lie apart by chance.
    if (isRenewing(state)) return undefined
    if (current.renewal?.nullifier !== nullifier)
      current.renewal = { nullifier, at: renewalMoment(courseOf(meta), clock.now(), random) }
    const { at: moment } = current.renewal
    if (clock.now() < moment) return void waitUntil(moment)
    return {
      what: 'a renewal',
      run: (signal) => renew(at, state, signal),
      postpone: (until) => {
        current.renewal = { nullifier, at: until }
      },
    }
  }

  async function passDue(meta: Meta, state: Traced, at: Place): Promise<Task | undefined> {
    const { passAt } = plan
    const { next, areComing } = await passesOf(meta)
    // What becomes of an op is seen by the outbox, which tells nobody.
    if (areComing) waitUntil(clock.now() + againAfter(1))
    for (const own of next) {
      const moment = passAt.get(own.text) ?? passMoment(courseOf(meta), clock.now(), random)
      passAt.set(own.text, moment)
      if (clock.now() < moment) {
        waitUntil(moment)
        continue
      }
      return {
        what: `a pass for “${own.label}”`,
        run: (signal) => takePass(meta, { own, at, state }, signal),
        postpone: (until) => passAt.set(own.text, until),
      }
    }
    return undefined
  }

  function begin({ what, run, postpone }: Task): void {
    logger.info({ what }, 'proving')
    const { promise: done, resolve } = Promise.withResolvers<void>()
    work = { what, done }
    clock.after(0, async () => {
      try {
        await run(stopping.signal)
        failure = undefined
      } catch (error) {
        const times = (failure?.times ?? 0) + 1
        failure = { what, why: (error as Error).message, times }
        postpone(clock.now() + againAfter(times))
        if (!stopping.signal.aborted) logger.warn({ err: error, what }, 'could not prove; it is tried again')
      }
      work = undefined
      idle = awake
      resolve()
      // At once, so that two moments that lie close together stay as close as they were drawn.
      clock.after(0, () => round().catch(failed))
    })
  }

  async function renew(at: Place, state: Traced, signal: AbortSignal): Promise<void> {
    const { nullifier } = state
    const mode = modeOf(state.hidden, at.epoch)
    const wish = mode === 'renew' ? await wishFor(state, at.epoch) : undefined
    const renewal = await proveRenewal({ store, rules, proofs, self, traced: state, at, signal }, wish)
    // On disk before it leaves, so that it is known later whether it was given with this renewal.
    if (wish && renewal.endorsement) await cabinet.write([cabinet.putEndorsement({ ...wish, provenFor: nullifier })])
    else if (wish) await dropWish('the score does not allow it any more')
    const submitted = await submitAnonymous(node, { TAG: 'renew', data: renewal })
    // The epoch may have closed while it was being proven: then it is proven again.
    if (!submitted.ok && !doneElsewhere.has(submitted.reason)) throw new Error(sentences[submitted.reason])
    if (!submitted.ok) return logger.info({ epoch: at.epoch, mode }, 'another device renewed the identity')
    logger.info({ epoch: at.epoch, mode, endorsed: Number(renewal.endorsement?.amount ?? 0n) }, 'renewed the identity')
  }

  /** What we wish to endorse with a renewal of this state: nothing that was given already, or that nobody would gather. */
  async function wishFor({ foldings }: Traced, epoch: number): Promise<Wish | undefined> {
    const wish = await cabinet.endorsement()
    if (!wish) return undefined
    const { target: key, amount, provenFor } = wish
    const isGiven = foldings.some(({ nullifier, endorsed }) => nullifier === provenFor && endorsed === amount)
    const pass = (await read([{ table: 'passes', key }])).read('passes', key)
    const isLate = !pass || epoch > pass.epoch + rules.ackWindowEpochs
    if (!isGiven && !isLate) return wish
    await dropWish(isGiven ? undefined : 'the pass that it was meant for gathers no more')
    return undefined
  }

  async function dropWish(why: string | undefined): Promise<void> {
    if (why) logger.warn({ why }, 'an endorsement was not given')
    await cabinet.write([cabinet.putEndorsement(undefined)])
  }

  async function takePass(
    meta: Meta,
    { own, at, state }: { own: Own; at: Place; state: Traced },
    signal: AbortSignal,
  ): Promise<void> {
    const { tier } = await choiceIn(meta, state)
    const slot = nearest((await passesOf(meta)).slots, own)
    if (slot === undefined) return
    const action = await provePass(
      { store, rules, proofs, self, traced: state, at, signal },
      { pseudonym: own.address, slot, tier },
    )
    if (wallet.find(own.address)?.retired) return
    await outbox.submit(own, () => ({ action }))
    logger.info({ epoch: at.epoch, tier, key: shortKey(action.data.epochKey) }, 'took a pass')
  }

  /** At which tier passes of an epoch are taken. */
  async function choiceIn({ epoch }: Meta, { hidden }: Traced): Promise<Choice> {
    const ours = new Set(keysOf(self, epoch - 1).map(bytesToHex))
    const others = (await passesSeen(store, epoch - 1)).filter(({ epochKey }) => !ours.has(bytesToHex(epochKey)))
    return tierToTake(others, { reached: tierOf(rules, hidden), hideAmong })
  }

  const isRenewing = ({ nullifier }: Traced): boolean =>
    pending.list().some(({ op: { action } }) => action.TAG === 'renew' && action.data.nullifier === nullifier)

  const courseOf = ({ committedAt, epochEnd }: Meta): Course => ({
    committedAt: Number(committedAt),
    epochEnd: Number(epochEnd),
    checkpoints: rules.identity.checkpoints,
  })

  return {
    self,
    round,
    async standing(): Promise<LifeProgress> {
      const meta = await look()
      const shared = { meta, traced, proving: work?.what, failure }
      if (!traced) return { ...shared, choice: undefined, next: [], without: [], endorsesIn: meta.epoch + 1 }
      const mode = modeOf(traced.hidden, meta.epoch)
      const { next, without } = await passesOf(meta)
      if (!mode) {
        const steps = next.map(({ label, text }) => ({ what: `take a pass for “${label}”`, at: plan.passAt.get(text) }))
        const choice = await choiceIn(meta, traced)
        return { ...shared, choice, next: steps, without, endorsesIn: meta.epoch + 1 }
      }
      const isBegun = mode === 'renew' && (work !== undefined || isRenewing(traced))
      const at = plan.renewal?.nullifier === traced.nullifier ? plan.renewal.at : undefined
      const endorsesIn = isBegun ? meta.epoch + 1 : meta.epoch
      return { ...shared, choice: undefined, next: [{ what: 'renew', at }], without, endorsesIn }
    },
    enrolment: (): Action => ({
      TAG: 'enroll',
      data: { commitment: commitmentOf(self.secret, self.network) },
    }),
    /** Stop what is being proven, and be back when it has stopped. */
    async stop(): Promise<void> {
      stopping.abort()
      await work?.done
    },
  }
}

/** Gossip an op that a proof speaks for. */
export function submitAnonymous(node: Node, action: Action): ReturnType<Node['submit']> {
  const op: Op = { account: nobody, nonce: 0n, expiry: 0n, action }
  return node.submit(encodeSignedOp({ op, signature: unsigned }))
}
