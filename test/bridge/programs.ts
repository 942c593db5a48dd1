/** People with a bridge each, and the mail programs that are let at it. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Client } from '../../cli/client.ts'
import { program, until } from '../../cli/stage.ts'
import { readApiFile } from '../../node/settings/home.ts'
import { freePort } from './dovecot.ts'

/** A person with a bridge. */
export type Person = {
  readonly home: string
  readonly api: Client
  readonly address: string
  readonly password: string
  readonly smtp: number
  readonly imap: number
  /** For how long what it does can be taken back. */
  undoSeconds: number
  child: ChildProcess
}

/** How long anything is waited for. */
export const patienceMs = 600_000
/** How many cases there were of each kind. */
export const counts = { passed: 0, failed: 0 }
/** Processes that are to be ended. */
export const children = new Set<ChildProcess>()

/** A case, which is counted. */
export async function check(what: string, holds: () => Promise<void>): Promise<void> {
  try {
    await holds()
    counts.passed++
    console.log(`ok ${what}`)
  } catch (error) {
    counts.failed++
    console.log(`not ok ${what}\n    ${(error as Error).stack?.replaceAll('\n', '\n    ')}`)
  }
}

/** Throws where something does not hold, with what was seen. */
export function is(holds: unknown, what: () => unknown): void {
  if (!holds) throw new Error(`this did not hold: ${JSON.stringify(what())}`)
}

/** Run a program to its end. */
export const run = (file: string, args: readonly string[]): Promise<{ code: number; text: string }> =>
  new Promise((resolve) => {
    execFile(file, [...args], { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, text: `${stdout}${stderr}` })
    })
  })

type Settings = Pick<Person, 'smtp' | 'imap' | 'undoSeconds'>

/** The bridge of a home, and back when it listens. */
export async function startBridge(home: string, { smtp, imap, undoSeconds }: Settings): Promise<ChildProcess> {
  const ports = ['--bridge-smtp-listen', `127.0.0.1:${smtp}`, '--bridge-imap-listen', `127.0.0.1:${imap}`]
  const limits = ['--bridge-max-fee', '40 test', '--bridge-per-day', '800 test']
  const child = spawn(
    process.execPath,
    [program, 'bridge', '--home', home, ...ports, ...limits, '--bridge-undo-seconds', String(undoSeconds)],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  children.add(child)
  let said = ''
  await new Promise<void>((resolve, reject) => {
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.includes('Ctrl-C')) resolve()
    })
    child.once('exit', () => reject(new Error(`the bridge ended: ${said}`)))
  })
  return child
}

/** A person with a password and a bridge that runs. */
export async function personOf(
  home: string,
  api: Client,
  { undoSeconds }: Pick<Person, 'undoSeconds'>,
): Promise<Person> {
  const made = await run(process.execPath, [program, 'bridge', 'password', 'tester', '--home', home, '--json'])
  const { password } = JSON.parse(made.text) as { password: string }
  const settings = { smtp: await freePort(), imap: await freePort(), undoSeconds }
  const address = (await api.pseudonyms())[0]!.address
  return { home, api, address, password, ...settings, child: await startBridge(home, settings) }
}

/** A command of IMAP, by curl; what it answers. */
export async function imap({ imap: port, password }: Person, folder: string, command: string): Promise<string> {
  const { code, text } = await run('curl', [
    ...['-sS', '-u', `tester:${password}`, `imap://127.0.0.1:${port}/${folder}`, '-X', command],
  ])
  is(code === 0, () => text)
  return text
}

const uidsIn = (answer: string): number[] =>
  (/SEARCH([ \d]*)/.exec(answer)?.[1] ?? '').split(' ').filter(Boolean).map(Number)
/** UIDs that a search finds. */
export const search = async (person: Person, folder: string, question: string): Promise<number[]> =>
  uidsIn(await imap(person, folder, `UID SEARCH ${question}`))
/** The first UID that a search finds, once there is one. */
export const arrived = (person: Person, folder: string, question: string): Promise<number> =>
  until(`${question} is in ${folder}`, async () => (await search(person, folder, question))[0], { limitMs: patienceMs })

type Letter = {
  readonly to: string
  readonly subject: string
  readonly headers?: readonly string[]
  readonly body?: string
  readonly tls?: true
}

/** Hand a letter in, by swaks; what the server said last of it. */
export async function submit({ smtp, password }: Person, { to, subject, headers = [], body = 'Hello', tls }: Letter) {
  const { code, text } = await run('swaks', [
    ...['--server', '127.0.0.1', '--port', String(smtp), '--auth', 'PLAIN', '--auth-user', 'tester'],
    ...(tls ? ['--tls'] : []),
    ...['--auth-password', password, '--from', 'default@bmail.invalid', '--to', to, '--body', body],
    ...['--header', `Subject: ${subject}`, ...headers.flatMap((header) => ['--header', header])],
  ])
  return { code, text }
}

/** Wait until nothing waits in Outbox. */
export const allSent = (person: Person): Promise<boolean> =>
  until('Outbox is empty', async () => (await search(person, 'Outbox', 'ALL')).length === 0, { limitMs: patienceMs })

/** SIGKILL for a daemon, and another one in its place. */
export async function restartDaemon({ home, api }: Person): Promise<void> {
  const { pid } = readApiFile(home)!
  process.kill(pid, 'SIGKILL')
  await until('it is gone', async () => !existsSync(`/proc/${pid}`))
  children.add(spawn(process.execPath, [program, 'daemon', '--home', home], { stdio: 'ignore' }))
  await until('the next one is up', () => api.status(), { limitMs: patienceMs })
}

/** End all that was started here. */
export const endAll = (): Promise<unknown> =>
  Promise.all(
    [...children].map((child) => {
      if (child.exitCode !== null || child.signalCode !== null) return undefined
      return new Promise((resolve) => void child.once('exit', resolve).kill())
    }),
  )

/** SIGKILL for a bridge, and wait until it is gone. */
export async function kill(person: Person): Promise<void> {
  const gone = new Promise((resolve) => person.child.once('exit', resolve))
  person.child.kill('SIGKILL')
  await gone
}

/** Text that does not become smaller. */
export const randomText = (length: number): string =>
  Array.from({ length }, (_, at) => ((at * 7919 + (at % 97) * (at % 89)) % 36).toString(36)).join('')
