/** Giving back, from mailbox to mailbox: who gets what, what both of them see of it, and that it is held under a day's limit. */
import { test } from 'tap'
import type { Mailbox } from '../../../node/daemon/mailbox.ts'
import { createWorld, type Running } from '../../kit/nodes.ts'
import { until } from '../../kit/patience.ts'

test('what a message brought goes back, with a verdict or by itself, once', async (t) => {
  const world = await createWorld(t, {
    people: ['ada', 'bob'],
    keepers: 1,
    threshold: 1,
    changes: { batchIntervalMs: 20 },
  })
  await world.start('host', { hosts: true, keeps: 0 })
  const adas = await world.start('ada', { reads: world.person('ada') })
  const bobs = await world.start('bob', { reads: world.person('bob'), spendPerDay: 15_000n })
  for (const { mailbox, name } of [adas, bobs])
    await until(`${name} is registered`, async () => (await mailbox!.pseudonyms())[0]!.registered)
  const [ada, bob] = [world.person('ada').text, world.person('bob').text]
  const heightOf = ({ node }: Running) => node.replica.head.sealed.header.height
  await until('ada knows bob', () => heightOf(adas) >= heightOf(bobs))

  const letter = async (text: string) => {
    const { message } = await adas.mailbox!.send({ to: [bob], raw: Buffer.from(text).toString('base64') })
    await until('bob can read it', async () => (await inboxOf(bobs, message.id))?.state === 'released')
    return (await inboxOf(bobs, message.id))!
  }
  const [judged, later] = [await letter('one'), await letter('two')]
  const before = BigInt((await adas.mailbox!.pseudonyms())[0]!.balance)

  await settled(bobs, await bobs.mailbox!.ack({ id: judged.id, verdict: 'value', giveBack: judged.amount }))
  const over = { code: 'over-daily-limit' }
  await t.rejects(bobs.mailbox!.giveBack({ id: later.id, amount: later.amount }), over, 'as any payment is')
  await settled(bobs, await bobs.mailbox!.giveBack({ id: later.id, amount: '1' }))
  for (const amount of ['1', later.amount])
    await t.rejects(bobs.mailbox!.giveBack({ id: later.id, amount }), { code: 'give-back-repeated' })
  await t.rejects(bobs.mailbox!.giveBack({ id: later.id, amount: '0' }), { code: 'bad-request' })
  await t.rejects(adas.mailbox!.giveBack({ id: later.id, amount: '1' }), { code: 'not-recipient' })

  const given = [
    [judged.id, judged.amount, /^the reader said: value, and gave back [\d.]+ test$/],
    [later.id, '1', /^the reader gave back 0\.001 test$/],
  ] as const
  for (const [id, amount, note] of given) {
    await until('ada sees it', async () => note.test((await adas.mailbox!.summary({ id })).note))
    t.strictSame((await adas.mailbox!.summary({ id })).givenBack, [{ by: bob, amount }])
    t.strictSame((await inboxOf(bobs, id))!.givenBack, [{ by: bob, amount }])
  }
  t.equal(BigInt((await adas.mailbox!.pseudonyms())[0]!.balance), before + BigInt(judged.amount) + 1n)
  await adas.mailbox!.setContact({ name: 'bob', address: bob })
  const counts = { received: 2, answered: 0, valued: 1, flagged: 0, givenBack: 1 }
  t.strictSame((await bobs.mailbox!.pseudonyms())[0]!.strangersLetters, counts)
  t.strictSame((await adas.mailbox!.contacts())[0]!.strangersLetters, counts)

  const { opId } = await bobs.mailbox!.send({ to: [ada], raw: Buffer.from('three').toString('base64') })
  await settled(bobs, { opId })
  t.strictSame((await bobs.mailbox!.pseudonyms())[0]!.strangersLetters, { ...counts, answered: 2 })
})

const inboxOf = async ({ mailbox }: Running, id: string) =>
  (await mailbox!.messages({ folder: 'inbox' })).find((summary) => summary.id === id)

const settled = ({ name, mailbox }: Running, { opId }: Pick<Awaited<ReturnType<Mailbox['ack']>>, 'opId'>) =>
  until(`${opId.slice(0, 8)} of ${name} is settled`, async () => {
    const { state, note } = await mailbox!.operation({ opId })
    if (state === 'refused') throw new Error(note)
    return state === 'settled'
  })
