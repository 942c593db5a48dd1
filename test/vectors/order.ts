/**
 * Which reason wins where two hold: the outcome commits to it. Each op here fails two checks that stand one behind the
 * other, and its reason is that of the first. Those that can never both fail are not here. The form is that of `refused.ts`.
 */
import { sign } from '../../node/keys/sign.ts'
import { bytes20Of } from '../../protocol/field.ts'
import type { Action, ActionOf } from '../../protocol/operations.ts'
import { rekeyHash } from '../../protocol/operations/rekey.ts'
import type { Reason } from '../../protocol/reason.ts'
import { isCharge } from '../../protocol/reason.ts'
import { consentHash } from '../../protocol/registration.ts'
import { verdictKeysMax } from '../../protocol/verdict-tree.ts'
import { action, ada, bob, cyd, dan, dayMs, type Edits, eve, genesis, network, sendTo } from '../kit/fixtures.ts'
import { goodProof } from '../kit/plain-proofs.ts'
import {
  account,
  adasKey,
  enrolment,
  freshPass,
  funded,
  message,
  messageTo,
  newKey,
  nullified,
  ofAda,
  otherKey,
  pass,
  passOf,
  type RefusedVector,
  policy,
  settledMessage,
  spent,
  soldNote,
  totals,
  tree,
  unread,
} from './world.ts'

const { time } = genesis
const wrongProof = new Uint8Array(256)
const toBob = messageTo(bob)
/** What a balance falls short of that holds a reserve, and nothing besides. */
const poor = funded(ada, 109n)
const pay = (amount: bigint, to = bob) => action('transfer', { to: to.address, amount })
const isRegistered = account(dan, { signingKey: dan.signingKey })
const registeredWith = (funds: bigint) => account(dan, { signingKey: dan.signingKey, funds })
const consentOf = (person: typeof dan, by = person) => sign(consentHash(network, person), by.privateKey)
const sponsor = (person: typeof dan, amount: bigint, consent = consentOf(person)) =>
  action('register', { signingKey: person.signingKey, sealKey: person.sealKey, sponsorship: { amount, consent } })
const ownRegistration = action('register', {
  signingKey: dan.signingKey,
  sealKey: dan.sealKey,
  sponsorship: undefined,
})
const toNewKey = (nonce: bigint) =>
  action('rekey', {
    signing: {
      key: newKey.signingKey,
      proof: sign(rekeyHash(network, { account: ada.address, nonce }), newKey.privateKey),
    },
    sealKey: undefined,
  })
const enroll = action('enroll', { commitment: 7n })
const enrolled = enrolment(7n, 3)
const buy = (denomination: bigint) => action('stampBuy', { denomination, note: 11n })
const sold = soldNote(11n, 1_000n, 0)
const allow = (sender: typeof dan, allowance: bigint) =>
  action('grant', { sender: sender.address, payer: 'recipient', allowance })
const strict = { leastTier: 1, leastFee: 0n, next: undefined }
const ack = (fields: Partial<ActionOf<'ack'>> = {}) =>
  action('ack', { giveBack: 0n, ...ofAda, message: toBob, verdict: 'value', epochKey: undefined, ...fields })
const give = (amount: bigint, sender = ada) => action('giveBack', { message: toBob, sender: sender.address, amount })
const given = message(toBob, { ...settledMessage, recipients: [{ ...unread, given: 1n }] })
const held = (verdict?: 'value') => message(toBob, { ...settledMessage, recipients: [{ ...unread, verdict }] })
const take = (fields: Partial<ActionOf<'pass'>> = {}) =>
  action('pass', { epoch: 1, checkpoint: 0, epochKey: adasKey, tier: 4, proof: goodProof, ...fields })
const used = pass(adasKey, freshPass(bob, 2))
const full = totals({ passes: verdictKeysMax })
const crowded = tree('identities', 4 ** 17)
const renew = (fields: Partial<ActionOf<'renew'>> = {}) =>
  action('renew', {
    epoch: 1,
    checkpoint: 0,
    nullifier: 8n,
    leaf: 9n,
    endorsement: undefined,
    proof: goodProof,
    ...fields,
  })
