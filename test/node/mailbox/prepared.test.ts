/** A message that was quoted is sent as it was sealed for that; what is kept for it is bounded, and good once. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { type Test, test } from 'tap'
import { createMailbox, type Mailbox } from '../../../node/daemon/mailbox.ts'
import { usualHabit } from '../../../node/keys/keystore.ts'
import type { Prepared } from '../../../node/mailbox/prepare.ts'
import {
  createPreparedMessages,
  keptBytesMax,
  keptMax,
  keptMs,
  messageOrHandle,
} from '../../../node/mailbox/prepared.ts'
import type { LetterReader } from '../../../node/letter/reader.ts'
import { seededRandom } from '../../../node/simulated/seeded-random.ts'
import { costOf } from '../../../protocol/custody.ts'
import type { Device, Devices } from '../../kit/devices.ts'
import { seedOf } from '../../kit/fixtures.ts'
import { meeting } from '../../kit/meeting.ts'
import { plainReader } from '../../kit/plain-reader.ts'

/** A sealed message of so many bytes, of which only its size counts. */
const messageOf = (bytes: number): Prepared => ({
  own: {
    index: 0,
    label: 'default',
    address: new Uint8Array(20),
    text: '',
    generation: 0,
    retired: false,
    habit: usualHabit,
  },
  recipients: [],
  sealKeys: [],
  packed: new Uint8Array(bytes - 1),
  contentBytes: bytes,
  sealed: {
    messageId: new Uint8Array(32),
    envelopeBytes: new Uint8Array(1),
    envelopeHash: new Uint8Array(32),
    sizeClass: 0,
    lockKey: new Uint8Array(32),
  },
  lifetimeDays: 30,
  automatic: false,
  asked: { request: new Uint8Array(32), byMessageId: undefined },
})

function keepIn(t: Test) {
  let now = 1_000
  const kept = createPreparedMessages({ clock: { now: () => now }, random: seededRandom(seedOf(t.name), 'handles') })
  const pass = (ms: number): void => {
    now += ms
  }
  return { ...kept, pass }
}

test('a handle is good once, and only for the message that it was given for', async (t) => {
  const { keep, take } = keepIn(t)
  const [one, other] = [messageOf(10), messageOf(10)]
  const handles = [keep(one), keep(other)]
  t.match(handles[0], /^[0-9a-f]{32}$/)
  t.not(handles[0], handles[1])
  t.equal(take('00'.repeat(16)), undefined)
  t.equal(take(handles[1]!), other)
  t.equal(take(handles[1]!), undefined, 'once')
  t.equal(take(handles[0]!), one)
})

test('what is kept is a few messages, a few bytes, and for a while', async (t) => {
  const { keep, take, pass } = keepIn(t)
  const small = Array.from({ length: keptMax + 3 }, () => messageOf(10))
  const handles = small.map(keep)
  t.same(
    handles.map((handle) => take(handle) !== undefined),
    small.map((_, at) => at >= 3),
    'the oldest go',
  )
  const large = Math.ceil(keptBytesMax / 3)
  const heavy = [large, large, large].map((bytes) => keep(messageOf(bytes)))
  t.same(
    heavy.map((handle) => take(handle) !== undefined),
    [false, true, true],
  )
  const early = keep(messageOf(10))
  t.equal(take(keep(messageOf(keptBytesMax + 1))), undefined, 'one that is too large is not kept')
  t.equal(take(early), undefined)

  const [first, second] = [keep(messageOf(10)), keep(messageOf(10))]
  pass(keptMs - 1)
  t.ok(take(first))
  pass(1)
  t.equal(take(second), undefined, 'it is past its time')
})

