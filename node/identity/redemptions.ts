/**
 * Redeeming stamps: asked for now, done by itself at a moment drawn at random, so that others buy and redeem in between. A
 * wish is kept until the ledger has the stamp's nullifier, so it outlasts a restart, a failed proof, and the end of an epoch.
 */
import { equalBytes } from '../../protocol/codec.ts'
import { fieldOf } from '../../protocol/field.ts'
import { networkField } from '../../protocol/identity.ts'
import { checkpointKey, metaKey, metaOf, type Records } from '../../protocol/state.ts'
import type { ActionOf } from '../../protocol/operations.ts'
import { consentHash } from '../../protocol/registration.ts'
import { redeemHash } from '../../protocol/operations/stamp-redeem.ts'
import type { Cabinet, Redemption } from '../mailbox/cabinet.ts'
import { submitAnonymous } from './life.ts'
import type { Logger } from '../logger.ts'
import { againAfter, redemptionMoment } from './timing.ts'
import type { Node } from '../peers/node.ts'
import { pathIn } from './tree-paths.ts'
import { sentences } from '../sentences.ts'
import { Refusal } from '../service.ts'
import type { Bought, Stamps } from './stamps.ts'
import type { Own, Wallet } from '../keys/wallet.ts'
import { stampInputs } from '../proofs/witness.ts'

