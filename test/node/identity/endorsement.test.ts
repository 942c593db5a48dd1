/** A part of one's score for somebody else, in whole daemons: given once, whatever is lost in between, and in time or not at all. */
import { test } from 'tap'
import { approve, createWorld, epochMs, modelOf, near } from '../../kit/household.ts'

test('an endorsement is given once, to somebody else, and in time or not at all', async (t) => {
  const { world, ada, bob } = await createWorld(t)
  await world.start('one')
  await world.untilEpoch(2)
  for (const device of [ada, bob]) await world.settledIn(device)
  const [sent] = await approve(world, { from: ada, to: bob, letters: 3 })
  await t.rejects(ada.mailbox.endorse({ message: sent!, amount: '1' }), { message: /wrote this message yourself/ })
  const [received] = await approve(world, { from: bob, to: ada, letters: 1 })
  await t.rejects(
    ada.mailbox.endorse({ message: received!, amount: '1' }),
    { message: /at most a quarter/ },
    'too poor',
  )
  for (const epoch of [3, 4]) {
    await world.untilEpoch(epoch)
    for (const device of [ada, bob]) await world.settledIn(device)
    await approve(world, { from: ada, to: bob, letters: 3 })
  }
  await t.rejects(
    ada.mailbox.endorse({ message: received!, amount: '1' }),
    { code: 'target-unknown', message: /by your next renewal/ },
    'what was sent under that pass counts no more',
  )
  await world.untilEpoch(5)
  for (const device of [ada, bob]) await world.settledIn(device)
  const [fresh] = await approve(world, { from: bob, to: ada, letters: 1 })
  t.match(await ada.mailbox.endorse({ message: fresh!, amount: '1' }), { note: /the next epoch: you give 1/ })
  // The renewal that would give it is lost with the two nodes that heard of it.
  await world.untilEpoch(6)
  await world.pass(6_000)
  world.simulation.cut(['ada', 'one'])
  const waits = () => ada.node.pending.list().some(({ op }) => op.action.TAG === 'renew')
  await world.until('it is proven', waits, epochMs / 4)
  for (const name of ['ada', 'one']) world.simulation.crash(name)
  world.simulation.heal()
  const again = await world.start('ada', { of: 'ada' })
  await world.settledIn(again)
  t.equal((await again.mailbox.reputation()).folded[0]!.endorsed, '1')
  await world.untilEpoch(7)
  await world.settledIn(again)
  t.equal((await again.mailbox.reputation()).folded[0]!.endorsed, '0', 'and not a second time')
  await world.settledIn(bob)
  const { score } = await bob.mailbox.reputation()
  t.ok(near(score, await modelOf(world, bob, 7)), 'half of it arrived where it was meant to')

  // What is asked for before the renewal of an epoch goes out with it, and not with the next one, too, while it still could.
  world.simulation.crash('ada')
  await world.untilEpoch(8)
  await world.settledIn(bob)
  const raw = Buffer.from('Subject: soon\r\n\r\nHello.\r\n').toString('base64')
  const { message: soon } = await bob.mailbox.send({ to: [ada.wallet.own[0]!.text], raw })
  await world.pass(4_000)
  const back = await world.start('ada', { of: 'ada' })
  const seen = async () => (await back.mailbox.messages({ folder: 'inbox' })).some(({ id }) => id === soon.id)
  await world.until('it is there', seen, 30_000)
  t.match(await back.mailbox.endorse({ message: soon.id, amount: '1' }), { note: /this epoch/ })
  await world.settledIn(back)
  t.equal((await back.mailbox.reputation()).folded[0]!.endorsed, '1')
  await world.untilEpoch(9)
  for (const device of [back, bob]) await world.settledIn(device)
  t.equal((await back.mailbox.reputation()).folded[0]!.endorsed, '0')

  // A wish for which it became too late while nobody was there keeps no renewal.
  const [late] = await approve(world, { from: bob, to: back, letters: 1 })
  t.match(await back.mailbox.endorse({ message: late!, amount: '1' }), { note: /the next epoch/ })
  world.simulation.crash('ada')
  await world.untilEpoch(12)
  const last = await world.start('ada', { of: 'ada' })
  await world.settledIn(last)
  t.equal((await last.mailbox.reputation()).folded[0]!.endorsed, '0')
  t.match(last.said.join('\n'), /an endorsement was not given/)
})
