/** What the ledger and the mailbox hold, in the words and texts that people and programs get. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { balanceOf, reserveOf } from '../../protocol/account.ts'
import { encodeAddress } from '../../protocol/address.ts'
import { policyAt } from '../../protocol/policy.ts'
import type { Rules } from '../../protocol/rules.ts'
import type { FactorName, Line } from '../../protocol/fee.ts'
import type { Account, Policy } from '../../protocol/state.ts'
import type { Letter, Outgoing } from './cabinet.ts'
import type { Page } from '../letter/parser.ts'
import type { Presence } from '../habit.ts'
import type { PriceLine, StrangersLetters } from '../priced.ts'
import type { Pseudonym, Shown, Submitted, Summary } from '../service.ts'
import type { Own } from '../keys/wallet.ts'

/** Names for addresses: contacts by their `bm1…`. */
export type Names = ReadonlyMap<string, string>

/** Contacts the other way round: the name of an address. */
export const namesOf = (contacts: ReadonlyMap<string, string>): Names =>
  new Map([...contacts].map(([name, text]) => [text, name]))

/** What people read for each factor of a price, in the order in which they read them. */
const factorWords = {
  size: 'size',
  lifetime: 'lifetime',
  correspondence: 'correspondence',
  recipients: 'recipients',
  reputation: 'reputation',
} as const satisfies Record<FactorName, string>
const shownFactors = Object.keys(factorWords) as FactorName[]

/** One line of a price. */
export function priceLine(line: Line, names: Names): PriceLine {
  const recipient = encodeAddress(line.recipient)
  return {
    recipient,
    contact: names.get(recipient) ?? null,
    payer: line.payer,
    factors: line.factors
      .toSorted((a, b) => shownFactors.indexOf(a.name) - shownFactors.indexOf(b.name))
      .map(({ name, basisPoints }) => ({
        name: factorWords[name],
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

/** An amount that a reader gave back. */
export type GivenBack = Summary['givenBack'][number]

/** What of a summary the mailbox does not keep with the letter. */
type Known = Pick<Summary, 'automatic' | 'settledAt' | 'goesBack' | 'givenBack'>

/** A letter as it is listed, with what the ledger says of it, and what is to go back for it. */
export const summaryOf = (letter: Letter, known: Known): Summary => ({
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
  ...known,
})

/** A message taken apart, without what is attached. */
export const shownOf = ({ from, date, messageId, bytes: _, flaw: __, ...rest }: Page): Shown => ({
  ...rest,
  from: from ?? null,
  date: date ?? null,
  messageId: messageId ?? null,
})

/** An operation that was handed over just now. */
export const submittedOf = ({ id }: Pick<Outgoing, 'id'>): Submitted => ({
  opId: bytesToHex(id),
  state: 'submitted',
  note: 'on its way; it is settled with the next batch',
  batchHeight: null,
})

/** A pseudonym with what the ledger says of it. */
export function pseudonymOf(
  rules: Rules,
  own: Own,
  account: Account | undefined,
  {
    policy,
    time,
    strangersLetters,
    ...rest
  }: {
    policy: Policy | undefined
    time: bigint
    strangersLetters: StrangersLetters
    request: string
    presence: Presence
  },
): Pseudonym {
  const next = policy?.next && policy.next.from > time ? policy.next : undefined
  return {
    index: own.index,
    label: own.label,
    address: own.text,
    registered: account?.signingKey !== undefined,
    retired: own.retired,
    balance: String(account ? balanceOf(rules, account) : 0n),
    reserve: String(account ? reserveOf(rules, account) : 0n),
    nonce: String(account?.nonce ?? 0n),
    policy: {
      ...demandsOf(policyAt(policy, time)),
      next: next ? { ...demandsOf(next), from: Number(next.from) } : null,
    },
    habit: own.habit,
    strangersLetters,
    ...rest,
  }
}

const demandsOf = ({ leastFee, leastTier }: Pick<Policy, 'leastFee' | 'leastTier'>) => ({
  leastFee: String(leastFee),
  leastTier,
})

/** Basis points as people read a factor: "×1.1". */
export function times(basisPoints: bigint): string {
  const fraction = String(basisPoints % 10_000n)
    .padStart(4, '0')
    .replace(/0+$/, '')
  return `×${basisPoints / 10_000n}${fraction && `.${fraction}`}`
}
