/**
 * Enrolments, renewals, passes and their checkpoints. A proof is good where it is `goodProof`, so secrets are not
 * needed: commitments, nullifiers and leaves are small numbers. An enrolment burns 64,000. The form is that of `settled.ts` and `refused.ts`.
 */
import { firstLeaf } from '../../protocol/identity.ts'
import { nodeOf } from '../../protocol/poseidon.ts'
import { lastKey, verdictKeysMax } from '../../protocol/verdict-tree.ts'
import type { Action, ActionOf } from '../../protocol/operations.ts'
import { bytes20Of } from '../../protocol/field.ts'
import { action, ada, cyd, olga, type Person } from '../kit/fixtures.ts'
import { goodProof } from '../kit/plain-proofs.ts'
import {
  account,
  adasKey,
  checkpoint,
  enrolment,
  freshPass,
  funded,
  listed,
  node,
  nullified,
  pass,
  pool,
  passOf,
  type RefusedVector,
  type SettledVector,
  totals,
  tree,
} from './world.ts'

const score = 65_536n
const commitment = 7n
const nullifier = 8n
const newLeaf = 9n
const wrongProof = new Uint8Array(256)
const first = { epoch: 1, checkpoint: 0 }
/** The most that a pass ever burns under the fixtures' rules: 10, doubled 40 times. */
const dearest = 10n * 2n ** 40n
const enroll = { by: ada, action: action('enroll', { commitment }) }

const renew = (fields: Partial<ActionOf<'renew'>> = {}): { by: Person; action: Action } => ({
  by: cyd,
  action: action('renew', { ...first, nullifier, leaf: newLeaf, endorsement: undefined, proof: goodProof, ...fields }),
})
const endorse = (amount: bigint, fields: Partial<ActionOf<'renew'>> = {}) =>
  renew({ endorsement: { target: adasKey, amount }, ...fields })
const take = (epochKey: Uint8Array, fields: Partial<ActionOf<'pass'>> = {}) => ({
  by: ada,
  action: action('pass', { ...first, epochKey, tier: 4, proof: goodProof, ...fields }),
})
const sold = pool(1_000n, 1_000n)
const full = tree('identities', 4 ** 17)
const renewed = [tree('identities', 1, [newLeaf]), node('identities', 0, 0, newLeaf)]

