/** What a person's daemon has on its way: priced and signed in one turn, each paid once, and at most what was said. */
import { type Test, test } from 'tap'
import { equalBytes } from '../../../protocol/codec.ts'
import { costOf } from '../../../protocol/custody.ts'
import { moneyOfOp, type Op, SignedOp } from '../../../protocol/wire.ts'
import { createWorld, type Running, type World } from '../../kit/nodes.ts'
import { until } from '../../kit/patience.ts'

/** Two people who have written to each other, on a network that makes batches as fast as it can. */
async function correspondents(t: Test): Promise<{ world: World; ada: Running; bob: Running }> {
  const world = await createWorld(t, {
    people: ['ada', 'bob'],
    keepers: 1,
    threshold: 1,
    changes: { batchIntervalMs: 20 },
  })
  await world.start('host', { hosts: true, keeps: 0 })
  const ada = await world.start('ada', { reads: world.person('ada') })
  const bob = await world.start('bob', { reads: world.person('bob') })
  for (const { mailbox, name } of [ada, bob])
    await until(`${name} is registered`, async () => (await mailbox!.pseudonyms())[0]!.registered)
  await known(ada, bob)
  for (const [from, to] of [
    [ada, 'bob'],
    [bob, 'ada'],
  ] as const) {
    const { opId } = await post(world, from, { to, text: 'hello' })
    await settled(from, opId)
    await known(from === ada ? bob : ada, from)
  }
  return { world, ada, bob }
}

const post = (
  world: World,
  { mailbox }: Running,
  { to, text, refuseAbove }: { to: string; text: string; refuseAbove?: string },
) =>
  mailbox!.send({
    to: [world.person(to).text],
    raw: Buffer.from(text).toString('base64'),
    ...(refuseAbove !== undefined && { refuseAbove }),
  })

const settled = ({ name, mailbox }: Running, opId: string) =>
  until(`${opId.slice(0, 8)} of ${name} is settled`, async () => {
    const { state, note } = await mailbox!.operation({ opId })
    if (state === 'refused') throw new Error(note)
    return state === 'settled'
  })

/** Wait until one node has seen everything that another has. */
const known = (one: Running, other: Running) =>
  until('both stand at one height', () => {
    const [a, b] = [one, other].map(({ node }) => node.replica.head.sealed.header.height)
    return a! >= b!
  })

test('many letters at once are each priced after the ones before, while batches settle those', async (t) => {
  const { world, ada } = await correspondents(t)
  const before = BigInt((await ada.mailbox!.pseudonyms())[0]!.balance)
  // From an exchange, which costs next to nothing, to a monologue: the price of a letter rises a hundredfold.
  const texts = Array.from({ length: 40 }, (_, number) => `letter ${number}`)
  const sent = await Promise.all(texts.map((text) => post(world, ada, { to: 'bob', text })))
  for (const { opId } of sent) await settled(ada, opId)
  const letters = new Map((await ada.mailbox!.messages({ folder: 'sent' })).map((letter) => [letter.id, letter]))
  const fees = sent.map(({ quote }) => BigInt(quote.fee))
  t.ok(
    fees.some((fee) => fee > 20n * fees[0]!),
    'the price rose on the way',
  )
  let paid = 0n
  for (const { message, opId, quote } of sent) {
    const { amount } = letters.get(message.id)!
    t.equal((await settledOp(ada, opId)).action.TAG, 'send', 'settled as it was first signed')
    t.ok(BigInt(amount) <= BigInt(quote.feeMax), `${amount} was paid, and at most ${quote.feeMax} allowed`)
    // The first of these people is an operator, too.
    paid += BigInt(amount) + BigInt(quote.inclusionFee) - (await shareOf(ada, opId, world.person('ada').address))
  }
  t.equal(BigInt((await ada.mailbox!.pseudonyms())[0]!.balance), before - paid)
})

test('what is signed is the price that was shown, and never one above what somebody named', async (t) => {
  const { world, ada } = await correspondents(t)
  const quote = await ada.mailbox!.quote({
    to: [world.person('bob').text],
    raw: Buffer.from('one of many').toString('base64'),
  })
  const named = { to: 'bob', text: 'one of many', refuseAbove: quote.feeMax }
  const tries = await Promise.allSettled(Array.from({ length: 30 }, () => post(world, ada, named)))
  const sent = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  t.ok(sent.length > 0)
  for (const { opId, quote: priced } of sent) {
    t.ok(BigInt(priced.fee) <= BigInt(quote.feeMax))
    await settled(ada, opId)
    const signed = costOf(moneyOfOp(await settledOp(ada, opId)))
    t.equal(signed, BigInt(priced.fee) + BigInt(priced.inclusionFee), 'to the unit')
  }
  const refused = tries.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  t.equal(refused.length + sent.length, tries.length)
  t.ok(refused.length > 0, 'the price rises above it on the way')
  for (const error of refused) t.match(error, { code: 'over-maximum', message: /ask for a new quote/ })
})

/** What somebody got of the operators' share of a message. */
async function shareOf(at: Running, opId: string, who: Uint8Array): Promise<bigint> {
  const { share } = await settledOp(at, opId)
  return share && equalBytes(share.payee, who) ? share.amount : 0n
}

/** An op as its batch has it, by the id that it was first signed under. */
async function settledOp({ node: { store } }: Running, opId: string): Promise<Op> {
  const { height, index } = (await store.outcome(Buffer.from(opId, 'hex')))!
  for await (const { ops } of store.batches(height)) return SignedOp.decode(ops[index]!).op
  throw new Error('its batch is gone')
}
