/**
 * A relay with many accounts and settled messages on its disk: how much memory it takes, how long it takes to be ready
 * again, and how long commands take that ask it.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeConfig } from '../../node/settings/config.ts'
import { pathsOf, readApiFile } from '../../node/settings/home.ts'
import { formatNetworkFile } from '../../node/settings/network-file.ts'
import { writeSecret } from '../../node/daemon/secrets.ts'
import { keyIn, type Store, type Write } from '../../node/ledger/store.ts'
import { encodeRecord, tables } from '../../protocol/state.ts'
import { createActive, createAddresses, foundBenchNetwork, hostKey, openReplica, writeAccounts } from './crowd.ts'
import { digits, median, residentOf, tell } from './measure.ts'
import type { Section } from './section.ts'

type Size = {
  readonly accounts: number
  readonly messages: number
  readonly residentMegabytes: number
  readonly restartMs: number
  /** The same against starting Node with nothing to do. */
  readonly restartOfNode: number
}
type DaemonFigures = {
  readonly sizes: readonly Size[]
  /** Milliseconds, and how many times a bare start of Node that is. */
  readonly commands: readonly { readonly command: string; readonly ms: number; readonly ofNode: number }[]
  readonly nodeMs: number
}

const program = join(import.meta.dirname, '../../cli/bmail.js')
const runs = 7

export const daemon: Section<DaemonFigures> = {
  title: 'Daemon and command line: memory, restart, start-up',
  async run({ isQuick }) {
    const nodeMs = timeOf(['-e', '0'])
    const plans = [
      { accounts: 1_000, messages: 10_000 },
      { accounts: isQuick ? 10_000 : 100_000, messages: isQuick ? 100_000 : 1_000_000 },
    ]
    const sizes: Size[] = []
    let commands: DaemonFigures['commands'] = []
    for (const plan of plans) {
      const folder = mkdtempSync(join(tmpdir(), 'bmail-bench-'))
      try {
        tell(`daemon: writing ${plan.accounts} accounts and ${plan.messages} messages`)
        await fill(folder, plan)
        await whileUp(folder, async () => undefined)
        await whileUp(folder, async (child, restartMs) => {
          const residentMegabytes = residentOf(child.pid!)
          sizes.push({ ...plan, residentMegabytes, restartMs, restartOfNode: digits(restartMs / nodeMs) })
          const asked = [['--help'], ['network', '--home', folder, '--json']]
          commands = asked.map((words) => {
            const ms = timeOf([program, ...words])
            return { command: `bmail ${words[0]}`, ms, ofNode: digits(ms / nodeMs) }
          })
        })
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    }
    return { sizes, commands, nodeMs }
  },
  tables: ({ sizes, commands, nodeMs }) => [
    [
      ['accounts', 'messages', 'resident MB', 'restart ms', 'of a bare Node'],
      ...sizes.map((size) => [
        size.accounts,
        size.messages,
        size.residentMegabytes,
        size.restartMs,
        size.restartOfNode,
      ]),
    ],
    [
      ['command', 'ms', 'of a bare Node'],
      ['node -e 0', nodeMs, 1],
      ...commands.map((one) => [one.command, one.ms, one.ofNode]),
    ],
  ],
  notes: () => [
    'A restart counts from starting the process to its local API.',
    'Medians; resident memory just after that.',
  ],
}

/** A home of a relay that hosts a network with so much in it. */
async function fill(home: string, { accounts, messages }: { accounts: number; messages: number }): Promise<void> {
  const file = foundBenchNetwork({ time: BigInt(Date.now()) })
  mkdirSync(home, { recursive: true })
  writeFileSync(pathsOf(home).network, formatNetworkFile(file))
  writeSecret(home, 'host', hostKey)
  writeConfig(home, {
    role: 'relay',
    listen: ['/ip4/127.0.0.1/tcp/0'],
    apiListen: '127.0.0.1:0',
    metricsListen: '',
    mdns: false,
    logLevel: 'warn',
  })
  const begun = await openReplica(home, file, { verify: () => true })
  const addresses = createAddresses(accounts - 1)
  await writeAccounts(begun.store, { addresses, active: createActive(1) })
  await writeMessages(begun.store, { addresses, count: messages })
  await begun.close()
}

async function writeMessages(
  store: Store,
  { addresses, count }: { addresses: readonly Uint8Array[]; count: number },
): Promise<void> {
  const value = encodeRecord('messages', {
    sender: addresses[0]!,
    epochKey: undefined,
    height: 1n,
    epoch: 1,
    basePrice: 1_000n,
    sizeClass: 0,
    automatic: false,
    keptUntil: 0n,
    recipients: [
      {
        address: addresses[1]!,
        fee: 1_000n,
        burned: 200n,
        asStranger: 0n,
        credit: 750n,
        stranger: true,
        verdict: 'value',
        given: 0n,
      },
    ],
  })
  for (let done = 0; done < count; done += 20_000) {
    const some = Math.min(20_000, count - done)
    const writes = Array.from(
      { length: some },
      (): Write => ({ key: keyIn('state', Uint8Array.of(tables.messages.number), randomBytes(32)), value }),
    )
    await store.writeSoon(writes)
  }
}

/** Start a daemon, wait for its API, do something, stop it. */
async function whileUp(home: string, task: (child: ChildProcess, startMs: number) => Promise<void>): Promise<void> {
  const begun = performance.now()
  const child = spawn(process.execPath, [program, 'daemon', '--home', home], { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  while (readApiFile(home)?.pid !== child.pid) {
    if (performance.now() - begun > 120_000 || child.exitCode !== null)
      throw new Error('The daemon of the benchmark did not start.')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const startMs = Math.round(performance.now() - begun)
  try {
    await task(child, startMs)
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

/** The median time of a whole process, in milliseconds, after one that is not counted. */
function timeOf(words: readonly string[]): number {
  const times: number[] = []
  for (let run = 0; run <= runs; run++) {
    const begun = performance.now()
    const { status } = spawnSync(process.execPath, words, { stdio: 'ignore', timeout: 60_000 })
    if (status !== 0) throw new Error(`The benchmark could not run: node ${words.join(' ')}`)
    if (run > 0) times.push(performance.now() - begun)
  }
  return Math.round(median(times))
}
