/**
 * What is done for an operation of ours that no batch has settled yet: submit it again, or sign it again where another
 * device took its nonce, its time is over, it was signed for a time that is far off, by a clock that was wrong, or it is a
 * letter that other ops of ours made dearer. Two that could both be settled are never signed. It goes by the way of its
 * pseudonym, like the first time.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Outcome } from '../../protocol/batch.ts'
import { equalBytes } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import type { Reason } from '../../protocol/reason.ts'
import { operationOf } from '../../protocol/operations.ts'
import { type Op, opId, SignedOp } from '../../protocol/wire.ts'
import type { Cabinet, Outgoing } from './cabinet.ts'
import { createExpiryOf } from './expiry.ts'
import { answeredBy, isNextOnLedger } from './owed.ts'
import type { Own, Wallet } from '../keys/wallet.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Store, Write } from '../ledger/store.ts'
import type { Logger } from '../logger.ts'
import type { Node } from '../peers/node.ts'
import { latestExpiry, type Pending } from '../peers/pending.ts'
import type { Clock } from '../seams.ts'
import { sentences } from '../sentences.ts'
import { Refusal } from '../service.ts'
import type { Pricing } from './pricing.ts'
import type { Order, Signing } from './signing.ts'
import type { Spending } from './spending.ts'

/**
 * Refusals that pass by themselves: the op is kept, and submitted again in a later round. A message that is settled is
 * settled under another form of ours, which the next round finds.
 */
const passing: ReadonlySet<Reason> = new Set([
  'nonce-gap',
  'nonce-pending',
  'nonce-used',
  'expired',
  'expiry-too-far',
  'queue-full',
  'envelope-missing',
  'message-pending',
  'message-settled',
])

/** Refusals of a message that may be another one’s once it is priced anew, under the pass that its sender has by now. */
const pricedAnew: ReadonlySet<Reason> = new Set(['price-short', 'allowance-short', 'pass-unknown'])

/** How long after its expiry an op is signed anew: by then every node has let go of the one that expired. */
const letGoMs = 5_000

/** What a batch made of an op, and which. */
type OutcomeAt = NonNullable<Awaited<ReturnType<Store['outcome']>>>

type Options = {
  readonly node: {
    readonly context: Context
    readonly store: Pick<Store, 'outcome'>
    readonly replica: Pick<Replica, 'head' | 'view'>
    readonly pending: Pick<Pending, 'has' | 'nextNonce'>
    readonly seams: { readonly clock: Pick<Clock, 'now'> }
    readonly submit: Node['submit']
  }
  readonly wallet: Pick<Wallet, 'find'>
  readonly cabinet: Cabinet
  readonly logger: Logger
  readonly sign: Signing['sign']
  readonly orderAnew: Pricing['orderAnew']
  readonly spending: Pick<Spending, 'correct' | 'count'>
  /** How this machine’s clock is wrong: by such a one nothing is submitted or signed again. */
  readonly clockFault?: (() => string | undefined) | undefined
  /** Told when an op is settled, refused, or was signed again. */
  readonly onChange: (outgoing: Outgoing, fee?: bigint) => Promise<void>
}

/** What is to be done for an op that is not settled. */
export type Again = () => Promise<void>

/**
 * Gives the function that finds out what became of one operation, and writes that down; where it is to be submitted or
 * signed again it returns what does so, because that is seen by others and has a moment of its own. Neither must run while
 * another op of ours is signed, and what was returned is out of date after that.
 */
