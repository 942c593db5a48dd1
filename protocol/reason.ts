/**
 * Every way an honest node says no, in one table: what gossip does with the message, what the ledger does with the op
 * where a host includes it all the same, and the sentence a person reads.
 */

type Entry = {
  /** What gossip answers: `ignore` where the state decides and an honest peer may differ, `reject` where nobody honest sends this. */
  readonly gossip: 'ignore' | 'reject'
  /** In a batch: `charge` uses the nonce and burns the inclusion fee; `omit` means that no valid batch holds the op. */
  readonly batch: 'charge' | 'omit'
  /** What was refused, why, and what to do. */
  readonly sentence: string
}

/** Every reason by its name. */
export const reasons = {
  malformed: {
    gossip: 'reject',
    batch: 'omit',
    sentence: 'The bytes are not a canonical encoding. Update the program that made them.',
  },
  'too-large': {
    gossip: 'reject',
    batch: 'omit',
    sentence: 'The message is larger than the largest size class of this network. Split it, or send less.',
  },
  'signature-wrong': {
    gossip: 'reject',
    batch: 'omit',
    sentence: 'The signature is not by the key of this address on this network. Sign it again with the right key.',
  },
  'signature-high-s': {
    gossip: 'reject',
    batch: 'omit',
    sentence: 'The signature is the high-s twin of a valid one. Sign with low s.',
  },
  'envelope-mismatch': {
    gossip: 'reject',
    batch: 'omit',
    sentence: 'The envelope is not the one that the operation names. Send the two that belong together.',
  },
  'envelope-malformed': {
    gossip: 'reject',
    batch: 'omit',
    sentence: 'The envelope does not have the form that this network asks for. Update the program that made it.',
  },
  'envelope-missing': {
    gossip: 'ignore',
    batch: 'omit',
    sentence:
      'The envelope of this message could not be fetched from the node that announced it. It is asked for again by itself.',
  },
  'keepers-unknown': {
    gossip: 'ignore',
    batch: 'omit',
    sentence: 'The message is locked for a set of keepers that this network does not have. Seal it again.',
  },
  expired: {
    gossip: 'ignore',
    batch: 'omit',
    sentence: 'The operation expired before it was settled. Nothing was paid; send it again.',
  },
  'expiry-too-far': {
    gossip: 'ignore',
    batch: 'omit',
    sentence: 'The expiry lies further ahead than this network allows. Sign it again with an earlier one.',
  },
  'nonce-used': {
    gossip: 'ignore',
    batch: 'omit',
    sentence: 'The nonce of this operation is already used. Sign it again with the next one.',
  },
  'nonce-gap': {
    gossip: 'ignore',
    batch: 'omit',
    sentence: 'An earlier operation of this address is missing. Send that one first.',
  },
  'nonce-pending': {
    gossip: 'ignore',
    batch: 'omit',
    sentence:
      'Another operation with this nonce is already waiting. Wait until it is settled, or sign with the next nonce.',
  },
  'account-unknown': {
    gossip: 'ignore',
    batch: 'omit',
    sentence: 'This address holds no funds on this network. Ask somebody to sponsor it, or fund it first.',
  },
  'not-registered': {
    gossip: 'ignore',
    batch: 'omit',
    sentence: 'This address is not registered yet. Register it first.',
  },
  'reserve-short': {
    gossip: 'ignore',
    batch: 'omit',
    sentence:
      'The reserve of this address does not cover another operation. Wait for those that are pending, or receive funds first.',
  },
  'message-pending': {
    gossip: 'ignore',
    batch: 'omit',
    sentence: 'This message is already waiting to be settled. Wait for that one.',
  },
  'queue-full': {
    gossip: 'ignore',
    batch: 'omit',
    sentence: 'This node holds as many waiting operations as it can. Try again in a moment.',
  },
  'over-maximum': {
    gossip: 'ignore',
    batch: 'omit',
    sentence: 'The fee is higher now than the maximum that was signed. Nothing was paid; ask for a new quote.',
  },
  'message-settled': {
    gossip: 'ignore',
    batch: 'omit',
    sentence: 'This message is settled already. Nothing was paid twice.',
  },
  'registered-already': {
    gossip: 'ignore',
    batch: 'charge',
    sentence: 'This address is registered already. Use it as it is, or `rekey` it.',
  },
  'address-mismatch': {
    gossip: 'reject',
    batch: 'omit',
    sentence: 'The address is not the hash of the first signing key. Derive it from the key.',
  },
  'consent-wrong': {
    gossip: 'reject',
    batch: 'omit',
    sentence: 'The new key did not agree to be registered like this. Ask its owner for a fresh request.',
  },
  'proof-wrong': {
    gossip: 'reject',
    batch: 'omit',
    sentence: 'The new signing key did not sign for this change. Sign the change with both keys.',
  },
  'funds-short': {
    gossip: 'ignore',
    batch: 'charge',
    sentence: 'The balance does not cover this. Receive funds first, or send less.',
  },
  'sponsorship-short': {
    gossip: 'ignore',
    batch: 'charge',
    sentence: 'A sponsored address must receive at least the reserve of this network. Sponsor it with more.',
  },
  'recipient-unknown': {
    gossip: 'ignore',
    batch: 'charge',
    sentence: 'A recipient is not registered on this network. Check the address, or sponsor it.',
  },
  'too-many-recipients': {
    gossip: 'reject',
    batch: 'omit',
    sentence: 'The message names more recipients than this network allows in one. Send it in several parts.',
  },
  'recipient-repeated': {
    gossip: 'reject',
    batch: 'omit',
    sentence: 'A recipient is named twice. Name each recipient once.',
  },
  'recipient-self': {
    gossip: 'reject',
    batch: 'omit',
    sentence: 'An operation names its own sender as the other side. Name somebody else.',
  },
  'lifetime-unknown': {
    gossip: 'ignore',
    batch: 'charge',
    sentence:
      'This network does not keep messages for that long, or not for less than a day. Choose a shorter lifetime.',
  },
  'tier-short': {
    gossip: 'ignore',
    batch: 'charge',
    sentence:
      'A recipient reads strangers only from a higher tier of reputation. Ask them for a grant, or take a pass of that tier.',
  },
  unproven: {
    gossip: 'reject',
    batch: 'omit',
    sentence: 'The proof does not show what the operation says. Renew, and prove it again.',
  },
  'tier-unknown': {
    gossip: 'ignore',
    batch: 'omit',
    sentence: 'This network has no such tier. Take a pass of tier 0 to 4.',
  },
  'checkpoint-unknown': {
    gossip: 'ignore',
    batch: 'omit',
    sentence: 'The proof is about a checkpoint that is not one of this epoch. It is proven again by itself.',
  },
  'nullifier-used': {
    gossip: 'ignore',
    batch: 'omit',
    sentence: 'This identity was renewed from that state already, or the stamp was redeemed. Nothing needs to be done.',
  },
  'nullifier-pending': {
    gossip: 'ignore',
    batch: 'omit',
    sentence: 'The same renewal or stamp is already waiting to be settled. Wait for that one.',
  },
  'enrolled-already': {
    gossip: 'ignore',
    batch: 'charge',
    sentence: 'This identity is enrolled already. Nothing needs to be done.',
  },
  'epoch-full': {
    gossip: 'ignore',
    batch: 'omit',
    sentence: 'All passes of this epoch are taken. Write without one, or wait for the next epoch.',
  },
  'denomination-unknown': {
    gossip: 'ignore',
    batch: 'omit',
    sentence: 'This network has no stamps or endorsements of that size. List them with `bmail network`.',
  },
  'note-repeated': {
    gossip: 'ignore',
    batch: 'charge',
    sentence:
      'A stamp under this number was bought before, perhaps by another device of yours. Nothing was paid for a second; buy it again, and it gets another number.',
  },
  'target-unknown': {
    gossip: 'ignore',
    batch: 'omit',
    sentence: 'The endorsed epoch key belongs to no pass that still gathers verdicts. Endorse a newer one.',
  },
  'pass-repeated': {
    gossip: 'ignore',
    batch: 'charge',
    sentence: 'This pseudonym has its pass for this epoch already. Use that one.',
  },
  'epoch-key-used': {
    gossip: 'ignore',
    batch: 'charge',
    sentence: 'This epoch key belongs to another pass. Take a pass with another slot.',
  },
  'message-other': {
    gossip: 'ignore',
    batch: 'charge',
    sentence: 'The message was sent by another address or under another pass than this verdict says. Look it up again.',
  },
  'pass-unknown': {
    gossip: 'ignore',
    batch: 'charge',
    sentence:
      'The epoch key belongs to no pass of this address that is still good. Take a new pass, or send without one.',
  },
  'policy-out-of-range': {
    gossip: 'ignore',
    batch: 'charge',
    sentence: 'The policy asks for a tier or a least fee beyond what this network knows. Choose lower ones.',
  },
  'message-unknown': {
    gossip: 'ignore',
    batch: 'charge',
    sentence: 'No settled message has this id. Wait until it is settled, or check the id.',
  },
  'not-recipient': {
    gossip: 'ignore',
    batch: 'charge',
    sentence: 'This address is not a recipient of the message. Acknowledge with the address it was sent to.',
  },
  'ack-late': {
    gossip: 'ignore',
    batch: 'charge',
    sentence: 'The time to acknowledge this message is over; it counts as abstain. Nothing needs to be done.',
  },
  'ack-repeated': {
    gossip: 'ignore',
    batch: 'charge',
    sentence: 'This message has its verdict already, and a verdict is final. Nothing needs to be done.',
  },
  'grant-unknown': {
    gossip: 'ignore',
    batch: 'charge',
    sentence: 'There is no such grant to revoke. List grants with `bmail contacts`.',
  },
  'grant-ending': {
    gossip: 'ignore',
    batch: 'charge',
    sentence: 'This grant is being revoked and ends soon. Grant again after that.',
  },
} as const satisfies Record<string, Entry>

/** The name of a refusal, as receipts and the local API carry it. */
export type Reason = keyof typeof reasons

/** What a check of foreign input returns; it does not throw. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: Reason }

/** The two results. */
export const yes = <T>(value: T): Result<T> => ({ ok: true, value })
export const no = (reason: Reason): { readonly ok: false; readonly reason: Reason } => ({ ok: false, reason })
