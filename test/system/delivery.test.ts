/** The main job between daemons in processes of their own: what is sent arrives, is paid once, and the books agree. */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { verifyReceiptFile } from '../../node/mailbox/receipts.ts'
import type { Price } from '../../node/priced.ts'
import type { SendRequest } from '../../node/sending.ts'
import type { Summary } from '../../node/service.ts'
import { divideUp, type Rules, timesOne } from '../../protocol/rules.ts'
import { booksOf, complaints, isConserved, isUnique } from '../kit/books.ts'
import { until } from '../kit/patience.ts'
import {
  agreed,
  base64Of,
  bytesOf,
  createProcesses,
  type Daemon,
  letterIn,
  type Processes,
  readable,
  registered,
} from '../kit/processes.ts'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const letter = (subject: string, body: string): string =>
  `From: a@example.org\r\nTo: b@example.org\r\nSubject: ${subject}\r\n\r\n${body}\r\n`
const addressOf = async ({ api }: Daemon): Promise<string> => (await api.pseudonyms())[0]!.address
const balanceOf = async ({ api }: Daemon): Promise<bigint> => BigInt((await api.pseudonyms())[0]!.balance)

/** Send some bytes; says the id of the message. */
async function post(
  from: Daemon,
  to: readonly Daemon[],
  bytes: Uint8Array | string,
  how: Pick<SendRequest, 'refuseAbove' | 'idempotencyKey'> = {},
): Promise<Summary> {
  const addresses = await Promise.all(to.map(addressOf))
  return (await from.api.send({ to: addresses, raw: base64Of(bytes), insist: true, ...how })).message
}

/** What came back to somebody as the operators' share of their own letter. */
async function shareIn(from: Daemon, id: string): Promise<bigint> {
  const { payee, lines } = await from.api.receipt({ id })
  return payee === (await addressOf(from)) ? lines.reduce((sum, { operators }) => sum + BigInt(operators), 0n) : 0n
}

/** Wait until an operation is settled. */
const done = ({ name, api }: Daemon, { opId }: { opId: string }) =>
  until(`an operation of ${name} settles`, async () => (await api.operation({ opId })).state === 'settled')

test('delivery between processes', async (t) => {
  const network = await createProcesses(t, {
    relays: 2,
    people: ['alice', 'bob', 'carol'],
    keepers: ['relay1', 'relay2', 'carol'],
    threshold: 2,
    funds: 100_000_000n,
    // Short, so that what expires on its way is part of the story; the preset's minutes would take minutes.
    changes: { expiryMaxMs: 12_000, clockSkewMs: 2_000 },
    // Balances are held to the unit here, and what goes back by itself does so at any moment.
    settings: { giveBack: 'never' },
  })
  const [relay1, relay2, alice, bob, carol] = ['relay1', 'relay2', 'alice', 'bob', 'carol'].map(network.daemon) as [
    Daemon,
    Daemon,
    Daemon,
    Daemon,
    Daemon,
  ]
  await network.start('relay1', 'relay2', 'alice', 'bob', 'carol')
  await registered(alice, bob, carol)

  await t.test('the reader is away, the sender is killed once the host has it, and it is read all the same', (t) =>
    awayAndKilled(t, { relay1, alice, bob }),
  )
  await t.test('several recipients, large envelopes, and one that is too large', (t) => sizes(t, { alice, bob, carol }))
  await t.test('reply, verdict and receipt', (t) => replyAndReceipt(t, network, { alice, bob }))
  await t.test('a second device from the phrase', (t) => secondDevice(t, network, { alice, bob }))
  await t.test('somebody without funds is sponsored, and replies', (t) => sponsored(t, network, alice))
  await t.test('a grant makes it free, a policy makes it dearer', (t) =>
    grantAndPolicy(t, network, { alice, bob, carol }),
  )
  await t.test('what no mail program should write comes out unchanged', (t) => unchanged(t, bob, alice, malformed))
  const real = samples()
  const rest = { skip: real.length === 0 && 'no samples of real mail here' }
  await t.test('real mails go in and come out unchanged, all in one go', rest, (t) => unchanged(t, bob, alice, real))
  await t.test('the host is away for longer than an expiry', (t) => hostAway(t, { relay1, relay2, alice, bob }))

  await t.test('the books of every daemon agree, and nothing was made or lost', async (t) => {
    const everybody = [relay1, relay2, alice, bob, carol, network.daemon('alice2'), network.daemon('dora')]
    const { height, stateRoot } = await agreed(...everybody)
    for (const daemon of everybody) t.equal(await daemon.stop(), 0, `${daemon.name} stops by itself`)
    for (const { name, home } of everybody) {
      const books = await booksOf(home, network.testnet.file)
      t.equal(String(books.height), height, name)
      t.equal(books.stateRoot, stateRoot)
      t.ok(isConserved(books), `${name}: ${books.minted} − ${books.burned} = ${books.held} + ${books.stamps}`)
      t.ok(isUnique(books.settled), 'no message was settled twice')
      t.ok(isUnique(books.nonces), 'no nonce was used twice')
      t.strictSame(complaints(books), [], 'the doctor finds nothing')
    }
  })
})

