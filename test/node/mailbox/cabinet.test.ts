/** The mailbox on disk: what is unfinished is found without reading what is done. */
import { randomBytes } from 'node:crypto'
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { MemoryLevel } from 'memory-level'
import { test } from 'tap'
import { createCabinet, isClosed, type Letter, type Outgoing } from '../../../node/mailbox/cabinet.ts'
import type { Disk } from '../../../node/seams.ts'
import { createStore, keyIn, rangeOf } from '../../../node/ledger/store.ts'
import { pack } from '../../../node/seal/content.ts'
import { plainReader } from '../../kit/plain-reader.ts'

const random = (length: number) => new Uint8Array(randomBytes(length))
const bytesOf = (length: number, fill: number) => new Uint8Array(length).fill(fill)

function openCabinet() {
  const disk = new MemoryLevel({ keyEncoding: 'view', valueEncoding: 'view' }) as unknown as Disk
  const store = createStore(disk)
  const key = random(32)
  return { store, key, cabinet: createCabinet({ store, key, random }) }
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
const spoil = async ({ store }: ReturnType<typeof openCabinet>, drawer: string, ...parts: Uint8Array[]) => {
  const key = keyIn('mailbox', Buffer.from(drawer), ...parts)
  if (!(await store.get(key))) throw new Error('there is no such record')
  await store.write([{ key, value: bytesOf(64, 0) }])
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
  const numbers = async () => (await listOf(cabinet.openOutgoing())).map(({ id }) => id[0])
  t.strictSame(await numbers(), [1, 2, 3, 4, 5])
  await cabinet.write(cabinet.putOutgoing(outgoing(1, 'settled')))
  await cabinet.write(cabinet.putOutgoing(outgoing(4, 'refused')))
  t.strictSame(await numbers(), [2, 3, 5])
  t.equal((await cabinet.outgoing(bytesOf(32, 1)))!.state, 'settled', 'what is done is kept')
  for (const done of [1, 4]) await spoil(opened, 'o', bytesOf(32, done))
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
  for (const { id, own } of letters.filter((one) => !isClosed(one))) await spoil(opened, 'l', id, own)
  t.strictSame(await listOf(cabinet.closedLetters()), closed)
  await cabinet.write(cabinet.putLetter({ ...closed[0]!, state: 'released' }))
  t.strictSame(await listOf(cabinet.closedLetters()), closed.slice(1))
})

/** Put a body as programs of before format 3 kept it: unpacked. */
async function keepUnpacked({ store, key }: ReturnType<typeof openCabinet>, id: Uint8Array, content: Uint8Array) {
  const name = keyIn('mailbox', Buffer.from('b'), id)
  const nonce = random(24)
  const value = Buffer.concat([nonce, xchacha20poly1305(key, nonce, name).encrypt(content)])
  await store.write([{ key: name, value }])
}

test('cabinet: a letter takes what it took on its way, and what was kept unpacked before is read as it lies', async (t) => {
  const opened = openCabinet()
  const { store, cabinet } = opened
  const [one, old, none] = [letter(1, 'released'), letter(2, 'released'), letter(3, 'released')]
  const content = Buffer.from(`Subject: x\n\n${'all the same '.repeat(10_000)}`)
  const packed = new Uint8Array(await pack(one, content))
  await cabinet.write([cabinet.putPacked(one.id, packed)])
  const [value] = await store.disk.values(rangeOf('mailbox', Buffer.from('z'))).all()
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
  await spoil(opened, 'h')
  t.strictSame(await cabinet.condition(), { count: 2, damaged: 1 })
})

test('cabinet: a list that names what damage took away goes on with the rest', async (t) => {
  const { cabinet, store } = openCabinet()
  await cabinet.write([1, 2].flatMap((number) => cabinet.putLetter(letter(number, 'settled'))))
  await cabinet.write([1, 2].flatMap((number) => cabinet.putOutgoing(outgoing(number, 'submitted'))))
  const gone = [
    keyIn('mailbox', Buffer.from('l'), bytesOf(32, 1), bytesOf(20, 9)),
    keyIn('mailbox', Buffer.from('o'), bytesOf(32, 1)),
  ]
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
