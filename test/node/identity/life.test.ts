/**
 * The life of an identity in whole daemons: renewed in every epoch and folded once, whoever was away, crashed, or was there
 * twice. What is proven satisfies the circuits (`honest-proofs.ts`), and scores are compared with a model in one line.
 */
import { test } from 'tap'
import type { Proofs } from '../../../node/seams.ts'
import type { Device } from '../../kit/devices.ts'
import { honestProofs } from '../../kit/honest-proofs.ts'
import { another, approve, countOps, createWorld, epochMs, keptWarm, modelOf, near } from '../../kit/household.ts'

/** Nothing stands in a batch that came to nothing there. */
const none = { undelivered: 0, void: 0 }

test('renewed in every epoch, a life is what the plain model says, for each pseudonym, and on a new device', async (t) => {
  const { world, ada, bob } = await createWorld(t)
  await another(world, ada, 'shop')
  await world.untilEpoch(2)
  for (const device of [ada, bob]) await world.settledIn(device)
  await approve(world, { from: ada, to: bob, letters: 2 })
  await approve(world, { from: ada, to: bob, letters: 1, as: 'shop' })
  for (const epoch of [3, 4, 5]) {
    await world.untilEpoch(epoch)
    await world.settledIn(ada)
    const { score, tier, passes } = await ada.mailbox.reputation()
    const model = await modelOf(world, ada, epoch)
    t.ok(near(score, model), `epoch ${epoch}: ${score} is ${model}`)
    t.equal(tier, [4, 16, 48, 120].filter((needed) => model >= needed).length)
    t.equal(tier! > 0, epoch >= 4)
    t.same(
      passes.map((pass) => [pass.label, pass.epoch, pass.tier]),
      ['default', 'shop'].map((label) => [label, epoch, tier]),
      'each has a pass of that tier',
    )
  }
  // The device is lost, and there is a new one with the phrase alone.
  const before = await ada.mailbox.reputation()
  world.simulation.crash('ada')
  const again = await world.start('ada again', { of: 'ada' })
  await world.until('it found both', async () => again.node.synced() && again.wallet.own.length === 2, 60_000)
  const after = await again.mailbox.reputation()
  const shown = { passes: [], names: [], next: [] }
  t.same({ ...after, ...shown }, { ...before, ...shown }, 'it shows the same reputation')
  t.same(
    after.passes.map(({ epochKey }) => epochKey),
    before.passes.map(({ epochKey }) => epochKey),
  )
  // A phrase brings back no habits.
  for (const { text: address } of again.wallet.own) await again.mailbox.changeHabit({ address, ...keptWarm })
  await world.untilEpoch(6)
  await world.settledIn(again)
  t.ok(near((await again.mailbox.reputation()).score, await modelOf(world, again, 6)), 'and goes on')
  t.equal((await again.mailbox.reputation()).passes.length, 2)
  const { settled, ...lost } = await countOps(world, 'pass')
  // In the first epoch the shop has one only where it was registered early, which is at a moment drawn at random.
  t.ok(settled === 3 * 5 + 2 || settled === 3 * 5 + 3, `${settled} passes`)
  t.same(lost, none)
})

test('after an absence it is settled, then renewed, at moments of their own, and nothing is lost or counted twice', async (t) => {
  const { world, ada, bob } = await createWorld(t)
  await world.untilEpoch(2)
  for (const device of [ada, bob]) await world.settledIn(device)
  await approve(world, { from: ada, to: bob, letters: 3 })
  world.simulation.crash('ada')
  await world.untilEpoch(6)
  const again = await world.start('ada', { of: 'ada' })
  await world.settledIn(again)
  t.equal(world.epoch(), 6, 'in one epoch')
  const { score, folded } = await again.mailbox.reputation()
  t.ok(near(score, await modelOf(world, again, 6)), score)
  t.same(
    folded.slice(0, 2).map(({ inEpoch, epoch }) => [inEpoch, epoch]),
    [
      [6, 2],
      [6, 1],
    ],
    'first the epoch before it was last there, then that one',
  )
  await world.untilEpoch(7)
  await world.settledIn(again)
  t.ok(near((await again.mailbox.reputation()).score, await modelOf(world, again, 7)))
})

