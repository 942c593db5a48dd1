/**
 * Every way to say no. What a batch does with an op depends on it, so every node must mean the same by it. What gossip
 * answers and what people read enters no hash, and is `node`'s (`gossip-answers.ts`, `sentences.ts`).
 */

/**
 * Why an operation that pays does not count as mail. The number is what `outcomeRoot` commits to; a number keeps its
 * meaning.
 */
export const shortcomings = {
  malformed: 1,
  'too-large': 2,
  'sponsorship-short': 3,
  'recipient-unknown': 4,
  'lifetime-unknown': 5,
  'tier-short': 6,
  'enrolled-already': 7,
  'price-short': 8,
  'pass-repeated': 9,
  'epoch-key-used': 10,
  'message-other': 11,
  'pass-unknown': 12,
  'policy-out-of-range': 13,
  'message-unknown': 14,
  'not-recipient': 15,
  'ack-late': 16,
  'ack-repeated': 17,
  'grant-unknown': 18,
  'expiry-too-far': 19,
  'keepers-unknown': 20,
  'message-settled': 21,
  'address-mismatch': 22,
  'too-many-recipients': 23,
  'tier-unknown': 24,
  'checkpoint-unknown': 25,
  'nullifier-used': 26,
  'epoch-full': 27,
  'tree-full': 28,
  'denomination-unknown': 29,
  'target-unknown': 30,
  unproven: 31,
  'signature-high-s': 32,
  'recipient-self': 33,
  'recipient-repeated': 34,
} as const satisfies Record<string, number>

/** Why an operation is void, or why bytes are not taken. None of these enters a hash. */
const voids = [
  'signature-wrong',
  'host-signature-wrong',
  'envelope-mismatch',
  'envelope-malformed',
  'expired',
  'nonce-used',
  'nonce-gap',
  'account-unknown',
  'not-registered',
  'funds-short',
  'registered-already',
  'consent-wrong',
  'proof-wrong',
  'note-repeated',
  'allowance-short',
  'payee-unknown',
] as const

/** What only a node says that has not got everything, or has something like it waiting. The ledger never does. */
const waits = [
  'reserve-short',
  'envelope-missing',
  'message-pending',
  'nonce-pending',
  'nullifier-pending',
  'queue-full',
] as const

/** The name of a refusal, as the local API and logs carry it; of one that keeps what pays from being mail. */
export type Shortcoming = keyof typeof shortcomings
export type Reason = Shortcoming | (typeof voids)[number] | (typeof waits)[number]

/** Every reason. */
export const reasons: readonly Reason[] = [...(Object.keys(shortcomings) as Shortcoming[]), ...voids, ...waits]

/** What a check of foreign input returns; it does not throw. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: Reason }

/** The two results. */
export const yes = <T>(value: T): Result<T> => ({ ok: true, value })
export const no = (reason: Reason): { readonly ok: false; readonly reason: Reason } => ({ ok: false, reason })
