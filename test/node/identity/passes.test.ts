/**
 * For which pseudonyms whole daemons take passes: none for one that is not used, one when a letter asks for it, for a while
 * after that, and in every epoch for one that is kept warm; by habits that outlast a restart.
 */
import { test } from 'tap'
import { passFeeView } from '../../../node/identity/passes.ts'
import { usualHabit } from '../../../node/keys/keystore.ts'
import type { Device } from '../../kit/devices.ts'
import { genesis, rules } from '../../kit/fixtures.ts'
import { another, approve, countOps, createWorld, epochMs, keptWarm } from '../../kit/household.ts'

type World = Awaited<ReturnType<typeof createWorld>>['world']

/** Let time pass until a device has renewed for an epoch, and has nothing more to do. */
const atRest = async (world: World, { mailbox, node }: Device, epoch: number): Promise<void> => {
  await world.untilEpoch(epoch)
  const isDone = async () => {
    const { state, next, epoch: seen } = await mailbox.reputation()
    return seen >= epoch && state === 'renewed' && next.length === 0 && node.pending.size === 0
  }
  await world.until('it is at rest', isDone, epochMs)
}

const namesOf = async ({ mailbox }: Device) =>
  (await mailbox.reputation()).names.map(({ label, rests }) => [label, rests] as const)
const passesIn = async ({ mailbox }: Device, epoch: number) =>
  (await mailbox.reputation()).passes.filter((pass) => pass.epoch === epoch).map(({ label }) => label)

async function taken(world: World, { mailbox }: Device, address: string): Promise<void> {
  const isThere = async () => (await mailbox.takePass({ address })).state === 'taken'
  await world.until('the pass is there', isThere, 60_000)
}

test('what a pass burns, and what is asked of it meanwhile: a rise counts once it has lasted', (t) => {
  const { passFee, passStep } = rules.identity
  const seen = (taken: number, lows: readonly { from: bigint; passes: number }[]) => {
    const { now, most } = passFeeView(rules, {
      time: genesis.time,
      basePrice: 1n,
      passes: taken,
      lows: lows.map((low) => ({ basePrice: 1n, ...low })),
    })
    return [now, most].map(Number)
  }
  const [fee, time] = [Number(passFee), genesis.time]
  t.same(seen(0, [{ from: time, passes: 0 }]), [fee, fee])
  t.same(
    seen(passStep, [{ from: time, passes: 0 }]),
    [fee, fee],
    'it was less a moment ago, and what is signed now goes by that',
  )
  const ago = time - BigInt(rules.expiryMaxMs) / 2n
  t.same(
    seen(passStep, [{ from: ago, passes: 0 }]),
    [fee, 2 * fee],
    'once that is long enough ago, it is twice as much',
  )
  t.same(seen(passStep, []), [2 * fee, 2 * fee], 'and it has been so for long')
  t.end()
})

test('a pseudonym that is not used has no pass; a letter asks for one; and after a while without letters it has none again', async (t) => {
  const { world, ada, bob } = await createWorld(t, { habit: usualHabit })
  const name = { address: 'default' }
  for (const device of [bob, ada]) await atRest(world, device, 2)
  t.same(await countOps(world, 'pass'), { settled: 0, undelivered: 0, void: 0 }, 'nobody took one by itself')
  t.match(await namesOf(ada), [['default', /not used lately/]])
  await world.untilEpoch(3)
  await world.until('it saw that', async () => (await ada.mailbox.reputation()).epoch === 3)
  t.match(await ada.mailbox.takePass(name), { state: 'later', note: /renewed first.* It burns 0\.01 test\.$/ })
  for (const device of [bob, ada]) await atRest(world, device, 3)
  t.same(await passesIn(ada, 3), ['default'], 'as soon as it could be')
  t.match(await bob.mailbox.takePass(name), {
    state: 'coming',
    note: /Proving a pass takes .*waits for a batch.* It burns 0\.01 test\.$/,
  })
  await taken(world, bob, 'default')
  t.same(await passesIn(bob, 3), ['default'], 'at once')
  await approve(world, { from: ada, to: bob, letters: 1 })
  // It lingers for an epoch at least, and for four at most.
  await atRest(world, ada, 4)
  t.same(await passesIn(ada, 4), ['default'])
  t.same(await namesOf(ada), [['default', '']])
  for (const epoch of [5, 6, 7, 8]) await atRest(world, ada, epoch)
  t.same(await passesIn(ada, 8), [])
  t.match(await namesOf(ada), [['default', /not used lately/]])
  const [mine, his] = await Promise.all(
    [ada, bob].map(async ({ mailbox }) => (await mailbox.pseudonyms())[0]!.presence),
  )
  t.match([mine, his], [{ since: 3 }, { since: 3 }], 'Bob judged, so he lingers, too')
  t.equal(mine!.epochs + his!.epochs, (await countOps(world, 'pass')).settled)
  t.ok(mine!.epochs >= 2 && mine!.epochs <= 5, `${mine!.epochs}`)
})

