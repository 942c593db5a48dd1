/** The bridge before a mailbox in memory: from its start until mail programs have their lists, with ten letters and with ten thousand. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mailboxOf } from '../kit/many-letters.ts'
import { bridgeHome, imapClient } from '../node/bridge/bridge-fixture.ts'
import type { Section } from './section.ts'

type Row = {
  readonly letters: number
  /** From its first start until all are in their folder, and of a later start until it listens. */
  readonly takenMs: number
  readonly startedMs: number
  /** Until a program has flags and envelopes of all, alone and as one of five; and what a search takes. */
  readonly listedMs: number
  readonly listedByFiveMs: number
  readonly searchedMs: number
  /** What the process holds more than before, in MiB; the mailbox itself is not counted. */
  readonly heldMib: number
}

type Result = { readonly rows: readonly Row[] }

const list = 'UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)'
const timed = async (task: () => Promise<unknown>): Promise<number> => {
  const begun = performance.now()
  await task()
  return Math.round(performance.now() - begun)
}
const heldBytes = (): number => process.memoryUsage().rss

async function measured(letters: number): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'bmail-bench-'))
  const ends: (() => Promise<void>)[] = []
  const service = mailboxOf(letters)
  const before = heldBytes()
  const { start, password } = bridgeHome({ testdir: () => folder, teardown: (end) => void ends.push(end) }, service)
  let bridge = await start()
  const opened = async () => {
    const client = await imapClient(bridge.imapPort, { name: 'tester', password })
    await client.ask('SELECT INBOX')
    return client
  }
  const first = await opened()
  const takenMs = await timed(async () => {
    while (!(await first.ask('STATUS INBOX (MESSAGES)')).includes(`MESSAGES ${letters})`)) await first.ask('NOOP')
  })
  first.close()
  await bridge.close()
  const startedMs = await timed(async () => {
    bridge = await start()
  })
  const clients = await Promise.all(Array.from({ length: 5 }, opened))
  const listedMs = await timed(() => clients[0]!.ask(list))
  const listedByFiveMs = await timed(() => Promise.all(clients.map(({ ask }) => ask(list))))
  const searchedMs = await timed(() => clients[0]!.ask(`UID SEARCH SUBJECT "Letter ${letters}"`))
  const heldMib = Math.round((heldBytes() - before) / 2 ** 20)
  for (const client of clients) client.close()
  for (const end of ends) await end()
  rmSync(folder, { recursive: true })
  return { letters, takenMs, startedMs, listedMs, listedByFiveMs, searchedMs, heldMib }
}

export const bridge: Section<Result> = {
  title: 'The bridge for mail programs',
  async run({ isQuick }) {
    const rows: Row[] = []
    for (const letters of isQuick ? [10, 100] : [10, 1_000, 10_000]) rows.push(await measured(letters))
    return { rows }
  },
  tables: ({ rows }) => [
    [
      ['letters', 'taken in ms', 'started in ms', 'listed in ms', 'by five at once', 'searched in ms', 'MiB held'],
      ...rows.map((row) => Object.values(row)),
    ],
  ],
}
