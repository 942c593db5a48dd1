/**
 * The bridge for mail programs as a process, before a mailbox of many letters: the real API over HTTP, with what stands behind
 * it in memory, so that what is measured is the bridge. How long it takes to have all of them, to list, to search, and how
 * much memory; and the same by five connections at once.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { program } from '../../cli/stage.ts'
import { createApi } from '../../node/api/server.ts'
import { createDoorkeeper } from '../../node/bridge/doorkeeper.ts'
import { systemClock } from '../../node/daemon/system.ts'
import { newToken, writeApiFile } from '../../node/settings/home.ts'
import { systemRandom } from '../../node/system-random.ts'
import { imapClient } from '../kit/imap-client.ts'
import { createServiceFixture, received } from '../kit/service-fixture.ts'
import { freePort } from '../bridge/dovecot.ts'
import { residentOf, tell } from './measure.ts'
import type { Section } from './section.ts'

type Row = { readonly what: string; readonly alone: number; readonly five: number; readonly bytes: number }
type BridgeFigures = {
  readonly letters: number
  /** From starting the bridge until every letter has its UID. */
  readonly importMs: number
  /** From starting it again until the list is there. */
  readonly restartMs: number
  readonly residentMegabytes: { readonly imported: number; readonly restarted: number; readonly used: number }
  /** Milliseconds from asking to the last byte, by one connection, and the slowest of five at once. */
  readonly commands: readonly Row[]
}

const connections = 5

export const bridge: Section<BridgeFigures> = {
  title: 'Bridge for mail programs: many letters, five connections',
  async run({ isQuick }) {
    const letters = isQuick ? 1_000 : 10_000
    const home = mkdtempSync(join(tmpdir(), 'bmail-bench-'))
    const api = await mailbox(home, letters)
    const password = createDoorkeeper({ home, random: systemRandom }).make('bench', Date.now())
    const port = await freePort()
    let child: ChildProcess | undefined
    try {
      tell(`bridge: taking ${letters} letters`)
      const login = { name: 'bench', password }
      let begun = performance.now()
      child = await start(home, port)
      const first = await imapClient(port, login)
      while (!(await first.ask('STATUS INBOX (MESSAGES)')).includes(`MESSAGES ${letters})`))
        await new Promise((resolve) => setTimeout(resolve, 100))
      const importMs = Math.round(performance.now() - begun)
      const uids = await uidsOf(first)
      const imported = residentOf(child.pid!)
      await end(child)

      begun = performance.now()
      child = await start(home, port)
      const clients = await Promise.all(Array.from({ length: connections }, () => imapClient(port, login)))
      await clients[0]!.ask('SELECT INBOX')
      await clients[0]!.ask(list)
      const restartMs = Math.round(performance.now() - begun)
      if ((await uidsOf(clients[0]!)) !== uids) throw new Error('The UIDs changed when the bridge was started again.')
      const restarted = residentOf(child.pid!)
      for (const client of clients) await client.ask('SELECT INBOX')
      const commands: Row[] = []
      for (const [what, command] of Object.entries(asked(letters))) {
        const alone = await timed(clients[0]!, command)
        const five = await Promise.all(clients.map((client) => timed(client, command)))
        commands.push({ what, alone: alone.ms, five: Math.max(...five.map(({ ms }) => ms)), bytes: alone.bytes })
      }
      return {
        letters,
        importMs,
        restartMs,
        residentMegabytes: { imported, restarted, used: residentOf(child.pid!) },
        commands,
      }
    } finally {
      if (child) await end(child)
      await api.close()
      rmSync(home, { recursive: true, force: true })
    }
  },
  tables: ({ letters, importMs, restartMs, residentMegabytes, commands }) => [
    [
      ['letters', 'all in ms', 'started again, listed ms', 'resident MB then', 'after all below'],
      [letters, importMs, restartMs, residentMegabytes.restarted, residentMegabytes.used],
    ],
    [
      ['asked for', 'ms', `slowest of ${connections} at once, ms`, 'bytes'],
      ...commands.map(({ what, alone, five, bytes }) => [what, alone, five, bytes]),
    ],
  ],
  notes: () => [
    'The daemon’s API is real, and what stands behind it is in memory.',
    'UIDs were the same after the start.',
  ],
}

const list = 'UID FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)'

const asked = (letters: number): Readonly<Record<string, string>> => ({
  list,
  flags: 'UID FETCH 1:* (FLAGS)',
  'search, subject': `UID SEARCH SUBJECT "number ${letters - 1}"`,
  'search, words': 'UID SEARCH TEXT "needle 77"',
  'search, a field that is not listed': 'UID SEARCH HEADER X-Number 77',
  'one letter': `UID FETCH ${letters} BODY.PEEK[]`,
})

async function timed(client: Awaited<ReturnType<typeof imapClient>>, command: string) {
  const begun = performance.now()
  const said = await client.ask(command)
  if (!/^t\d+ OK/m.test(said.slice(-200))) throw new Error(`The bridge said ${said.slice(-200)}`)
  return { ms: Math.round(performance.now() - begun), bytes: said.length }
}

async function uidsOf(client: Awaited<ReturnType<typeof imapClient>>): Promise<string> {
  const selected = await client.ask('SELECT INBOX')
  const found = await client.ask('FETCH 1:* (UID ENVELOPE)')
  return `${/UIDVALIDITY \d+/.exec(selected)![0]} ${found.replace(/^t\d+.*/m, '')}`
}

/** A home whose daemon is this process: so many letters of two kilobytes behind the real API. */
async function mailbox(home: string, letters: number) {
  const service = createServiceFixture()
  for (let number = 1; number <= letters; number++) {
    const id = number.toString(16).padStart(64, '0')
    const text = `This is needle ${number % 100}. ${'Words and more words of a letter. '.repeat(50)}`
    const raw = `Subject: Letter number ${number}\r\nX-Number: ${number}\r\n\r\n${text}\r\n`
    service.put({ ...received, id, state: 'released', verdict: null, settledAt: number }, Buffer.from(raw))
  }
  const token = newToken()
  const listen = { host: '127.0.0.1', port: 0 }
  const api = await createApi({ service, token, listen, logger: pino({ level: 'silent' }), clock: systemClock })
  writeApiFile(home, { ...listen, port: api.port, token, pid: process.pid })
  return api
}

async function start(home: string, port: number): Promise<ChildProcess> {
  const ports = ['--bridge-imap-listen', `127.0.0.1:${port}`, '--bridge-smtp-listen', '127.0.0.1:0']
  const child = spawn(process.execPath, [program, 'bridge', '--home', home, ...ports], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  await new Promise<void>((resolve, reject) => {
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.includes('Ctrl-C')) resolve()
    })
    child.once('exit', () => reject(new Error(`The bridge ended: ${said}`)))
  })
  return child
}

const end = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null) return resolve()
    child.once('exit', () => resolve()).kill('SIGTERM')
  })