export const identitySettled: readonly SettledVector[] = [
  {
    name: 'enroll: the ledger builds the first leaf, and the fee burns',
    op: enroll,
    changes: [
      account(ada, { funds: 935_990n, nonce: 1n }),
      totals({ burned: 64_010n }),
      tree('identities', 1, [firstLeaf(commitment)]),
      node('identities', 0, 0, firstLeaf(commitment)),
      enrolment(commitment, 0),
    ],
  },
  {
    name: 'enroll: a leaf that completes a node',
    pre: [tree('identities', 3, [1n, 2n, 3n])],
    op: enroll,
    changes: [
      account(ada, { funds: 935_990n, nonce: 1n }),
      totals({ burned: 64_010n }),
      tree('identities', 4, [], [nodeOf([1n, 2n, 3n, firstLeaf(commitment)])]),
      node('identities', 0, 3, firstLeaf(commitment)),
      node('identities', 1, 0, nodeOf([1n, 2n, 3n, firstLeaf(commitment)])),
      enrolment(commitment, 3),
    ],
  },
  {
    name: 'enroll: with the last of a balance',
    pre: [funded(ada, 64_010n)],
    op: enroll,
    changes: [
      account(ada, { funds: 0n, nonce: 1n }),
      totals({ burned: 64_010n }),
      tree('identities', 1, [firstLeaf(commitment)]),
      node('identities', 0, 0, firstLeaf(commitment)),
      enrolment(commitment, 0),
    ],
  },
  {
    name: 'renew: a leaf and a nullifier, and nobody pays',
    op: renew(),
    changes: [...renewed, nullified(nullifier)],
  },
  {
    name: 'renew: under a later checkpoint of the epoch, in a later batch',
    pre: [
      totals({ height: 6n }),
      checkpoint({ epoch: 1, checkpoint: 5 }),
      tree('identities', 17, [1n], [2n, 3n, 4n, 5n]),
    ],
    op: renew({ checkpoint: 5 }),
    changes: [
      tree('identities', 18, [1n, newLeaf], [2n, 3n, 4n, 5n]),
      node('identities', 0, 17, newLeaf),
      nullified(nullifier, { leaf: 17, height: 6n }),
    ],
  },
  {
    name: 'renew: what is given away arrives by half',
    pre: [pass(adasKey, freshPass(ada, 2))],
    op: endorse(2n),
    changes: [...renewed, nullified(nullifier, { endorsed: 2n }), pass(adasKey, { positive: score })],
  },
  {
    name: 'renew: of one it is half of one',
    pre: [pass(adasKey, { ...freshPass(ada, 2), positive: 3n })],
    op: endorse(1n),
    changes: [...renewed, nullified(nullifier, { endorsed: 1n }), pass(adasKey, { positive: 3n + score / 2n })],
  },
  {
    name: 'renew: in favour of a key of the epoch before, whose sum is full',
    pre: [
      totals({ epoch: 2 }),
      checkpoint({ epoch: 2, checkpoint: 0 }),
      pass(adasKey, { ...freshPass(ada, 2), positive: 2n ** 40n - 1n }),
    ],
    op: endorse(4n, { epoch: 2 }),
    changes: [...renewed, nullified(nullifier, { epoch: 2, endorsed: 4n }), pass(adasKey, { positive: 2n ** 40n })],
  },
  {
    name: 'pass: the last that an epoch has room for, under a later checkpoint',
    pre: [funded(ada, 2n ** 50n), totals({ passes: verdictKeysMax - 1 }), checkpoint({ epoch: 1, checkpoint: 3 })],
    op: take(adasKey, { checkpoint: 3 }),
    changes: [
      account(ada, { funds: 2n ** 50n - dearest, nonce: 1n }),
      totals({ passes: verdictKeysMax, burned: dearest }),
      pass(adasKey, freshPass(ada, 4)),
      listed(adasKey, 4, { checkpoint: 3 }),
      passOf(ada, adasKey),
    ],
  },
  ...(
    [
      ['the last at the first fee', 999, 10n],
      ['the first at twice the fee', 1_000, 20n],
      ['the first at the most that the fee ever is', 40_000, dearest],
      ['after another 40 doublings, which there are not', 80_000, dearest],
    ] as const
  ).map(
    ([name, passes, fee]): SettledVector => ({
      name: `pass: ${name}, out of all that its account has`,
      pre: [funded(ada, fee), totals({ passes })],
      op: take(adasKey),
      changes: [
        account(ada, { funds: 0n, nonce: 1n }),
        totals({ passes: passes + 1, burned: fee }),
        pass(adasKey, freshPass(ada, 4)),
        listed(adasKey, 4),
        passOf(ada, adasKey),
      ],
    }),
  ),
  ...[1n, lastKey - 1n].map((key): SettledVector => {
    const epochKey = bytes20Of(key)
    return {
      name: `pass: the ${key === 1n ? 'lowest' : 'highest'} key that there is between the sentinels`,
      op: take(epochKey),
      changes: [
        account(ada, { funds: 999_990n, nonce: 1n }),
        totals({ passes: 1, burned: 10n }),
        pass(epochKey, freshPass(ada, 4)),
        listed(epochKey, 4),
        passOf(ada, epochKey),
      ],
    }
  }),
  {
    name: 'pass: for more than it costs, which is burned',
    op: { ...take(adasKey), amounts: { burn: 25n } },
    changes: [
      account(ada, { funds: 999_975n, nonce: 1n }),
      totals({ passes: 1, burned: 25n }),
      pass(adasKey, freshPass(ada, 4)),
      listed(adasKey, 4),
      passOf(ada, adasKey),
    ],
  },
]

/** A vector by its name. */
export const refused = (name: string, vector: Omit<RefusedVector, 'name'>): RefusedVector => ({ name, ...vector })

