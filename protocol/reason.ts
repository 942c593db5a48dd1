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
  'give-back-over': 20,
  'give-back-repeated': 21,
  'keepers-unknown': 22,
  'message-settled': 23,
  'address-mismatch': 24,
  'too-many-recipients': 25,
  'tier-unknown': 26,
  'checkpoint-unknown': 27,
  'nullifier-used': 28,
  'epoch-full': 29,
  'tree-full': 30,
  'denomination-unknown': 31,
  'target-unknown': 32,
  unproven: 33,
  'signature-high-s': 34,
  'recipient-self': 35,
  'recipient-repeated': 36,
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
  'chain-lacking',
  'supply-full',
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

/** What a check of foreign input returns; it does not throw. `Why` are the reasons that it can give. */
export type Result<T, Why extends Reason = Reason> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: Why }

/** The two results. */
export const yes = <T>(value: T): Result<T, never> => ({ ok: true, value })
export const no = <Why extends Reason>(reason: Why): Result<never, Why> => ({ ok: false, reason })
