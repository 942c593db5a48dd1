/** A letter that is asked for twice is sent and paid once, whatever comes in between; one that went nowhere is sent again. */
import { type Test, test } from 'tap'
import type { Letter, SentUnder } from '../../../node/mailbox/cabinet.ts'
import { askedOf, createSentOnce, keptAfterMs } from '../../../node/mailbox/sent-once.ts'
import type { Price } from '../../../node/priced.ts'
import type { Reference } from '../../../protocol/state.ts'
import { SignedOp } from '../../../protocol/wire.ts'
import { createDevices, type Device, type Devices } from '../../kit/devices.ts'
import { ada, bob, fetchedOf, genesis } from '../../kit/fixtures.ts'
import { headAt, letter as written, nonceAt, settledState, unsettled } from '../../kit/retrying.ts'
import { honestProofs } from '../../kit/honest-proofs.ts'
import { emptyCabinet, listOf } from './layouts.ts'

const linesOf = (...lines: readonly string[]): Buffer => Buffer.from(`${lines.join('\r\n')}\r\n`)
const raw = (...lines: readonly string[]): string => linesOf(...lines).toString('base64')
/** A letter with an id of its own. */
const letter = raw('Message-ID: <7@invoices.example>', 'Subject: Invoice 7', '', 'Please pay.')

type People = { world: Devices; host: Device; ada: Device; bob: string; carl: string; carlsHome: Device }

/** Ada, who writes, and whom she writes to; all are registered. */
async function peopleOf(t: Test, how: { beforeWrite?: () => void } = {}): Promise<People> {
  const people = ['olga', 'ada', 'bob', 'carl']
  const changes = { batchIntervalMs: 500, expiryMaxMs: 60_000 }
  const world = await createDevices(t, { people, funds: 10_000_000n, changes, proofs: honestProofs })
  const host = await world.start('host')
  const [ada, bob, carl] = await Promise.all(
    ['ada', 'bob', 'carl'].map((name) => world.start(name, { of: name, ...(name === 'ada' && how) })),
  )
  for (const { mailbox } of [ada!, bob!, carl!])
    await world.until('all are registered', async () => (await mailbox.pseudonyms())[0]!.registered, 120_000)
  const addressOf = ({ wallet }: Device): string => wallet.own[0]!.text
  return { world, host, ada: ada!, bob: addressOf(bob!), carl: addressOf(carl!), carlsHome: carl! }
}

/** How many letters of Ada's the batches have. */
async function sendsOf({ host: { node }, ada: { wallet } }: People): Promise<number> {
  let sends = 0
  for await (const { ops } of node.store.batches(1n))
    for (const bytes of ops) {
      const { op } = SignedOp.decode(bytes)
      if (op.action.TAG === 'send' && wallet.find(op.account)) sends++
    }
  return sends
}

const endOf = ({ world, ada: { mailbox } }: People, id: string): Promise<void> =>
  world.until('it has ended', async () => (await mailbox.summary({ id })).state !== 'submitted', 300_000)

test('the same letter to the same people is sent once, and answered as it was first', async (t) => {
  const people = await peopleOf(t)
  const { world, ada, bob, carl } = people
  const { mailbox } = ada
  const to = [bob, carl]
  const first = await mailbox.send({ to, raw: letter })
  t.equal(first.repeated, false)
  t.strictSame(await mailbox.send({ to: [carl, bob], raw: letter }), { ...first, repeated: true }, 'at once')
  await endOf(people, first.message.id)
  const { balance } = (await mailbox.pseudonyms())[0]!
  const again = await mailbox.send({ to, raw: letter, refuseAbove: '0' })
  t.match(again, { opId: first.opId, quote: first.quote, repeated: true, message: { id: first.message.id } })
  t.not(again.message.state, 'submitted', 'with what became of it')
  const quote = await mailbox.quote({ to, raw: letter })
  t.match(quote.alreadySent, { message: { id: first.message.id }, repeated: true })
  t.equal(quote.refusal, null)
  t.equal((await mailbox.send({ prepared: quote.prepared })).message.id, first.message.id, 'nor by a handle')
  await world.pass(10_000)
  t.equal((await mailbox.pseudonyms())[0]!.balance, balance, 'nothing more was paid')
  t.equal((await mailbox.messages({ folder: 'sent' })).length, 1)

  t.equal((await mailbox.send({ to: [bob], raw: letter })).repeated, false, 'to other people it is another letter')
  const purposely = { to, raw: letter, again: true }
  t.equal((await mailbox.quote(purposely)).alreadySent, null)
  const second = await mailbox.send(purposely)
  t.equal(second.repeated, false, 'sent again on purpose')
  t.equal((await mailbox.send({ to, raw: letter })).message.id, second.message.id, 'which is the one that is known now')
  await endOf(people, second.message.id)
  t.equal(await sendsOf(people), 3)
})

