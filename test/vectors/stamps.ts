/**
 * Stamps, of which there are those worth 1,000 and 10,000. A proof is good where it is `goodProof`. The form is that of
 * `settled.ts` and `refused.ts`.
 */
import { sign } from '../../node/keys/sign.ts'
import { stampLeaf } from '../../protocol/identity.ts'
import type { ActionOf } from '../../protocol/operations.ts'
import { consentHash } from '../../protocol/registration.ts'
import { action, ada, bob, cyd, dan, edit, eve, network, olga, type Person } from '../kit/fixtures.ts'
import { fieldKey } from '../../protocol/state.ts'
import { goodProof } from '../kit/plain-proofs.ts'
import { refused, unfounded } from './identities.ts'
import {
  account,
  funded,
  node,
  pool,
  type RefusedVector,
  registeredAt,
  sealKey,
  type SettledVector,
  soldNote,
  spent,
  totals,
  tree,
} from './world.ts'

const nullifier = 8n
const note = 11n
const wrongProof = new Uint8Array(256)
const first = { epoch: 1, checkpoint: 0 }
const buy = (denomination: bigint) => ({ by: ada, action: action('stampBuy', { denomination, note }) })
const redeem = (to: Person, fields: Partial<ActionOf<'stampRedeem'>> = {}) => ({
  by: cyd,
  action: action('stampRedeem', {
    ...first,
    nullifier,
    denomination: 1_000n,
    to: to.address,
    registration: undefined,
    proof: goodProof,
    ...fields,
  }),
})
const registering = ({ signingKey, sealKey, privateKey }: Person, by = privateKey) => ({
  registration: { signingKey, sealKey, consent: sign(consentHash(network, { signingKey, sealKey }), by) },
})
const sold = pool(1_000n, 1_000n)
const soldOut = tree('stamps', 4 ** 16)

export const stampSettled: readonly SettledVector[] = [
  {
    name: 'stampBuy: money becomes a leaf',
    op: buy(10_000n),
    changes: [
      account(ada, { funds: 989_990n, nonce: 1n }),
      totals({ burned: 10n }),
      pool(10_000n, 10_000n),
      tree('stamps', 1, [stampLeaf(10_000n, note)]),
      node('stamps', 0, 0, stampLeaf(10_000n, note)),
      soldNote(note, 10_000n, 0),
    ],
  },
  {
    name: 'stampBuy: of a note next to one that was sold, by somebody who bought before',
    pre: [sold, soldNote(note - 1n, 1_000n, 0), tree('stamps', 1, [12n])],
    op: buy(1_000n),
    changes: [
      account(ada, { funds: 998_990n, nonce: 1n }),
      totals({ burned: 10n }),
      pool(1_000n, 2_000n),
      tree('stamps', 2, [12n, stampLeaf(1_000n, note)]),
      node('stamps', 0, 1, stampLeaf(1_000n, note)),
      soldNote(note, 1_000n, 1),
    ],
  },
  {
    name: 'stampRedeem: and becomes money again, less an inclusion fee',
    pre: [sold],
    op: redeem(bob),
    changes: [account(bob, { funds: 1_000_990n }), totals({ burned: 10n }), pool(1_000n, 0n), spent(nullifier, 1_000n)],
  },
  {
    name: 'stampRedeem: registering an address that was never seen',
    pre: [pool(1_000n, 5_000n)],
    op: redeem(eve, registering(eve)),
    changes: [
      registeredAt(8, eve, 990n),
      sealKey(eve, eve.sealKey),
      totals({ burned: 10n, slots: 9 }),
      pool(1_000n, 4_000n),
      spent(nullifier, 1_000n),
    ],
  },
  {
    name: 'stampRedeem: registering an address that is funded',
    pre: [sold],
    op: redeem(dan, registering(dan)),
    changes: [
      account(dan, { funds: 5_990n, signingKey: dan.signingKey }),
      sealKey(dan, dan.sealKey),
      totals({ burned: 10n }),
      pool(1_000n, 0n),
      spent(nullifier, 1_000n),
    ],
  },
]

