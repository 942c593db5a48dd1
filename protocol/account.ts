/** What an account can spend, and the two movements that every operation is made of. */
import type { Rules } from './rules.ts'
import { type Account, type Draft, metaKey, metaOf } from './state.ts'

/** An address that was never seen, as it is before its first coin. */
export const newAccount = (slot: number, funds: bigint): Account => ({
  slot,
  signingKey: undefined,
  nonce: 0n,
  funds,
  policy: { leastTier: 0, leastFee: 0n, next: undefined },
})

/**
 * What is set aside for the inclusion fees of refused operations. It is derived: of all an account has, the first
 * `rules.reserve` is reserve, so every credit tops it up before anything can be spent.
 */
export const reserveOf = (rules: Rules, account: Account): bigint =>
  account.funds < rules.reserve ? account.funds : rules.reserve

/** What an account can spend. */
export const balanceOf = (rules: Rules, account: Account): bigint => account.funds - reserveOf(rules, account)

/** Add to an account that exists. Sums stay under the supply, which fits in 64 bits. */
export function credit(draft: Draft, address: Uint8Array, amount: bigint): void {
  const account = draft.read('accounts', address)!
  draft.write('accounts', address, { ...account, funds: account.funds + amount })
}

/** Take from an account whose funds were checked. */
export const debit = (draft: Draft, address: Uint8Array, amount: bigint): void => credit(draft, address, -amount)

/** Count money as destroyed; it was debited before. */
export function burn(draft: Draft, amount: bigint): void {
  const meta = metaOf(draft)
  draft.write('meta', metaKey, { ...meta, burned: meta.burned + amount })
}

/** Put money into the operators' pot; it was debited before. */
export function fillPot(draft: Draft, amount: bigint): void {
  const meta = metaOf(draft)
  draft.write('meta', metaKey, { ...meta, pot: meta.pot + amount })
}

/** Count money as held in stamps, or, below zero, as no longer; it was debited before, or is credited after. */
export function holdInStamps(draft: Draft, amount: bigint): void {
  const meta = metaOf(draft)
  draft.write('meta', metaKey, { ...meta, stamps: meta.stamps + amount })
}