const favour = (amount: bigint) => ({ endorsement: { target: adasKey, amount } })
const redeem = (fields: Partial<ActionOf<'stampRedeem'>> = {}) =>
  action('stampRedeem', {
    epoch: 1,
    checkpoint: 0,
    nullifier: 8n,
    denomination: 1_000n,
    to: bob.address,
    registration: undefined,
    proof: goodProof,
    ...fields,
  })
const registering = (person: typeof dan, by = person) => ({
  to: person.address,
  registration: { signingKey: person.signingKey, sealKey: person.sealKey, consent: consentOf(person, by) },
})
const later = { checkpoint: 1 }

type Details = Partial<RefusedVector['op']> & { readonly pre?: Edits; readonly free?: boolean }
/** An op of Ada's, unless said otherwise, with its reason and the one that comes too late. */
function first(
  reason: Reason,
  late: Reason | 'what it asks for',
  wanted: Action,
  details: Details = {},
): RefusedVector {
  const { pre = [], free = false, ...op } = details
  return {
    name: `${wanted.TAG}: ${reason} before ${late}${op.by ? `, by ${op.by.name}` : ''}`,
    pre,
    op: { by: ada, action: wanted, ...op },
    reason,
  }
}

const expired = { expiry: time - 1n }
const tooFar = { expiry: time + dayMs + 1n }

/** What is asked of every op of an account. */
const general: readonly RefusedVector[] = [
  first('expired', 'account-unknown', pay(1n), { by: eve, ...expired }),
  first('account-unknown', 'expiry-too-far', pay(1n), { by: eve, ...tooFar }),
  first('expired', 'nonce-gap', pay(1n), { ...expired, nonce: 1n }),
  first('nonce-used', 'expiry-too-far', pay(1n), { ...tooFar, pre: [account(ada, { nonce: 2n })] }),
  first('account-unknown', 'nonce-gap', pay(1n), { by: eve, nonce: 1n }),
  first('nonce-used', 'reserve-short', pay(1n), { pre: [account(ada, { nonce: 2n, funds: 9n })] }),
  first('nonce-gap', 'reserve-short', pay(1n), { pre: [funded(ada, 9n)], nonce: 1n }),
  first('not-registered', 'reserve-short', pay(1n), { by: dan, pre: [funded(dan, 9n)] }),
  first('reserve-short', 'registered-already', ownRegistration, { by: dan, pre: [registeredWith(9n)] }),
  first('not-registered', 'recipient-unknown', pay(1n, eve), { by: dan }),
  first('not-registered', 'signature-wrong', pay(2n), { by: dan, privateKey: ada.privateKey }),
  first('keepers-unknown', 'signature-wrong', sendTo([bob], { keeperSet: 8 }), { privateKey: bob.privateKey }),
  first('signature-wrong', 'message-unknown', ack(), { by: bob, privateKey: ada.privateKey }),
]

/** The inclusion fee comes out of the balance before anything else is asked, where the op burns it. */
const begun: readonly RefusedVector[] = [
  first('funds-short', 'registered-already', ownRegistration, { by: dan, pre: [registeredWith(109n)] }),
  first('funds-short', 'registered-already', sponsor(dan, 500n), { pre: [isRegistered, poor] }),
  first('funds-short', 'proof-wrong', toNewKey(1n), { pre: [poor] }),
  first('funds-short', 'policy-out-of-range', action('policy', { leastTier: 6, leastFee: 0n }), { pre: [poor] }),
  first('funds-short', 'recipient-unknown', pay(0n, eve), { pre: [poor] }),
  first('funds-short', 'keepers-unknown', sendTo([bob], { keeperSet: 8 }), { pre: [poor] }),
  first('funds-short', 'recipient-unknown', allow(dan, 0n), { pre: [poor] }),
  first('funds-short', 'grant-unknown', action('revoke', { sender: bob.address }), { pre: [poor] }),
  first('funds-short', 'enrolled-already', enroll, { pre: [poor, enrolled] }),
  first('funds-short', 'denomination-unknown', buy(1_001n), { pre: [poor] }),
  // These burn it where they are refused alone, and out of the reserve.
  first('message-unknown', 'what it asks for', ack(), { by: bob, pre: [funded(bob, 10n)] }),
  first('epoch-key-used', 'what it asks for', take(), { pre: [funded(ada, 10n), used] }),
]