export function createRedemptions({
  node,
  wallet,
  cabinet,
  stamps,
  logger,
}: {
  node: Node
  wallet: Wallet
  cabinet: Cabinet
  stamps: Stamps
  logger: Logger
}) {
  const { context, store, replica, pending, seams } = node
  const { clock, random, proofs } = seams
  const { network, rules } = context
  const intervalMs = Number(rules.epochMs) / rules.identity.checkpoints
  const stopping = new AbortController()
  let work: Promise<void> | undefined
  /** Why the last attempt to redeem a stamp came to nothing, how many did, and when the next one is made. */
  const failures = new Map<number, { readonly why: string; readonly times: number; readonly until: number }>()

  type Ready = { readonly own: Own; readonly stamp: Bought; readonly at: Place }
  type Place = { readonly epoch: number; readonly checkpoint: number; readonly roots: Records['checkpoints'] }

  /** The latest checkpoint of this epoch, where the leaf stands behind it. */
  async function placeOf({ leaf }: Bought): Promise<Place | undefined> {
    const meta = metaOf(await replica.view([{ table: 'meta', key: metaKey }]))
    if (meta.committedAt === 0n) return undefined
    const { epoch, checkpoint } = meta
    const key = checkpointKey(meta)
    const roots = (await replica.view([{ table: 'checkpoints', key }])).read('checkpoints', key)
    return roots && leaf < roots.stamps ? { epoch, checkpoint, roots } : undefined
  }

  /** What a wish needs to be proven now; nothing where it is done, waits to be settled, or waits for its moment or a checkpoint. */
  async function readyFor({ number, to, notBefore: moment }: Redemption): Promise<Ready | undefined> {
    if (await stamps.isRedeemed(number)) {
      await cabinet.write([cabinet.dropRedemption(number)])
      return undefined
    }
    const own = wallet.find(to)
    const stamp = await stamps.find(number)
    const until = failures.get(number)?.until ?? Number(moment)
    if (!own || !stamp || clock.now() < until || isPending(number)) return undefined
    const at = await placeOf(stamp)
    return at && { own, stamp, at }
  }

  const isPending = (number: number): boolean => {
    const nullifier = stamps.nullifierOf(number)
    return pending
      .list()
      .some(({ op: { action } }) => action.TAG === 'stampRedeem' && action.data.nullifier === nullifier)
  }

  async function redeem({ own, stamp, at }: Ready): Promise<void> {
    const { number, denomination, leaf } = stamp
    const { epoch, checkpoint, roots } = at
    const nullifier = stamps.nullifierOf(number)
    const unproven = {
      epoch,
      checkpoint,
      nullifier,
      denomination,
      to: own.address,
      registration: await registrationOf(own),
      proof: new Uint8Array(),
    } satisfies ActionOf<'stampRedeem'>
    const inputs = stampInputs({
      stampSecret: wallet.stampSecret(number),
      network: networkField(network),
      stampsRoot: roots.stampsRoot,
      path: await pathIn(store, 'stamps', { index: leaf, count: roots.stamps }),
      nullifier,
      denomination,
      beneficiary: fieldOf(redeemHash(network, unproven)),
    })
    const proof = await proofs.prove('stamp', inputs, { signal: stopping.signal })
    const submitted = await submitAnonymous(node, { TAG: 'stampRedeem', data: { ...unproven, proof } })
    // The epoch may have closed while it was being proven: then it is proven again.
    if (!submitted.ok) throw new Error(sentences[submitted.reason])
    logger.info({ stamp: number, epoch }, 'redeemed a stamp')
  }

  /**
   * The keys of an address that is not registered, with their agreement to be. Once they are gossiped anybody can register
   * the address with them; then the pool forgets this op, and the stamp is proven again without.
   */
  async function registrationOf({ index, address }: Own): Promise<ActionOf<'stampRedeem'>['registration']> {
    const account = (await replica.view([{ table: 'accounts', key: address }])).read('accounts', address)
    if (account?.signingKey) return undefined
    const first = { index, generation: 0 }
    const keys = await wallet.keys(first)
    return { ...keys, consent: wallet.signWith(first, consentHash(network, keys)) }
  }

  function begin(ready: Ready): void {
    const { number } = ready.stamp
    const { promise, resolve } = Promise.withResolvers<void>()
    work = promise
    clock.after(0, async () => {
      try {
        await redeem(ready)
        failures.delete(number)
      } catch (error) {
        const times = (failures.get(number)?.times ?? 0) + 1
        failures.set(number, { why: (error as Error).message, times, until: clock.now() + againAfter(times) })
        if (!stopping.signal.aborted) logger.warn({ err: error }, 'could not redeem a stamp; it is tried again')
      }
      work = undefined
      resolve()
    })
  }

  return {
    /** What becomes of a stamp that is to be redeemed, for a person; nothing of any other. */
    async noteOf(number: number): Promise<string | undefined> {
      const wish = await cabinet.redemption(number)
      if (!wish) return undefined
      const failure = failures.get(number)
      const label = wallet.find(wish.to)?.label
      return failure
        ? `goes to “${label}”; the last attempt failed, and it is tried again: ${failure.why}`
        : `goes to “${label}” by itself, at a moment drawn at random`
    },
    /** Begin what is due, one at a time, and be back before it is proven. */
    async round(): Promise<void> {
      if (work || !node.synced()) return
      for await (const wish of cabinet.redemptions()) {
        const ready = await readyFor(wish)
        if (work || stopping.signal.aborted) return
        if (ready) return begin(ready)
      }
    },
    /** Have a stamp redeemed to one of our pseudonyms. Throws Refusal. */
    async redeem(number: number, own: Own): Promise<{ readonly note: string }> {
      const stamp = await stamps.find(number)
      if (!stamp)
        throw new Refusal(
          'not-found',
          `No stamp ${number} of yours is settled. List them with \`bmail stamps list\`; one that is on its way has to arrive first.`,
        )
      if (await stamps.isRedeemed(number)) throw new Refusal('nullifier-used', `Stamp ${number} was redeemed already.`)
      if (own.retired)
        throw new Refusal(
          'bad-request',
          `“${own.label}” is retired. Redeem the stamp to a pseudonym that you still use.`,
        )
      const wish = await cabinet.redemption(number)
      if (wish && !equalBytes(wish.to, own.address)) {
        const other = wallet.find(wish.to)?.label
        throw new Refusal('nullifier-pending', `Stamp ${number} is on its way to “${other}” already.`)
      }
      const moment = BigInt(Math.ceil(redemptionMoment(intervalMs, clock.now(), random)))
      if (!wish) await cabinet.write([cabinet.putRedemption({ number, to: own.address, notBefore: moment })])
      return {
        note:
          `Stamp ${number} goes to “${own.label}” by itself, at a moment drawn at random between ` +
          `${spanText(intervalMs)} and ${spanText(intervalMs * 3)} from when it was first asked for. ` +
          'The longer ago it was bought, the more others it hides among.',
      }
    },
    /** Stop what is being proven, and be back when it has stopped. */
    async stop(): Promise<void> {
      stopping.abort()
      await work
    },
  }
}

/** About how long, in the unit that a person would say it in. */
function spanText(spanMs: number): string {
  const units = [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1_000],
  ] as const
  const [unit, length] = units.find(([, unitMs]) => spanMs >= 2 * unitMs) ?? units[3]
  const count = Math.max(1, Math.round(spanMs / length))
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
