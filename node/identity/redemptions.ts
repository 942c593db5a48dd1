/**
 * Redeeming stamps: asked for once, then done by itself at a moment drawn at random, so that others buy and redeem in between. A
 * wish is kept until the ledger has the stamp's nullifier, so it outlasts a restart, a failed proof, and the end of an epoch.
 */
import type { Context } from '../../protocol/context.ts'
import { equalBytes } from '../../protocol/codec.ts'
import { metaKey, metaOf } from '../../protocol/state.ts'
import type { Own, Wallet } from '../keys/wallet.ts'
import { latestCheckpoint } from './latest-checkpoint.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Store } from '../ledger/store.ts'
import type { Logger } from '../logger.ts'
import type { Cabinet, Redemption } from '../mailbox/cabinet.ts'
import type { Node } from '../peers/node.ts'
import type { Pending } from '../peers/pending.ts'
import { createProving } from './proving.ts'
import { createRedeemStamp, type Redeemable } from './redeem-stamp.ts'
import type { Clock, Proofs, Random } from '../seams.ts'
import { Refusal } from '../service.ts'
import type { Stamps } from './stamps.ts'
import { againAfter, isRedemptionFarOff, redemptionMoment } from './timing.ts'

export type Redemptions = ReturnType<typeof createRedemptions>

/** Why the last attempt to redeem a stamp came to nothing, how many did in a row, and when the next one is made. */
type Failure = { readonly why: string; readonly times: number; readonly until: number }

type Options = {
  readonly node: Pick<Node, 'submit' | 'synced'> & {
    readonly context: Context
    readonly store: Pick<Store, 'fetch'>
    readonly replica: Pick<Replica, 'view'>
    readonly pending: Pick<Pending, 'list'>
    readonly seams: {
      readonly clock: Pick<Clock, 'now' | 'after'>
      readonly random: Random
      readonly proofs: Pick<Proofs, 'prove'>
    }
  }
  readonly wallet: Wallet
  readonly cabinet: Pick<Cabinet, 'redemption' | 'redemptions' | 'putRedemption' | 'dropRedemption' | 'write'>
  readonly stamps: Pick<Stamps, 'find' | 'isRedeemed' | 'nullifierOf'>
  readonly logger: Logger
}

export function createRedemptions(options: Options) {
  const { node, wallet, cabinet } = options
  const proving = createProving(node.seams.clock)
  const failures = new Map<number, Failure>()

  return {
    /** Begin what is due, one at a time, and be back before it is proven. */
    round: createRounds(options, { proving, failures }),
    /** That something could not be redeemed the last time. Not which, because it also stands where others may read it. */
    failing: (): readonly string[] => (failures.size > 0 ? ['redeem a stamp'] : []),
    /** Have a stamp redeemed to one of our pseudonyms. Throws Refusal. */
    redeem: (number: number, own: Own): Promise<{ readonly note: string }> => wish(options, number, own),
    /** What becomes of a stamp that is to be redeemed, for a person; nothing of any other. */
    async noteOf(number: number): Promise<string | undefined> {
      const wished = await cabinet.redemption(number)
      if (!wished) return undefined
      const failure = failures.get(number)
      const label = wallet.find(wished.to)?.label
      return failure
        ? `goes to “${label}”; the last attempt failed, and it is tried again: ${failure.why}`
        : `goes to “${label}” by itself, at a moment drawn at random`
    },
    /** Stop what is being proven, and be back when it has stopped. */
    stop: proving.stop,
  }
}

type Attempts = { readonly proving: ReturnType<typeof createProving>; readonly failures: Map<number, Failure> }