const ofAccounts: readonly RefusedVector[] = [
  first('registered-already', 'consent-wrong', sponsor(dan, 500n, consentOf(dan, ada)), { pre: [isRegistered] }),
  first('sponsorship-short', 'consent-wrong', sponsor(eve, 99n, consentOf(eve, ada))),
  first('sponsorship-short', 'registered-already', sponsor(dan, 99n), { pre: [isRegistered] }),
  first('sponsorship-short', 'funds-short', sponsor(eve, 99n), { pre: [funded(ada, 150n)] }),
  {
    ...first('funds-short', 'registered-already', sponsor(dan, 2_000_000n), { pre: [isRegistered] }),
    name: 'register: an amount that is not there before registered-already',
  },
  first('funds-short', 'consent-wrong', sponsor(eve, 2_000_000n, consentOf(eve, ada))),
  {
    ...first('funds-short', 'recipient-unknown', pay(2_000_000n, eve)),
    name: 'transfer: an amount that is not there before recipient-unknown',
  },
  {
    ...first('funds-short', 'recipient-unknown', allow(dan, 2_000_000n)),
    name: 'grant: an amount that is not there before recipient-unknown',
  },
  first('enrolled-already', 'tree-full', enroll, { pre: [enrolled, crowded] }),
  first('tree-full', 'funds-short', enroll, { pre: [crowded, funded(ada, 120n)] }),
  first('denomination-unknown', 'note-repeated', buy(1_001n), { pre: [sold] }),
  first('tree-full', 'note-repeated', buy(1_000n), { pre: [sold, tree('stamps', 4 ** 16)] }),
  first('tree-full', 'funds-short', buy(1_000n), { pre: [tree('stamps', 4 ** 16), funded(ada, 120n)] }),
  {
    ...first('funds-short', 'denomination-unknown', buy(2_000_000n)),
    name: 'stampBuy: an amount that is not there before denomination-unknown',
  },
]

const unreadable = { epochKey: otherKey }
const ofSends: readonly RefusedVector[] = [
  first('keepers-unknown', 'message-settled', sendTo([bob], { keeperSet: 8 }), { pre: [held()] }),
  first('message-settled', 'lifetime-unknown', sendTo([bob], { lifetimeDays: 0 }), { pre: [held()] }),
  first('lifetime-unknown', 'pass-unknown', sendTo([bob], { lifetimeDays: 0, ...unreadable })),
  first('pass-unknown', 'recipient-unknown', sendTo([eve], unreadable)),
  first('recipient-unknown', 'tier-short', sendTo([dan]), { pre: [policy(dan, strict)] }),
  {
    ...first('recipient-unknown', 'tier-short', sendTo([eve, bob]), { pre: [policy(bob, strict)] }),
    name: 'send: the first of two recipients is unknown, and the second reads from a tier on',
  },
  {
    ...first('tier-short', 'recipient-unknown', sendTo([bob, eve]), { pre: [policy(bob, strict)] }),
    name: 'send: the first of two recipients reads from a tier on, and the second is unknown',
  },
  first('tier-short', 'price-short', sendTo([bob], { feeMax: 0n }), { pre: [policy(bob, strict)] }),
  {
    ...first('recipient-unknown', 'price-short', sendTo([bob, eve], { feeMax: 0n })),
    name: 'send: all recipients are looked at before what it costs',
  },
  first('price-short', 'funds-short', sendTo([bob], { feeMax: 0n }), { pre: [funded(ada, 200n)] }),
]

