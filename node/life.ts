/**
 * The life of our identity, which a personal daemon leads by itself: once it is enrolled, it is renewed in every epoch and
 * each pseudonym takes a pass, at moments drawn at random. Nothing of it is kept on disk but a wish to endorse: where it
 * stands is read from the ledger, so a crash between proving and settling costs a proof.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { commitmentOf, modeOf, networkField, slotCount } from '../protocol/identity.ts'
import { reasons } from '../protocol/reason.ts'
import { checkpointKey, metaKey, metaOf, type Meta, type Records, type Reference } from '../protocol/state.ts'
import { type Action, encodeSignedOp, nobody, type Op, unsigned } from '../protocol/wire.ts'
import type { Cabinet } from './cabinet.ts'
import type { Logger } from './logger.ts'
import { type Course, passMoment, renewalMoment } from './moments.ts'
import type { Node } from './node.ts'
import type { Outbox } from './outbox.ts'
import { proveRenewal, provePass, shortKey } from './renewal.ts'
import { keysOf, type Self, traceIdentity, type Traced } from './trace.ts'
import type { Own, Wallet } from './wallet.ts'

/** How long after a failure the same is tried again. */
const againMs = 15_000

export type Life = ReturnType<typeof createLife>

/** What the life is at, for whoever shows it. */
export type Standing = {
  readonly meta: Meta
  readonly traced: Traced | undefined
  /** What the daemon will do by itself, and when; undefined where it waits for a checkpoint. */
  readonly next: readonly { readonly what: string; readonly at: number | undefined }[]
  /** What is being proven now. */
  readonly proving: string | undefined
  /** Why the last attempt came to nothing, until one succeeds. */
  readonly failure: string | undefined
}

type Plan = { readonly epoch: number; renewAt?: number; readonly passAt: Map<string, number> }
type Place = { readonly epoch: number; readonly checkpoint: number; readonly roots: Records['checkpoints'] }

