/**
 * Custody: the only code that moves money, for every anchor. `move` says from the money part of an operation and the
 * tables of custody alone what the operation changes, or why it is void, and then it changes nothing. It reads no price,
 * standing, pair, epoch or message, and of the rules only what stamps are worth; whether a signature or a proof holds is
 * told to it. So a contract, a light client or an auditor needs these tables and this file. What an operation has to pay
 * to count as mail is asked by `operations/`.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { newAccount } from './account.ts'
import { addressOf } from './address.ts'
import { equalBytes } from './codec.ts'
import type { Deed, Money } from './money.ts'
import { no, type Result, yes } from './reason.ts'
import { supplyMax } from './rules.ts'
import {
  type Account,
  type Change,
  createDraft,
  type Draft,
  fieldKey,
  grantKey,
  poolKey,
  type Reference,
  supplyKey,
  supplyOf,
  type TableName,
  type View,
} from './state.ts'
import { nobody } from './words.ts'

/** The tables of custody. No other file writes them, but for `genesis.ts`, where they begin. */
export const custodyTables = [
  'supply',
  'accounts',
  'allowances',
  'pools',
  'notes',
  'spent',
  'withdrawals',
] as const satisfies TableName[]

/** What custody is told. Whether something holds is asked only once everything that is cheaper does. */
export type Given = {
  /** The batch's, in milliseconds. */
  readonly time: bigint
  /** What stamps are worth. */
  readonly stamps: readonly bigint[]
  /** Whether a chain holds the money, and pays out what is withdrawn. */
  readonly paysOut: boolean
  /** Whether the operation is signed by this key (33 bytes). */
  readonly signed: (key: Uint8Array) => boolean
  /** Whether the key that its deed brings agrees to it. */
  readonly agreed: () => boolean
  /** Whether its proof holds. */
  readonly proven: () => boolean
}

/**
 * What an operation changes. Refuses, and it is void: what `signerOf` does, recipient-self, recipient-repeated,
 * recipient-unknown (an address that is not registered), payee-unknown (one that has no account), allowance-short,
 * registered-already, tree-full (no account can be opened), consent-wrong, proof-wrong, denomination-unknown,
 * note-repeated, nullifier-used, unproven, chain-lacking, funds-short, signature-wrong, malformed (nobody's, and its deed has to be
 * somebody's, or it does not pay out just what its deed brings; or it takes more out of allowances than it burns).
 */
export function move(view: View, money: Money, given: Given): Result<Change[]> {
  const { author, burn } = money
  const signer = signerOf(view, money, given.time)
  if (!signer.ok) return signer
  const { needsAuthor, perform } = performerOf(money.deed)
  if (!author && needsAuthor) return no('malformed')
  const draft = createDraft(view)
  const done = perform(draft, money.deed, author?.account ?? nobody, given)
  if (!done.ok) return done
  const paid = pay(draft, money)
  if (!paid.ok) return paid
  const gain = done.value - costOf(money)
  if (author) {
    // By now it has what it pays to itself as the operators' share, too.
    const account = draft.read('accounts', author.account)!
    const funds = account.funds + gain
    if (funds < 0n) return no('funds-short')
    draft.write('accounts', author.account, { ...account, nonce: author.nonce + 1n, funds })
  } else if (gain !== 0n) return no('malformed')
  if (burn > 0n) {
    const supply = supplyOf(draft)
    draft.write('supply', supplyKey, { ...supply, burned: supply.burned + burn })
  }
  if (signer.value && !given.signed(signer.value)) return no('signature-wrong')
  return yes(draft.changes())
}

/**
 * What a chain changes that took in an amount for an address, registered or not. Refuses: payee-unknown (it is for nobody),
 * tree-full (no account can be opened), supply-full. Tests hold the contract against it; nodes follow no chain yet.
 */
export function deposit(view: View, { to, amount }: { to: Uint8Array; amount: bigint }): Result<Change[]> {
  if (equalBytes(to, nobody)) return no('payee-unknown')
  const draft = createDraft(view)
  const before = draft.read('accounts', to)
  if (!before && supplyOf(draft).slots >= accountsMax) return no('tree-full')
  const account = before ?? openAccount(draft)
  const supply = supplyOf(draft)
  if (supply.minted + amount >= supplyMax) return no('supply-full')
  draft.write('supply', supplyKey, { ...supply, minted: supply.minted + amount })
  draft.write('accounts', to, { ...account, funds: account.funds + amount })
  return yes(draft.changes())
}

/**
 * Whose key must have signed (33 bytes): the account's, or, where it has none yet, the one that it was made of, if the
 * operation registers it. Undefined for an operation that is nobody's.
 * Refuses: expired, account-unknown, nonce-used, nonce-gap, not-registered.
 */
