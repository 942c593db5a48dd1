/** What letters brought goes back by itself, as its owner says: once, at a moment of its own, over restarts and devices. */
import { type Test, test } from 'tap'
import { encodeAddress } from '../../../protocol/address.ts'
import type { Verdict } from '../../../protocol/words.ts'
import type { Device, Start } from '../../kit/devices.ts'
import { balanceOf, meeting, ownOf } from '../../kit/meeting.ts'

/** A seventh of the epochs of this network, within which everything goes back; and as long again for batches. */
const spanMs = 86_000
const raw = Buffer.from('Subject: hello\r\n\r\nIt is me.\r\n').toString('base64')

/** Ada, who writes, and Bob, who reads as he is set. */
async function correspondence(t: Test, bobs: Start) {
  const { world, host, ada, bob, settled } = await meeting(t, { bob: bobs })
  const bobAs = (name: string) => world.start(name, { of: 'bob', ...bobs })
  const until = (what: string, holds: () => Promise<boolean>) => world.until(what, holds, 5 * spanMs)
  const inboxOf = async (at: Device, id: string) =>
    (await at.mailbox.messages({ folder: 'inbox' })).find((summary) => summary.id === id)
  /** A letter that Bob can read. */
  async function letter(at: Device = bob) {
    const { message } = await ada.mailbox.send({ to: [ownOf(bob).text], raw })
    await until('he can read it', async () => (await inboxOf(at, message.id))?.state === 'released')
    return (await inboxOf(at, message.id))!
  }
  const judge = async (id: string, verdict: Verdict, at = bob) => settled(at, await at.mailbox.ack({ id, verdict }))
  /** What the ledger says went back of a letter. */
  const back = async (id: string) => (await ada.mailbox.summary({ id })).givenBack
  return { world, host, ada, bob, bobAs, until, letter, judge, settled, back, inboxOf }
}

test('what was valued goes back whole, once, at a moment of its own, and is not its owner’s spending', async (t) => {
  const { world, ada, bob, until, letter, settled, back, inboxOf } = await correspondence(t, {
    giveBack: 'valued',
    spendPerDay: 200n,
  })
  const letters = [await letter(), await letter(), await letter(), await letter()]
  const [liked, too, left, flagged] = letters
  const before = await balanceOf(bob)
  const planned = async (id: string, verdict: Verdict) => {
    const op = await bob.mailbox.ack({ id, verdict })
    const { goesBack } = (await inboxOf(bob, id))!
    const now = bob.node.seams.clock.now()
    await settled(bob, op)
    return goesBack === null ? null : goesBack - now
  }
  const waits = [await planned(liked!.id, 'value'), await planned(too!.id, 'value')]
  for (const ms of waits) t.ok(ms! >= 0 && ms! <= spanMs, `${ms}`)
  t.not(waits[0], waits[1], 'each has a moment of its own')
  t.equal(await planned(left!.id, 'abstain'), null)
  t.equal(await planned(flagged!.id, 'spam'), null)

  for (const one of [liked!, too!]) {
    await until('it went back', async () => (await back(one.id)).length > 0)
    t.strictSame(await back(one.id), [{ by: ownOf(bob).text, amount: one.amount }])
  }
  await until('both are done', async () => (await inboxOf(bob, too!.id))!.goesBack === null)
  await world.pass(2 * spanMs)
  for (const { id } of [left!, flagged!]) t.strictSame(await back(id), [])
  const fee = bob.node.context.rules.inclusionFee
  const given = BigInt(liked!.amount) + BigInt(too!.amount)
  t.equal(await balanceOf(bob), before - given - 2n * fee, 'once each')
  t.equal((await ada.mailbox.contacts()).length, 0)
})

test('a restart neither loses nor doubles it, whenever it comes', async (t) => {
  const { world, bob, bobAs, until, letter, judge, back, inboxOf } = await correspondence(t, { giveBack: 'valued' })
  const [first, second] = [await letter(), await letter()]
  await judge(first.id, 'value')
  await judge(second.id, 'value')
  const planned = (await inboxOf(bob, first.id))!.goesBack
  world.simulation.crash('bob')
  const again = await bobAs('bob')
  t.equal((await inboxOf(again, first.id))!.goesBack, planned, 'the same moment')
  // Off while both moments go by.
  world.simulation.crash('bob')
  await world.pass(2 * spanMs)
  t.strictSame([await back(first.id), await back(second.id)], [[], []])
  const late = await bobAs('bob')
  await until('it is signed', async () => late.node.pending.of(ownOf(bob).address).length > 0)
  world.simulation.crash('bob')
  const last = await bobAs('bob')
  for (const { id } of [first, second])
    await until('it went back', async () => (await back(id)).length > 0 && (await inboxOf(last, id))!.goesBack === null)
  const then = await balanceOf(last)
  await world.pass(2 * spanMs)
  t.equal(await balanceOf(last), then)
})