test('another letter under the same id or key is refused, and one without an id is a letter each time', async (t) => {
  const { ada, bob, carl, world } = await peopleOf(t)
  const { mailbox } = ada
  const to = [bob]
  const { request, address: from } = await mailbox.createPseudonym({ label: 'shop' })
  await mailbox.sponsor({ request, amount: '1000000' })
  const shop = async () => (await mailbox.pseudonyms()).find(({ label }) => label === 'shop')
  await world.until('it is registered', async () => (await shop())!.registered)
  const { message } = await mailbox.send({ to, raw: letter })
  const said = ['Message-ID: <7@invoices.example>', 'Subject: Invoice 7', '', 'Please pay.'] as const
  const others = {
    'another text': { raw: raw(...said, 'Now.') },
    'another subject': { raw: raw(said[0], 'Subject: Invoice 8', '', said[3]) },
    'another sender': { from },
    'another lifetime': { lifetimeDays: 90 },
    'by a program': { automatic: true },
  }
  const reused = { code: 'key-reused', message: new RegExp(message.id.slice(0, 12)) }
  for (const [what, other] of Object.entries(others)) {
    await t.rejects(mailbox.send({ to, raw: letter, ...other }), reused, what)
    const { refusal, alreadySent } = await mailbox.quote({ to, raw: letter, ...other })
    t.match(refusal, { code: 'key-reused' }, what)
    t.equal(alreadySent, null)
  }
  const dated = raw(said[0], 'Date: Mon, 01 Jan 2029 00:00:00 +0000', ...said.slice(1))
  t.equal((await mailbox.send({ to, raw: dated })).repeated, true, 'when it was written is no difference')

  const plain = { to, raw: raw('Subject: ping', '', 'Are you there?') }
  const pings = [await mailbox.send(plain), await mailbox.send(plain)]
  t.not(pings[0]!.message.id, pings[1]!.message.id, 'no id, no key')
  const idempotencyKey = 'ping of Monday'
  const keyed = await mailbox.send({ ...plain, idempotencyKey })
  t.equal(keyed.repeated, false)
  for (const same of [plain, { to, raw: raw('Subject: ping', 'Message-ID: <new@each.time>', '', 'Are you there?') }])
    t.equal((await mailbox.send({ ...same, idempotencyKey })).message.id, keyed.message.id)
  for (const other of [{ to: [bob, carl] }, { raw: raw('Subject: pong', '', 'x') }, { from }])
    await t.rejects(mailbox.send({ ...plain, ...other, idempotencyKey }), { code: 'key-reused' })
  await t.rejects(mailbox.send({ ...plain, idempotencyKey, again: true }), { code: 'bad-request', message: /not both/ })

  const both = { to: [carl], raw: letter, idempotencyKey: 'a key beside an id' }
  const { message: once } = await mailbox.send(both)
  t.equal((await mailbox.send({ to: [carl], raw: letter })).message.id, once.id, 'it is known by its id, too')
})

