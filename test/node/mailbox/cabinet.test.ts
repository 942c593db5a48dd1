/** The mailbox on disk: what is unfinished is found without reading what is done. */
import { randomBytes } from 'node:crypto'
import { test } from 'tap'
import { createCabinet, isClosed, type Letter, type Outgoing } from '../../../node/mailbox/cabinet.ts'
import { createRecords, cursorName, inDrawer } from '../../../node/mailbox/records.ts'
import { pack } from '../../../node/seal/content.ts'
import { plainReader } from '../../kit/plain-reader.ts'
import { memoryStore } from '../../kit/memory.ts'

const random = (length: number) => new Uint8Array(randomBytes(length))
const bytesOf = (length: number, fill: number) => new Uint8Array(length).fill(fill)

function openCabinet() {
  const store = memoryStore()
  const key = random(32)
  return { store, ...createRecords({ key, random }), cabinet: createCabinet({ store, key, random }) }
}

const outgoing = (number: number, state: Outgoing['state']): Outgoing => ({
  id: bytesOf(32, number),
  account: bytesOf(20, 9),
  bytes: bytesOf(3, number),
  message: undefined,
  state,
  note: '',
  height: undefined,
  first: bytesOf(32, number),
})

const letter = (number: number, state: Letter['state'], bytes = 0): Letter => ({
  id: bytesOf(32, number),
  folder: 'inbox',
  state,
  note: '',
  sender: bytesOf(20, 8),
  recipients: [bytesOf(20, 9)],
  own: bytesOf(20, 9),
  subject: '',
  date: 1n,
  bytes,
  height: 1n,
  opId: undefined,
  amount: 1n,
  verdict: undefined,
})

/** Make a record unreadable, so that whoever reads it fails. */
const spoil = async ({ store }: Pick<ReturnType<typeof openCabinet>, 'store'>, name: Uint8Array) => {
  if (!(await store.get(name))) throw new Error('there is no such record')
  await store.write([{ key: name, value: bytesOf(64, 0) }])
}

async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

test('cabinet: what is on its way is found without reading what is done', async (t) => {
  const opened = openCabinet()
  const { cabinet } = opened
  for (let number = 1; number <= 5; number++) await cabinet.write(cabinet.putOutgoing(outgoing(number, 'submitted')))
  const numbers = async () => (await listOf(cabinet.openOutgoing())).map(({ id }) => id[0]).sort()
  t.strictSame(await numbers(), [1, 2, 3, 4, 5])
  await cabinet.write(cabinet.putOutgoing(outgoing(1, 'settled')))
  await cabinet.write(cabinet.putOutgoing(outgoing(4, 'refused')))
  t.strictSame(await numbers(), [2, 3, 5])
  t.equal((await cabinet.outgoing(bytesOf(32, 1)))!.state, 'settled', 'what is done is kept')
  for (const done of [1, 4]) await spoil(opened, opened.nameOf('outgoing', bytesOf(32, done)))
  t.strictSame(await numbers(), [2, 3, 5], 'and not looked at')
  await cabinet.write(cabinet.putOutgoing(outgoing(4, 'submitted')))
  t.strictSame(await numbers(), [2, 3, 4, 5], 'it may be on its way again')
})

test('cabinet: an op is found under every id that it had', async (t) => {
  const { cabinet } = openCabinet()
  const ids = [1, 2, 3].map((number) => bytesOf(32, number))
  t.strictSame(await cabinet.forms(ids[0]!), [ids[0]])
  await cabinet.write([cabinet.putForms(ids.slice(0, 2))])
  await cabinet.write([cabinet.putForms([...(await cabinet.forms(ids[0]!)), ids[2]!])])
  t.strictSame(await cabinet.forms(ids[0]!), ids)
})

test('cabinet: letters that were never opened are found without reading the others', async (t) => {
  const opened = openCabinet()
  const { cabinet } = opened
  const states = ['submitted', 'settled', 'released', 'opened', 'acknowledged', 'refused'] as const
  const letters = [...states.map((state, at) => letter(at + 1, state)), letter(7, 'acknowledged', 100)]
  for (const one of letters) await cabinet.write(cabinet.putLetter(one))
  const closed = letters.filter(isClosed)
  t.strictSame(
    closed.map(({ state, bytes }) => [state, bytes]),
    [
      ['settled', 0],
      ['acknowledged', 0],
    ],
  )
  for (const { id, own } of letters.filter((one) => !isClosed(one)))
    await spoil(opened, opened.nameOf('letters', id, own))
  const ids = async () => new Set((await listOf(cabinet.closedLetters())).map(({ id }) => id[0]))
  t.strictSame(await ids(), new Set(closed.map(({ id }) => id[0])))
  await cabinet.write(cabinet.putLetter({ ...closed[0]!, state: 'released' }))
  t.strictSame(await ids(), new Set([closed[1]!.id[0]]))
})

