/**
 * One record of each kind that a mailbox keeps. `node test/node/mailbox/layouts.ts` writes down how this program lays them
 * out, in a file by the number of its format. What was written down once is never written again: a home has it.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { migrate } from '../../../node/daemon/migrations.ts'
import { formatWrite, rangeOf, type Store, storeFormat, type Write } from '../../../node/ledger/store.ts'
import { type Cabinet, createCabinet, type Letter, type Outgoing } from '../../../node/mailbox/cabinet.ts'
import { memoryStore } from '../../kit/memory.ts'
import type { Price } from '../../../node/priced.ts'

const bytesOf = (length: number, fill: number) => new Uint8Array(length).fill(fill)
const mailboxKey = bytesOf(32, 1)
const random = (length: number) => bytesOf(length, 30)

/** Records by their names, in hexadecimal: `key: sealed value`. */
type Layout = Readonly<Record<string, Readonly<Record<string, string>>>>

const letter: Letter = {
  id: bytesOf(32, 2),
  folder: 'inbox',
  state: 'settled',
  note: 'a note',
  sender: bytesOf(20, 3),
  recipients: [bytesOf(20, 4), bytesOf(20, 5)],
  own: bytesOf(20, 4),
  subject: 'a subject',
  date: 6n,
  bytes: 7,
  height: 8n,
  opId: bytesOf(32, 9),
  amount: 10n,
  verdict: 'value',
}

const outgoing: Outgoing = {
  id: bytesOf(32, 11),
  account: bytesOf(20, 12),
  bytes: bytesOf(13, 13),
  message: { id: bytesOf(32, 14), envelope: bytesOf(15, 15), lockKey: bytesOf(32, 16) },
  state: 'submitted',
  note: '',
  height: undefined,
  supersededBy: undefined,
  first: bytesOf(32, 11),
}
const superseded: Outgoing = {
  ...outgoing,
  message: undefined,
  state: 'superseded',
  height: 17n,
  supersededBy: bytesOf(32, 18),
}
const wish = { target: bytesOf(20, 19), amount: 20n, provenFor: 21n }
const redemption = { number: 22, to: bytesOf(20, 23), notBefore: 24n }
const due = {
  message: bytesOf(32, 40),
  own: bytesOf(20, 41),
  at: 42n,
  counts: true,
  cause: bytesOf(32, 43),
  answer: bytesOf(32, 44),
}
const owed = {
  op: bytesOf(32, 33),
  own: bytesOf(20, 34),
  sender: bytesOf(20, 35),
  amount: 36n,
  answer: bytesOf(32, 37),
}
/** Kept as JSON, so a field more or less is another layout. */
const price: Price = {
  ...{
    from: 'bm1ada',
    basePrice: '52',
    units: 53,
    contentBytes: 54,
    wireBytes: 55,
    lifetimeDays: 56,
    automatic: false,
  },
  ...{ tier: null, fee: '57', inclusionFee: '58', feeMax: '59', holdsUntil: 60, balance: '61' },
  lines: [
    {
      ...{ recipient: 'bm1bob', contact: null, payer: 'sender', floor: '62', fee: '63', paid: '64' },
      ...{ credit: '65', burned: '66', operators: '67' },
      factors: [{ name: 'size', basisPoints: '68', times: '×69' }],
    },
  ],
  readers: [
    {
      recipient: 'bm1bob',
      strangersLetters: { received: 70, answered: 71, valued: 72, flagged: 73, givenBack: 74 },
      unanswered: 75,
    },
  ],
}
const sent = {
  key: bytesOf(32, 45),
  request: bytesOf(32, 46),
  message: bytesOf(32, 47),
  own: bytesOf(20, 48),
  op: bytesOf(32, 49),
  price: JSON.stringify(price),
  until: 51n,
}
const spent = { first: bytesOf(32, 25), at: 26n, amount: 27n }

/** All of what comes one by one. */
export const listOf = async <T>(all: AsyncIterable<T>): Promise<T[]> => {
  const list: T[] = []
  for await (const one of all) list.push(one)
  return list
}

/** What is put, and how it is read back and found to be the same. */
type Kind = {
  readonly put: (cabinet: Cabinet) => Write | Write[]
  readonly read: (cabinet: Cabinet) => Promise<unknown>
  readonly is: unknown
}

