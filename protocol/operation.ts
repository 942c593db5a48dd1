/**
 * What every part of a node needs to know of an operation. Each operation is one such row, in a file of its own under
 * `operations/`, and `operations.ts` is the table of them; doorway, ledger and the node's pool ask the row, and know
 * none by its name.
 */
import type * as P from 'micro-packed'
import type { Context } from './context.ts'
import type { Sent } from './fee.ts'
import type { Amounts, Author, Payment } from './money.ts'
import type { Result, Shortcoming } from './reason.ts'
import type { Rules } from './rules.ts'
import type { Signed } from './signature.ts'
import type { Draft, Reference, View } from './state.ts'
import type { Statement } from './statement.ts'

/** Whose an operation is (20 bytes), with which of their sequential nonces, until when (milliseconds), and what it names. */
export type OpHead = Author & Amounts

/**
 * What an operation has to name at least, so that it counts: amounts beside what it burns by the rules alone, where lines are
 * left out just those that follow from what it says; and, of a send, what was paid for whom.
 */
export type Asked = Partial<Amounts> & { readonly sent?: Sent }

/**
 * One operation. `Data` is what it says besides its head: `Mail` stands in bytes of its own, `Said` in its deed, the rest
 * in its lines.
 */
export type Operation<Data, Mail = Data, Said = undefined> = {
  /** What stands for it on the wire, in one byte. Never used for another. */
  readonly number: number
  readonly mail: P.CoderType<Mail>
  /** What stands in its deed, where custody knows one of its number (`deedCodecs`). */
  deed(data: Data): Said
  /** What it pays, where that follows from what it says; undefined where a price says it. */
  lines(data: Data, rules: Rules): readonly Payment[] | undefined
  /** What it says, put together again. Undefined where lines and deed are not such as it has. */
  read(parts: Parts<Mail, Said>): Data | undefined
  /** What it burns at least, whatever the state is. */
  burns(rules: Rules, data: Data): bigint
  /** Who answers for it: an account, which signs and pays, in the order of its nonces; or nobody, where a proof speaks for it. */
  readonly author: { readonly kind: 'account' } | ByNobody<Data>
  /** What can be said of it without looking at the state. */
  form(head: OpHead, data: Data, rules: Rules): Result<undefined, Shortcoming>
  /** The signature inside it of a key that it brings, and what that signs; undefined where it brings none that has to agree. */
  agreement(network: Uint8Array, head: OpHead, data: Data): Signed | undefined
  /** The records that it reads besides the totals and its account. */
  touches(context: Context, head: OpHead, data: Data): readonly Reference[]
  /** Check what depends on the state, and write what it does besides moving money. Says what it has to pay for that. */
  apply(draft: Draft, context: Context, head: OpHead, data: Data): Result<Asked, Shortcoming>
  /** What its proof must show, by the state and by what it says; undefined where it has none. */
  readonly statement:
    | ((view: View, context: Context, head: OpHead, data: Data) => Result<Statement, Shortcoming>)
    | undefined
  /** The one epoch whose batches can hold it; undefined where any can. */
  epoch(data: Data): number | undefined
  /** The id of the message that it pays for (32 bytes), whose envelope travels with it. */
  message(network: Uint8Array, head: OpHead, data: Data): Uint8Array | undefined
  /** The address with whose registration, by whomever, it can never settle any more, so that nobody waits for it. */
  endsWith(data: Data): Uint8Array | undefined
}

/** What stands in an operation, by where it stands. */
export type Parts<Mail, Said> = { readonly lines: readonly Payment[]; readonly deed: Said; readonly mail: Mail }

/** Nobody's: no account, no nonce, no signature; each waits alone under its nullifier. */
type ByNobody<Data> = {
  readonly kind: 'nobody'
  nullifier(data: Data): bigint
}

/** The answer of an operation that has nothing of the kind. */
export const none = (): undefined => undefined
/** Paying nobody. */
export const noLines = (): readonly Payment[] => []
/** What burns the inclusion fee, and what burns nothing. */
export const burnsInclusion = ({ inclusionFee }: Rules): bigint => inclusionFee
export const burnsNothing = (): bigint => 0n
/** What an operation says that has neither lines nor a deed. */
export const readMail = <Data>({ lines, mail }: Parts<Data, undefined>): Data | undefined =>
  lines.length === 0 ? mail : undefined
