/**
 * What no value of the files shows, and every node must hold alike all the same: when trees are committed, what is left
 * where rules are other than those of the vectors, where room ends. It is asked whenever the vectors are made.
 */
import assert from 'node:assert'
import { advanceCheckpoint, checkpointAt, opensTrees, verdictsDue } from '../../../protocol/checkpoint.ts'
import { compareBytes } from '../../../protocol/codec.ts'
import type { Context } from '../../../protocol/context.ts'
import { modeOf } from '../../../protocol/identity.ts'
import { statementOf } from '../../../protocol/ledger.ts'
import { pairIn } from '../../../protocol/pair.ts'
import { payeeOf } from '../../../protocol/payee.ts'
import { flagWeight, reaches } from '../../../protocol/reputation.ts'
import type { Rules } from '../../../protocol/rules.ts'
import { createDraft, type Meta } from '../../../protocol/state.ts'
import { append, rootOf, treeOf, trees } from '../../../protocol/tree.ts'
import {
  ada,
  action,
  bob,
  context,
  edited,
  genesis,
  keepers,
  olga,
  rules,
  settle,
  signed,
  totalsOf,
  viewOf,
} from '../../kit/fixtures.ts'
import { goodProof } from '../../kit/plain-proofs.ts'
import { side, adasKey, checkpoint, totals, tree, world } from '../world.ts'

/** Throws where anything of it does not hold. */
export function assertRest(): void {
  assertVerdicts()
  assertCheckpoints()
  assertLateVerdicts()
  assertPayee()
  assertRoom()
  assertStandings()
  assert(compareBytes(Uint8Array.of(7), Uint8Array.of(7, 0)) < 0, 'what begins another is less')
  const pair = {
    low: side({ messages: 1, valued: 5n }),
    high: side({ valued: 5n }),
    asOf: 4,
  }
  const lasting: Rules = { ...rules, correspondence: { ...rules.correspondence, decay: 10_000n } }
  const seen = (epoch: number) => pairIn(lasting, pair, { epoch, me: ada.address, other: bob.address }).mine.valued
  assert.deepEqual([seen(4), seen(260), seen(261)], [5n, 5n, 0n])
  const uneven: Rules = { ...rules, reputation: { ...rules.reputation, countedMax: 10_003n } }
  const paid = { fee: 9_000n, burned: 0n, basePrice: 1_000n, sizeClass: 0 }
  assert.equal(flagWeight(uneven, paid, { acker: 4, verdict: 'spam' }), 131_072n, 'what is counted is 1,000.3')
}

const meta = (fields: Partial<Meta>): Meta => ({ ...totalsOf(world), ...fields })
const slowly: Rules = { ...rules, identity: { ...rules.identity, verdictDelayMs: 1_000 } }

/** Verdicts are due so long after an epoch began, at its end at the latest, and while the history has room. */
function assertVerdicts(): void {
  const due = (fields: Partial<Meta>, time: bigint) =>
    verdictsDue(slowly, meta({ epochStart: 5_000n, epochEnd: 9_000n, committedAt: 0n, epoch: 7, ...fields }), time)
  assert.deepEqual([due({}, 5_999n), due({}, 6_000n)], [undefined, 5])
  assert.deepEqual([due({ epochEnd: 5_500n }, 5_499n), due({ epochEnd: 5_500n }, 5_500n)], [undefined, 5])
  assert.deepEqual([due({ epoch: 1_048_575 }, 6_000n), due({ epoch: 1_048_576 }, 6_000n)], [1_048_573, undefined])
  assert.deepEqual(
    [1, 2, 3].map((epoch) => due({ epoch }, 6_000n)),
    [0, 0, 1],
  )
  assert.equal(due({ committedAt: 1n }, 6_000n), undefined)
}