/** Every kind of record; a name is the cabinet's method that makes it, and which case of it. */
export const kinds: Readonly<Record<string, Kind>> = {
  putLetter: { put: (c) => c.putLetter(letter), read: (c) => listOf(c.closedLetters()), is: [letter] },
  putPacked: {
    put: (c) => c.putPacked(letter.id, bytesOf(28, 28)),
    read: (c) => c.body(letter),
    is: { parties: { sender: letter.sender, recipients: letter.recipients }, packed: bytesOf(28, 28) },
  },
  putOutgoing: { put: (c) => c.putOutgoing(outgoing), read: (c) => listOf(c.openOutgoing()), is: [outgoing] },
  'putOutgoing, superseded': {
    put: (c) => c.putOutgoing(superseded),
    read: (c) => c.outgoing(superseded.id),
    is: superseded,
  },
  putForms: {
    put: (c) => c.putForms([bytesOf(32, 11), bytesOf(32, 18)]),
    read: (c) => c.forms(bytesOf(32, 11)),
    is: [bytesOf(32, 11), bytesOf(32, 18)],
  },
  putContacts: {
    put: (c) => c.putContacts(new Map([['bob', 'bm1bob']])),
    read: (c) => c.contacts(),
    is: new Map([['bob', 'bm1bob']]),
  },
  putEndorsement: { put: (c) => c.putEndorsement(wish), read: (c) => c.endorsement(), is: wish },
  putRedemption: { put: (c) => c.putRedemption(redemption), read: (c) => listOf(c.redemptions()), is: [redemption] },
  putSpent: { put: (c) => c.putSpent(spent), read: (c) => listOf(c.spent()), is: [spent] },
  putReturn: { put: (c) => c.putReturn(due), read: (c) => listOf(c.returns()), is: [due] },
  putOwed: { put: (c) => c.putOwed(owed), read: (c) => listOf(c.allOwed()), is: [owed] },
  putLimit: { put: (c) => c.putLimit(bytesOf(32, 38), 39n), read: (c) => c.limit(bytesOf(32, 38)), is: 39n },
  putSentUnder: { put: (c) => c.putSentUnder(sent), read: (c) => listOf(c.allSentUnder()), is: [sent] },
  putUse: { put: (c) => c.putUse(bytesOf(20, 31), 32), read: (c) => c.usedIn(bytesOf(20, 31)), is: 32 },
  putCursor: { put: (c) => c.putCursor(29n), read: (c) => c.cursor(), is: 29n },
}

/** A cabinet on an empty disk; nonces are all alike, so that a record has the same bytes every time. */
export function emptyCabinet(): { store: Store; cabinet: Cabinet } {
  const store = memoryStore()
  return { store, cabinet: createCabinet({ store, key: mailboxKey, random }) }
}

/** How this program lays out every kind. */
export async function layoutNow(): Promise<Layout> {
  const layout: Record<string, Record<string, string>> = {}
  for (const [name, { put }] of Object.entries(kinds)) {
    const { store, cabinet } = emptyCabinet()
    await store.write([put(cabinet)].flat())
    const records = await store.disk.iterator(rangeOf('mailbox')).all()
    layout[name] = Object.fromEntries(records.map((pair) => pair.map((bytes) => Buffer.from(bytes).toString('hex'))))
  }
  return layout
}

/** A cabinet with records as a program of a format left them, brought forward to this program's. */
export async function cabinetOf(format: number, records: Readonly<Record<string, string>>): Promise<Cabinet> {
  const { store, cabinet } = emptyCabinet()
  const writes = Object.entries(records).map(([key, value]) => ({
    key: new Uint8Array(Buffer.from(key, 'hex')),
    value: new Uint8Array(Buffer.from(value, 'hex')),
  }))
  await store.write([...writes, formatWrite(format)])
  await migrate({ disk: store.disk, mailboxKey, random }, { told: () => undefined })
  return cabinet
}

const pathOf = (format: number): string => join(import.meta.dirname, 'layouts', `${format}.json`)

/** What was written down of a format; undefined where nothing was. */
export const layoutOf = (format: number): Layout | undefined =>
  existsSync(pathOf(format)) ? JSON.parse(readFileSync(pathOf(format), 'utf8')) : undefined

if (process.argv[1] === import.meta.filename) {
  if (layoutOf(storeFormat))
    throw new Error(`Format ${storeFormat} is written down already; another layout is another format.`)
  writeFileSync(pathOf(storeFormat), `${JSON.stringify(await layoutNow(), null, 2)}\n`)
}