/** Put a body as programs of before format 3 kept it: unpacked. */
const keepUnpacked = ({ store, nameOf, seal }: ReturnType<typeof openCabinet>, id: Uint8Array, content: Uint8Array) =>
  store.write([seal(nameOf('unpacked', id), content)])

test('cabinet: a letter takes what it took on its way, and what was kept unpacked before is read as it lies', async (t) => {
  const opened = openCabinet()
  const { store, cabinet } = opened
  const [one, old, none] = [letter(1, 'released'), letter(2, 'released'), letter(3, 'released')]
  const content = Buffer.from(`Subject: x\n\n${'all the same '.repeat(10_000)}`)
  const packed = new Uint8Array(await pack(one, content))
  await cabinet.write([cabinet.putPacked(one.id, packed)])
  const [value] = await store.disk.values(inDrawer('packed')).all()
  t.equal(value!.length, packed.length + 24 + 16)
  t.strictSame(await cabinet.body(one), { parties: { sender: one.sender, recipients: one.recipients }, packed })
  await keepUnpacked(opened, old.id, content)
  for (const { id, sender, recipients } of [one, old]) {
    t.equal(await cabinet.hasBody(id), true)
    const body = await cabinet.body({ id, sender, recipients })
    t.ok(Buffer.from(await plainReader(random).unpack(body!)).equals(content))
  }
  t.equal(await cabinet.hasBody(none.id), false)
  t.equal(await cabinet.body(none), undefined)
})

test('cabinet: it says how many of its records do not open', async (t) => {
  const opened = openCabinet()
  const { cabinet } = opened
  await cabinet.write([...cabinet.putLetter(letter(1, 'opened', 3)), cabinet.putCursor(7n)])
  t.strictSame(await cabinet.condition(), { count: 2, damaged: 0 })
  await spoil(opened, cursorName)
  t.strictSame(await cabinet.condition(), { count: 2, damaged: 1 })
})

test('cabinet: a list that names what damage took away goes on with the rest', async (t) => {
  const { cabinet, store, nameOf } = openCabinet()
  await cabinet.write([1, 2].flatMap((number) => cabinet.putLetter(letter(number, 'settled'))))
  await cabinet.write([1, 2].flatMap((number) => cabinet.putOutgoing(outgoing(number, 'submitted'))))
  const gone = [nameOf('letters', bytesOf(32, 1), bytesOf(20, 9)), nameOf('outgoing', bytesOf(32, 1))]
  await store.write(gone.map((key) => ({ key, value: undefined })))
  t.strictSame(
    (await listOf(cabinet.closedLetters())).map(({ id }) => id),
    [bytesOf(32, 2)],
  )
  t.strictSame(
    (await listOf(cabinet.openOutgoing())).map(({ id }) => id),
    [bytesOf(32, 2)],
  )
})

/** One record in every drawer, and what they are about. */
function fill(cabinet: ReturnType<typeof openCabinet>['cabinet'], [id, own]: readonly [Uint8Array, Uint8Array]) {
  const sent = { ...outgoing(1, 'submitted'), id, account: own, first: id }
  return cabinet.write([
    ...cabinet.putLetter({ ...letter(1, 'settled'), id, own }),
    cabinet.putPacked(id, bytesOf(9, 1)),
    ...cabinet.putOutgoing(sent),
    cabinet.putForms([id, random(32)]),
    cabinet.putSpent({ first: id, at: 1n, amount: 1n }),
    cabinet.putContacts(new Map([['anna', 'bm1']])),
    cabinet.putEndorsement({ target: own, amount: 4n, provenFor: undefined }),
    cabinet.putRedemption({ number: 7, to: own, notBefore: 1n }),
    cabinet.putCursor(3n),
  ])
}

test('cabinet: names of records tell nothing to whoever has not the key', async (t) => {
  const about = [random(32), random(20)] as const
  const [one, other] = [openCabinet(), openCabinet()]
  for (const { cabinet } of [one, other]) await fill(cabinet, about)
  const names = async ({ store }: typeof one) =>
    (await store.disk.keys().all()).map((name) => Buffer.from(name).toString('hex'))
  const mine = await names(one)
  t.equal(mine.length, 11)
  const cursor = Buffer.from(cursorName).toString('hex')
  t.strictSame(
    mine.filter((name) => name.length / 2 !== 18),
    [cursor],
    'but for the cursor all are of one length',
  )
  const theirs = new Set(await names(other))
  t.strictSame(
    mine.filter((name) => theirs.has(name)),
    [cursor],
    'the same things have other names under another key',
  )
  const hashes = new Set(mine.map((name) => name.slice(4)))
  t.equal(hashes.size, mine.length, 'what is about one thing has nothing in common')
  for (const part of about)
    for (let at = 0; at + 4 <= part.length; at++)
      t.notOk(mine.some((name) => name.includes(Buffer.from(part.subarray(at, at + 4)).toString('hex'))))
})