async function awayAndKilled(t: Test, { relay1, alice, bob }: Record<'relay1' | 'alice' | 'bob', Daemon>) {
  const to = [await addressOf(bob)]
  t.equal(await bob.stop(), 0)
  const bytes = Buffer.concat([Buffer.from(letter('while you were away', 'ünïcode')), randomBytes(3_000)])
  const before = (await relay1.api.status()).height
  const { message } = await alice.api.send({ to, raw: base64Of(bytes), insist: true })
  await until('the host has it', async () => {
    const { pendingOps, height } = await relay1.api.status()
    return pendingOps > 0 || height !== before
  })
  await alice.kill()
  await until('it is settled', async () => (await relay1.api.status()).height !== before)
  await bob.start()
  t.equal(sha256(await bytesOf(bob, message.id)), sha256(bytes), 'byte for byte')
  const got = await letterIn(bob, 'inbox', message.id, ['opened'])
  t.ok(BigInt(got.amount) > 0n, `it paid him ${got.amount}`)
  await alice.start()
  t.equal((await letterIn(alice, 'sent', message.id, readable)).amount, message.amount, 'and the sender knows')
}

async function sizes(t: Test, { alice, bob, carol }: Record<'alice' | 'bob' | 'carol', Daemon>) {
  const small = Buffer.from(letter('to both of you', 'one text'))
  const medium = Buffer.concat([Buffer.from(letter('a picture', '')), randomBytes(40_000)])
  const large = Buffer.concat([Buffer.from(letter('a film', '')), randomBytes(200 * 1024)])
  const tooLarge = randomBytes(300 * 1024)
  const both = await post(alice, [bob, carol], small)
  const pulled = await post(alice, [bob], medium)
  const film = await post(bob, [carol], large)
  for (const reader of [bob, carol])
    t.equal(sha256(await bytesOf(reader, both.id)), sha256(small), `${reader.name} reads`)
  t.equal(sha256(await bytesOf(bob, pulled.id)), sha256(medium), 'an envelope that does not travel with its operation')
  t.equal(sha256(await bytesOf(carol, film.id)), sha256(large), '200 KiB')
  await t.rejects(post(alice, [bob], tooLarge), { code: 'too-large', message: /\bKiB\b.*\./ })
}

async function replyAndReceipt(t: Test, network: Processes, { alice, bob }: Record<'alice' | 'bob', Daemon>) {
  const question = await post(alice, [bob], letter('question', 'Is this worth it?'))
  await bytesOf(bob, question.id)
  const reply = await post(bob, [alice], letter('Re: question', 'Yes.'))
  t.match((await bytesOf(alice, reply.id)).toString(), 'Yes.')
  const shown = await until('it is taken apart', async () => {
    const letter = await alice.api.shown({ id: reply.id })
    return !letter.damaged && letter
  })
  t.match(shown, { subject: 'Re: question', text: /Yes\./, attachments: [] })
  await done(bob, await bob.api.ack({ id: question.id, verdict: 'value' }))
  t.equal(
    (await letterIn(alice, 'sent', question.id, ['acknowledged'])).verdict,
    'value',
    'the sender sees the verdict',
  )
  await t.rejects(bob.api.ack({ id: question.id, verdict: 'spam' }), { code: 'ack-repeated' }, 'a verdict is final')

  const { receipt, verified, lines } = await alice.api.receipt({ id: question.id })
  t.ok(verified)
  t.ok(lines[0]!.factors.length > 0)
  const bytes = Buffer.from(receipt, 'base64')
  const proved = verifyReceiptFile(network.testnet.file, bytes)
  t.match(proved, { verified: true, messageId: question.id }, 'verifies with the network’s file alone')
  const believed = [...bytes.keys()].filter((at) => {
    const tampered = Buffer.from(bytes)
    tampered[at]! ^= 1
    return verifyReceiptFile(network.testnet.file, tampered).verified
  })
  t.strictSame(believed, [], `none of ${bytes.length} receipts with one bit turned verifies`)
  t.equal((await bob.api.receipt({ id: question.id })).receipt, receipt, 'the reader has the same')
}