test('a request has a message or a handle, and not both', async (t) => {
  const message = { to: ['anna'], raw: 'YQ==', refuseAbove: '7' }
  t.same(messageOrHandle(message), { to: ['anna'], raw: 'YQ==' })
  t.same(messageOrHandle({ ...message, from: 'shop', lifetimeDays: 7 }), {
    from: 'shop',
    to: ['anna'],
    raw: 'YQ==',
    lifetimeDays: 7,
  })
  t.equal(messageOrHandle({ prepared: 'ab', refuseAbove: '7' }), 'ab')
  const refused = (sentence: RegExp) => ({ code: 'bad-request', message: sentence })
  for (const both of [message, { raw: '' }, { to: ['anna'] }, { from: 'shop' }, { lifetimeDays: 7 }])
    t.throws(() => messageOrHandle({ ...both, prepared: 'ab' }), refused(/not both\.$/))
  for (const none of [{}, { refuseAbove: '7' }, { to: ['anna'] }, { raw: 'YQ==' }])
    t.throws(() => messageOrHandle(none), refused(/has no message\. Give the message/))
})

/** Ada, whose mailbox counts how often it sealed, and Bob; both are registered. */
async function correspondents(t: Test) {
  const { world, ada: device, bob } = await meeting(t)
  await device.mailbox.stop()
  const { mailbox, sealings } = await countingMailbox(device)
  return { world, device, mailbox, sealings, bob }
}

/** Another mailbox over the node of a device. */
async function countingMailbox({ node, wallet }: Device) {
  const plain = plainReader(node.seams.random)
  let sealings = 0
  const reader: LetterReader = {
    ...plain,
    seal(letter) {
      sealings++
      return plain.seal(letter)
    },
  }
  const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
  const mailbox = await createMailbox({ node, wallet, logger, reader, hideAmong: 1, emit: () => undefined })
  return { mailbox, sealings: () => sealings }
}

const raw = Buffer.from('Subject: once\r\n\r\nSealed once.\r\n').toString('base64')

const readable = (world: Devices, mailbox: Mailbox, id: string) =>
  world.until(
    'it can be read',
    async () =>
      (await mailbox.messages({ folder: 'inbox' })).some((letter) => letter.id === id && letter.state === 'released'),
    60_000,
  )

test('a quoted message is sealed once, and arrives as it was sealed for the quote', async (t) => {
  const { world, device, mailbox, sealings, bob } = await correspondents(t)
  const to = [bob.wallet.own[0]!.text]
  const { prepared, refusal, alreadySent, ...price } = await mailbox.quote({ to, raw })
  t.equal(refusal, null)
  t.equal(alreadySent, null)
  t.equal(sealings(), 1)
  const { message, quote } = await mailbox.send({ prepared, refuseAbove: price.feeMax })
  t.equal(sealings(), 1, 'sent as it was sealed')
  t.same(quote, price, 'priced anew, and nothing came in between')
  const id = Buffer.from(message.id, 'hex')
  const waiting = device.node.pending.list().find(({ message: waits }) => waits && bytesToHex(waits) === message.id)
  t.equal(
    costOf(waiting!.money),
    BigInt(price.fee) + BigInt(price.inclusionFee),
    'it pays what was quoted, to the unit',
  )
  t.equal(price.feeMax, price.fee, 'nothing on top')
  t.equal(Number(waiting?.op.expiry), price.holdsUntil, 'what is signed expires when the price ceases to hold')
  t.ok(await device.node.envelopes.get(id))
  await readable(world, bob.mailbox, message.id)
  t.equal((await bob.mailbox.message({ id: message.id })).raw, raw)
  const used = { code: 'not-found', message: /send the message itself\.$/ }
  const again = await Promise.all([mailbox.send({ prepared }), mailbox.send({ prepared, idempotencyKey: 'any' })])
  for (const { repeated, message: known } of again)
    t.match({ id: known.id, repeated }, { id: message.id, repeated: true }, 'a handle is good once')
  await t.rejects(mailbox.send({ prepared: 'ab'.repeat(16) }), used)
  await t.rejects(mailbox.send({ prepared, raw }), { code: 'bad-request' })
  t.not((await mailbox.send({ to, raw })).message.id, message.id, 'the message itself is sealed again')
  t.equal(sealings(), 2)
})

