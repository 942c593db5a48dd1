/**
 * What is done for an operation of ours that no batch has settled yet: submit it again, or sign it again where another
 * device took its nonce, its time is over, or it was signed for a time that is far off, by a clock that was wrong. It goes
 * by the way of its pseudonym, like the first time.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Outcome } from '../../protocol/batch.ts'
import { equalBytes } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import type { Reason } from '../../protocol/reason.ts'
import { type Action, operationOf } from '../../protocol/operations.ts'
import { type Op, opId, SignedOp } from '../../protocol/wire.ts'
import type { Cabinet, Outgoing } from './cabinet.ts'
import type { KeyOf } from './epoch-key.ts'
import { createExpiryOf } from './expiry.ts'
import type { Own, Wallet } from '../keys/wallet.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Store, Write } from '../ledger/store.ts'
import type { Logger } from '../logger.ts'
import type { Node } from '../peers/node.ts'
import { latestExpiry, type Pending } from '../peers/pending.ts'
import type { Clock } from '../seams.ts'
import { sentences } from '../sentences.ts'
import type { Signing } from './signing.ts'
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
  'reserve-short',
])

/** How long after its expiry a message is signed anew: by then every node has let go of the one that expired. */
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
  readonly keyOf: KeyOf
  readonly sign: Signing['sign']
  readonly spending: Pick<Spending, 'correct'>
  /** How this machine’s clock is wrong: by such a one nothing is submitted or signed again. */
  readonly clockFault?: (() => string | undefined) | undefined
  /** Told when an op is settled, refused, or was signed again. */
  readonly onChange: (outgoing: Outgoing) => Promise<void>
}

/** What is to be done for an op that is not settled. */
export type Again = () => Promise<void>

/**
 * Gives the function that finds out what became of one operation, and writes that down; where it is to be submitted or
 * signed again it returns what does so, because that is seen by others and has a moment of its own. Neither must run while
 * another op of ours is signed, and what was returned is out of date after that.
 */
export function createRetry(options: Options) {
  const { node, wallet, cabinet, logger, keyOf, sign, spending, clockFault, onChange } = options
  const { context, store, replica, pending } = node
  const expiryOf = createExpiryOf(node)

  async function put(outgoing: Outgoing, more: readonly Write[] = []): Promise<void> {
    await cabinet.write([...cabinet.putOutgoing(outgoing), ...more])
    await onChange(outgoing)
  }

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

  async function submit(outgoing: Outgoing): Promise<void> {
    const submitted = await node.submit(outgoing.bytes, outgoing.message?.envelope)
    if (!submitted.ok && !passing.has(submitted.reason))
      await put(
        { ...outgoing, state: 'refused', note: sentences[submitted.reason] },
        await spending.correct(outgoing.first, undefined),
      )
  }

  /** On disk before it leaves, as the first time. */
  async function signAgain(outgoing: Outgoing, own: Own, op: Op): Promise<void> {
    const { action: was, expiry: until, burn, share, lines } = op
    // The epoch may be another one, and a message keeps its id under any pass.
    const epochKey = was.TAG === 'send' ? await keyOf(own.address) : undefined
    const action: Action = was.TAG === 'send' ? { TAG: 'send', data: { ...was.data, epochKey } } : was
    // While what was signed has not expired, its price holds until then; a pass that came meanwhile may end before.
    const holds = until > BigInt(node.seams.clock.now())
    const latest = await expiryOf({ epochKey, epoch: operationOf(was).epoch(was.data) })
    // It pays what its owner agreed to and no more; where that suffices no longer it is refused, and they are told.
    const amounts = { burn, share, lines }
    const bytes = await sign(own, { action, amounts, expiry: holds && until < latest ? until : latest })
    const again = { ...outgoing, id: opId(context.network, SignedOp.decode(bytes).op), bytes }
    await put({ ...outgoing, state: 'superseded', supersededBy: again.id }, [
      ...cabinet.putOutgoing(again),
      cabinet.putForms([...(await cabinet.forms(outgoing.first)), again.id]),
    ])
    await onChange(again)
    logger.debug({ op: bytesToHex(again.id) }, 'signed an operation again: its nonce was gone, or its time is another')
    await submit(again)
  }

  async function look(outgoing: Outgoing): Promise<Again | undefined> {
    const { op } = SignedOp.decode(outgoing.bytes)
    // Read before outcomes are looked for, so that a nonce which is used by then, or a message which is settled, is another's doing.
    const { used, settledAt } = await onLedger(replica, op.account, outgoing.message?.id)
    const outcome = await store.outcome(outgoing.id)
    if (isSettled(outcome)) await finish(outgoing, outcome)
    else if (await isFinishedAsOther(outgoing)) return undefined
    else if (settledAt !== undefined)
      await put({ ...outgoing, state: 'settled', height: settledAt, note: 'settled by another device of yours' })
    else if (outcome) await finish(outgoing, outcome)
    else if (!pending.has(outgoing.id) && !clockFault?.()) return againOf(outgoing, op, used)
    return undefined
  }

  async function isFinishedAsOther(outgoing: Outgoing): Promise<boolean> {
    for (const id of await otherForms(cabinet, outgoing)) if (await finishAs(id, outgoing)) return true
    return false
  }

  async function againOf(outgoing: Outgoing, op: Op, used: bigint): Promise<Again | undefined> {
    const own = wallet.find(op.account)
    if (!own) return undefined
    const now = BigInt(node.seams.clock.now())
    const isNext = op.nonce === pending.nextNonce(op.account, used)
    // Signed by a clock that was ahead, no batch takes it before that time comes.
    const isFarOff = op.expiry > latestExpiry({ context, head: replica.head }, Number(now))
    if (isNext && op.expiry > now && !isFarOff) return () => submit(outgoing)
    // A message has an id and is paid once, however often it is signed. Anything else could be done twice, so it waits
    // until what was signed can be in no batch any more: another has its nonce, or its time is over by every clock.
    const waitMs = outgoing.message ? letGoMs : letGoMs + context.rules.clockSkewMs
    const isOver = ({ nonce, expiry }: Op) => nonce < used || expiry + BigInt(waitMs) < now
    // Its time is not over, and yet its nonce is not the next one.
    const isAstray = outgoing.message !== undefined && op.expiry > now
    // Of two under one nonce only one can be settled, whoever kept the other until its time.
    const isHarmless = (form: Op) => isOver(form) || form.nonce === op.nonce
    const isReplaced = isOver(op) || (isFarOff && isNext)
    const mayBeSigned = isAstray || (isReplaced && (await formsOf(outgoing)).every(isNext ? isHarmless : isOver))
    return mayBeSigned ? () => signAgain(outgoing, own, op) : undefined
  }

  /** Every form in which an op of ours was signed before this one, unless it is a message, which is paid once. */
  async function formsOf(outgoing: Outgoing): Promise<Op[]> {
    if (outgoing.message) return []
    const forms = await Promise.all((await otherForms(cabinet, outgoing)).map(cabinet.outgoing))
    return forms.flatMap((form) => (form ? [SignedOp.decode(form.bytes).op] : []))
  }

  return look
}

/** The ids that an op has besides this one, from being signed again. */
async function otherForms(cabinet: Pick<Cabinet, 'forms'>, { id, first }: Outgoing): Promise<Uint8Array[]> {
  return (await cabinet.forms(first)).filter((other) => !equalBytes(other, id))
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
