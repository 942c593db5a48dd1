/**
 * Dan is funded and has no keys: whoever writes an op of his account with a key of their own gets nowhere. Each op would
 * settle if he were registered and signed it. The form is that of `refused.ts`.
 */
import { sign } from '../../node/keys/sign.ts'
import type { Action } from '../../protocol/operations.ts'
import { rekeyHash } from '../../protocol/operations/rekey.ts'
import { consentHash } from '../../protocol/registration.ts'
import { action, ada, bob, dan, type Edits, eve, network, sendTo } from '../kit/fixtures.ts'
import { goodProof } from '../kit/plain-proofs.ts'
import {
  adasKey,
  funded,
  grant,
  message,
  messageTo,
  ofAda,
  type RefusedVector,
  settledMessage,
  unread,
} from './world.ts'

type Trial = { readonly name: string; readonly action: Action; readonly pre?: Edits }

const toDan = messageTo(dan)
const moving = ({ signingKey, privateKey }: typeof dan) => ({
  key: signingKey,
  signature: sign(rekeyHash(network, { account: dan.address, nonce: 0n }), privateKey),
})

/** One of each kind, and each with whatever key it can bring. */
export const keyless: readonly Trial[] = [
  {
    name: 'register: sponsoring somebody',
    action: action('register', {
      signingKey: eve.signingKey,
      sealKey: eve.sealKey,
      sponsorship: { amount: 500n, consent: sign(consentHash(network, eve), eve.privateKey) },
    }),
  },
  { name: 'rekey: to a key', action: action('rekey', { signing: moving(eve), sealKey: undefined }) },
  { name: 'rekey: to the first key', action: action('rekey', { signing: moving(dan), sealKey: dan.sealKey }) },
  { name: 'rekey: to an encryption key', action: action('rekey', { signing: undefined, sealKey: eve.sealKey }) },
  { name: 'policy', action: action('policy', { leastTier: 1, leastFee: 0n }) },
  { name: 'transfer', action: action('transfer', { to: bob.address, amount: 1n }) },
  { name: 'send', action: sendTo([bob]) },
  {
    name: 'ack',
    pre: [message(toDan, { ...settledMessage, recipients: [{ ...unread, address: dan.address }] })],
    action: action('ack', { giveBack: 0n, ...ofAda, message: toDan, verdict: 'spam', epochKey: undefined }),
  },
  { name: 'grant', action: action('grant', { sender: ada.address, payer: 'sender', allowance: 0n }) },
  {
    name: 'revoke',
    pre: [grant(dan, ada, { payer: 'sender', allowance: 0n, endsAt: undefined })],
    action: action('revoke', { sender: ada.address }),
  },
  {
    name: 'pass',
    action: action('pass', { epoch: 1, checkpoint: 0, epochKey: adasKey, tier: 4, proof: goodProof }),
  },
  {
    name: 'giveBack',
    pre: [message(toDan, { ...settledMessage, recipients: [{ ...unread, address: dan.address }] })],
    action: action('giveBack', { message: toDan, sender: ada.address, amount: 1n }),
  },
  { name: 'enroll', pre: [funded(dan, 100_000n)], action: action('enroll', { commitment: 7n }) },
  { name: 'stampBuy', action: action('stampBuy', { denomination: 1_000n, note: 11n }) },
]

const signers = { 'the key of his address': dan, 'the key of somebody else': ada, 'the key of a stranger': eve }

export const keylessRefused: readonly RefusedVector[] = [
  ...keyless.flatMap(({ name, pre = [], action }) =>
    Object.entries(signers).map(
      ([by, { privateKey }]): RefusedVector => ({
        name: `${name}, for an account without keys, under ${by}`,
        pre,
        op: { by: dan, privateKey, action },
        reason: 'not-registered',
      }),
    ),
  ),
  {
    name: 'register: by itself, under the key of a stranger',
    op: {
      by: dan,
      privateKey: eve.privateKey,
      action: action('register', { signingKey: dan.signingKey, sealKey: eve.sealKey, sponsorship: undefined }),
    },
    reason: 'signature-wrong',
  },
]
