/** What the ledger and the mailbox hold, in the words and texts that people and programs get. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { balanceOf, reserveOf } from '../protocol/account.ts'
import { encodeAddress } from '../protocol/address.ts'
import { policyAt } from '../protocol/policy.ts'
import type { Rules } from '../protocol/rules.ts'
import type { Line } from '../protocol/send.ts'
import type { Account } from '../protocol/state.ts'
import type { Letter, Outgoing } from './cabinet.ts'
import type { Letter as Read } from './letter-parser.ts'
import type { PriceLine, Pseudonym, Shown, Submitted, Summary } from './service.ts'
import type { Own } from './wallet.ts'

/** Names for addresses: contacts by their `bm1…`. */
export type Names = ReadonlyMap<string, string>

/** Contacts the other way round: the name of an address. */
export const namesOf = (contacts: ReadonlyMap<string, string>): Names =>
  new Map([...contacts].map(([name, text]) => [text, name]))

/** One line of a price. */
export function priceLine(
  line: Omit<Line, 'factors'> & { factors: readonly { name: string; basisPoints: bigint }[] },
  names: Names,
): PriceLine {
  const recipient = encodeAddress(line.recipient)
  return {
    recipient,
    contact: names.get(recipient) ?? null,
    payer: line.payer,
    factors: line.factors.map(({ name, basisPoints }) => ({
      name,
      basisPoints: String(basisPoints),
      times: times(basisPoints),
    })),
    floor: String(line.floor),
    fee: String(line.fee),
    paid: String(line.paid),
    credit: String(line.credit),
    burned: String(line.burned),
    operators: String(line.operators),
  }
}

/** A letter as it is listed. */
export const summaryOf = (letter: Letter): Summary => ({
  id: bytesToHex(letter.id),
  folder: letter.folder,
  state: letter.state,
  note: letter.note,
  from: encodeAddress(letter.sender),
  to: letter.recipients.map(encodeAddress),
  own: encodeAddress(letter.own),
  subject: letter.subject,
  date: Number(letter.date),
  bytes: letter.bytes,
  batchHeight: letter.height?.toString() ?? null,
  amount: String(letter.amount),
  verdict: letter.verdict ?? null,
})

/** A message taken apart, without what is attached. */
export const shownOf = ({ from, date, messageId, attachments, ...rest }: Read): Shown => ({
  ...rest,
  from: from ?? null,
  date: date ?? null,
  messageId: messageId ?? null,
  attachments: attachments.map(({ filename, mimeType, content }) => ({ filename, mimeType, bytes: content.length })),
})

/** An operation on its way. */
export const submittedOf = ({ id, state, note, height }: Outgoing): Submitted => ({
  opId: bytesToHex(id),
  state,
  note: state === 'submitted' ? 'on its way; it is settled with the next batch' : note,
  batchHeight: height?.toString() ?? null,
})

/** A pseudonym with what the ledger says of it. */
export function pseudonymOf(
  rules: Rules,
  own: Own,
  account: Account | undefined,
  { time, request }: { time: bigint; request: string },
): Pseudonym {
  const policy = account && policyAt(account, time)
  return {
    index: own.index,
    label: own.label,
    address: own.text,
    registered: account?.signingKey !== undefined,
    retired: own.retired,
    balance: String(account ? balanceOf(rules, account) : 0n),
    reserve: String(account ? reserveOf(rules, account) : 0n),
    nonce: String(account?.nonce ?? 0n),
    policy: { leastFee: String(policy?.leastFee ?? 0n), leastTier: policy?.leastTier ?? 0 },
    request,
  }
}

/** Basis points as people read a factor: "×1.1". */
export function times(basisPoints: bigint): string {
  const fraction = String(basisPoints % 10_000n)
    .padStart(4, '0')
    .replace(/0+$/, '')
  return `×${basisPoints / 10_000n}${fraction && `.${fraction}`}`
}