export function signerOf(
  view: View,
  { author, deed }: Pick<Money, 'author' | 'deed'>,
  time: bigint,
): Result<Uint8Array | undefined> {
  if (!author) return yes(undefined)
  if (author.expiry < time) return no('expired')
  const account = view.read('accounts', author.account)
  if (!account) return no('account-unknown')
  if (author.nonce < account.nonce) return no('nonce-used')
  if (author.nonce > account.nonce) return no('nonce-gap')
  if (account.signingKey) return yes(account.signingKey)
  const isFirst = deed.kind === 'register' && equalBytes(addressOf(deed.key), author.account)
  return isFirst ? yes(deed.key) : no('not-registered')
}

/**
 * What an operation takes out of its author's funds, but for what its deed brings in: all that it gives, less what allowances
 * pay of it.
 */
export function costOf({ burn, share, lines, deed }: Money): bigint {
  const paid = lines.reduce((sum, { amount, from }) => (from === 'funds' ? sum + amount : sum - amount), 0n)
  return burn + (share?.amount ?? 0n) + paid + performerOf(deed).costs(deed)
}

/** The address that an operation registers (20 bytes). */
export const registeredBy = ({ deed }: Pick<Money, 'deed'>): Uint8Array | undefined =>
  (deed.kind === 'register' || deed.kind === 'stamp-redeem') && deed.key ? addressOf(deed.key) : undefined

/** The records that a money part reads. */
export const touchesOfMoney = ({ author, share, lines, deed }: Money): Reference[] => [
  { table: 'supply', key: supplyKey },
  ...(author ? [account(author.account)] : []),
  ...(share ? [account(share.payee)] : []),
  ...lines.flatMap(({ address, from }) => [
    account(address),
    ...(author && from === 'allowance' ? [allowance(address, author.account)] : []),
  ]),
  ...performerOf(deed).touches(deed, author?.account ?? nobody),
]

const account = (key: Uint8Array): Reference => ({ table: 'accounts', key })
const allowance = (granter: Uint8Array, sender: Uint8Array): Reference => ({
  table: 'allowances',
  key: grantKey({ granter, sender }),
})

type DeedOf<Kind extends Deed['kind']> = Extract<Deed, { readonly kind: Kind }>
type Performer<Kind extends Deed['kind']> = {
  /** Whether it has to be somebody's. */
  readonly needsAuthor: boolean
  /** What it takes out of its author's funds. */
  costs(deed: DeedOf<Kind>): bigint
  touches(deed: DeedOf<Kind>, author: Uint8Array): readonly Reference[]
  /** Do all of it but taking what it costs. Says what it brings its author. */
  perform(draft: Draft, deed: DeedOf<Kind>, author: Uint8Array, given: Given): Result<bigint>
}

/** Of a deed that costs nothing, and of one that brings nothing. */
const costsNothing = (): bigint => 0n
const bringsNothing = yes(0n)

