/** Bytes that do not come through the doorway, and envelopes that do not fit: each whole but for one thing. */
import { p256 } from '@noble/curves/nist.js'
import { concatBytes, hexToBytes } from '@noble/hashes/utils.js'
import { sign } from '../../node/keys/sign.ts'
import { signedOpBytesMax } from '../../protocol/money.ts'
import { type Demand, type Envelope, unitBytes, wrapBytes } from '../../protocol/envelope.ts'
import { fieldModulus } from '../../protocol/field.ts'
import type { Reason } from '../../protocol/reason.ts'
import type { Action, ActionOf } from '../../protocol/operations.ts'
import { consentHash } from '../../protocol/registration.ts'
import { encodeSignedOp, plainAmounts, type SignedOp, unsigned } from '../../protocol/wire.ts'
import { rekeyHash } from '../../protocol/operations/rekey.ts'
import { wireVersion } from '../../protocol/version.ts'
import { nobody } from '../../protocol/words.ts'
import {
  action,
  ada,
  bob,
  cyd,
  dan,
  eve,
  keepers,
  network,
  personOf,
  rules,
  seedOf,
  sendTo,
  signedBytes,
} from '../kit/fixtures.ts'
import { goodProof } from '../kit/plain-proofs.ts'
import {
  cut,
  deedAt,
  kindAt,
  lineBytes,
  linesAt,
  mailAt,
  patched,
  resigned,
  shareAt,
  unsealed,
  written,
} from './tampering.ts'

type ArrivalVector = { readonly name: string; readonly bytes: Uint8Array; readonly reason: Reason }
type EnvelopeVector = {
  readonly name: string
  readonly envelope: Envelope
  readonly demand: Demand
  readonly reason: Reason
}

/** The other signature that the same key and digest have: r, and n − s. */
export function highTwin(signature: Uint8Array): Uint8Array {
  const { r, s } = p256.Signature.fromBytes(signature, 'compact')
  return new p256.Signature(r, p256.Point.Fn.ORDER - s).toBytes('compact')
}

const by = (person: typeof ada, wanted: Action): Uint8Array => signedBytes({ by: person, action: wanted })
/** The field's modulus, as an element would be written. */
const modulus = hexToBytes(fieldModulus.toString(16).padStart(64, '0'))
const twinned = (bytes: Uint8Array): Uint8Array => concatBytes(bytes.slice(0, -64), highTwin(bytes.slice(-64)))

const transfer = by(ada, action('transfer', { to: bob.address, amount: 1n }))
const send = by(ada, sendTo([bob]))
const aboutBobs = {
  sender: bob.address,
  senderKey: undefined,
  message: seedOf('message'),
  verdict: 'value',
  epochKey: undefined,
} as const
const ack = by(ada, action('ack', { ...aboutBobs, giveBack: 0n }))
const giveBack = by(ada, action('giveBack', { message: seedOf('message'), sender: bob.address, amount: 1n }))
const grant = by(ada, action('grant', { sender: bob.address, payer: 'sender', allowance: 1n }))
const registration = { signingKey: eve.signingKey, sealKey: eve.sealKey }
const sponsored = by(
  ada,
  action('register', {
    ...registration,
    sponsorship: { amount: 500n, consent: sign(consentHash(network, eve), eve.privateKey) },
  }),
)
const proof = sign(rekeyHash(network, { account: ada.address, nonce: 0n }), eve.privateKey)
const enroll = by(ada, action('enroll', { commitment: 7n }))
const buy = by(ada, action('stampBuy', { denomination: 1_000n, note: 7n }))
const named = { epoch: 1, checkpoint: 0, nullifier: 7n, proof: goodProof }
const renewal = action('renew', { ...named, leaf: 8n, endorsement: undefined })
const endorsement = { target: new Uint8Array(20).fill(7), amount: 1n }
const consent = sign(consentHash(network, eve), eve.privateKey)
const redemption = action('stampRedeem', {
  ...named,
  denomination: 1_000n,
  to: eve.address,
  registration: { ...registration, consent },
})

/** An op that is nobody's, and yet says something of somebody. */
const telling = (wanted: Action, said: Partial<SignedOp['op']>, signature: Uint8Array = unsigned): Uint8Array =>
  encodeSignedOp({
    op: { account: nobody, nonce: 0n, expiry: 0n, ...plainAmounts(rules, wanted), action: wanted, ...said },
    signature,
  })

/** An ack of a letter of Bob's that pays an amount to somebody. */
const giving = (address: Uint8Array, amount: bigint): Uint8Array =>
  signedBytes({
    by: ada,
    action: action('ack', { ...aboutBobs, giveBack: 0n }),
    amounts: { burn: 10n, lines: [{ address, amount, from: 'funds' }] },
  })
