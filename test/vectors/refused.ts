/**
 * Operations that do not settle as mail, and why; sends are in `send.ts`. `pre` is edits on the world of `world.ts`. What
 * becomes of one in a batch, `becomes` of `all.ts` says.
 */
import { sign } from '../../node/keys/sign.ts'
import { consentHash } from '../../protocol/registration.ts'
import { rekeyHash } from '../../protocol/operations/rekey.ts'
import { action, ada, bob, cyd, dan, dayMs, eve, genesis, network, olga, rules } from '../kit/fixtures.ts'
import {
  account,
  funded,
  grant,
  message,
  messageTo,
  newKey,
  type RefusedVector,
  settledMessage,
  totals,
  ofAda,
  unread,
} from './world.ts'

const { time } = genesis
const toBob = messageTo(bob)
const held = message(toBob, { ...settledMessage, recipients: [unread] })
const pay = (amount: bigint) => action('transfer', { to: bob.address, amount })
const ack = action('ack', { giveBack: 0n, ...ofAda, message: toBob, verdict: 'value', epochKey: undefined })
const consent = sign(consentHash(network, eve), eve.privateKey)
const sponsor = (amount: bigint) =>
  action('register', { signingKey: eve.signingKey, sealKey: eve.sealKey, sponsorship: { amount, consent } })
const registerDan = action('register', { signingKey: dan.signingKey, sealKey: dan.sealKey, sponsorship: undefined })
const proofFor = (nonce: bigint) => sign(rekeyHash(network, { account: ada.address, nonce }), newKey.privateKey)

