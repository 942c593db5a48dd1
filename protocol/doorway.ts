/**
 * The one place where foreign bytes become an operation. Gossip, sync, the local API and the tests all pass through
 * it: what comes out is canonical and well formed, by the rules alone; what depends on the state is `ledger.ts`.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { type Money, readMoney } from './money.ts'
import { operationOf } from './operations.ts'
import { no, type Reason, type Result, yes } from './reason.ts'
import type { Rules } from './rules.ts'
import { isLowS } from './signature.ts'
import { laneOf, messageOf, type Op, opIdOfSigned, opOfPart, unsigned } from './wire.ts'

/**
 * An operation that came through the doorway: its id (32 bytes), its canonical bytes, what they say, what it stands in a
 * row with, and the id of the message that it pays for (32 bytes), if it is a send.
 */
export type Incoming = {
  readonly op: Op
  readonly signature: Uint8Array
  readonly money: Money
  readonly id: Uint8Array
  readonly bytes: Uint8Array
  readonly lane: string
  readonly message: Uint8Array | undefined
}

/** An entry of a batch that did not come through, and why; with its money part, if it has one, which is executed. */
type Unread = {
  readonly op: undefined
  readonly signature: Uint8Array
  readonly money: Money | undefined
  readonly id: Uint8Array
  readonly bytes: Uint8Array
  /** What its nonce has an order in; undefined where it is nobody's or no operation. */
  readonly lane: string | undefined
  readonly reason: Reason
}

/** What stands in a batch: operations, and whatever else somebody put there. */
export type Entry = Incoming | Unread

/** Read a signed op. Refuses: what `readMoney` does, malformed, signature-high-s, and what the operation's `form` does. */
export function readOp(bytes: Uint8Array, on: { network: Uint8Array; rules: Rules }): Result<Incoming> {
  const entry = readEntry(bytes, on)
  return entry.op ? yes(entry) : no(entry.reason)
}

/** Read what stands in a batch. Whatever it is, it is an entry; of at most so many bytes, which the batch sees to. */
export function readEntry(bytes: Uint8Array, { network, rules }: { network: Uint8Array; rules: Rules }): Entry {
  const id = opIdOfSigned(network, bytes)
  const unread = { op: undefined, signature: unsigned, money: undefined, id, bytes, lane: undefined } as const
  const read = readMoney(bytes)
  if (!read.ok) return { ...unread, reason: read.reason }
  const { part, money, signature } = read.value
  const { author } = money
  const paying = { ...unread, signature, money, lane: author && bytesToHex(author.account) }
  const op = opOfPart(part)
  if (!op.ok) return { ...paying, reason: op.reason }
  const row = operationOf(op.value.action)
  const { data } = op.value.action
  // An anonymous op has one form, so that nobody who passes it on can make another op of it.
  if ((row.author.kind === 'nobody') !== (author === undefined)) return { ...paying, reason: 'malformed' }
  const formed = row.form(op.value, data, rules)
  if (!formed.ok) return { ...paying, reason: formed.reason }
  const agreed = row.agreement(network, op.value, data)
  if (agreed && !isLowS(agreed.signature)) return { ...paying, reason: 'signature-high-s' }
  const [lane, message] = [laneOf(op.value), messageOf(network, op.value)]
  return { op: op.value, signature, money, bytes, id, lane, message }
}