test('many who ask for one letter at one moment get one', async (t) => {
  const people = await peopleOf(t)
  const { mailbox } = people.ada
  const to = [people.bob]
  const asked = { to, raw: raw('Subject: at once', '', 'x'), idempotencyKey: 'at once' }
  const answers = await Promise.all(Array.from({ length: 8 }, () => mailbox.send(asked)))
  t.equal(new Set(answers.map(({ message }) => message.id)).size, 1)
  t.equal(answers.filter(({ repeated }) => !repeated).length, 1)
  const other = await Promise.allSettled(
    ['a', 'b'].map((text) => mailbox.send({ ...asked, raw: raw('', text), idempotencyKey: 'one of two' })),
  )
  t.same(other.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  const { prepared } = await mailbox.quote({ to, raw: raw('Subject: by a handle', '', 'x') })
  const [one, two] = await Promise.all([1, 2].map(() => mailbox.send({ prepared, again: true })))
  t.match([one!.repeated, two!.repeated], [false, true])
  t.equal(two!.message.id, one!.message.id, 'what was quoted goes once, whatever is said')
  await endOf(people, one!.message.id)
  await people.world.pass(10_000)
  t.equal(await sendsOf(people), 3)
})

test('whichever write of a disk fails, a letter that is asked for again is paid once', async (t) => {
  let left = Infinity
  const beforeWrite = (): void => {
    if (left-- <= 0) throw new Error('no space left')
  }
  const people = await peopleOf(t, { beforeWrite })
  const { mailbox } = people.ada
  const ids = new Set<string>()
  for (let [writes, isSent] = [0, false]; !isSent; writes++) {
    const asked = { to: [people.bob], raw: raw('Subject: x', '', 'x'), idempotencyKey: `after ${writes}` }
    left = writes
    isSent = await mailbox.send(asked).then(
      () => true,
      () => false,
    )
    left = Infinity
    const { message } = await mailbox.send(asked)
    ids.add(message.id)
    await endOf(people, message.id)
  }
  t.ok(ids.size > 1, 'there was a write')
  await people.world.pass(10_000)
  t.equal(await sendsOf(people), ids.size)
})

test('a letter that was refused is sent again once it cannot be settled any more', async (t) => {
  const people = await peopleOf(t)
  const { world, ada, bob, carlsHome: carl } = people
  const { mailbox } = ada
  world.simulation.cut(['ada'])
  const first = await mailbox.send({ to: [bob], raw: letter })
  // Another home of hers takes its nonce, and leaves too little for it.
  const copy = await world.start('copy', { of: 'ada' })
  const own = async () => (await copy.mailbox.pseudonyms())[0]!
  const spare = async () => BigInt((await own()).balance)
  await world.until('it is there', async () => (await own()).registered, 120_000)
  await copy.mailbox.transfer({ to: people.carl, amount: String((await spare()) - 500n) })
  await world.until('that is paid', async () => (await spare()) < 1_000n, 60_000)
  world.simulation.heal()
  await endOf(people, first.message.id)
  t.match(await mailbox.summary(first.message), { state: 'refused', note: /balance/ })
  await carl.mailbox.transfer({ to: first.message.own, amount: '1000000' })
  await world.until('there is enough', async () => (await spare()) > 1_000_000n, 60_000)
  t.match(await mailbox.quote({ to: [bob], raw: letter }), { alreadySent: null, refusal: null })
  const second = await mailbox.send({ to: [bob], raw: letter })
  t.equal(second.repeated, false)
  t.not(second.message.id, first.message.id)
  await endOf(people, second.message.id)
  t.not((await mailbox.summary(second.message)).state, 'refused')
  t.equal((await mailbox.send({ to: [bob], raw: letter })).message.id, second.message.id)
})

const form = written.first
const asked = askedOf({
  own: ada.address,
  recipients: [bob.address],
  content: linesOf('Message-ID: <7@invoices.example>', '', 'x'),
  lifetimeDays: 30,
  automatic: false,
})
const price = { holdsUntil: Number(form.op.expiry) } as Price

/** What was sent once by Ada, on an empty disk, with a ledger that is as it is said. */
function once({ state = unsettled, time = genesis.time }: { state?: typeof unsettled; time?: bigint } = {}) {
  const { cabinet } = emptyCabinet()
  const clock = { time }
  const replica = {
    get head() {
      return headAt(clock.time)
    },
    view: async (references: readonly Reference[]) => fetchedOf(state, references),
  }
  const opened = () =>
    createSentOnce({
      replica,
      cabinet,
      summaries: async (letters) => letters.map(({ id }) => ({ id }) as never),
    })
  const sentOnce = opened()
  const put = async (letterState: Letter['state']): Promise<void> => {
    const { id: op, message, bytes } = form
    const own = ada.address
    await cabinet.write([
      ...cabinet.putLetter({ ...sent, id: message!, own, state: letterState }),
      ...cabinet.putOutgoing(written.outgoing(form, { state: 'refused', bytes })),
      ...(await sentOnce.keeping({ asked }))({ message: message!, own, op, price }),
    ])
  }
  return { cabinet, clock, sentOnce, opened, put }
}

const sent: Letter = {
  ...{ id: new Uint8Array(32), folder: 'sent', state: 'submitted', note: '', sender: ada.address, own: ada.address },
  ...{ recipients: [bob.address], subject: '', date: 0n, bytes: 1, height: undefined, opId: form.id, amount: 1n },
  verdict: undefined,
}

test('while what was refused may be settled elsewhere, nothing else is sent in its place', async (t) => {
  const { nonce, expiry } = form.op
  const doubt = { code: 'in-doubt', message: /may still be settled elsewhere/ }
  const by = (number: bigint, own = ada.address) => ({ own, nonce: number })
  const early = once()
  await early.put('refused')
  t.equal(await early.sentOnce.before({ asked }), undefined, 'it is no answer')
  await t.rejects(early.sentOnce.checkFree({ asked }, by(nonce + 1n)), doubt, 'both could be settled')
  await early.sentOnce.checkFree({ asked }, by(nonce))
  await t.rejects(early.sentOnce.checkFree({ asked }, by(nonce, bob.address)), doubt, 'another’s nonce is no such')
  await early.sentOnce.checkFree({ asked, again: true }, by(nonce + 1n))
  await early.sentOnce.checkFree({ asked, idempotencyKey: 'another' }, by(nonce + 1n))

  for (const [what, how] of [
    ['its nonce is used', { state: nonceAt(nonce + 1n) }],
    ['its time is over', { time: expiry + 1n }],
  ] as const) {
    const { sentOnce, put } = once(how)
    await put('refused')
    await sentOnce.checkFree({ asked }, by(nonce + 1n))
    t.pass(what)
  }
  const late = once({ state: settledState, time: expiry + 1n })
  await late.put('refused')
  await t.rejects(late.sentOnce.checkFree({ asked }, by(nonce)), doubt, 'settled, which the mailbox has not read yet')
  const under = once()
  await under.put('submitted')
  await t.rejects(under.sentOnce.checkFree({ asked }, by(nonce)), doubt)
})

test('a key is kept until a week after what was signed expires, and as long as its letter is on its way', async (t) => {
  for (const state of ['settled', 'submitted'] as const) {
    const { cabinet, clock, opened, put, sentOnce } = once()
    await put(state)
    const count = async () => (await listOf(cabinet.allSentUnder())).length
    const isKnown = async () => (await opened().before({ asked })) !== undefined
    await sentOnce.sweep()
    clock.time = form.op.expiry + keptAfterMs - 1n
    await sentOnce.sweep()
    t.ok((await isKnown()) && (await count()) === 1, 'a moment before')
    clock.time++
    t.equal(await isKnown(), state === 'submitted')
    await sentOnce.sweep()
    t.equal(await count(), 1, 'it is looked after once an hour')
    clock.time += 3_600_000n
    await sentOnce.sweep()
    t.equal(await count(), state === 'submitted' ? 1 : 0, state)
    t.equal(await isKnown(), state === 'submitted')
  }
})

test('what was signed again long after it was sent is known for a week from then on', async (t) => {
  const expiry = genesis.time + 3n * keptAfterMs
  const { cabinet, clock, put, opened } = once({ time: expiry + keptAfterMs - 1n })
  await put('settled')
  const again = SignedOp.decode(written.again.bytes)
  const bytes = SignedOp.encode({ ...again, op: { ...again.op, expiry } })
  const { id } = written.again
  await cabinet.write([
    ...cabinet.putOutgoing(written.outgoing(written.again, { bytes, state: 'settled' })),
    cabinet.putForms([form.id, id]),
  ])
  const count = async () => (await listOf(cabinet.allSentUnder())).length
  await opened().sweep()
  t.ok(await opened().before({ asked }))
  t.equal(await count(), 1)
  clock.time++
  t.equal(await opened().before({ asked }), undefined)
  await opened().sweep()
  t.equal(await count(), 0)
})

test('however many letters are sent, each is known for its time', async (t) => {
  const { cabinet, clock, put, opened } = once()
  await put('settled')
  const [first] = await listOf(cabinet.allSentUnder())
  const others = Array.from({ length: 20_000 }, (_, at): SentUnder => {
    const bytes = new Uint8Array(32)
    new DataView(bytes.buffer).setUint32(0, at + 1)
    return { ...first!, key: bytes, message: bytes, until: first!.until + 1n }
  })
  await cabinet.write(others.map(cabinet.putSentUnder))
  await opened().sweep()
  t.ok(await opened().before({ asked }), 'the oldest of all')
  t.equal((await listOf(cabinet.allSentUnder())).length, others.length + 1)
  clock.time = first!.until
  await opened().sweep()
  t.equal((await listOf(cabinet.allSentUnder())).length, others.length)
})

test('what was sent under a key is its answer again where what took its place is refused', async (t) => {
  const { cabinet, sentOnce } = once()
  const own = ada.address
  const idOf = (number: number) => new Uint8Array(32).fill(number)
  const become = (number: number, state: Letter['state']) =>
    cabinet.write(cabinet.putLetter({ ...sent, id: idOf(number), state }))
  const send = async (number: number, wish: Parameters<typeof sentOnce.keeping>[0]): Promise<void> => {
    const kept = await sentOnce.keeping(wish)
    await cabinet.write([
      ...cabinet.putOutgoing(written.outgoing(form, { state: 'refused', bytes: form.bytes })),
      ...kept({ message: idOf(number), own, op: form.id, price }),
    ])
    await become(number, 'submitted')
  }
  const answer = async (wish: Parameters<typeof sentOnce.before>[0] = { asked }) =>
    (await sentOnce.before(wish))?.message.id as unknown
  const again = { asked, again: true }
  await send(1, { asked })
  await send(2, again)
  await send(3, again)
  for (const number of [3, 2, 1]) {
    t.strictSame(await answer(), idOf(number), `the one of number ${number}`)
    await become(number, 'refused')
  }
  t.equal(await answer(), undefined, 'nothing was sent')
  const free = { own, nonce: form.op.nonce + 1n }
  await t.rejects(sentOnce.checkFree({ asked }, free), { code: 'in-doubt' }, 'any of them may be settled elsewhere')
  await become(1, 'submitted')
  t.strictSame(await answer(), idOf(1))

  await become(1, 'settled')
  await send(4, again)
  await become(4, 'settled')
  await send(5, again)
  await become(5, 'refused')
  t.strictSame(await answer(), idOf(4), 'paid once, and on purpose twice')

  const content = linesOf('Message-ID: <7@invoices.example>', '', 'another under the same id')
  const other = { own, recipients: [bob.address], content, lifetimeDays: 30, automatic: false }
  const keyed = { asked: askedOf(other), idempotencyKey: 'a key of its own' }
  await send(6, keyed)
  t.strictSame(await answer(keyed), idOf(6))
  t.strictSame(await answer({ asked: keyed.asked }), idOf(6))
  t.strictSame(await answer(), idOf(4), 'the first is known as before')
  await become(6, 'refused')
  t.strictSame(await answer(), idOf(4))
})