export function createRetry(options: Options) {
  const { node, wallet, cabinet, logger, sign, orderAnew, spending, clockFault, onChange } = options
  const { context, store, replica, pending } = node
  const expiryOf = createExpiryOf(node)

  async function put(outgoing: Outgoing, more: readonly Write[] = []): Promise<void> {
    const isOpen = outgoing.state === 'submitted' || outgoing.state === 'superseded'
    const gone = isOpen || !outgoing.message ? [] : [cabinet.dropLimit(outgoing.first)]
    await cabinet.write([...cabinet.putOutgoing(outgoing), ...gone, ...more])
    await onChange(outgoing)
  }

  const refuse = async (outgoing: Outgoing, note: string): Promise<void> =>
    put({ ...outgoing, state: 'refused', note }, await spending.correct(outgoing.first, undefined))

  async function finish(
    outgoing: Outgoing,
    { height, outcome: { result } }: OutcomeAt,
    alongside: readonly Write[] = [],
  ): Promise<void> {
    const isSettled = result.TAG === 'settled'
    const note = isSettled ? `settled in batch ${height}` : undeliveredNote(height, result)
    await put({ ...outgoing, state: isSettled ? 'settled' : 'refused', height, note, supersededBy: undefined }, [
      ...alongside,
      ...(await spending.correct(outgoing.first, result)),
    ])
  }

  /** While we were cut off, the host may have settled what we took for lost: then the later form is given up. */
  async function finishAs(id: Uint8Array, later: Outgoing): Promise<boolean> {
    const outcome = await store.outcome(id)
    const earlier = isSettled(outcome) && (await cabinet.outgoing(id))
    if (!earlier) return false
    // In one write, or after a crash in between each would name the other as what superseded it.
    const alongside = cabinet.putOutgoing({ ...later, state: 'superseded', supersededBy: id })
    await finish(earlier, outcome, alongside)
    return true
  }

  /** Submit an op, and say whether it has to be priced anew. */
  async function submit(outgoing: Outgoing): Promise<'price anew' | 'done'> {
    const submitted = await node.submit(outgoing.bytes, outgoing.message?.envelope)
    if (submitted.ok || passing.has(submitted.reason)) return 'done'
    if (outgoing.message && pricedAnew.has(submitted.reason)) return 'price anew'
    await refuse(outgoing, sentences[submitted.reason])
    return 'done'
  }

  /** What is to be signed in the place of an op: a message at the price of now, anything else as it is. Throws Refusal. */
  async function orderOf({ first, message }: Outgoing, own: Own, op: Op): Promise<Order> {
    const { action, expiry: until, burn, share, lines } = op
    // While what was signed has not expired, its price holds until then; a pass that came meanwhile may end before.
    const held = until > BigInt(node.seams.clock.now()) ? until : undefined
    if (action.TAG === 'send' && message) {
      const most = await agreedTo(cabinet, { first, own: own.address, message: message.id })
      return orderAnew({ own, message: message.id, was: action.data, most, held })
    }
    const latest = await expiryOf({ epoch: operationOf(action).epoch(action.data) })
    return { action, amounts: { burn, share, lines }, expiry: held !== undefined && held < latest ? held : latest }
  }

  /**
   * Sign an op under a nonce in the place of all its forms, which can be settled no more, or not beside this one. On disk
   * before it leaves, as the first time.
   */
  async function signAgain(outgoing: Outgoing, { own, op, nonce }: Anew): Promise<void> {
    const { first } = outgoing
    try {
      const order = await orderOf(outgoing, own, op)
      const bytes = await sign(own, nonce, order)
      const signed = SignedOp.decode(bytes).op
      const again = { ...outgoing, id: opId(context.network, signed), bytes }
      const counted = outgoing.message ? await spending.count(first, signed) : []
      await put({ ...outgoing, state: 'superseded', supersededBy: again.id }, [
        ...cabinet.putOutgoing(again),
        cabinet.putForms([...(await cabinet.forms(first)), again.id]),
        ...counted,
      ])
      await onChange(again, order.fee)
      logger.debug(
        { op: bytesToHex(again.id) },
        'signed an operation again: its nonce was gone, or its time or its price is another',
      )
      await submit(again)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      await refuse(outgoing, error.message)
    }
  }

  async function look(outgoing: Outgoing): Promise<Again | undefined> {
    const { op } = SignedOp.decode(outgoing.bytes)
    // Read before outcomes are looked for, so that a nonce which is used by then, a time which is over, or a message which
    // is settled, is another’s doing.
    const { time } = replica.head.sealed.header
    const { used, settledAt } = await onLedger(replica, op.account, outgoing.message?.id)
    const outcome = await store.outcome(outgoing.id)
    if (isSettled(outcome)) await finish(outgoing, outcome)
    else if (await isFinishedAsOther(outgoing)) return undefined
    else if (settledAt !== undefined)
      await put({ ...outgoing, state: 'settled', height: settledAt, note: 'settled by another device of yours' })
    else if (outcome) await finish(outgoing, outcome)
    else if (!pending.has(outgoing.id) && !clockFault?.()) return againOf(outgoing, op, { used, time })
    return undefined
  }

  async function isFinishedAsOther(outgoing: Outgoing): Promise<boolean> {
    for (const id of await otherForms(cabinet, outgoing)) if (await finishAs(id, outgoing)) return true
    return false
  }

  async function againOf(outgoing: Outgoing, op: Op, { used, time }: Ledger): Promise<Again | undefined> {
    const own = wallet.find(op.account)
    if (!own) return undefined
    const now = BigInt(node.seams.clock.now())
    const nonce = pending.nextNonce(op.account, used)
    const isNext = op.nonce === nonce
    // Signed by a clock that was ahead, no batch takes it before that time comes.
    const isFarOff = op.expiry > latestExpiry({ context, head: replica.head }, Number(now))
    const anew = { own, op, nonce }
    if (isNext && op.expiry > now && !isFarOff)
      return async () => {
        if ((await submit(outgoing)) === 'price anew') await signAgain(outgoing, anew)
      }
    const isLost = op.nonce < used || op.expiry + BigInt(letGoMs) < now || (isFarOff && isNext)
    if (!isLost) return undefined
    // Whatever it is, what was signed moves money in whichever batch it comes. So another is signed only where none of its
    // forms can be in any batch any more, by the ledger; or only in this one’s place, as a nonce is used once.
    const forms = [op, ...(await formsOf(cabinet, outgoing))]
    const isSafe = forms.every((form) => isReplaced(form, { used, time, nonce }))
    if (!isSafe || !(await isFree({ replica, cabinet }, { outgoing, nonce }))) return undefined
    const paid = await paidFor(store, await otherForms(cabinet, outgoing))
    if (!paid) return () => signAgain(outgoing, anew)
    await finish(outgoing, paid)
    return undefined
  }

  return look
}