const crowd = (count: number) => Array.from({ length: count }, (_, index) => personOf(`number ${index}`))

/** Ops that come through, one of each kind, to be tampered with. */
export const passing: Readonly<Record<string, Uint8Array>> = {
  register: by(dan, action('register', { signingKey: dan.signingKey, sealKey: dan.sealKey, sponsorship: undefined })),
  'register for somebody': sponsored,
  rekey: by(ada, action('rekey', { signing: { key: eve.signingKey, signature: proof }, sealKey: eve.sealKey })),
  policy: by(ada, action('policy', { leastTier: 255, leastFee: 2n ** 64n - 1n })),
  transfer,
  send,
  'send to as many as the rules allow': by(ada, sendTo(crowd(10), { epochKey: new Uint8Array(20).fill(7) })),
  ack,
  'give back': giveBack,
  grant,
  revoke: by(ada, action('revoke', { sender: bob.address })),
  pass: by(
    ada,
    action('pass', {
      epoch: 1,
      checkpoint: 0,
      epochKey: new Uint8Array(20).fill(7),
      tier: 4,
      proof: goodProof,
    }),
  ),
  enroll,
  renew: by(ada, renewal),
  'renew with an endorsement': by(ada, action('renew', { ...(renewal.data as ActionOf<'renew'>), endorsement })),
  'buy a stamp': buy,
  'redeem a stamp': by(
    ada,
    action('stampRedeem', { ...(redemption.data as ActionOf<'stampRedeem'>), registration: undefined }),
  ),
  'redeem a stamp and register': by(ada, redemption),
}

