/** Among how many a pass hides, and which tier is taken for it. */
import { test } from 'tap'
import { anonymitySetOf, tierToTake } from '../../../node/identity/anonymity-set.ts'

/** So many passes of a tier behind a checkpoint. */
const passes = (tier: number, checkpoint: number, count: number) =>
  Array.from({ length: count }, () => ({ tier, checkpoint }))
const epoch = [...passes(0, 0, 2), ...passes(0, 1, 7), ...passes(0, 2, 3), ...passes(1, 1, 4), ...passes(2, 3, 1)]

test('a pass hides among those of its tier behind its checkpoint, and among no others', async (t) => {
  t.equal(anonymitySetOf(epoch, 0, [1]), 7)
  t.equal(anonymitySetOf(epoch, 0, [2]), 3)
  t.equal(anonymitySetOf(epoch, 1, [1]), 4, 'another tier is another set')
  t.equal(anonymitySetOf(epoch, 1, [2]), 0, 'and so is another checkpoint')
  t.equal(anonymitySetOf(epoch, 0, [1, 2, 1]), 3, 'of several of ours the one that hides worst counts')
})

test('where none is named, the checkpoint with the most counts', async (t) => {
  t.same(
    [0, 1, 2, 3].map((tier) => anonymitySetOf(epoch, tier)),
    [7, 4, 1, 0],
  )
  t.equal(anonymitySetOf([], 0), 0)
})

test('the best tier reached is taken where one asks to hide among nobody but oneself', async (t) => {
  for (const reached of [0, 1, 2, 3, 4]) t.equal(tierToTake(epoch, { reached, hideAmong: 1 }).tier, reached)
  t.same(tierToTake([], { reached: 4, hideAmong: 1 }), { tier: 4, reached: 4, crowd: 1 })
})

test('a lower tier is taken where too few stood at the best, and the lowest whatever the crowd', async (t) => {
  const taken = (reached: number, hideAmong: number) => tierToTake(epoch, { reached, hideAmong }).tier
  t.equal(taken(2, 2), 2, 'one other and oneself are two')
  t.equal(taken(2, 3), 1)
  t.equal(taken(1, 5), 1)
  t.equal(taken(1, 6), 0)
  t.equal(taken(4, 2), 2, 'and so on down')
  t.equal(taken(0, 1_000), 0)
  t.equal(taken(4, 1_000), 0)
  t.same(tierToTake(epoch, { reached: 3, hideAmong: 5 }), { tier: 1, reached: 3, crowd: 1 })
})