async function secondDevice(t: Test, network: Processes, { alice, bob }: Record<'alice' | 'bob', Daemon>) {
  const { phrase } = network.testnet.people.find(({ name }) => name === 'alice')!
  const second = await network.newcomer({ name: 'alice2', role: 'personal', phrase })
  const inbox = await alice.api.messages({ folder: 'inbox' })
  t.ok(inbox.length > 0)
  await second.start()
  t.equal(await addressOf(second), await addressOf(alice))
  for (const { id } of inbox)
    t.equal(sha256(await bytesOf(second, id)), sha256(await bytesOf(alice, id)), 'the second device reads the inbox')
  await agreed(alice, second)
  t.equal(await balanceOf(second), await balanceOf(alice), 'and sees the balance')

  const before = await balanceOf(alice)
  const had = (await bob.api.messages({ folder: 'inbox' })).length
  const { inclusionFee } = network.testnet.file.rules
  const texts = ['one', 'two', 'three']
  const sent = await Promise.all(
    [alice, second].flatMap(
      (
        device, // Neither device knows of the other's letters when it asks for a price, and unanswered ones make it rise.
      ) => texts.map((text) => post(device, [bob], letter(text, device.name), { refuseAbove: '100000' })),
    ),
  )
  for (const { id } of sent) await letterIn(bob, 'inbox', id, readable)
  t.equal((await bob.api.messages({ folder: 'inbox' })).length, had + sent.length, 'each arrives, and arrives once')
  for (const device of [alice, second]) for (const { id } of sent) await letterIn(device, 'sent', id, readable)
  await agreed(alice, second, bob)
  const amounts = await Promise.all(sent.map(async ({ id }) => (await letterIn(alice, 'sent', id, readable)).amount))
  const shares = await Promise.all(sent.map(({ id }) => shareIn(alice, id)))
  const paid = amounts.reduce((sum, amount) => sum + BigInt(amount) + inclusionFee, 0n)
  t.equal(
    await balanceOf(alice),
    before - paid + shares.reduce((sum, share) => sum + share, 0n),
    'and each is paid once',
  )
}

async function sponsored(t: Test, network: Processes, alice: Daemon) {
  const dora = await network.newcomer({ name: 'dora', role: 'personal' })
  await dora.start()
  const [before] = await dora.api.pseudonyms()
  t.match(before, { registered: false, balance: '0' })
  await t.rejects(post(alice, [dora], letter('too early', '')), { code: 'recipient-unknown', message: /sponsor/ })
  await done(alice, await alice.api.sponsor({ request: before!.request, amount: '50000' }))
  await registered(dora)
  const welcome = await post(alice, [dora], letter('welcome', 'Write back.'))
  await bytesOf(dora, welcome.id)
  const thanks = await post(dora, [alice], letter('thanks', 'I do.'))
  t.match((await bytesOf(alice, thanks.id)).toString(), 'I do.')
}

