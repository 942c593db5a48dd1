/**
 * What gossip answers to a message that is refused. `reject` counts against everybody who brings it, so it is for what is
 * wrong to everybody and always: what follows from the bytes and the rules alone. `ignore` is for what depends on the state
 * or on what waits, because one honest node may have relayed what the next refuses; it costs whoever brought it a share of
 * what we do for a peer.
 */
import type { Reason } from '../protocol/reason.ts'

export const gossipAnswers = {
  malformed: 'reject',
  'too-large': 'reject',
  'signature-wrong': 'ignore',
  'host-signature-wrong': 'reject',
  'signature-high-s': 'reject',
  'envelope-mismatch': 'reject',
  'envelope-malformed': 'reject',
  'envelope-missing': 'ignore',
  'keepers-unknown': 'ignore',
  expired: 'ignore',
  'expiry-too-far': 'ignore',
  'nonce-used': 'ignore',
  'nonce-gap': 'ignore',
  'nonce-pending': 'ignore',
  'account-unknown': 'ignore',
  'not-registered': 'ignore',
  'reserve-short': 'ignore',
  'message-pending': 'ignore',
  'queue-full': 'ignore',
  'price-short': 'ignore',
  'message-settled': 'ignore',
  'registered-already': 'ignore',
  'address-mismatch': 'reject',
  'consent-wrong': 'reject',
  'proof-wrong': 'reject',
  'chain-lacking': 'reject',
  'supply-full': 'ignore',
  'funds-short': 'ignore',
  'sponsorship-short': 'ignore',
  'recipient-unknown': 'ignore',
  'too-many-recipients': 'reject',
  'recipient-repeated': 'reject',
  'recipient-self': 'reject',
  'lifetime-unknown': 'ignore',
  'tier-short': 'ignore',
  unproven: 'ignore',
  'tier-unknown': 'ignore',
  'checkpoint-unknown': 'ignore',
  'nullifier-used': 'ignore',
  'nullifier-pending': 'ignore',
  'enrolled-already': 'ignore',
  'epoch-full': 'ignore',
  'tree-full': 'ignore',
  'denomination-unknown': 'ignore',
  'note-repeated': 'ignore',
  'target-unknown': 'ignore',
  'pass-repeated': 'ignore',
  'epoch-key-used': 'ignore',
  'message-other': 'ignore',
  'pass-unknown': 'ignore',
  'policy-out-of-range': 'ignore',
  'message-unknown': 'ignore',
  'not-recipient': 'ignore',
  'ack-late': 'ignore',
  'ack-repeated': 'ignore',
  'grant-unknown': 'ignore',
  'allowance-short': 'ignore',
  'payee-unknown': 'ignore',
  'give-back-over': 'ignore',
  'give-back-repeated': 'ignore',
} as const satisfies Record<Reason, 'ignore' | 'reject'>

/**
 * What bringing something that is ignored costs its bringer, where that is not 1: by the work that it made us do. What came
 * before its predecessor has waited, in a place of its bringer's share, and costs nothing more.
 */
export const failureCosts: { readonly [reason in Reason]?: number } = { 'nonce-gap': 0, unproven: 20 }
