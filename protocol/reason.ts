/**
 * Every way to say no. What a batch does with an op depends on it, so every node must mean the same by it. What gossip
 * answers and what people read enters no hash, and is `node`'s (`gossip-answers.ts`, `sentences.ts`).
 */

/**
 * Why an op is refused although it is in a batch: its nonce is used, and an inclusion fee burned. The number is what
 * `outcomeRoot` commits to; a number keeps its meaning.
 */
export const charges = {
  'registered-already': 1,
  'funds-short': 2,
  'sponsorship-short': 3,
  'recipient-unknown': 4,
  'lifetime-unknown': 5,
  'tier-short': 6,
  'enrolled-already': 7,
  'note-repeated': 8,
  'pass-repeated': 9,
  'epoch-key-used': 10,
  'message-other': 11,
  'pass-unknown': 12,
  'policy-out-of-range': 13,
  'message-unknown': 14,
  'not-recipient': 15,
  'ack-late': 16,
  'ack-repeated': 17,
  // 19 was grant-ending, which there is no more.
  'grant-unknown': 18,
  'give-back-over': 20,
  'give-back-repeated': 21,
} as const satisfies Record<string, number>

/** Why no valid batch holds an op, or why bytes are not taken. None of these enters a hash. */
const omissions = [
  'malformed',
  'too-large',
  'signature-wrong',
  'host-signature-wrong',
  'signature-high-s',
  'envelope-mismatch',
  'envelope-malformed',
  'keepers-unknown',
  'expired',
  'expiry-too-far',
  'nonce-used',
  'nonce-gap',
  'account-unknown',
  'not-registered',
  'reserve-short',
  'over-maximum',
  'message-settled',
  'address-mismatch',
  'consent-wrong',
  'proof-wrong',
  'too-many-recipients',
  'recipient-repeated',
  'recipient-self',
  'unproven',
  'tier-unknown',
  'checkpoint-unknown',
  'nullifier-used',
  'epoch-full',
  'tree-full',
  'denomination-unknown',
  'target-unknown',
  'allowance-short',
  'payee-unknown',
] as const

/** What only a node says that has not got everything, or has something like it waiting. The ledger never does. */
const waits = ['envelope-missing', 'message-pending', 'nonce-pending', 'nullifier-pending', 'queue-full'] as const

/** The name of a refusal, as the local API and logs carry it; of one that is charged for. */
export type Charge = keyof typeof charges
export type Reason = Charge | (typeof omissions)[number] | (typeof waits)[number]

/** Every reason. */
export const reasons: readonly Reason[] = [...(Object.keys(charges) as Charge[]), ...omissions, ...waits]

/** Whether an account pays for being refused like this. */
export const isCharge = (reason: Reason): reason is Charge => reason in charges

/** What a check of foreign input returns; it does not throw. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: Reason }

/** The two results. */
export const yes = <T>(value: T): Result<T> => ({ ok: true, value })
export const no = (reason: Reason): { readonly ok: false; readonly reason: Reason } => ({ ok: false, reason })
