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

/** The same with who has earned what: all of them the tier that they show, unless it is said otherwise. */
const earning = (tier: number, checkpoint: number, count: number, earned = tier) =>
  passes(tier, checkpoint, count).map((pass) => ({ ...pass, earned }))
const before = epoch.map((pass) => ({ ...pass, earned: pass.tier }))
/** A pseudonym that has shown and earned nothing so far, in an epoch that was drawn for it. */
const newcomer = { earned: 0, shown: 0, stepsUp: true }

test('the best tier reached is taken where one asks to hide among nobody but oneself', async (t) => {
  const by = { ...newcomer, stepsUp: false, hideAmong: 1 }
  for (const reached of [0, 1, 2, 3, 4]) t.equal(tierToTake(before, { ...by, reached }).tier, reached)
  t.same(tierToTake([], { ...by, reached: 4 }), { tier: 4, reached: 4, crowd: 0, isOpen: true, earned: 0 })
})

test('a lower tier is taken where too few stood at the best, and the lowest whatever the crowd', async (t) => {
  const taken = (reached: number, hideAmong: number) => tierToTake(before, { ...newcomer, reached, hideAmong }).tier
  t.equal(taken(2, 2), 1, 'one is not two')
  t.equal(taken(1, 4), 1)
  t.equal(taken(1, 5), 0)
  t.equal(taken(4, 2), 1, 'and so on down')
  t.equal(taken(0, 1_000), 0)
  t.equal(taken(4, 1_000), 0)
  t.same(tierToTake(before, { ...newcomer, reached: 2, hideAmong: 4 }), {
    ...{ tier: 1, reached: 2, crowd: 1, isOpen: false, earned: 0 },
  })
})

test('what a pseudonym has earned by itself it shows, whoever stands there, and no more than its owner reaches', async (t) => {
  const taken = (reached: number, earned: number) =>
    tierToTake([], { ...newcomer, reached, earned, hideAmong: 1_000 }).tier
  t.equal(taken(2, 2), 2, 'by these a tier begins')
  t.equal(taken(3, 2), 2, 'what came under other names opens none')
  t.equal(taken(1, 2), 1, 'what others hold against its owner counts')
  t.equal(taken(0, 4), 0)
})

test('who stands at a tier and did not earn it there hides nobody', async (t) => {
  const taken = (crowd: Parameters<typeof tierToTake>[0]) =>
    tierToTake(crowd, { ...newcomer, reached: 1, hideAmong: 8 }).tier
  t.equal(taken(earning(1, 1, 8)), 1)
  t.equal(taken([...earning(1, 1, 7), ...earning(1, 1, 100, 0)]), 0)
  t.equal(taken([...earning(1, 1, 4), ...earning(1, 2, 4)]), 0, 'nor who stands behind another checkpoint')
  t.equal(taken([...earning(1, 1, 7), ...earning(1, 1, 1, 3)]), 1, 'who earned more has earned this')
  t.equal(taken([...earning(1, 1, 7), ...earning(0, 1, 100, 1)]), 0, 'and who earned it and shows less is elsewhere')
})

test('it goes up in an epoch that was drawn for it, stays where it stood in any, and goes down with the tier', async (t) => {
  const many = [...earning(1, 1, 9), ...earning(2, 1, 9)]
  const taken = (crowd: typeof many, shown: number, stepsUp: boolean) =>
    tierToTake(crowd, { reached: 2, earned: 0, shown, stepsUp, hideAmong: 8 }).tier
  t.equal(taken(many, 0, true), 2)
  t.equal(taken(many, 0, false), 0)
  t.equal(taken(many, 1, false), 1)
  t.equal(taken(many, 2, false), 2)
  t.equal(taken(many, 4, false), 2, 'no better than its owner')
  t.equal(taken(earning(1, 1, 9), 2, false), 1, 'nor where few stand')
  t.equal(tierToTake(many, { reached: 2, earned: 0, shown: 0, stepsUp: false, hideAmong: 8 }).isOpen, true)
})