test('a crash between proving and settling costs a proof, and no pass', async (t) => {
  const proven: string[] = []
  let crashAt: string | undefined
  const proofs: Proofs = {
    ...honestProofs,
    async prove(circuit, ...asked) {
      proven.push(circuit)
      const proof = await honestProofs.prove(circuit, ...asked)
      if (circuit !== crashAt) return proof
      crashAt = undefined
      world.simulation.crash('ada')
      throw new Error('This device is gone.')
    },
  }
  const { world, ada } = await createWorld(t, { ada: { proofs } })
  await world.untilEpoch(2)
  await world.settledIn(ada)
  for (const [at, circuit] of (['renew', 'pass'] as const).entries()) {
    proven.length = 0
    crashAt = circuit
    await world.untilEpoch(3 + at)
    await world.until('it crashed', () => crashAt === undefined, epochMs)
    const again = await world.start('ada', { of: 'ada', proofs })
    await world.settledIn(again)
    t.equal(world.epoch(), 3 + at)
    t.same(proven, circuit === 'renew' ? ['renew', 'renew', 'pass'] : ['renew', 'pass', 'pass'])
  }
  // And once it is in the outbox, it is not proven again.
  proven.length = 0
  await world.untilEpoch(5)
  world.simulation.cut(['host'])
  world.simulation.heal()
  await world.until('a pass is proven', () => proven.includes('pass'), epochMs)
  world.simulation.crash('ada')
  const last = await world.start('ada', { of: 'ada', proofs })
  await world.settledIn(last)
  t.same(proven, ['renew', 'pass'])
  t.match(await countOps(world, 'pass'), none)
})

test('a renewal that no batch took before its epoch closed is made anew, and one that was waited for in vain is forgotten', async (t) => {
  const { world, ada, bob } = await createWorld(t)
  await world.start('one')
  await world.untilEpoch(2)
  for (const device of [ada, bob]) await world.settledIn(device)
  await approve(world, { from: ada, to: bob, letters: 2 })
  world.simulation.crash('ada')
  await world.untilEpoch(3)
  await world.pass(epochMs - 40_000)
  const again = await world.start('ada', { of: 'ada' })
  await world.until('it is there', () => again.node.synced())
  world.simulation.cut(['ada', 'one'])
  const waits = () => again.node.pending.list().some(({ op }) => op.action.TAG === 'renew')
  await world.until('it is proven', waits, 30_000)
  await world.untilEpoch(4)
  t.ok(waits(), 'and has not heard of the next epoch')
  world.simulation.heal()
  await world.settledIn(again)
  t.equal(world.epoch(), 4)
  t.ok(near((await again.mailbox.reputation()).score, await modelOf(world, again, 4)))
  t.same(await countOps(world, 'renew'), { settled: 2 + 2 + 1 + 3, ...none })
})

test('two devices of one person that renew at one time renew once', async (t) => {
  const { world, ada } = await createWorld(t)
  await another(world, ada, 'shop')
  const other = await world.start('ada, too', { of: 'ada' })
  await world.until('it found both', () => other.wallet.own.length === 2, 60_000)
  await other.mailbox.changeHabit({ address: other.wallet.own[1]!.text, ...keptWarm })
  for (const name of ['one', 'two']) await world.start(name)
  await world.untilEpoch(2)
  for (const device of [ada, other]) await world.settledIn(device)
  await world.untilEpoch(3)
  // Past the first checkpoint each sees the network, but neither sees the other, nor the host.
  await world.pass(8_000)
  world.simulation.cut(['ada', 'one'])
  world.simulation.cut(['ada, too', 'two'])
  const waits = ({ node }: Device) => node.pending.list().some(({ op }) => op.action.TAG === 'renew')
  await world.until('both renewed', () => waits(ada) && waits(other), epochMs / 4)
  world.simulation.heal()
  for (const device of [ada, other]) await world.settledIn(device)
  t.equal(world.epoch(), 3)
  const [one, two] = [await ada.mailbox.reputation(), await other.mailbox.reputation()]
  t.same({ ...one, passes: [], names: [] }, { ...two, passes: [], names: [] })
  t.same(
    one.passes.map(({ epochKey, epoch }) => [epochKey, epoch]).sort(),
    two.passes.map(({ epochKey, epoch }) => [epochKey, epoch]).sort(),
  )
  await world.untilEpoch(4)
  for (const device of [ada, other]) await world.settledIn(device)
  t.match(await countOps(world, 'pass'), none, 'and no pass is paid for twice')
  t.notMatch([...ada.said, ...other.said].join('\n'), /could not look after/)
})