export const arrivals: readonly ArrivalVector[] = [
  { name: 'nothing', bytes: new Uint8Array(0), reason: 'malformed' },
  { name: 'the last byte missing', bytes: transfer.slice(0, -1), reason: 'malformed' },
  { name: 'one byte too many', bytes: concatBytes(transfer, Uint8Array.of(0)), reason: 'malformed' },
  { name: 'another version', bytes: patched(transfer, 0, wireVersion - 1), reason: 'malformed' },
  { name: 'an action that there is not', bytes: resigned(patched(transfer, kindAt, 255)), reason: 'malformed' },
  { name: 'no action', bytes: resigned(patched(transfer, kindAt, 0)), reason: 'malformed' },
  { name: 'a send whose lines are not counted', bytes: patched(send, linesAt, 0), reason: 'malformed' },
  {
    name: 'a send to nobody',
    bytes: resigned(patched(cut(send, linesAt + 1 - send.length, lineBytes), linesAt, 0)),
    reason: 'malformed',
  },
  {
    name: 'more lines than any op has',
    bytes: concatBytes(
      patched(send, linesAt, 101).slice(0, linesAt + 1),
      ...crowd(100).map(({ address }) => concatBytes(address, new Uint8Array(9))),
      send.slice(linesAt + 1),
    ),
    reason: 'malformed',
  },
  {
    name: 'a line out of what there is not',
    bytes: patched(send, linesAt + lineBytes, 2),
    reason: 'malformed',
  },
  { name: 'a share that nobody gets', bytes: patched(transfer, shareAt + 7, 1), reason: 'malformed' },
  {
    name: 'a transfer to nobody',
    bytes: resigned(patched(cut(transfer, linesAt + 1 - transfer.length, lineBytes), linesAt, 0)),
    reason: 'malformed',
  },
  {
    name: 'a transfer to two',
    bytes: resigned(
      concatBytes(
        patched(transfer, linesAt, 2).slice(0, linesAt + 1 + lineBytes),
        cyd.address,
        new Uint8Array(9),
        transfer.slice(linesAt + 1 + lineBytes),
      ),
    ),
    reason: 'malformed',
  },
  {
    name: 'a transfer out of what somebody set aside',
    bytes: resigned(patched(transfer, linesAt + lineBytes, 1)),
    reason: 'malformed',
  },
  {
    name: 'a transfer with a deed',
    bytes: concatBytes(patched(transfer, deedAt(1) - 1, 1).slice(0, deedAt(1)), transfer.slice(deedAt(1) - 1)),
    reason: 'malformed',
  },
  {
    name: 'a transfer that says something as mail',
    bytes: resigned(
      concatBytes(patched(transfer, mailAt(1, 0) - 1, 1).slice(0, mailAt(1, 0)), Uint8Array.of(0), transfer.slice(-64)),
    ),
    reason: 'malformed',
  },
  { name: 'an ack that gives back to somebody else', bytes: giving(cyd.address, 1n), reason: 'malformed' },
  { name: 'an ack that gives nothing back in a line', bytes: giving(bob.address, 0n), reason: 'malformed' },
  {
    name: 'a sponsorship that pays somebody else',
    bytes: resigned(written(sponsored, linesAt + 1, bob.address)),
    reason: 'malformed',
  },
  {
    name: 'a registration of somebody who is paid nothing, with their consent',
    bytes: resigned(patched(cut(sponsored, linesAt + 1 - sponsored.length, lineBytes), linesAt, 0)),
    reason: 'malformed',
  },
  {
    name: 'a stamp that registers, and says no encryption key',
    bytes: unsealed(telling(redemption, {})),
    reason: 'malformed',
  },
  { name: 'a boolean of 2', bytes: resigned(patched(send, -66, 2)), reason: 'malformed' },
  { name: 'a boolean that promises what is not there', bytes: resigned(patched(send, -66, 1)), reason: 'malformed' },
  { name: 'a boolean of 255 before a consent', bytes: patched(sponsored, deedAt(1) + 33, 255), reason: 'malformed' },
  { name: 'a verdict that there is not', bytes: resigned(patched(ack, mailAt(0, 0) + 53, 5)), reason: 'malformed' },
  { name: 'a payer that there is not', bytes: resigned(patched(grant, mailAt(0, 28), 3)), reason: 'malformed' },
  {
    name: 'a rekey to nothing',
    bytes: by(ada, action('rekey', { signing: undefined, sealKey: undefined })),
    reason: 'malformed',
  },
  { name: 'more bytes than any op has', bytes: new Uint8Array(signedOpBytesMax + 1), reason: 'too-large' },
  {
    name: 'a size class that the rules do not have',
    bytes: by(ada, sendTo([bob], { sizeClass: 9 })),
    reason: 'too-large',
  },
  { name: 'more recipients than the rules allow', bytes: by(ada, sendTo(crowd(11))), reason: 'too-many-recipients' },
  { name: 'a recipient twice', bytes: by(ada, sendTo([bob, cyd, bob])), reason: 'recipient-repeated' },
  { name: 'a message to oneself', bytes: by(ada, sendTo([bob, ada])), reason: 'recipient-self' },
  {
    name: 'a transfer to oneself',
    bytes: by(ada, action('transfer', { to: ada.address, amount: 1n })),
    reason: 'recipient-self',
  },
  {
    name: 'a giving back of nothing',
    bytes: by(ada, action('giveBack', { message: seedOf('message'), sender: bob.address, amount: 0n })),
    reason: 'malformed',
  },
  {
    name: 'a giving back to oneself',
    bytes: by(ada, action('giveBack', { message: seedOf('message'), sender: ada.address, amount: 1n })),
    reason: 'recipient-self',
  },
  {
    name: 'a giving back of nothing to oneself',
    bytes: by(ada, action('giveBack', { message: seedOf('message'), sender: ada.address, amount: 0n })),
    reason: 'malformed',
  },
  {
    name: 'a grant to oneself',
    bytes: by(ada, action('grant', { sender: ada.address, payer: 'sender', allowance: 1n })),
    reason: 'recipient-self',
  },
  {
    name: 'a revocation of oneself',
    bytes: by(ada, action('revoke', { sender: ada.address })),
    reason: 'recipient-self',
  },
  {
    name: 'registering oneself at the address of another key',
    bytes: by(dan, action('register', { ...registration, sponsorship: undefined })),
    reason: 'address-mismatch',
  },
  {
    name: 'sponsoring oneself',
    bytes: by(eve, action('register', { ...registration, sponsorship: { amount: 500n, consent: proof } })),
    reason: 'address-mismatch',
  },
  { name: 'the high-s twin of the signature', bytes: twinned(transfer), reason: 'signature-high-s' },
  {
    name: 'the high-s twin of the consent',
    bytes: by(ada, action('register', { ...registration, sponsorship: { amount: 500n, consent: highTwin(proof) } })),
    reason: 'signature-high-s',
  },
  {
    name: 'the high-s twin of the proof',
    bytes: by(
      ada,
      action('rekey', { signing: { key: eve.signingKey, signature: highTwin(proof) }, sealKey: undefined }),
    ),
    reason: 'signature-high-s',
  },
  ...[renewal, redemption].flatMap((wanted): ArrivalVector[] => [
    { name: `a ${wanted.TAG} of somebody`, bytes: telling(wanted, { account: ada.address }), reason: 'malformed' },
    { name: `a ${wanted.TAG} with a nonce`, bytes: telling(wanted, { nonce: 1n }), reason: 'malformed' },
    { name: `a ${wanted.TAG} that expires`, bytes: telling(wanted, { expiry: 1n }), reason: 'malformed' },
    { name: `a ${wanted.TAG} that somebody signed`, bytes: telling(wanted, {}, proof), reason: 'malformed' },
    { name: `a ${wanted.TAG} without all of its proof`, bytes: cut(telling(wanted, {}), -65), reason: 'malformed' },
  ]),
  ...[
    { what: 'a commitment', bytes: enroll, at: mailAt(0, 0) },
    { what: 'a note', bytes: buy, at: deedAt(0) + 8 },
    { what: 'a nullifier', bytes: telling(renewal, {}), at: mailAt(0, 0) + 5 },
    { what: 'a leaf', bytes: telling(renewal, {}), at: mailAt(0, 0) + 37 },
    { what: 'the nullifier of a stamp', bytes: telling(redemption, {}), at: deedAt(1) + 8 },
  ].map(
    ({ what, bytes, at }): ArrivalVector => ({
      name: `${what} that is the modulus of its field`,
      bytes: bytes === enroll ? resigned(written(bytes, at, modulus)) : written(bytes, at, modulus),
      reason: 'malformed',
    }),
  ),
  {
    name: 'a stamp that registers the key of another address',
    bytes: by(ada, action('stampRedeem', { ...(redemption.data as ActionOf<'stampRedeem'>), to: ada.address })),
    reason: 'address-mismatch',
  },
  {
    name: 'the high-s twin of the consent to be registered by a stamp',
    bytes: by(
      ada,
      action('stampRedeem', {
        ...(redemption.data as ActionOf<'stampRedeem'>),
        registration: { ...registration, consent: highTwin(consent) },
      }),
    ),
    reason: 'signature-high-s',
  },
  // Of two things that are wrong, the first that is asked.
  {
    name: 'a stamp of somebody that registers the key of another address',
    bytes: telling(action('stampRedeem', { ...(redemption.data as ActionOf<'stampRedeem'>), to: ada.address }), {
      account: ada.address,
    }),
    reason: 'malformed',
  },
  {
    name: 'a transfer to oneself with the high-s twin of its signature',
    bytes: twinned(by(ada, action('transfer', { to: ada.address, amount: 1n }))),
    reason: 'signature-high-s',
  },
  {
    name: 'too large a message to too many',
    bytes: by(ada, sendTo(crowd(11), { sizeClass: 9 })),
    reason: 'too-large',
  },
  {
    name: 'a message to too many, and to oneself',
    bytes: by(ada, sendTo([...crowd(10), ada])),
    reason: 'too-many-recipients',
  },
  {
    name: 'a message to oneself, and to somebody twice',
    bytes: by(ada, sendTo([bob, bob, ada])),
    reason: 'recipient-self',
  },
]

