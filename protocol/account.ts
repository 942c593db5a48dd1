/** What an account is when it begins, and what of its funds its owner can spend. */
import type { Rules } from './rules.ts'
import type { Account } from './state.ts'

/** An address that was never seen, as it is before its first coin. */
export const newAccount = (slot: number, funds: bigint): Account => ({ slot, signingKey: undefined, nonce: 0n, funds })

/**
 * What nodes do not let waiting operations take, so that funds lie behind whatever is gossiped. It is derived: of all an
 * account has, the first `rules.reserve` is reserve, so every credit tops it up before anything can be spent.
 */
export const reserveOf = (rules: Rules, account: Account): bigint =>
  account.funds < rules.reserve ? account.funds : rules.reserve

/** The rest, which its owner can spend by way of nodes. It is a rule of gossip: the ledger lets everybody spend all they have. */
export const balanceOf = (rules: Rules, account: Account): bigint => account.funds - reserveOf(rules, account)
