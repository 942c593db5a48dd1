/** What happens at each limit that a network cannot outgrow: what is over ends with a refusal, and all else goes on. */
import { test } from 'tap'
import { passFee } from '../../protocol/pass.ts'
import { supplyKey, treeKey } from '../../protocol/state.ts'
import { capacityOf, trees } from '../../protocol/tree.ts'
import { verdictKeysMax } from '../../protocol/verdict-tree.ts'
import {
  action,
  ada,
  bob,
  cyd,
  edited,
  genesis,
  type Person,
  rules,
  sendTo,
  settle,
  signedInTurn,
  type State,
  totalsOf,
  viewOf,
  type Wish,
} from '../kit/fixtures.ts'
import { goodProof } from '../kit/plain-proofs.ts'
import { adasKey, checkpoint, freshPass, funded, listed, pass, passOf, totals, tree, world } from '../vectors/world.ts'

const { epochMs } = rules
const capacities = { identities: 4 ** 17, history: 4 ** 10, stamps: 4 ** 16 }

/** What becomes of an op in a batch of its own, at a time: settled; or paid and undelivered, or void, and why. */
function becomes(state: State, wish: Omit<Wish, 'nonce'>, time = totalsOf(state).time): string {
  const ops = signedInTurn(state, { time, wishes: [{ ...wish, expiry: time + 1n }] })
  const [one] = settle(state, { time, ops }).applied
  return one!.kind === 'settled' ? 'settled' : `${one!.kind}: ${one!.reason}`
}

const take = (state: State, by: Person, byte: number): Wish => {
  const { epoch, checkpoint } = totalsOf(state)
  const epochKey = new Uint8Array(20).fill(byte)
  return { by, action: action('pass', { epoch, checkpoint, epochKey, tier: 1, proof: goodProof }) }
}
const renew = (state: State): Wish => {
  const { epoch, checkpoint } = totalsOf(state)
  const fields = { epoch, checkpoint, nullifier: 5n, leaf: 6n, endorsement: undefined, proof: goodProof }
  return { by: cyd, action: action('renew', fields) }
}
const mail: Wish = { by: ada, action: sendTo([bob]) }
const money: Wish = { by: ada, action: action('transfer', { to: bob.address, amount: 5n }) }
/** What was ever burned. */
const burnedIn = (state: State): bigint => viewOf(state).read('supply', supplyKey)!.burned

test('limits: where the trees of identities and stamps are full, mail, money, passes and epochs go on', async (t) => {
  const edges = (['identities', 'stamps'] as const).map((name) =>
    tree(name, capacities[name], ...Array.from({ length: trees[name].depth }, () => []), [7n]),
  )
  const full = edited(world, edges)
  const enroll: Wish = { by: bob, action: action('enroll', { commitment: 77n }) }
  const buy: Wish = { by: bob, action: action('stampBuy', { denomination: 1_000n, note: 78n }) }
  for (const wish of [enroll, buy, renew(full)]) t.match(becomes(full, wish), /tree-full/, wish.action.TAG)
  for (const wish of [mail, money, take(full, bob, 9)]) t.equal(becomes(full, wish), 'settled', wish.action.TAG)
  const next = settle(full, { time: genesis.time + epochMs }).state
  t.match(totalsOf(next), { epoch: 2, checkpoint: 0 })
  t.equal(becomes(next, take(next, bob, 9)), 'settled', 'a pass, behind the first checkpoint of the next epoch')
  t.match(becomes(next, renew(next)), /tree-full/)
})

test('limits: the fee of a pass rises as an epoch fills and is burned, and the next epoch begins anew', async (t) => {
  const { passFee: first, passStep } = rules.identity
  const fees = [0, passStep - 1, passStep, 2 * passStep - 1, 2 * passStep, 40 * passStep, verdictKeysMax - 1]
  let before = 0n
  for (const taken of fees) {
    const state = edited(world, [totals({ passes: taken }), funded(bob, 2n ** 61n)])
    const fee = passFee(rules, taken)
    t.equal(fee, first * 2n ** BigInt(Math.min(40, Math.floor(taken / passStep))), `after ${taken}`)
    t.ok(fee >= before, 'it never falls')
    before = fee
    const after = settle(state, { ops: signedInTurn(state, { wishes: [take(state, bob, 9)] }) }).state
    t.equal(burnedIn(after) - burnedIn(state), fee, 'all of it is burned')
    t.equal(totalsOf(after).passes, taken + 1)
  }
  const full = edited(world, [totals({ passes: verdictKeysMax })])
  t.match(becomes(full, take(full, bob, 9)), /epoch-full/)
  for (const wish of [mail, money, renew(full)]) t.equal(becomes(full, wish), 'settled', wish.action.TAG)
  const next = settle(full, { time: genesis.time + epochMs }).state
  t.equal(totalsOf(next).passes, 0)
  const after = settle(next, { ops: signedInTurn(next, { wishes: [take(next, bob, 9)] }) }).state
  t.equal(burnedIn(after) - burnedIn(next), first)
})

test('limits: at the end of the history nobody renews or takes a pass any more, and mail and money go on', async (t) => {
  t.strictSame(capacities.history, capacityOf(trees.history.depth))
  const epoch = capacities.history - 1
  const edge = Array.from({ length: trees.history.depth }, () => [1n, 2n])
  const last = edited(world, [
    totals({ epoch, epochStart: genesis.time, committedAt: genesis.time }),
    checkpoint({ epoch, checkpoint: 0 }),
    tree('history', epoch - 1, ...edge),
    pass(adasKey, freshPass(ada, 2, epoch)),
    passOf(ada, adasKey, epoch),
    listed(adasKey, 2, { epoch }),
  ])
  for (const wish of [renew(last), take(last, bob, 9)]) t.equal(becomes(last, wish), 'settled', 'in the last epoch')
  const under: Wish = { by: ada, action: sendTo([bob], { epochKey: adasKey }) }
  t.equal(becomes(last, under), 'settled')
  let state = last
  for (const number of [1, 2, 3]) {
    state = settle(state, { time: totalsOf(state).epochEnd }).state
    t.match(totalsOf(state), { epoch: epoch + number, committedAt: 0n }, 'nothing is committed, and epochs go on')
    t.equal(viewOf(state).read('trees', treeKey('history'))?.count, epoch - 1)
    for (const wish of [renew(state), take(state, bob, 9)]) t.match(becomes(state, wish), /checkpoint-unknown/)
    for (const wish of [mail, money]) t.equal(becomes(state, wish), 'settled', wish.action.TAG)
    const standing = becomes(state, under)
    t.equal(standing, number === 1 ? 'settled' : 'undelivered: pass-unknown', 'the last passes have their grace')
  }
})