async function grantAndPolicy(
  t: Test,
  network: Processes,
  { alice, bob, carol }: Record<'alice' | 'bob' | 'carol', Daemon>,
) {
  const allowance = 10_000n
  const to = await addressOf(alice)
  await bob.api.setContact({ name: 'al', address: to })
  await done(bob, await bob.api.grant({ to: 'al', payer: 'recipient', allowance: String(allowance) }))
  const before = await until('alice’s node knows', async () => {
    const quote = await alice.api.quote({ to: [await addressOf(bob)], raw: base64Of(letter('free', 'of charge')) })
    return quote.fee === '0' && quote
  })
  t.equal(before.lines[0]!.payer, 'recipient')
  const free = await post(alice, [bob], letter('free', 'of charge'))
  t.match((await bytesOf(bob, free.id)).toString(), 'of charge')
  t.equal((await letterIn(alice, 'sent', free.id, readable)).amount, '0', 'free to the sender')
  const [contact] = await bob.api.contacts()
  const { burned, operators } = before.lines[0]!
  t.equal(contact!.granted!.allowance, String(allowance - BigInt(burned) - BigInt(operators)), 'out of the allowance')
  await agreed(alice, bob)
  t.equal(await balanceOf(alice), BigInt(before.balance) - BigInt(before.inclusionFee), 'but for the inclusion fee')

  await done(carol, await carol.api.policy({ leastFee: '77777', leastTier: 0 }))
  const request = { to: [await addressOf(carol)], raw: base64Of(letter('dear', 'reader')) }
  const dearer = await until('the policy takes effect', async () => {
    // It holds from the longest expiry on, in the ledger's own time.
    const quote = await alice.api.quote(request)
    return quote.lines[0]!.floor === '77777' && quote
  })
  const { rules } = network.testnet.file
  t.equal(dearer.fee, String(feeUnderPolicy(rules, dearer)), 'and beside it what the base price is above its floor')
  // Until then a maximum can be kept by an expiry before the policy.
  await until('no expiry is before it', () => Date.now() > dearer.holdsUntil)
  await t.rejects(alice.api.send({ ...request, refuseAbove: '50000' }), { code: 'over-maximum', message: /quote/ })
  const { message, quote } = await alice.api.send(request)
  await bytesOf(carol, message.id)
  const { amount } = await letterIn(alice, 'sent', message.id, readable)
  t.equal(amount, String(feeUnderPolicy(rules, quote)), 'and so it is paid')
}

/** What a policy asks that asks for more than the network does, and what the network asks above its price at the floor. */
function feeUnderPolicy({ price }: Rules, { basePrice, lines: [line] }: Price): bigint {
  const times = line!.factors.map(({ basisPoints }) => BigInt(basisPoints))
  const askedAt = (base: bigint): bigint =>
    divideUp(
      times.reduce((product, factor) => product * factor, base),
      timesOne ** BigInt(times.length),
    )
  return BigInt(line!.floor) + askedAt(BigInt(basePrice)) - askedAt(price.floor)
}

/** What mail programs should not write, and do. */
const malformed: readonly (readonly [string, Uint8Array])[] = [
  ['no header at all', Buffer.from('just text')],
  ['bare line feeds', Buffer.from('Subject: x\n\nbody\n')],
  ['an unfinished header', Buffer.from('Subject')],
  ['bytes of no character set', Buffer.from([0x53, 0x75, 0x62, 0x3a, 0xff, 0xfe, 0x00, 0x0d, 0x0a])],
  ['a multipart without an end', Buffer.from('Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n\r\nhalf')],
]

/** What real mail programs wrote, where it lies beside the repository. */
function samples(): (readonly [string, Uint8Array])[] {
  const folder = join(import.meta.dirname, '../../../shared/mail')
  if (!existsSync(folder)) return []
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (file) => file.isFile() && file.name !== 'README.md',
  )
  const paths = files.map(({ parentPath, name }) => join(parentPath, name))
  return paths.map((path) => [path.slice(folder.length + 1), readFileSync(path)] as const)
}

async function unchanged(t: Test, from: Daemon, to: Daemon, mails: readonly (readonly [string, Uint8Array])[]) {
  const posted = await Promise.all(
    mails.map(async ([name, bytes]) => {
      // Collections hold different letters of one Message-ID, so each goes under its name.
      const { id } = await post(from, [to], bytes, { idempotencyKey: name })
      return { name, bytes, id }
    }),
  )
  for (const { name, bytes, id } of posted) {
    const read = await bytesOf(to, id)
    t.equal(sha256(read), sha256(bytes), `${name}: ${bytes.length} bytes`)
  }
}

async function hostAway(t: Test, daemons: Record<'relay1' | 'relay2' | 'alice' | 'bob', Daemon>) {
  const { relay1, relay2, alice, bob } = daemons
  await agreed(relay1, relay2, alice, bob)
  await relay1.kill()
  const at = Date.now()
  const { id } = await post(alice, [bob], letter('patience', 'The host is away.'))
  await until('what was signed is past its expiry', () => Date.now() > at + 6_000)
  t.equal((await letterIn(alice, 'sent', id, ['submitted'])).state, 'submitted', 'it waits')
  await relay1.start()
  t.match((await bytesOf(bob, id)).toString(), 'The host is away.', 'signed again, it is settled once the host is back')
  t.match(await letterIn(alice, 'sent', id, readable), { id })
}
