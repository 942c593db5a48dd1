/**
 * What every part of a node needs to know of an operation. Each operation is one such row, in a file of its own under
 * `operations/`, and `operations.ts` is the table of them; doorway, ledger and the node's pool ask the row, and know
 * none by its name.
 */
import type * as P from 'micro-packed'
import type { Context } from './context.ts'
import type { Money } from './custody.ts'
import type { Sent } from './fee.ts'
import type { Result } from './reason.ts'
import type { Rules } from './rules.ts'
import type { Signed } from './signature.ts'
import type { Draft, Reference, View } from './state.ts'
import type { Statement } from './statement.ts'

/** Whose an operation is (20 bytes), with which of their sequential nonces, and until when (milliseconds). */
export type OpHead = { readonly account: Uint8Array; readonly nonce: bigint; readonly expiry: bigint }

/** What an operation that counts does to money, the inclusion fee left out; and, of a send, what was paid for whom. */
export type Done = Omit<Money, 'author'> & { readonly sent: Sent | undefined }

/** One operation. `Data` is what it says besides its head. */
export type Operation<Data> = {
  /** What stands for it on the wire, in one byte. Never used for another. */
  readonly number: number
  readonly codec: P.CoderType<Data>
  /** Who answers for it: an account that signs and pays, or nobody, where a proof speaks for it. */
  readonly author: ByAccount<Data> | ByNobody<Data>
  /** What can be said of it without looking at the state. */
  form(head: OpHead, data: Data, rules: Rules): Result<undefined>
  /** The signature inside it of a key that it brings, and what that signs; undefined where it brings none that has to agree. */
  agreement(network: Uint8Array, head: OpHead, data: Data): Signed | undefined
  /** The records that it reads besides the totals and its account. */
  touches(context: Context, head: OpHead, data: Data): readonly Reference[]
  /** Check what depends on the state, and write what it does besides moving money, which is returned for `custody.ts`. */
  apply(draft: Draft, context: Context, head: OpHead, data: Data): Result<Done>
  /** What its proof must show, by the state and by what it says; undefined where it has none. */
  readonly statement: ((view: View, context: Context, head: OpHead, data: Data) => Result<Statement>) | undefined
  /** The one epoch whose batches can hold it; undefined where any can. */
  epoch(data: Data): number | undefined
  /** The id of the message that it pays for (32 bytes), whose envelope travels with it. */
  message(network: Uint8Array, head: OpHead, data: Data): Uint8Array | undefined
  /** The address that it registers (20 bytes). */
  registers(data: Data): Uint8Array | undefined
  /** The address with whose registration, by whomever, it can never settle any more, so that nobody waits for it. */
  endsWith(data: Data): Uint8Array | undefined
}

/** An account's: signed by its key, in the order of its nonces, refused at its cost. */
export type ByAccount<Data> = {
  readonly kind: 'account'
  /** Whether it burns the inclusion fee where it settles, or of which forms of it that is so. Where it is refused it always does. */
  readonly burnsInclusion: boolean | ((data: Data) => boolean)
  /** The key that signs for an account that has none yet (33 bytes). */
  firstKey(data: Data): Uint8Array | undefined
  /** The key that signs for the account once this is settled (33 bytes), where this changes it. */
  nextKey(data: Data): Uint8Array | undefined
  /** The most that it can take from the account's balance besides the inclusion fee. */
  costMax(rules: Rules, data: Data): bigint
}

/** Nobody's: no account, no nonce, no signature; each waits alone under its nullifier. */
type ByNobody<Data> = {
  readonly kind: 'nobody'
  nullifier(data: Data): bigint
}

/** Whether an operation burns the inclusion fee where it settles. */
export const burnsInclusion = <Data>({ burnsInclusion }: ByAccount<Data>, data: Data): boolean =>
  typeof burnsInclusion === 'function' ? burnsInclusion(data) : burnsInclusion

/** The answer of an operation that has nothing of the kind. */
export const none = (): undefined => undefined
/** Moving no money but the inclusion fee. */
export const movesNothing: Done = { burn: 0n, share: undefined, lines: [], deed: { kind: 'none' }, sent: undefined }
/** Nothing but the inclusion fee. */
export const costsNothing = (): bigint => 0n
