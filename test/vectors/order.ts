/**
 * Which reason wins where two hold: the outcome commits to it. Each op here fails two checks that stand one behind the
 * other, and its reason is that of the first. Those that can never both fail are not here. The form is that of `refused.ts`.
 */
import { sign } from '../../node/keys/sign.ts'
import { bytes20Of } from '../../protocol/field.ts'
import type { Action, ActionOf } from '../../protocol/operations.ts'
import { rekeyHash } from '../../protocol/operations/rekey.ts'
import type { Reason } from '../../protocol/reason.ts'
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
/** Not even the inclusion fee. */
const poor = funded(ada, 9n)
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
      signature: sign(rekeyHash(network, { account: ada.address, nonce }), newKey.privateKey),
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

type Details = Partial<RefusedVector['op'] & Pick<RefusedVector, 'name' | 'void'>> & { readonly pre?: Edits }
/** An op of Ada's, unless said otherwise, with its reason and the one that comes too late. */
function first(reason: Reason, late: Reason | 'what it costs', wanted: Action, details: Details = {}): RefusedVector {
  const { pre = [], name, void: left, ...op } = details
  return {
    name: name ?? `${wanted.TAG}: ${reason} before ${late}${op.by ? `, by ${op.by.name}` : ''}`,
    pre,
    op: { by: ada, action: wanted, ...op },
    reason,
    ...(left && { void: left }),
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
  first('nonce-used', 'not-registered', pay(1n), { by: dan, pre: [account(dan, { nonce: 2n })] }),
  first('nonce-gap', 'not-registered', pay(1n), { by: dan, nonce: 1n }),
  first('not-registered', 'expiry-too-far', pay(1n), { by: dan, ...tooFar }),
  first('not-registered', 'recipient-unknown', pay(1n, eve), { by: dan }),
  first('not-registered', 'signature-wrong', pay(2n), { by: dan, privateKey: ada.privateKey }),
  first('expiry-too-far', 'keepers-unknown', sendTo([bob], { keeperSet: 8 }), tooFar),
  first('expiry-too-far', 'price-short', pay(1n), { ...tooFar, amounts: { burn: 9n } }),
  first('expiry-too-far', 'funds-short', pay(2_000_000n), { ...tooFar, void: 'funds-short' }),
  first('keepers-unknown', 'signature-wrong', sendTo([bob], { keeperSet: 8 }), {
    privateKey: bob.privateKey,
    void: 'signature-wrong',
  }),
  first('message-unknown', 'signature-wrong', ack(), { by: bob, privateKey: ada.privateKey, void: 'signature-wrong' }),
  first('funds-short', 'signature-wrong', pay(2_000_000n), { privateKey: bob.privateKey }),
]

const cheap = { amounts: { burn: 9n } }
/** What is asked of it as mail comes before what it names, that before custody, and there whether it can pay comes late. */
const begun: readonly RefusedVector[] = [
  first('sponsorship-short', 'price-short', sponsor(eve, 99n), cheap),
  first('policy-out-of-range', 'price-short', action('policy', { leastTier: 6, leastFee: 0n }), cheap),
  first('grant-unknown', 'price-short', action('revoke', { sender: bob.address }), cheap),
  first('keepers-unknown', 'price-short', sendTo([bob], { keeperSet: 8 }), cheap),
  first('enrolled-already', 'price-short', enroll, { ...cheap, pre: [enrolled] }),
  first('price-short', 'registered-already', sponsor(dan, 500n), {
    ...cheap,
    pre: [isRegistered],
    void: 'registered-already',
  }),
  first('price-short', 'proof-wrong', toNewKey(1n), { ...cheap, void: 'proof-wrong' }),
  first('price-short', 'recipient-unknown', pay(0n, eve), { ...cheap, void: 'recipient-unknown' }),
  first('price-short', 'recipient-unknown', allow(dan, 0n), {
    ...cheap,
    name: 'grant: price-short before recipient-unknown',
    void: 'recipient-unknown',
  }),
  first('price-short', 'denomination-unknown', buy(1_001n), { ...cheap, void: 'denomination-unknown' }),
  first('price-short', 'funds-short', pay(2_000_000n), { ...cheap, void: 'funds-short' }),
  first('registered-already', 'funds-short', ownRegistration, { by: dan, pre: [registeredWith(9n)] }),
  first('proof-wrong', 'funds-short', toNewKey(1n), { pre: [poor] }),
  first('policy-out-of-range', 'funds-short', action('policy', { leastTier: 6, leastFee: 0n }), {
    pre: [poor],
    void: 'funds-short',
  }),
  first('recipient-unknown', 'funds-short', pay(2_000_000n, eve), { void: 'recipient-unknown' }),
  first('keepers-unknown', 'funds-short', sendTo([bob], { keeperSet: 8 }), {
    pre: [poor],
    amounts: { burn: 10n },
    void: 'funds-short',
  }),
  first('grant-unknown', 'funds-short', action('revoke', { sender: bob.address }), {
    pre: [poor],
    void: 'funds-short',
  }),
  // These burn nothing, so that they can be paid for by whoever has nothing.
  first('message-unknown', 'what it costs', ack(), { by: bob, pre: [funded(bob, 0n)] }),
  first('epoch-key-used', 'what it costs', take(), { pre: [funded(ada, 0n), used] }),
]

const ofAccounts: readonly RefusedVector[] = [
  first('registered-already', 'consent-wrong', sponsor(dan, 500n, consentOf(dan, ada)), { pre: [isRegistered] }),
  first('sponsorship-short', 'consent-wrong', sponsor(eve, 99n, consentOf(eve, ada)), { void: 'consent-wrong' }),
  first('sponsorship-short', 'registered-already', sponsor(dan, 99n), {
    pre: [isRegistered],
    void: 'registered-already',
  }),
  first('sponsorship-short', 'funds-short', sponsor(eve, 99n), { pre: [funded(ada, 108n)], void: 'funds-short' }),
  first('registered-already', 'funds-short', sponsor(dan, 2_000_000n), { pre: [isRegistered] }),
  first('consent-wrong', 'funds-short', sponsor(eve, 2_000_000n, consentOf(eve, ada))),
  first('recipient-unknown', 'funds-short', allow(dan, 2_000_000n), { void: 'recipient-unknown' }),
  first('enrolled-already', 'tree-full', enroll, { pre: [enrolled, crowded] }),
  first('tree-full', 'funds-short', enroll, { pre: [crowded, funded(ada, 120n)], void: 'funds-short' }),
  first('denomination-unknown', 'note-repeated', buy(1_001n), { pre: [sold], void: 'denomination-unknown' }),
  first('tree-full', 'note-repeated', buy(1_000n), { pre: [sold, tree('stamps', 4 ** 16)], void: 'note-repeated' }),
  first('tree-full', 'funds-short', buy(1_000n), {
    pre: [tree('stamps', 4 ** 16), funded(ada, 120n)],
    void: 'funds-short',
  }),
  first('denomination-unknown', 'funds-short', buy(2_000_000n), { void: 'denomination-unknown' }),
  first('note-repeated', 'funds-short', buy(1_000n), { pre: [sold, poor] }),
]

const unpaid = { amounts: { burn: 10n } }
const unreadable = { epochKey: otherKey }
const ofSends: readonly RefusedVector[] = [
  first('keepers-unknown', 'message-settled', sendTo([bob], { keeperSet: 8 }), { pre: [held()] }),
  first('message-settled', 'lifetime-unknown', sendTo([bob], { lifetimeDays: 0 }), { pre: [held()] }),
  first('lifetime-unknown', 'pass-unknown', sendTo([bob], { lifetimeDays: 0, ...unreadable })),
  first('pass-unknown', 'recipient-unknown', sendTo([eve], unreadable), { void: 'recipient-unknown' }),
  first('recipient-unknown', 'tier-short', sendTo([dan]), { pre: [policy(dan, strict)], void: 'recipient-unknown' }),
  {
    ...first('recipient-unknown', 'tier-short', sendTo([eve, bob]), { pre: [policy(bob, strict)] }),
    void: 'recipient-unknown',
    name: 'send: the first of two recipients is unknown, and the second reads from a tier on',
  },
  {
    ...first('tier-short', 'recipient-unknown', sendTo([bob, eve]), { pre: [policy(bob, strict)] }),
    void: 'recipient-unknown',
    name: 'send: the first of two recipients reads from a tier on, and the second is unknown',
  },
  first('tier-short', 'price-short', sendTo([bob]), { ...unpaid, pre: [policy(bob, strict)] }),
  {
    ...first('recipient-unknown', 'price-short', sendTo([bob, eve]), {
      amounts: { burn: 0n },
      void: 'recipient-unknown',
    }),
    name: 'send: all recipients are looked at before what it costs',
  },
  first('price-short', 'funds-short', sendTo([bob]), { ...unpaid, pre: [poor], void: 'funds-short' }),
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
  first('give-back-over', 'funds-short', ack({ giveBack: 751n }), {
    by: bob,
    pre: [held(), funded(bob, 110n)],
    void: 'funds-short',
  }),
  first('message-other', 'not-recipient', give(1n, dan), {
    by: cyd,
    pre: [held()],
    void: 'recipient-unknown',
  }),
  first('not-recipient', 'give-back-repeated', give(1n), { by: cyd, pre: [given] }),
  first('give-back-repeated', 'give-back-over', give(751n), { by: bob, pre: [given] }),
  first('give-back-over', 'funds-short', give(751n), {
    by: bob,
    pre: [held(), funded(bob, 110n)],
    void: 'funds-short',
  }),
]

const ofIdentities: readonly RefusedVector[] = [
  first('tier-unknown', 'pass-repeated', take({ tier: 5 }), { pre: [passOf(ada, otherKey)] }),
  first('pass-repeated', 'epoch-key-used', take(), { pre: [passOf(ada, otherKey), used] }),
  first('epoch-key-used', 'epoch-full', take(), { pre: [used, full] }),
  {
    ...first('epoch-key-used', 'epoch-full', take({ epochKey: bytes20Of(0n) }), { pre: [full] }),
    name: 'pass: a sentinel for an epoch key before epoch-full',
  },
  first('epoch-full', 'price-short', take(), { ...unpaid, pre: [full] }),
  first('price-short', 'funds-short', take(), { ...cheap, pre: [funded(ada, 8n)], void: 'funds-short' }),
  first('checkpoint-unknown', 'funds-short', take(later), { pre: [funded(ada, 109n)] }),
  first('checkpoint-unknown', 'unproven', take({ ...later, proof: wrongProof })),
  first('nullifier-used', 'denomination-unknown', renew(favour(3n)), { pre: [nullified(8n), used] }),
  first('denomination-unknown', 'target-unknown', renew(favour(3n))),
  first('target-unknown', 'tree-full', renew(favour(2n)), { pre: [crowded] }),
  first('tree-full', 'checkpoint-unknown', renew(later), { pre: [crowded] }),
  first('checkpoint-unknown', 'unproven', renew({ ...later, proof: wrongProof })),
  first('denomination-unknown', 'nullifier-used', redeem({ denomination: 1_001n }), {
    pre: [spent(8n, 1_000n)],
    void: 'denomination-unknown',
  }),
  first('denomination-unknown', 'recipient-unknown', redeem({ denomination: 1_001n, to: eve.address }), {
    void: 'denomination-unknown',
  }),
  first('denomination-unknown', 'registered-already', redeem({ denomination: 1_001n, ...registering(bob) }), {
    void: 'denomination-unknown',
  }),
  first('registered-already', 'consent-wrong', redeem(registering(bob, cyd))),
  first('checkpoint-unknown', 'consent-wrong', redeem({ ...registering(eve, cyd), ...later }), {
    void: 'consent-wrong',
  }),
  first('checkpoint-unknown', 'recipient-unknown', redeem({ to: eve.address, ...later }), {
    void: 'unproven',
  }),
  first('unproven', 'recipient-unknown', redeem({ to: eve.address, proof: wrongProof }), { void: 'unproven' }),
  first('nullifier-used', 'unproven', redeem({ proof: wrongProof }), {
    pre: [spent(8n, 1_000n)],
    void: 'nullifier-used',
  }),
  first('checkpoint-unknown', 'unproven', redeem({ ...later, proof: wrongProof }), { void: 'unproven' }),
]

export const orderRefused: readonly RefusedVector[] = [
  ...general,
  ...begun,
  ...ofAccounts,
  ...ofSends,
  ...ofVerdicts,
  ...ofIdentities,
]