const ofVerdicts: readonly RefusedVector[] = [
  first('message-unknown', 'pass-unknown', ack(unreadable), { by: bob }),
  first('message-other', 'not-recipient', ack({ sender: dan.address }), { by: cyd, pre: [held()] }),
  first('not-recipient', 'ack-late', ack(), { by: cyd, pre: [held(), totals({ epoch: 3 })] }),
  first('ack-late', 'ack-repeated', ack(), { by: bob, pre: [held('value'), totals({ epoch: 3 })] }),
  first('ack-repeated', 'pass-unknown', ack(unreadable), { by: bob, pre: [held('value')] }),
  first('ack-late', 'pass-unknown', ack(unreadable), { by: bob, pre: [held(), totals({ epoch: 3 })] }),
  first('pass-unknown', 'give-back-over', ack({ ...unreadable, giveBack: 751n }), { by: bob, pre: [held()] }),
  first('give-back-repeated', 'give-back-over', ack({ giveBack: 751n }), { by: bob, pre: [given] }),
  first('give-back-over', 'funds-short', ack({ giveBack: 751n }), { by: bob, pre: [held(), funded(bob, 110n)] }),
  first('message-other', 'not-recipient', give(1n, dan), { by: cyd, pre: [held()] }),
  first('not-recipient', 'give-back-repeated', give(1n), { by: cyd, pre: [given] }),
  first('give-back-repeated', 'give-back-over', give(751n), { by: bob, pre: [given] }),
  first('give-back-over', 'funds-short', give(751n), { by: bob, pre: [held(), funded(bob, 110n)] }),
]

const ofIdentities: readonly RefusedVector[] = [
  first('tier-unknown', 'pass-repeated', take({ tier: 5 }), { pre: [passOf(ada, otherKey)] }),
  first('pass-repeated', 'epoch-key-used', take(), { pre: [passOf(ada, otherKey), used] }),
  first('epoch-key-used', 'epoch-full', take(), { pre: [used, full] }),
  {
    ...first('epoch-key-used', 'epoch-full', take({ epochKey: bytes20Of(0n) }), { pre: [full] }),
    name: 'pass: a sentinel for an epoch key before epoch-full',
  },
  first('epoch-full', 'price-short', take({ feeMax: 0n }), { pre: [full] }),
  first('price-short', 'funds-short', take({ feeMax: 9n }), { pre: [funded(ada, 109n)] }),
  first('checkpoint-unknown', 'funds-short', take(later), { pre: [funded(ada, 109n)] }),
  first('checkpoint-unknown', 'unproven', take({ ...later, proof: wrongProof })),
  first('nullifier-used', 'denomination-unknown', renew(favour(3n)), { pre: [nullified(8n), used] }),
  first('denomination-unknown', 'target-unknown', renew(favour(3n))),
  first('target-unknown', 'tree-full', renew(favour(2n)), { pre: [crowded] }),
  first('tree-full', 'checkpoint-unknown', renew(later), { pre: [crowded] }),
  first('checkpoint-unknown', 'unproven', renew({ ...later, proof: wrongProof })),
  first('denomination-unknown', 'nullifier-used', redeem({ denomination: 1_001n }), { pre: [spent(8n, 1_000n)] }),
  first('denomination-unknown', 'recipient-unknown', redeem({ denomination: 1_001n, to: eve.address })),
  first('denomination-unknown', 'registered-already', redeem({ denomination: 1_001n, ...registering(bob) })),
  first('registered-already', 'consent-wrong', redeem(registering(bob, cyd)), { free: true }),
  first('checkpoint-unknown', 'consent-wrong', redeem({ ...registering(eve, cyd), ...later })),
  first('checkpoint-unknown', 'recipient-unknown', redeem({ to: eve.address, ...later }), { free: true }),
  first('checkpoint-unknown', 'unproven', redeem({ ...later, proof: wrongProof })),
]

export const orderRefused: readonly RefusedVector[] = [
  ...general,
  ...begun,
  ...ofAccounts,
  ...ofSends,
  ...ofVerdicts,
  ...ofIdentities,
]