const demand: Demand = { recipientsCount: 1, keeperSet: rules.keepers, maxSizeClass: 2 }

/** An envelope of the right form for one recipient; nothing opens it. */
export const fitting: Envelope = {
  sizeClass: 0,
  keeperSet: rules.keepers.version,
  threshold: rules.keepers.threshold,
  lockKeyHash: seedOf('lock key'),
  shares: keepers.map(({ name }) => ({ hash: seedOf(name), enc: seedOf(name), ciphertext: new Uint8Array(49) })),
  lockedWraps: new Uint8Array(2 * wrapBytes + 16),
  body: new Uint8Array(unitBytes + 52),
}

export const fittingDemand = demand

const wrong = (name: string, fields: Partial<Envelope>, reason: Reason = 'envelope-malformed'): EnvelopeVector => ({
  name,
  envelope: { ...fitting, ...fields },
  demand,
  reason,
})

export const envelopes: readonly EnvelopeVector[] = [
  wrong('of a class above the network’s', { sizeClass: 3 }, 'too-large'),
  wrong('locked for other keepers', { keeperSet: 6 }, 'keepers-unknown'),
  wrong('of a class above the network’s, for other keepers', { sizeClass: 3, keeperSet: 6 }, 'too-large'),
  wrong('for other keepers, with another threshold', { keeperSet: 6, threshold: 1 }, 'keepers-unknown'),
  wrong('with another threshold', { threshold: 1 }),
  wrong('with a share too few', { shares: fitting.shares.slice(1) }),
  wrong('with wraps for more than it is sent to', { lockedWraps: new Uint8Array(3 * wrapBytes + 16) }),
  wrong('with a byte too little of wraps', { lockedWraps: fitting.lockedWraps.slice(1) }),
  wrong('with a body of another class', { sizeClass: 1 }),
  wrong('with a byte too much of body', { body: new Uint8Array(unitBytes + 53) }),
]