test('of six pseudonyms four have a pass, the others are named, and one that is retired makes no room in that epoch', async (t) => {
  const { world, ada } = await createWorld(t)
  for (const label of ['b', 'c', 'd', 'e', 'f']) await another(world, ada, label)
  await world.untilEpoch(2)
  await world.settledIn(ada)
  const first = await ada.mailbox.reputation()
  t.same(
    first.passes.map(({ label }) => label),
    ['default', 'b', 'c', 'd'],
  )
  t.same(first.without, ['e', 'f'])
  await ada.mailbox.retirePseudonym({ address: 'b' })
  await world.pass(epochMs / 4)
  t.match(await ada.mailbox.reputation(), { without: ['e', 'f'], next: [] })
  await world.untilEpoch(3)
  await world.settledIn(ada)
  const second = await ada.mailbox.reputation()
  t.same(
    second.passes.filter(({ epoch }) => epoch === 3).map(({ label }) => label),
    ['default', 'c', 'd', 'e'],
  )
  t.same(second.without, ['f'])
})

test('what cannot be proven is told of, tried more and more seldom, and stops nothing else', async (t) => {
  let tries = 0
  let isBroken = false
  const proofs: Proofs = {
    ...honestProofs,
    async prove(circuit, inputs, options) {
      if (isBroken && circuit === 'pass' && inputs.slot === 0n) {
        tries++
        throw new Error('Memory was short.')
      }
      return honestProofs.prove(circuit, inputs, options)
    },
  }
  const { world, ada } = await createWorld(t, { ada: { proofs } })
  await another(world, ada, 'shop')
  await world.untilEpoch(2)
  await world.settledIn(ada)
  isBroken = true
  await world.untilEpoch(3)
  const passes = async () => (await ada.mailbox.reputation()).passes.filter(({ epoch }) => epoch === 3)
  await world.until('the other pass is taken', async () => (await passes()).length === 1, epochMs)
  await world.pass(epochMs / 3)
  t.match(await ada.mailbox.reputation(), { note: /a pass for “default” failed.*tried again: Memory was short/ })
  t.ok(tries > 1 && tries < 6, `tried ${tries} times`)
  isBroken = false
  await world.untilEpoch(4)
  await world.settledIn(ada)
  t.notMatch((await ada.mailbox.reputation()).note, /failed/)
})

test('a name that earned a tier shows it, another shows a lower one where few did, and reputation says why', async (t) => {
  const { world, ada, bob } = await createWorld(t, { ada: { hideAmong: 2 } })
  await another(world, ada, 'shop')
  await world.untilEpoch(2)
  for (const device of [ada, bob]) await world.settledIn(device)
  t.match((await ada.mailbox.reputation()).takes, { tier: 0, why: /the best/ })
  await approve(world, { from: ada, to: bob, letters: 1 })
  await world.untilEpoch(3)
  for (const device of [ada, bob]) await world.settledIn(device)
  await world.untilEpoch(5)
  await world.settledIn(ada)
  const { tier, takes, passes, names } = await ada.mailbox.reputation()
  t.equal(tier, 1)
  t.match(takes, { tier: 0, why: /at tier 1 stood 1 in epoch 4 .*`hideAmong`/ })
  t.match(names, [
    { label: 'default', takes: { tier: 1, why: /verdicts on its own letters/ } },
    { label: 'shop', takes: { tier: 0, why: /at tier 1 stood 1/ } },
  ])
  t.same(
    passes.map((pass) => [pass.label, pass.epoch, pass.tier]),
    [
      ['default', 5, 1],
      ['shop', 5, 0],
    ],
  )
})