export function createLife({
  node,
  wallet,
  cabinet,
  outbox,
  logger,
}: {
  node: Node
  wallet: Wallet
  cabinet: Cabinet
  outbox: Outbox
  logger: Logger
}) {
  const { context, store, replica, pending } = node
  const { rules } = context
  const { clock, random, proofs } = node.seams
  const self: Self = { secret: wallet.identitySecret, network: networkField(context.network) }
  const stopping = new AbortController()
  let traced: Traced | undefined
  let plan: Plan = { epoch: 0, passAt: new Map() }
  let work: { readonly what: string; readonly done: Promise<void> } | undefined
  let notBefore = 0
  let failure: string | undefined
  /** Up to which batch and which moment there was nothing to do. */
  let idle = { height: -1n, until: 0 }

  const failed = (error: Error) => logger.warn({ err: error }, 'could not look after the identity; it is tried again')
  const read = (references: readonly Reference[]) => replica.view(references)
  async function look(): Promise<Meta> {
    const meta = metaOf(await read([{ table: 'meta', key: metaKey }]))
    traced = await traceIdentity(store, rules, self, traced)
    if (plan.epoch !== meta.epoch) plan = { epoch: meta.epoch, passAt: new Map() }
    return meta
  }

  /** The latest checkpoint of this epoch, once our leaf stands behind it. */
  async function placeOf(meta: Meta): Promise<Place | undefined> {
    if (!traced || meta.committedAt === 0n) return undefined
    const { epoch, checkpoint } = meta
    const key = checkpointKey(meta)
    const roots = (await read([{ table: 'checkpoints', key }])).read('checkpoints', key)
    return roots && traced.leaf < roots.identities ? { epoch, checkpoint, roots } : undefined
  }

  /** Do what is due, one proof at a time, and be back before it is proven. */
  async function round(): Promise<void> {
    const { height } = replica.head.sealed.header
    if (work || clock.now() < notBefore || !node.synced()) return
    // Nothing is to be done until a batch comes or a moment does.
    if (height === idle.height && clock.now() < idle.until) return
    idle = { height, until: Number.POSITIVE_INFINITY }
    const meta = await look()
    const at = await placeOf(meta)
    if (!at || !traced) return
    const course = courseOf(meta)
    if (modeOf(traced.hidden, meta.epoch)) {
      plan.renewAt ??= renewalMoment(course, clock.now(), random)
      if (clock.now() < plan.renewAt) idle = { height, until: plan.renewAt }
      else if (!isRenewing(traced)) begin('a renewal', (signal) => renew(at, signal))
      return
    }
    for (const own of await withoutPass(meta.epoch)) {
      const moment = plan.passAt.get(own.text) ?? passMoment(course, clock.now(), random)
      plan.passAt.set(own.text, moment)
      if (clock.now() < moment) {
        idle = { height, until: Math.min(idle.until, moment) }
        continue
      }
      begin(`a pass for “${own.label}”`, (signal) => takePass(at, own, signal))
      return
    }
  }

  function begin(what: string, task: (signal: AbortSignal) => Promise<void>): void {
    logger.info({ what }, 'proving')
    const { promise: done, resolve } = Promise.withResolvers<void>()
    work = { what, done }
    clock.after(0, async () => {
      try {
        await task(stopping.signal)
        failure = undefined
      } catch (error) {
        notBefore = clock.now() + againMs
        failure = (error as Error).message
        if (!stopping.signal.aborted) logger.warn({ err: error, what }, 'could not prove; it is tried again')
      }
      work = undefined
      idle = { height: -1n, until: 0 }
      resolve()
      // At once, so that two moments that lie close together stay as close as they were drawn.
      clock.after(0, () => round().catch(failed))
    })
  }

  async function renew(at: Place, signal: AbortSignal): Promise<void> {
    const mode = modeOf(traced!.hidden, at.epoch)
    const wish = await cabinet.endorsement()
    const renewal = await proveRenewal({ store, rules, proofs, self, traced: traced!, at, signal }, wish)
    const submitted = await submitAnonymous(node, { TAG: 'renew', data: renewal })
    // The epoch may have closed while it was being proven: then it is proven again.
    if (!submitted.ok) throw new Error(reasons[submitted.reason].sentence)
    if (wish && (renewal.endorsement || mode === 'renew')) await cabinet.write([cabinet.putEndorsement(undefined)])
    // After an absence there is a second one to come, and it has a moment of its own.
    if (mode === 'settle') delete plan.renewAt
    logger.info({ epoch: at.epoch, mode, endorsed: Number(renewal.endorsement?.amount ?? 0n) }, 'renewed the identity')
  }

  async function takePass(at: Place, own: Own, signal: AbortSignal): Promise<void> {
    const keys = keysOf(self, at.epoch)
    const view = await read(keys.map((key) => ({ table: 'passes', key })))
    const slot = keys.findIndex((key) => !view.read('passes', key) && !isPending(key))
    if (slot < 0) return
    const action = await provePass(
      { store, rules, proofs, self, traced: traced!, at, signal },
      { pseudonym: own.address, slot },
    )
    await outbox.submit(own, () => ({ action }))
    logger.info({ epoch: at.epoch, tier: action.data.tier, key: shortKey(keys[slot]!) }, 'took a pass')
  }

  const isRenewing = ({ nullifier }: Traced): boolean =>
    pending.list().some(({ op: { action } }) => action.TAG === 'renew' && action.data.nullifier === nullifier)
  const isPending = (key: Uint8Array): boolean =>
    pending
      .list()
      .some(({ op: { action } }) => action.TAG === 'pass' && bytesToHex(action.data.epochKey) === bytesToHex(key))

  /** Our registered pseudonyms that take part in the reputation and have no pass of this epoch yet: as many as there are slots. */
  async function withoutPass(epoch: number): Promise<Own[]> {
    const all = wallet.own.filter(({ retired }) => !retired)
    const view = await read(
      all.flatMap(({ address: key }): Reference[] => [
        { table: 'accounts', key },
        { table: 'passOf', key },
      ]),
    )
    const taking = all.filter(({ address }) => view.read('accounts', address)?.signingKey).slice(0, slotCount)
    return taking.filter(
      ({ address }) =>
        view.read('passOf', address)?.epoch !== epoch &&
        !pending.of(address).some(({ op: { action } }) => action.TAG === 'pass' && action.data.epoch === epoch),
    )
  }

  const courseOf = ({ committedAt, epochEnd }: Meta): Course => ({
    committedAt: Number(committedAt),
    epochEnd: Number(epochEnd),
    checkpoints: rules.identity.checkpoints,
  })

  return {
    self,
    round,
    async standing(): Promise<Standing> {
      const meta = await look()
      const next: { what: string; at: number | undefined }[] = []
      if (traced && modeOf(traced.hidden, meta.epoch)) next.push({ what: 'renew', at: plan.renewAt })
      else if (traced)
        for (const own of await withoutPass(meta.epoch))
          next.push({ what: `take a pass for “${own.label}”`, at: plan.passAt.get(own.text) })
      return { meta, traced, next, proving: work?.what, failure }
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
