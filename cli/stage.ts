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

/** The command line, to run with this Node. */
export const program = fileURLToPath(new URL('./bmail.js', import.meta.url))

export function openStage({ isJson, keep }: { isJson: boolean; keep: boolean }): Stage {
  process.umask(0o077) // as `bmail` has it
  const begun = Date.now()
  const folder = mkdtempSync(join(tmpdir(), 'bmail-stage-'))
  const processes: ChildProcess[] = []
  let started: Testnet | undefined
  const stopAll = async (): Promise<void> => {
    await Promise.all(
      processes.map(
        (child) =>
          new Promise((resolve) =>
            child.exitCode === null ? child.once('exit', resolve).kill('SIGTERM') : resolve(0),
          ),
      ),
    )
  }
  return {
    folder,
    isJson,
    say: (text) =>
      console[isJson ? 'error' : 'log'](`${((Date.now() - begun) / 1000).toFixed(1).padStart(5)} s  ${text}`),
    startAll(testnet) {
      started = testnet
      for (const home of testnet.homes.values()) processes.push(startProcess(home))
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

function startProcess(home: string): ChildProcess {
  // What somebody has set for a mailbox of their own is not meant for these.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('BMAIL_')))
  const words = [program, 'daemon', '--home', home]
  const child = spawn(process.execPath, words, { env, stdio: ['ignore', 'ignore', 'pipe'] })
  child.stderr!.on('data', (chunk) => process.stderr.write(chunk))
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