export const stampRefused: readonly RefusedVector[] = [
  refused('stampBuy: where its tree is full', { pre: [soldOut], op: buy(1_000n), reason: 'tree-full' }),
  refused('stampBuy: for a unit less than it burns: the stamp is sold, and has its leaf', {
    pre: [sold, soldNote(note - 1n, 1_000n, 0), tree('stamps', 1, [12n])],
    op: { ...buy(1_000n), amounts: { burn: 9n } },
    reason: 'price-short',
    leaf: [
      edit('stampLeaves', fieldKey(note), { leaf: 1 }),
      tree('stamps', 2, [12n, stampLeaf(1_000n, note)]),
      node('stamps', 0, 1, stampLeaf(1_000n, note)),
    ],
  }),
  refused('stampBuy: what is no denomination', {
    op: buy(1_001n),
    reason: 'denomination-unknown',
    void: 'denomination-unknown',
  }),
  refused('stampBuy: a note that was sold before', {
    pre: [soldNote(note, 1_000n, 3)],
    op: buy(1_000n),
    reason: 'note-repeated',
  }),
  refused('stampBuy: such a note for another amount, by somebody who has none', {
    pre: [soldNote(note, 1_000n, 3), funded(ada, 120n)],
    op: buy(10_000n),
    reason: 'note-repeated',
  }),
  refused('stampBuy: a unit short', {
    pre: [funded(ada, 1_009n)],
    op: buy(1_000n),
    reason: 'funds-short',
  }),

  // Custody knows no checkpoint, and takes the proof for one that does not hold.
  ...unfounded('stampRedeem', (named) => redeem(bob, named), { void: 'unproven' }),
  refused('stampRedeem: with a proof that does not hold', {
    pre: [sold],
    op: redeem(bob, { proof: wrongProof }),
    reason: 'unproven',
    void: 'unproven',
  }),
  refused('stampRedeem: more than all stamps are worth, which nobody can prove', {
    pre: [pool(1_000n, 999n)],
    op: redeem(bob),
    reason: 'unproven',
    void: 'unproven',
  }),
  refused('stampRedeem: a unit more paid out, and one less burned', {
    pre: [sold],
    op: { ...redeem(bob), amounts: { burn: 9n, lines: [{ address: bob.address, amount: 991n, from: 'funds' }] } },
    reason: 'price-short',
  }),
  refused('stampRedeem: a unit less paid out, and one more burned', {
    pre: [sold],
    op: { ...redeem(bob), amounts: { burn: 11n, lines: [{ address: bob.address, amount: 989n, from: 'funds' }] } },
    reason: 'price-short',
  }),
  refused('stampRedeem: a unit less paid out, which nobody gets', {
    pre: [sold],
    op: { ...redeem(bob), amounts: { lines: [{ address: bob.address, amount: 989n, from: 'funds' }] } },
    reason: 'price-short',
    void: 'malformed',
  }),
  refused('stampRedeem: a unit of it as a share', {
    pre: [sold],
    op: {
      ...redeem(bob),
      amounts: {
        share: { payee: olga.address, amount: 1n },
        lines: [{ address: bob.address, amount: 989n, from: 'funds' }],
      },
    },
    reason: 'price-short',
  }),
  refused('stampRedeem: registering for a unit less than is burned, so without an encryption key', {
    pre: [sold],
    op: {
      ...redeem(eve, registering(eve)),
      amounts: { burn: 9n, lines: [{ address: eve.address, amount: 991n, from: 'funds' }] },
    },
    reason: 'price-short',
  }),
  refused('stampRedeem: twice', {
    pre: [sold, spent(nullifier, 1_000n)],
    op: redeem(bob),
    reason: 'nullifier-used',
    void: 'nullifier-used',
  }),
  refused('stampRedeem: what is no denomination', {
    pre: [sold],
    op: redeem(bob, { denomination: 999n }),
    reason: 'denomination-unknown',
    void: 'denomination-unknown',
  }),
  refused('stampRedeem: to an address that is funded but not registered', {
    pre: [sold],
    op: redeem(dan),
    reason: 'recipient-unknown',
    void: 'recipient-unknown',
  }),
  refused('stampRedeem: to nobody', {
    pre: [sold],
    op: redeem(eve),
    reason: 'recipient-unknown',
    void: 'recipient-unknown',
  }),
  refused('stampRedeem: registering twice', {
    pre: [sold],
    op: redeem(bob, registering(bob)),
    reason: 'registered-already',
  }),
  refused('stampRedeem: registering a key that did not agree', {
    pre: [sold],
    op: redeem(eve, registering(eve, cyd.privateKey)),
    reason: 'consent-wrong',
  }),
]