function createRounds({ node, wallet, cabinet, stamps, logger }: Options, { proving, failures }: Attempts) {
  const { replica, pending, seams } = node
  const { clock } = seams
  const redeemStamp = createRedeemStamp({ node, wallet, stamps })

  /** What a wish needs to be proven now; nothing where it is done, waits to be settled, or waits for its moment or a checkpoint. */
  async function readyFor({ number, to, notBefore: moment }: Redemption): Promise<Redeemable | undefined> {
    if (await stamps.isRedeemed(number)) {
      await cabinet.write([cabinet.dropRedemption(number)])
      return undefined
    }
    const own = wallet.find(to)
    const stamp = await stamps.find(number)
    const until = failures.get(number)?.until ?? Number(moment)
    if (isRedemptionFarOff(until, intervalOf(node), clock.now())) await drawAnew(number, to)
    if (!own || !stamp || clock.now() < until || isPending(number)) return undefined
    const at = await latestCheckpoint(replica, metaOf(await replica.view([{ table: 'meta', key: metaKey }])))
    return at && stamp.leaf < at.roots.stamps ? { own, stamp, at } : undefined
  }

  /** The moment was drawn by a clock that was ahead. */
  async function drawAnew(number: number, to: Uint8Array): Promise<void> {
    failures.delete(number)
    await cabinet.write([cabinet.putRedemption({ number, to, notBefore: momentOf(node) })])
  }

  function isPending(number: number): boolean {
    const nullifier = stamps.nullifierOf(number)
    return pending
      .list()
      .some(({ op: { action } }) => action.TAG === 'stampRedeem' && action.data.nullifier === nullifier)
  }

  const begin = (ready: Redeemable): void =>
    proving.begin('a stamp', async () => {
      const { number } = ready.stamp
      try {
        await redeemStamp(ready, proving.signal)
        logger.debug({ stamp: number, epoch: ready.at.epoch }, 'redeemed a stamp')
        failures.delete(number)
      } catch (error) {
        const times = (failures.get(number)?.times ?? 0) + 1
        failures.set(number, { why: (error as Error).message, times, until: clock.now() + againAfter(times) })
        if (!proving.signal.aborted) logger.warn({ err: error }, 'could not redeem a stamp; it is tried again')
      }
    })

  return async (): Promise<void> => {
    if (proving.what() || !node.synced()) return
    for await (const wished of cabinet.redemptions()) {
      const ready = await readyFor(wished)
      if (proving.what() || proving.signal.aborted) return
      if (ready) return begin(ready)
    }
  }
}

/** Keep the wish to redeem a stamp, where it can be; asking again changes nothing. Throws Refusal. */
async function wish({ node, wallet, cabinet, stamps }: Options, number: number, own: Own) {
  if (!(await stamps.find(number)))
    throw new Refusal(
      'not-found',
      `No stamp ${number} of yours is settled. List them with \`bmail stamps list\`; one that is on its way has to arrive first.`,
    )
  if (await stamps.isRedeemed(number)) throw new Refusal('nullifier-used', `Stamp ${number} was redeemed already.`)
  if (own.retired)
    throw new Refusal('bad-request', `“${own.label}” is retired. Redeem the stamp to a pseudonym that you still use.`)
  const wished = await cabinet.redemption(number)
  if (wished && !equalBytes(wished.to, own.address)) {
    const other = wallet.find(wished.to)?.label
    throw new Refusal('nullifier-pending', `Stamp ${number} is on its way to “${other}” already.`)
  }
  const intervalMs = intervalOf(node)
  if (!wished) await cabinet.write([cabinet.putRedemption({ number, to: own.address, notBefore: momentOf(node) })])
  return {
    note:
      `Stamp ${number} goes to “${own.label}” by itself, at a moment drawn at random between ` +
      `${spanText(intervalMs)} and ${spanText(intervalMs * 3)} from when it was first asked for. ` +
      'The longer ago it was bought, the more others it hides among.',
  }
}

/** The time between two checkpoints, in milliseconds. */
const intervalOf = ({ context }: Options['node']): number =>
  Number(context.rules.epochMs) / context.rules.identity.checkpoints

/** The moment, drawn at random, at which a stamp wanted at this time is redeemed, in milliseconds since 1970. */
const momentOf = (node: Options['node']): bigint =>
  BigInt(Math.ceil(redemptionMoment(intervalOf(node), node.seams.clock.now(), node.seams.random)))

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