/** Checkpoints lie evenly, and are taken where a tree grew, once verdicts are committed. */
function assertCheckpoints(): void {
  const at = (time: bigint, committedAt = 1n, epochEnd = 801n) =>
    checkpointAt(rules, meta({ committedAt, epochEnd }), time)
  assert.deepEqual([at(1n), at(100n), at(101n), at(800n), at(801n), at(900n)], [0, 0, 1, 7, 7, 7])
  assert.deepEqual([at(5n, 5n, 5n), at(5n, 5n, 6n)], [7, 0])
  const opens = (fields: Partial<Meta>, time: bigint) =>
    opensTrees(slowly, meta({ committedAt: 1n, epochStart: 0n, epochEnd: 801n, time: 750n, ...fields }), time)
  assert.deepEqual([opens({}, 800n), opens({}, 801n), opens({ time: 50n }, 101n)], [false, true, true])
  assert.equal(opens({ committedAt: 0n, time: 50n }, 101n), false, 'nothing is committed yet')
  const grown = (fields: Partial<Meta>, identities: number, stamps: number): boolean => {
    const state = edited(world, [
      totals({ committedAt: 1n, epochEnd: 801n, time: 101n, ...fields }),
      checkpoint({ epoch: 1, checkpoint: 0 }, { identities: 1, stamps: 2 }),
      tree('identities', identities),
      tree('stamps', stamps),
    ])
    return advanceCheckpoint(createDraft(viewOf(state)), context, 50n)
  }
  assert.deepEqual([grown({}, 1, 2), grown({}, 2, 2), grown({}, 1, 3)], [false, true, true])
  assert.equal(grown({ time: 99n }, 2, 3), false)
  assert.equal(grown({ committedAt: 0n }, 2, 3), false)
  assert.equal(grown({ committedAt: 51n, time: 60n }, 2, 3), false, 'the first is taken with the verdicts')
}

/** What was not committed by the end of an epoch is committed as that epoch's, and the next has committed nothing yet. */
function assertLateVerdicts(): void {
  const time = genesis.time + rules.epochMs
  const late: Context = { ...context, rules: slowly }
  const { state } = settle(edited(world, [totals({ committedAt: 0n, epoch: 2, checkpoint: 3 })]), { time }, late)
  const { committedAt, epoch, checkpoint: latest, passes } = totalsOf(state)
  assert.deepEqual({ committedAt, epoch, latest, passes }, { committedAt: 0n, epoch: 3, latest: 0, passes: 0 })
  const taken = [...state.values()].flatMap(({ table, record }) => (table === 'checkpoints' ? [record.time] : []))
  assert(taken.includes(time))
}

/** What nodes ask before they make a proof, and what the ledger asks otherwise. */
function assertStandings(): void {
  const hidden = (last: number) => ({ positive: 0n, negative: 0n, previous: 0, last, asOf: 0 })
  assert.deepEqual(
    [0, 5, 6, 7].map((last) => modeOf(hidden(last), 7)),
    ['renew', 'settle', 'renew', undefined],
  )
  assert(reaches(rules, 0, { positive: 0n, negative: 2n ** 40n }), 'tier 0 asks nothing')
  const take = (tier: number) =>
    signed({
      by: ada,
      action: action('pass', { epoch: 1, checkpoint: 0, epochKey: adasKey, tier, proof: goodProof }),
    })
  const stated = (tier: number) => statementOf(viewOf(world), context, take(tier).op)?.circuit
  assert.deepEqual([stated(4), stated(5)], ['pass', undefined], 'there is nothing to be proven for a tier that is none')
}

/** The share of a message goes by weight, to each in turn by the first 8 bytes of its id; without any weights to nobody. */
function assertPayee(): void {
  const turns = (weights: readonly [number, number]) => {
    const members = rules.keepers.members.map((keeper, at) => ({ ...keeper, weight: at === 0 ? weights[1] : 0 }))
    const shared: Rules = {
      ...rules,
      operators: [{ address: olga.address, weight: weights[0] }],
      keepers: { ...rules.keepers, members },
    }
    const id = (last: number) => Uint8Array.of(0, 0, 0, 0, 0, 0, 1, last, 255)
    return [0, 1, 2, 3, 4].map((last) => payeeOf(shared, id(last)))
  }
  const keeper = keepers[0]!.address
  // 256 is a multiple of four.
  assert.deepEqual(turns([3, 1]), [olga.address, olga.address, olga.address, keeper, olga.address])
  assert.deepEqual(turns([0, 1]), Array(5).fill(keeper))
  assert.deepEqual(turns([0, 0]), Array(5).fill(undefined))
}

/** A tree takes as many leaves as its depth allows. */
function assertRoom(): void {
  const { depth } = trees.history
  const full = 4 ** depth
  const edge = (count: number) => ({ count, levels: Array.from({ length: depth }, () => [1n, 2n, 3n]) })
  assert.equal(append(edge(full - 1), 4n, depth).edge.count, full)
  assert.throws(() => append(edge(full), 4n, depth))
  assert.equal(rootOf({ count: 16, levels: [[], [], [9n]] }, 2), 9n)
  assert.equal(treeOf([], 2).root, 0n)
  assert.equal(treeOf(Array<bigint>(16).fill(0n), 2).root, 0n)
  assert.throws(() => treeOf(Array<bigint>(17).fill(0n), 2))
}