test('a price that rose since the quote is the one that is paid, or refused', async (t) => {
  const { world, device, mailbox, bob } = await correspondents(t)
  const to = [bob.wallet.own[0]!.text]
  const { opId } = await bob.mailbox.send({ to: [device.wallet.own[0]!.text], raw })
  await world.until('he wrote', async () => (await bob.mailbox.operation({ opId })).state === 'settled')
  const quotes = []
  for (let left = 3; left > 0; left--) quotes.push(await mailbox.quote({ to, raw }))
  const [first, second, third] = quotes
  t.equal(first!.fee, third!.fee)
  const sent = await mailbox.send({ prepared: first!.prepared })
  t.equal(sent.quote.fee, first!.fee)
  t.equal((await mailbox.send({ prepared: second!.prepared })).quote.fee, second!.fee, 'his letter pays for two')
  const refused = mailbox.send({ prepared: third!.prepared, refuseAbove: third!.fee })
  await t.rejects(refused, { code: 'over-maximum' }, 'nothing above what was agreed to')
  const risen = await mailbox.send({ to, raw })
  t.ok(BigInt(risen.quote.fee) > BigInt(third!.fee), 'a third is one to a stranger')
})

test('what would be sealed otherwise by now is not sent by its handle', async (t) => {
  const { world, mailbox, bob } = await correspondents(t)
  const to = [bob.wallet.own[0]!.text]
  const expired = await mailbox.quote({ to, raw })
  await world.pass(keptMs)
  await t.rejects(mailbox.send({ prepared: expired.prepared }), { code: 'not-found' }, 'too long ago')

  const quoted = await mailbox.quote({ to, raw })
  const { opId } = await bob.mailbox.rekey({ address: to[0]! })
  await world.until('bob has new keys', async () => (await bob.mailbox.operation({ opId })).state === 'settled', 60_000)
  await world.pass(5_000)
  await t.rejects(mailbox.send({ prepared: quoted.prepared }), { code: 'not-found' }, 'sealed to an old key')
  const { message } = await mailbox.send({ to, raw })
  await readable(world, bob.mailbox, message.id)

  const last = await mailbox.quote({ to, raw })
  await mailbox.retirePseudonym({ address: 'default' })
  await t.rejects(mailbox.send({ prepared: last.prepared }), { code: 'not-found' }, 'its pseudonym is retired')
  await t.rejects(mailbox.send({ from: 'default', to, raw }), { message: /is retired/ })
})

test('letters are listed by the time of their batch; nothing, and nobody twice, is not quoted', async (t) => {
  const { world, mailbox, bob } = await correspondents(t)
  const to = [bob.wallet.own[0]!.text]
  const ids: string[] = []
  for (const year of [2099, 2019]) {
    const dated = Buffer.from(`Date: Thu, 01 Jan ${year} 00:00:00 +0000\r\nSubject: x\r\n\r\nx`).toString('base64')
    const { message } = await mailbox.send({ to, raw: dated })
    t.equal(message.settledAt, null)
    await readable(world, bob.mailbox, message.id)
    ids.unshift(message.id)
  }
  const came = await bob.mailbox.messages({ folder: 'inbox' })
  t.same(
    came.map(({ id }) => id),
    ids,
  )
  for (const { settledAt, batchHeight } of came)
    t.equal(settledAt, Number((await bob.node.store.batch(BigInt(batchHeight!)))!.sealed.header.time))
  await t.rejects(mailbox.quote({ to: [...to, ...to], raw }), { code: 'recipient-repeated' })
  for (const blank of ['', Buffer.from(' \r\n').toString('base64')])
    await t.rejects(mailbox.quote({ to, raw: blank }), { code: 'empty' })
})