/** What each deed reads and does. */
const deeds: { readonly [Kind in Deed['kind']]: Performer<Kind> } = {
  none: { needsAuthor: false, costs: costsNothing, touches: () => [], perform: () => bringsNothing },
  register: {
    needsAuthor: true,
    costs: costsNothing,
    touches: ({ key }) => [account(addressOf(key))],
    perform(draft, { key }, author, { agreed }) {
      // Whoever registers their own key signs with it.
      const isOwn = equalBytes(addressOf(key), author)
      const registered = registerKey(draft, key, isOwn ? () => true : agreed)
      return registered.ok ? bringsNothing : registered
    },
  },
  rekey: {
    needsAuthor: true,
    costs: costsNothing,
    touches: () => [],
    perform(draft, { key }, author, { agreed }) {
      if (!agreed()) return no('proof-wrong')
      draft.write('accounts', author, { ...draft.read('accounts', author)!, signingKey: key })
      return bringsNothing
    },
  },
  allow: {
    needsAuthor: true,
    costs: ({ amount }) => amount,
    touches: ({ sender }, author) => [account(sender), allowance(author, sender)],
    perform(draft, { sender, amount }, author) {
      // Nobody writes to themselves: it would lie there.
      if (equalBytes(sender, author)) return no('recipient-self')
      if (!draft.read('accounts', sender)?.signingKey) return no('recipient-unknown')
      const { key } = allowance(author, sender)
      const held = draft.read('allowances', key)?.amount ?? 0n
      if (amount > 0n) draft.write('allowances', key, { amount: held + amount })
      return bringsNothing
    },
  },
  reclaim: {
    needsAuthor: true,
    costs: costsNothing,
    touches: ({ sender }, author) => [allowance(author, sender)],
    perform(draft, { sender }, author) {
      const { key } = allowance(author, sender)
      const held = draft.read('allowances', key)?.amount ?? 0n
      if (held > 0n) draft.write('allowances', key, undefined)
      return yes(held)
    },
  },
  'stamp-buy': {
    needsAuthor: true,
    costs: ({ denomination }) => denomination,
    touches: ({ denomination, note }) => [
      { table: 'notes', key: fieldKey(note) },
      { table: 'pools', key: poolKey(denomination) },
    ],
    perform(draft, { denomination, note }, _author, { stamps }) {
      if (!stamps.includes(denomination)) return no('denomination-unknown')
      if (draft.read('notes', fieldKey(note))) return no('note-repeated')
      draft.write('notes', fieldKey(note), { denomination })
      fillPool(draft, denomination, denomination)
      return bringsNothing
    },
  },
  'stamp-redeem': {
    needsAuthor: false,
    costs: costsNothing,
    touches: ({ denomination, nullifier, key }) => [
      { table: 'spent', key: fieldKey(nullifier) },
      { table: 'pools', key: poolKey(denomination) },
      ...(key ? [account(addressOf(key))] : []),
    ],
    perform(draft, { denomination, nullifier, key }, _author, { stamps, agreed, proven }) {
      if (!stamps.includes(denomination)) return no('denomination-unknown')
      if (draft.read('spent', fieldKey(nullifier))) return no('nullifier-used')
      const registered = key ? registerKey(draft, key, agreed) : yes(undefined)
      if (!registered.ok) return registered
      if (!proven()) return no('unproven')
      // Whoever knows what a set-up was made of can prove anything; not even they take out more than was put in.
      if ((draft.read('pools', poolKey(denomination))?.amount ?? 0n) < denomination) return no('unproven')
      fillPool(draft, denomination, -denomination)
      draft.write('spent', fieldKey(nullifier), { denomination })
      return yes(denomination)
    },
  },
  withdraw: {
    needsAuthor: true,
    costs: ({ amount }) => amount,
    touches: ({ to }) => [{ table: 'withdrawals', key: to }],
    perform(draft, { to, amount }, _author, { paysOut }) {
      if (!paysOut) return no('chain-lacking')
      const before = draft.read('withdrawals', to)?.amount ?? 0n
      if (amount > 0n) draft.write('withdrawals', to, { amount: before + amount })
      return bringsNothing
    },
  },
}

const performerOf = (deed: Deed): Performer<Deed['kind']> => deeds[deed.kind] as Performer<Deed['kind']>

/** How many accounts there can be: slots are 32 bits, and their number is, too. */
const accountsMax = 2 ** 32 - 1

/** Give an address its key, opening its account where there is none. Refuses: registered-already, tree-full, consent-wrong. */
function registerKey(draft: Draft, key: Uint8Array, agreed: () => boolean): Result<undefined> {
  const address = addressOf(key)
  const before = draft.read('accounts', address)
  if (before?.signingKey) return no('registered-already')
  if (!before && supplyOf(draft).slots >= accountsMax) return no('tree-full')
  if (!agreed()) return no('consent-wrong')
  draft.write('accounts', address, { ...(before ?? openAccount(draft)), signingKey: key })
  return yes(undefined)
}

/** The next free slot, for an address that was never seen. */
function openAccount(draft: Draft): Account {
  const supply = supplyOf(draft)
  draft.write('supply', supplyKey, { ...supply, slots: supply.slots + 1 })
  return newAccount(supply.slots, 0n)
}

function fillPool(draft: Draft, denomination: bigint, amount: bigint): void {
  const key = poolKey(denomination)
  draft.write('pools', key, { amount: (draft.read('pools', key)?.amount ?? 0n) + amount })
}

/** Hand out the share and the lines. */
function pay(draft: Draft, { author, burn, share, lines }: Money): Result<undefined> {
  const seen = new Set<string>()
  let setAside = 0n
  for (const { address, amount, from } of lines) {
    if (author && equalBytes(address, author.account)) return no('recipient-self')
    const name = bytesToHex(address)
    if (seen.has(name)) return no('recipient-repeated')
    seen.add(name)
    const recipient = draft.read('accounts', address)
    if (!recipient?.signingKey) return no('recipient-unknown')
    if (from === 'funds') {
      if (amount > 0n) draft.write('accounts', address, { ...recipient, funds: recipient.funds + amount })
      continue
    }
    if (!author) return no('malformed')
    const { key } = allowance(address, author.account)
    const held = draft.read('allowances', key)?.amount ?? 0n
    if (held < amount) return no('allowance-short')
    setAside += amount
    if (amount > 0n) draft.write('allowances', key, held > amount ? { amount: held - amount } : undefined)
  }
  // What somebody set aside is only ever burned: no accomplice is paid out of it.
  if (setAside > burn) return no('malformed')
  if (share) {
    const payee = draft.read('accounts', share.payee)
    if (!payee) return no('payee-unknown')
    if (share.amount > 0n) draft.write('accounts', share.payee, { ...payee, funds: payee.funds + share.amount })
  }
  return yes(undefined)
}
