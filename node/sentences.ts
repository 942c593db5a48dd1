/** What a person reads when something is refused: what, why, and what to do. Nothing decides by these words. */
import type { Reason } from '../protocol/reason.ts'

export const sentences = {
  malformed: 'The bytes are not a canonical encoding. Update the program that made them.',
  'too-large': 'It is larger than this network takes. Split it, or send less.',
  'signature-wrong':
    'The signature is not by the key of this address on this network. Sign it again with the right key.',
  'host-signature-wrong':
    'The batch is not signed by the host of this network. Nothing needs to be done; it is not taken over.',
  'signature-high-s': 'The signature is the high-s twin of a valid one. Sign with low s.',
  'envelope-mismatch': 'The envelope is not the one that the operation names. Send the two that belong together.',
  'envelope-malformed':
    'The envelope does not have the form that this network asks for. Update the program that made it.',
  'envelope-missing':
    'The envelope of this message could not be fetched from the node that announced it. It is asked for again by itself.',
  'keepers-unknown': 'The message is locked for a set of keepers that this network does not have. Seal it again.',
  expired: 'The operation expired before it was settled. Nothing was paid; send it again.',
  'expiry-too-far': 'The expiry lies further ahead than this network allows. Sign it again with an earlier one.',
  'nonce-used': 'The nonce of this operation is already used. Sign it again with the next one.',
  'nonce-gap': 'An earlier operation of this address is missing. Send that one first.',
  'nonce-pending':
    'Another operation with this nonce is already waiting. Wait until it is settled, or sign with the next nonce.',
  'account-unknown': 'This address holds no funds on this network. Ask somebody to sponsor it, or fund it first.',
  'not-registered': 'This address is not registered yet. Register it first.',
  'reserve-short':
    'It would take from the reserve of this address, and nodes take in nothing that does. Send less, wait for what is pending, or receive funds first.',
  'message-pending': 'This message is already waiting to be settled. Wait for that one.',
  'queue-full': 'This node holds as many waiting operations as it can. Try again in a moment.',
  'price-short': 'It pays less than is asked by now. Ask for a new quote.',
  'message-settled': 'This message is settled already. Nothing needs to be done.',
  'registered-already': 'This address is registered already. Use it as it is, or `rekey` it.',
  'address-mismatch': 'The address is not the hash of the first signing key. Derive it from the key.',
  'consent-wrong': 'The new key did not agree to be registered like this. Ask its owner for a fresh request.',
  'chain-lacking':
    'No chain holds the money of this network, so none pays it out. `transfer` it to an address of the network.',
  'supply-full': 'No more money can come into this network, ever. Use another one.',
  'proof-wrong': 'The new signing key did not sign for this change. Sign the change with both keys.',
  'funds-short': 'The balance does not cover this. Receive funds first, or send less.',
  'sponsorship-short': 'A sponsored address must receive at least the reserve of this network. Sponsor it with more.',
  'recipient-unknown': 'A recipient is not registered on this network. Check the address, or sponsor it.',
  'too-many-recipients': 'The message names more recipients than this network allows in one. Send it in several parts.',
  'recipient-repeated': 'A recipient is named twice. Name each recipient once.',
  'recipient-self': 'An operation names its own sender as the other side. Name somebody else.',
  'lifetime-unknown':
    'This network keeps messages for a day at least, and not for as long as was asked. Choose another lifetime.',
  'tier-short':
    'A recipient reads strangers only from a higher tier of reputation. Ask them for a grant, or take a pass of that tier.',
  unproven: 'The proof does not show what the operation says. Renew, and prove it again.',
  'tier-unknown': 'This network has no such tier. Take a pass of tier 0 to 4.',
  'checkpoint-unknown': 'The proof is about a checkpoint that is not one of this epoch. It is proven again by itself.',
  'nullifier-used':
    'This identity was renewed from that state already, or the stamp was redeemed. Nothing needs to be done.',
  'nullifier-pending': 'The same renewal or stamp is already waiting to be settled. Wait for that one.',
  'enrolled-already': 'This identity is enrolled already. Nothing needs to be done.',
  'epoch-full': 'All passes of this epoch are taken. Write without one, or wait for the next epoch.',
  'tree-full':
    'A tree of this network, of identities or of stamps, is full for good, and takes no more. Mail works without, and what is in the tree stays good.',
  'denomination-unknown': 'This network has no stamps or endorsements of that size. List them with `bmail network`.',
  'note-repeated':
    'A stamp under this number was bought before, perhaps by another device of yours. Nothing was paid for a second; buy it again, and it gets another number.',
  'target-unknown': 'The endorsed epoch key belongs to no pass that still gathers verdicts. Endorse a newer one.',
  'pass-repeated': 'This pseudonym has its pass for this epoch already. Use that one.',
  'epoch-key-used': 'This epoch key belongs to another pass. Take a pass with another slot.',
  'message-other':
    'The message was sent by another address or under another pass than this verdict says. Look it up again.',
  'pass-unknown':
    'The epoch key belongs to no pass of this address that is still good. Take a new pass, or send without one.',
  'policy-out-of-range': 'The policy asks for a tier or a least fee beyond what this network knows. Choose lower ones.',
  'message-unknown': 'No settled message has this id. Wait until it is settled, or check the id.',
  'not-recipient': 'This address is not a recipient of the message. Acknowledge with the address it was sent to.',
  'ack-late': 'The time to acknowledge this message is over; it counts as abstain. Nothing needs to be done.',
  'ack-repeated': 'This message has its verdict already, and a verdict is final. Nothing needs to be done.',
  'grant-unknown': 'There is no such grant to revoke. List grants with `bmail contacts`.',
  'allowance-short': 'What the recipient set aside for you does not cover this any more. Ask for a new price.',
  'payee-unknown': 'Whoever is to get the operators’ share has no account on this network. Ask for a new price.',
  'give-back-over':
    'More is to be given back than was got for this message. Give back that much at most; `transfer` pays whatever you like.',
  'give-back-repeated':
    'Something was given back for this message already, and that is done once. `transfer` pays whatever you like.',
} as const satisfies Record<Reason, string>
