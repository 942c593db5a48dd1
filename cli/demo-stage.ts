/** What every act of the demo stands on: a folder of its own, daemons as processes, and loud failure. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { door } from '../node/daemon/door.ts'
import type { Testnet } from '../node/daemon/testnet.ts'
import { type Client, connect } from './client.ts'

export type Stage = {
  /** Gone when the demo is over, unless it is to be kept. */
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

const program = fileURLToPath(new URL('./bmail.js', import.meta.url))

export function openStage({ isJson, keep }: { isJson: boolean; keep: boolean }): Stage {
  process.umask(0o077) // as `bmail` has it
  const begun = Date.now()
  const folder = mkdtempSync(join(tmpdir(), 'bmail-demo-'))
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

function startProcess(home: string): ChildProcess {
  const child = spawn(process.execPath, [program, 'daemon', '--home', home], { stdio: ['ignore', 'ignore', 'pipe'] })
  child.stderr!.on('data', (chunk) => process.stderr.write(chunk))
  return child
}

/** What must hold, or the demo fails loudly. */
export function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`This did not hold: ${what}.`)
}

/** Ask again and again until there is an answer; a minute, where nothing else is said. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  { limitMs = 60_000 } = {},
): Promise<T> {
  const deadline = Date.now() + limitMs
  let last: unknown
  while (Date.now() < deadline) {
    const answer = await ask().catch((error) => void (last = error))
    if (answer) return answer
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`Waited ${limitMs / 1_000} seconds for this: ${what}.`, { cause: last })
}