test('each lives by its habit: warm, sitting out, at most a tier, and a tier or none', async (t) => {
  const { world, ada, bob } = await createWorld(t)
  await another(world, ada, 'rests', { ...keptWarm, warm: false, skipPercent: 100 })
  await another(world, ada, 'low', { ...keptWarm, show: 'at-most', tier: 0 })
  await another(world, ada, 'proud', { ...keptWarm, show: 'exactly', tier: 1 })
  await world.untilEpoch(2)
  for (const device of [ada, bob]) await atRest(world, device, 2)
  t.same(await passesIn(ada, 2), ['default', 'low'])
  t.match(await namesOf(ada), [
    ['default', ''],
    ['rests', /sits this epoch out/],
    ['low', ''],
    ['proud', /does not reach the tier/],
  ])
  await t.rejects(ada.mailbox.takePass({ address: 'proud' }), {
    code: 'not-ready',
    message: /tier 1 and no other.*habit/,
  })
  await approve(world, { from: ada, to: bob, letters: 1 })
  await atRest(world, ada, 4)
  const { passes, names } = await ada.mailbox.reputation()
  t.same(
    passes.filter(({ epoch }) => epoch === 4).map(({ label, tier }) => [label, tier]),
    [
      ['default', 1],
      ['low', 0],
      ['proud', 1],
    ],
  )
  t.match(names, [
    { takes: { tier: 1, why: /own letters/ } },
    { rests: /sits this epoch out/ },
    { takes: { tier: 0, why: /the best that it shows/ } },
    { takes: { tier: 1, why: /and no other/ } },
  ])
  await taken(world, ada, 'rests')
  t.same(await passesIn(ada, 4), ['default', 'rests', 'low', 'proud'], 'whoever sits out has one where it is asked for')
})

test('one that has not what a pass may burn takes none, and says so', async (t) => {
  const { world, ada } = await createWorld(t)
  await another(world, ada, 'poor', keptWarm)
  const poor = (await ada.mailbox.pseudonyms()).find(({ label }) => label === 'poor')!
  const { inclusionFee } = ada.node.context.rules
  const amount = String(BigInt(poor.balance) - inclusionFee)
  const { address } = (await ada.mailbox.pseudonyms())[0]!
  await ada.mailbox.transfer({ from: 'poor', to: address, amount })
  await world.until('it is poor', async () => (await ada.mailbox.pseudonyms())[1]!.balance === '0')
  await atRest(world, ada, 2)
  t.match(await namesOf(ada), [
    ['default', ''],
    ['poor', /has not what a pass may burn/],
  ])
  const { passFee, without } = await ada.mailbox.reputation()
  t.same(without, [], 'it takes up no slot of anybody')
  t.match(passFee, { now: '10', most: '10', doublesAt: 4_194_304 })
  t.ok(passFee.taken > 0)
  await t.rejects(ada.mailbox.takePass({ address: 'poor' }), {
    code: 'funds-short',
    message: /“poor” has not the 0\.01 test beside its reserve that a pass burns/,
  })
})

test('what cannot be is refused with a sentence', async (t) => {
  const { world, ada } = await createWorld(t)
  const change = (habit: object) => ada.mailbox.changeHabit({ address: 'default', ...usualHabit, ...habit })
  await t.rejects(change({ tier: 1 }), { code: 'bad-request', message: /the best tier is to be shown, and tier 1/i })
  await t.rejects(change({ show: 'exactly', tier: 5 }), { code: 'tier-unknown', message: /no tier 5.*0 to 4/ })
  await t.rejects(change({ warm: true, skipPercent: 100 }), {
    code: 'bad-request',
    message: /warm, and to sit out every/,
  })
  await t.rejects(ada.mailbox.changeHabit({ address: 'ghost', ...usualHabit }), { code: 'not-found' })
  t.match(await change({ show: 'at-most', tier: 4, skipPercent: 5 }), {
    habit: { show: 'at-most', tier: 4, skipPercent: 5 },
  })
  await ada.mailbox.createPseudonym({ label: 'new' })
  await t.rejects(ada.mailbox.takePass({ address: 'new' }), {
    code: 'not-registered',
    message: /“new” is not registered/,
  })
  await ada.mailbox.retirePseudonym({ address: 'new' })
  await t.rejects(ada.mailbox.takePass({ address: 'new' }), { code: 'bad-request', message: /“new” is retired/ })
  await change(keptWarm)
  for (const label of ['b', 'c', 'd', 'e']) await another(world, ada, label)
  await world.untilEpoch(2)
  await world.settledIn(ada)
  await t.rejects(ada.mailbox.takePass({ address: 'e' }), { code: 'not-ready', message: /has 4 passes in an epoch/ })
  const olga = await world.start('olga', { of: 'olga' })
  await world.until('it is there', () => olga.node.synced())
  await t.rejects(olga.mailbox.takePass({ address: 'default' }), { code: 'not-ready', message: /not enrolled/ })
})