test('by hand and by itself it goes back once in all; a flag cancels it, and so does who says no', async (t) => {
  const { world, ada, bob, until, letter, judge, settled, back, inboxOf } = await correspondence(t, {
    giveBack: 'answered',
  })
  const answer = (id: string, giveBack?: boolean) =>
    bob.mailbox.send({ to: [ownOf(ada).text], raw, answers: id, ...(giveBack !== undefined && { giveBack }) })
  const [byHand, flagged, kept, answered, judged] = [
    await letter(),
    await letter(),
    await letter(),
    await letter(),
    await letter(),
  ]
  await judge(byHand.id, 'value')
  await settled(bob, await bob.mailbox.giveBack({ id: byHand.id, amount: '7' }))
  t.equal((await inboxOf(bob, byHand.id))!.goesBack, null)
  await settled(bob, await answer(flagged.id))
  t.ok((await inboxOf(bob, flagged.id))!.goesBack)
  const flag = await bob.mailbox.ack({ id: flagged.id, verdict: 'spam' })
  t.equal((await inboxOf(bob, flagged.id))!.goesBack, null, 'as it is signed, and not once it is settled')
  await settled(bob, flag)
  await settled(bob, await answer(kept.id, false))
  await settled(bob, await answer(answered.id))
  await settled(bob, await bob.mailbox.ack({ id: judged.id, verdict: 'value', giveBack: judged.amount }))
  await settled(bob, await answer(judged.id))
  await until('the answered one went back', async () => (await back(answered.id)).length > 0)
  await world.pass(2 * spanMs)
  const whole = (amount: string) => [{ by: ownOf(bob).text, amount }]
  t.strictSame(await back(answered.id), whole(answered.amount))
  t.strictSame(await back(byHand.id), whole('7'))
  t.strictSame(await back(judged.id), whole(judged.amount))
  t.strictSame([await back(flagged.id), await back(kept.id)], [[], []])

  const code = 'bad-request'
  await t.rejects(bob.mailbox.send({ to: [ownOf(ada).text], raw, giveBack: true }), { code }, 'of which letter')
  const elsewhere = bob.mailbox.send({ to: [encodeAddress(world.hostKey.subarray(0, 20))], raw, answers: kept.id })
  await t.rejects(elsewhere, { code: 'recipient-unknown' })
  await t.rejects(ada.mailbox.send({ to: [ownOf(bob).text], raw, answers: kept.id }), { code: 'not-recipient' })
})

test('two devices give it back once between them, and what is refused goes back later', async (t) => {
  const { world, ada, bob, bobAs, until, letter, judge, settled, back, inboxOf } = await correspondence(t, {
    giveBack: 'valued',
  })
  const other = await bobAs('bob, elsewhere')
  await until('it has the log', async () => other.node.synced())
  const one = await letter()
  await until('the other has it', async () => (await inboxOf(other, one.id))?.state === 'released')
  await judge(one.id, 'value')
  const asked = { to: [ownOf(ada).text], raw, answers: one.id, giveBack: true }
  await settled(other, await other.mailbox.send(asked))
  // All that he has is gone before either moment comes.
  const { inclusionFee } = bob.node.context.rules
  const all = (await balanceOf(bob)) - inclusionFee
  await settled(bob, await bob.mailbox.transfer({ to: ownOf(ada).text, amount: String(all) }))
  await world.pass(2 * spanMs)
  t.strictSame(await back(one.id), [], 'there is nothing to give it back of')
  await ada.mailbox.transfer({ to: ownOf(bob).text, amount: '500000' })
  await until('it went back', async () => (await back(one.id)).length > 0)
  const done = async (at: Device) => (await inboxOf(at, one.id))!.goesBack === null
  await until('both know', async () => (await done(bob)) && (await done(other)))
  t.strictSame(await back(one.id), [{ by: ownOf(bob).text, amount: one.amount }])
})