/** How an account stands on the ledger: the nonce that it comes to next, and the time of the last batch. */
type Ledger = { readonly used: bigint; readonly time: bigint }

/** Whether a form of an op that no batch has can be in none any more, by the ledger, or in none beside one under this nonce. */
export const isReplaced = (
  form: Pick<Op, 'nonce' | 'expiry'>,
  { used, time, nonce }: Ledger & { readonly nonce: bigint | undefined },
): boolean => form.nonce < used || form.expiry < time || form.nonce === nonce

/** An op that is signed again, whose it is, and under which nonce. */
type Anew = { readonly own: Own; readonly op: Op; readonly nonce: bigint }

/** Whether an op may be signed again under a nonce; what gives back may under one alone. */
const isFree = async (
  { replica, cabinet }: { replica: Pick<Replica, 'view' | 'head'>; cabinet: Pick<Cabinet, 'allOwed' | 'cursor'> },
  { outgoing: { first, account: own }, nonce }: { outgoing: Outgoing; nonce: bigint },
): Promise<boolean> => !(await answeredBy(cabinet, first)) || isNextOnLedger({ replica, cabinet }, { own, nonce })

/**
 * The most that a letter may cost, without what carrying it burns, which its op does not tell apart: its limit, and where that
 * is lost, what our copy says that it costs. Where both are lost, only what is free is signed again.
 */
const agreedTo = async (
  cabinet: Pick<Cabinet, 'limit' | 'letter'>,
  { first, own, message }: { readonly first: Uint8Array; readonly own: Uint8Array; readonly message: Uint8Array },
): Promise<bigint> => (await cabinet.limit(first)) ?? (await cabinet.letter(message, own))?.amount ?? 0n

/** The ids that an op has besides this one, from being signed again. */
async function otherForms(cabinet: Pick<Cabinet, 'forms'>, { id, first }: Outgoing): Promise<Uint8Array[]> {
  return (await cabinet.forms(first)).filter((other) => !equalBytes(other, id))
}

/** Every other form in which an op of ours was signed. */
async function formsOf(cabinet: Pick<Cabinet, 'forms' | 'outgoing'>, outgoing: Outgoing): Promise<Op[]> {
  const forms = await Promise.all((await otherForms(cabinet, outgoing)).map((id) => cabinet.outgoing(id)))
  return forms.flatMap((form) => (form ? [SignedOp.decode(form.bytes).op] : []))
}

/** What became of a form that was paid for nothing; it is not paid for again, and that is told. */
async function paidFor(store: Pick<Store, 'outcome'>, forms: readonly Uint8Array[]): Promise<OutcomeAt | undefined> {
  const outcomes = await Promise.all(forms.map((id) => store.outcome(id)))
  return outcomes.find((one) => one?.outcome.result.TAG === 'undelivered')
}

/** Why an op of ours that is in a batch does not count, for its owner. No honest host includes one. */
const undeliveredNote = (height: bigint, result: Exclude<Outcome['result'], { TAG: 'settled' }>): string =>
  result.TAG === 'void'
    ? `void in batch ${height}: nothing was paid`
    : `paid in batch ${height}, and not delivered. ${sentences[result.data.reason]}`

/** Whether an op was settled in a batch. */
const isSettled = (outcome: OutcomeAt | undefined): outcome is OutcomeAt => outcome?.outcome.result.TAG === 'settled'

/** The nonce that an account comes to next, and the height at which a message was settled; nothing where it was not. */
async function onLedger(
  replica: Pick<Replica, 'view'>,
  account: Uint8Array,
  message: Uint8Array | undefined,
): Promise<{ readonly used: bigint; readonly settledAt: bigint | undefined }> {
  const view = await replica.view([
    { table: 'accounts', key: account },
    ...(message ? [{ table: 'messages', key: message } as const] : []),
  ])
  return {
    used: view.read('accounts', account)?.nonce ?? 0n,
    settledAt: message && view.read('messages', message)?.height,
  }
}