export const refused: readonly RefusedVector[] = [
  {
    name: 'withdraw: where no chain holds the money',
    op: { by: ada, action: action('withdraw', { to: ada.address, amount: 400n }) },
    reason: 'chain-lacking',
  },
  {
    name: 'withdraw: more than there is',
    rules: { ...rules, anchor: 'evm' },
    op: { by: ada, action: action('withdraw', { to: ada.address, amount: 999_991n }) },
    reason: 'funds-short',
  },
  // What every op is checked for.
  {
    name: 'expired, by a millisecond',
    op: { by: ada, expiry: time - 1n, action: pay(1n) },
    reason: 'expired',
  },
  {
    name: 'expiry too far, by a millisecond',
    op: { by: ada, expiry: time + dayMs + 1n, action: pay(1n) },
    reason: 'expiry-too-far',
  },
  {
    name: 'an address without an account',
    op: { by: eve, action: pay(1n) },
    reason: 'account-unknown',
  },
  {
    name: 'a nonce that is used',
    pre: [account(ada, { nonce: 2n })],
    op: { by: ada, nonce: 1n, action: pay(1n) },
    reason: 'nonce-used',
  },
  {
    name: 'a nonce that leaves a gap',
    op: { by: ada, nonce: 1n, action: pay(1n) },
    reason: 'nonce-gap',
  },
  {
    name: 'a unit short of the inclusion fee',
    pre: [funded(ada, 9n)],
    op: { by: ada, action: pay(0n) },
    reason: 'funds-short',
  },
  {
    name: 'a unit less burned than the inclusion fee',
    op: { by: ada, action: pay(1n), amounts: { burn: 9n } },
    reason: 'price-short',
  },
  {
    name: 'a share that nobody may be named for',
    op: { by: ada, action: pay(1n), amounts: { share: { payee: olga.address, amount: 5n } } },
    reason: 'price-short',
  },
  {
    name: 'a share to an address that has no account',
    op: { by: ada, action: pay(1n), amounts: { share: { payee: eve.address, amount: 0n } } },
    reason: 'price-short',
    void: 'payee-unknown',
  },
  { name: 'funded, but not registered', op: { by: dan, action: pay(1n) }, reason: 'not-registered' },
  {
    name: 'somebody else’s signature',
    op: { by: ada, privateKey: bob.privateKey, action: pay(1n) },
    reason: 'signature-wrong',
  },
  {
    name: 'somebody else’s signature on an op that is no mail: nobody pays for it',
    op: { by: ada, privateKey: bob.privateKey, action: pay(1n), amounts: { burn: 9n } },
    reason: 'price-short',
    void: 'signature-wrong',
  },
  {
    name: 'the first key, after a rekey',
    pre: [account(ada, { signingKey: newKey.signingKey })],
    op: { by: ada, action: pay(1n) },
    reason: 'signature-wrong',
  },

  // register
  {
    name: 'register: twice',
    pre: [account(dan, { signingKey: dan.signingKey })],
    op: { by: dan, action: registerDan },
    reason: 'registered-already',
  },
  {
    name: 'register: sponsoring somebody who is registered',
    pre: [account(dan, { signingKey: dan.signingKey })],
    op: {
      by: ada,
      action: action('register', {
        signingKey: dan.signingKey,
        sealKey: dan.sealKey,
        sponsorship: { amount: 500n, consent: sign(consentHash(network, dan), dan.privateKey) },
      }),
    },
    reason: 'registered-already',
  },
  {
    name: 'register: by itself, signed by another key than the first',
    op: { by: dan, privateKey: ada.privateKey, action: registerDan },
    reason: 'signature-wrong',
  },
  {
    name: 'register: by itself with less than the inclusion fee',
    pre: [funded(dan, 9n)],
    op: { by: dan, action: registerDan },
    reason: 'funds-short',
  },
  {
    name: 'register: consent to another encryption key',
    op: {
      by: ada,
      action: action('register', {
        signingKey: eve.signingKey,
        sealKey: bob.sealKey,
        sponsorship: { amount: 500n, consent },
      }),
    },
    reason: 'consent-wrong',
  },
  {
    name: 'register: the sponsor’s signature in place of consent',
    op: {
      by: ada,
      action: action('register', {
        signingKey: eve.signingKey,
        sealKey: eve.sealKey,
        sponsorship: { amount: 500n, consent: sign(consentHash(network, eve), ada.privateKey) },
      }),
    },
    reason: 'consent-wrong',
  },
  {
    name: 'register: for a unit less than it burns: the key is registered all the same, and no encryption key',
    op: { by: dan, action: registerDan, amounts: { burn: 9n } },
    reason: 'price-short',
  },
  {
    name: 'register: less than the reserve',
    op: { by: ada, action: sponsor(99n) },
    reason: 'sponsorship-short',
  },
  {
    name: 'register: more than the sponsor has',
    op: { by: ada, action: sponsor(999_991n) },
    reason: 'funds-short',
  },

  // rekey
  {
    name: 'rekey: a proof for another nonce',
    op: {
      by: ada,
      action: action('rekey', { signing: { key: newKey.signingKey, signature: proofFor(1n) }, sealKey: undefined }),
    },
    reason: 'proof-wrong',
  },
  {
    name: 'rekey: to a key that is no point of the curve',
    op: {
      by: ada,
      action: action('rekey', {
        signing: { key: new Uint8Array(33).fill(2), signature: proofFor(0n) },
        sealKey: undefined,
      }),
    },
    reason: 'proof-wrong',
  },
  {
    name: 'rekey: by the new key alone',
    op: {
      by: ada,
      privateKey: newKey.privateKey,
      action: action('rekey', { signing: { key: newKey.signingKey, signature: proofFor(0n) }, sealKey: undefined }),
    },
    reason: 'signature-wrong',
  },

  {
    name: 'rekey: for a unit less than it burns: another key signs from now on, and the encryption key stays',
    op: {
      by: ada,
      action: action('rekey', { signing: { key: newKey.signingKey, signature: proofFor(0n) }, sealKey: eve.sealKey }),
      amounts: { burn: 9n },
    },
    reason: 'price-short',
  },

  // policy
  {
    name: 'policy: a tier that there is not',
    op: { by: bob, action: action('policy', { leastTier: 6, leastFee: 0n }) },
    reason: 'policy-out-of-range',
  },
  {
    name: 'policy: a fee beyond the rules',
    op: { by: bob, action: action('policy', { leastTier: 0, leastFee: 1_000_001n }) },
    reason: 'policy-out-of-range',
  },

  // transfer
  {
    name: 'transfer: to nobody',
    op: { by: ada, action: action('transfer', { to: eve.address, amount: 1n }) },
    reason: 'recipient-unknown',
    void: 'recipient-unknown',
  },
  {
    name: 'transfer: to an address that is funded but not registered',
    op: { by: ada, action: action('transfer', { to: dan.address, amount: 1n }) },
    reason: 'recipient-unknown',
    void: 'recipient-unknown',
  },
  {
    name: 'transfer: a unit more than there is',
    op: { by: ada, action: pay(999_991n) },
    reason: 'funds-short',
  },
  {
    name: 'transfer: as much as can be written',
    op: { by: ada, action: pay(2n ** 64n - 1n) },
    reason: 'funds-short',
  },

  // ack
  { name: 'ack: of nothing', op: { by: bob, action: ack }, reason: 'message-unknown' },
  {
    name: 'ack: by somebody else',
    pre: [held],
    op: { by: cyd, action: ack },
    reason: 'not-recipient',
  },
  { name: 'ack: by the sender', pre: [held], op: { by: ada, action: ack }, reason: 'not-recipient' },
  {
    name: 'ack: an epoch too late',
    pre: [totals({ epoch: 3 }), held],
    op: { by: bob, action: ack },
    reason: 'ack-late',
  },
  {
    name: 'ack: a second verdict',
    pre: [message(toBob, { ...settledMessage, recipients: [{ ...unread, verdict: 'value' }] })],
    op: {
      by: bob,
      action: action('ack', { giveBack: 0n, ...ofAda, message: toBob, verdict: 'spam', epochKey: undefined }),
    },
    reason: 'ack-repeated',
  },
  {
    name: 'ack: even after abstaining',
    pre: [message(toBob, { ...settledMessage, recipients: [{ ...unread, verdict: 'abstain' }] })],
    op: { by: bob, action: ack },
    reason: 'ack-repeated',
  },
  {
    name: 'ack: under an epoch key, while the network has no passes',
    pre: [held],
    op: {
      by: bob,
      action: action('ack', { giveBack: 0n, ...ofAda, message: toBob, verdict: 'value', epochKey: new Uint8Array(20) }),
    },
    reason: 'pass-unknown',
  },

  // grant and revoke
  {
    name: 'grant: to an address that is not registered',
    op: { by: bob, action: action('grant', { sender: dan.address, payer: 'sender', allowance: 0n }) },
    reason: 'recipient-unknown',
    void: 'recipient-unknown',
  },
  {
    name: 'grant: an allowance that is not there',
    op: { by: bob, action: action('grant', { sender: ada.address, payer: 'recipient', allowance: 999_991n }) },
    reason: 'funds-short',
  },
  {
    name: 'grant: for a unit less than it burns: money is set aside, and nothing is granted',
    op: {
      by: bob,
      action: action('grant', { sender: ada.address, payer: 'recipient', allowance: 300n }),
      amounts: { burn: 9n },
    },
    reason: 'price-short',
  },
  {
    name: 'revoke: for a unit less than it burns: what was set aside returns, and the grant stands',
    pre: [grant(bob, ada, { payer: 'recipient', allowance: 300n, endsAt: undefined })],
    op: { by: bob, action: action('revoke', { sender: ada.address }), amounts: { burn: 9n } },
    reason: 'price-short',
  },
  {
    name: 'revoke: what was never granted',
    op: { by: bob, action: action('revoke', { sender: ada.address }) },
    reason: 'grant-unknown',
  },
  {
    name: 'revoke: twice',
    pre: [grant(bob, ada, { payer: 'sender', allowance: 0n, endsAt: time + 1n })],
    op: { by: bob, action: action('revoke', { sender: ada.address }) },
    reason: 'grant-unknown',
  },
]