/** What each op that is about a checkpoint is refused for. */
export const unfounded = (
  what: string,
  op: (named: { epoch: number; checkpoint: number }) => RefusedVector['op'],
  left: Pick<RefusedVector, 'void'> = {},
) => [
  refused(`${what}: under a checkpoint that is not taken yet`, {
    pre: [sold],
    op: op({ epoch: 1, checkpoint: 1 }),
    reason: 'checkpoint-unknown',
    ...left,
  }),
  refused(`${what}: under a checkpoint of the epoch before`, {
    pre: [sold, totals({ epoch: 2 }), checkpoint({ epoch: 2, checkpoint: 0 })],
    op: op(first),
    reason: 'checkpoint-unknown',
    ...left,
  }),
  refused(`${what}: under a checkpoint of an epoch to come`, {
    pre: [sold],
    op: op({ epoch: 2, checkpoint: 0 }),
    reason: 'checkpoint-unknown',
    ...left,
  }),
]

export const identityRefused: readonly RefusedVector[] = [
  refused('enroll: a second time', {
    pre: [enrolment(commitment, 3)],
    op: enroll,
    reason: 'enrolled-already',
  }),
  refused('enroll: a unit short of the fee', {
    pre: [funded(ada, 64_009n)],
    op: enroll,
    reason: 'funds-short',
  }),

  ...unfounded('renew', renew),
  refused('renew: with a proof that does not hold', { op: renew({ proof: wrongProof }), reason: 'unproven' }),
  refused('renew: from a state that has its successor', {
    pre: [nullified(nullifier)],
    op: renew(),
    reason: 'nullifier-used',
  }),
  refused('renew: from such a state, whatever the proof', {
    pre: [nullified(nullifier, { epoch: 1 }), totals({ epoch: 3 }), checkpoint({ epoch: 3, checkpoint: 0 })],
    op: renew({ epoch: 3, proof: wrongProof }),
    reason: 'nullifier-used',
  }),
  refused('renew: giving away what is no denomination', {
    pre: [pass(adasKey, freshPass(ada, 2))],
    op: endorse(3n),
    reason: 'denomination-unknown',
  }),
  refused('renew: giving away nothing', {
    pre: [pass(adasKey, freshPass(ada, 2))],
    op: endorse(0n),
    reason: 'denomination-unknown',
  }),
  refused('renew: in favour of a key that nobody has', { op: endorse(2n), reason: 'target-unknown' }),
  refused('renew: in favour of a key whose window is over', {
    pre: [totals({ epoch: 3 }), checkpoint({ epoch: 3, checkpoint: 0 }), pass(adasKey, freshPass(ada, 2))],
    op: endorse(2n, { epoch: 3 }),
    reason: 'target-unknown',
  }),

  ...unfounded('pass', (named) => take(adasKey, named)),
  refused('pass: a tier that there is not', { op: take(adasKey, { tier: 5 }), reason: 'tier-unknown' }),
  refused('pass: in an epoch that has no room', {
    pre: [totals({ passes: verdictKeysMax })],
    op: take(adasKey),
    reason: 'epoch-full',
  }),
  refused('pass: for a unit less than it costs by now', {
    pre: [totals({ passes: 1_000 })],
    op: { ...take(adasKey), amounts: { burn: 19n } },
    reason: 'price-short',
  }),
  refused('pass: by one who cannot pay for it', { pre: [funded(ada, 9n)], op: take(adasKey), reason: 'funds-short' }),
  ...[0n, lastKey].map((key) =>
    refused(`pass: under the ${key ? 'last' : 'first'} sentinel of the verdict tree`, {
      op: take(bytes20Of(key)),
      reason: 'epoch-key-used',
    }),
  ),

  refused('enroll: where the tree is full', { pre: [full], op: enroll, reason: 'tree-full' }),
  refused('renew: where the tree is full', { pre: [full], op: renew(), reason: 'tree-full' }),
  refused('renew: that burns what nobody has', {
    op: { ...renew(), amounts: { burn: 1n } },
    reason: 'malformed',
    void: 'malformed',
  }),
  refused('renew: that pays what nobody has', {
    op: { ...renew(), amounts: { share: { payee: olga.address, amount: 1n } } },
    reason: 'price-short',
    void: 'malformed',
  }),
]
