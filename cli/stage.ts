/** What the acts of the demo and `bmail try` stand on: a folder of their own, daemons as processes, and loud failure. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { door } from '../node/daemon/door.ts'
import type { Testnet } from '../node/daemon/testnet.ts'
import { type Client, connect } from './client.ts'

export type Stage = {
  /** Gone when it is over, unless it is to be kept. */
  readonly folder: string
  readonly isJson: boolean
  /** Aborts when a daemon ends that was not told to, with an `EndedError` for its reason. */
  readonly ended: AbortSignal
  /** A line for people, with the time since the start. */
  readonly say: (text: string) => void
  /** Start the daemon of every home; the clients are in the order of the homes. */
  readonly startAll: (testnet: Testnet) => Client[]
  /** End every daemon, and be back when all have ended. */
  readonly stopAll: () => Promise<void>
  /** End every daemon, and write what the first of them, the host, has of the log into a file. */
  readonly writeLog: (path: string) => Promise<void>
  readonly close: () => Promise<void>
}

/** A daemon ended by itself: which one, how, and what it said last. */
export class EndedError extends Error {
  override name = 'EndedError'
}

/** The command line, to run with this Node. */
export const program = fileURLToPath(new URL('./bmail.js', import.meta.url))

export function openStage({ isJson, keep }: { isJson: boolean; keep: boolean }): Stage {
  process.umask(0o077) // as `bmail` has it
  const begun = Date.now()
  const folder = mkdtempSync(join(tmpdir(), 'bmail-stage-'))
  const processes: ChildProcess[] = []
  const ended = new AbortController()
  let isStopping = false
  let started: Testnet | undefined
  const stopAll = async (): Promise<void> => {
    isStopping = true
    const running = processes.filter(({ pid, exitCode, signalCode }) => pid && exitCode === null && signalCode === null)
    await Promise.all(running.map((child) => new Promise((resolve) => child.once('exit', resolve).kill('SIGTERM'))))
  }
  return {
    folder,
    isJson,
    ended: ended.signal,
    say: (text) =>
      console[isJson ? 'error' : 'log'](`${((Date.now() - begun) / 1000).toFixed(1).padStart(5)} s  ${text}`),
    startAll(testnet) {
      started = testnet
      for (const [name, home] of testnet.homes) {
        const onEnd = (how: string): void => {
          if (!isStopping) ended.abort(new EndedError(`The daemon of ${name} ended by itself, ${how}`))
        }
        processes.push(startProcess(home, onEnd))
      }
      return [...testnet.homes.values()].map(connect)
    },
    stopAll,
    async writeLog(path) {
      const { homes, file } = started!
      await stopAll()
      const { readMoneyLog } = await door.moneyLog()
      writeFileSync(path, await readMoneyLog([...homes.values()][0]!, file))
    },
    async close() {
      await stopAll()
      if (!keep) rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** What each person of a small network has at first. */
export const startFunds = 1_000_000n

/** A relay that hosts the log, Alice, and Bob, in a folder; two of the three open a lock. */
export async function foundSmallNetwork(folder: string): Promise<Testnet> {
  const { createTestnet, localPlaces } = await door.testnet()
  return createTestnet({
    folder,
    places: await localPlaces({ relays: 1, people: ['alice', 'bob'] }),
    keepers: ['relay1', 'alice', 'bob'],
    threshold: 2,
    funds: startFunds,
    changes: { batchIntervalMs: 1_500 },
    settings: { apiListen: '127.0.0.1:0', metricsListen: '', logLevel: 'warn' },
  })
}

/** Wait until everybody can be written to, and knows that of the others. */
export async function allRegistered(people: readonly Client[], patience: Patience = {}): Promise<void> {
  for (const person of people)
    await until('all are registered', async () => (await person.pseudonyms())[0]?.registered, patience)
  const heights = async () => Promise.all(people.map(async (person) => (await person.status()).height))
  await until('each knows that of the others', async () => new Set(await heights()).size === 1, patience)
}

/** How much of what a daemon said is kept, in characters, and how many lines of that are shown. */
const keptMost = 8_000
const shownLines = 5

/** Start the daemon of a home. Where it ends, `onEnd` is told how, with what it said last. */
function startProcess(home: string, onEnd: (how: string) => void): ChildProcess {
  // What somebody has set for a mailbox of their own is not meant for these.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('BMAIL_')))
  const words = [program, 'daemon', '--home', home]
  const child = spawn(process.execPath, words, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (text: string) => void (said = (said + text).slice(-keptMost)))
  child.stderr!.on('data', (text) => process.stderr.write(text))
  child.once('error', (error) => onEnd(`before it began: ${error.message}.`))
  // Not at its exit: by now everything that it said is here.
  child.once('close', (code, signal) => {
    const last = said.trim().split('\n').slice(-shownLines).join('\n')
    onEnd(`by ${signal ?? `exit code ${code}`}. ${last === '' ? 'It said nothing.' : `It said last:\n${last}`}`)
  })
  return child
}

/** What must hold, or the demo fails loudly. */
export function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`This did not hold: ${what}.`)
}

/** How long an answer is waited for, a minute where nothing else is said, and what ends that with its reason. */
type Patience = { readonly limitMs?: number; readonly signal?: AbortSignal }

/** Ask again and again until there is an answer. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  { limitMs = 60_000, signal }: Patience = {},
): Promise<T> {
  const deadline = Date.now() + limitMs
  let last: unknown
  while (Date.now() < deadline) {
    signal?.throwIfAborted()
    const answer = await ask().catch((error) => void (last = error))
    if (answer) return answer
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`Waited ${limitMs / 1_000} seconds for this: ${what}.`, { cause: last })
}
