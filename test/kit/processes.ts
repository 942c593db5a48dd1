/**
 * Daemons as processes of their own: a network in a folder, started, killed, stopped and asked as a person's machine
 * would. Everything is gone when the test ends, also when it fails.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, closeSync, cpSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Client, connect } from '../../cli/client.ts'
import { writeConfig } from '../../node/settings/config.ts'
import { pathsOf, readApiFile } from '../../node/settings/home.ts'
import { createKeystore, type Kdf, sealKeystore, writeKeystore } from '../../node/keys/keystore.ts'
import type { MessageState, Summary } from '../../node/service.ts'
import { createTestnet, localPlaces, type Testnet, type TestnetPlan } from '../../node/daemon/testnet.ts'
import { until } from './patience.ts'

const ownProgram = join(import.meta.dirname, '../../cli/bmail.js')
const cheapKdf: Kdf = { memoryKib: 64, passes: 1, lanes: 1 }
const random = (length: number) => new Uint8Array(randomBytes(length))

/** One daemon: its home, the way to ask it, and power over its process. */
export type Daemon = {
  readonly name: string
  readonly home: string
  readonly api: Client
  readonly isRunning: () => boolean
  /** Resolves once its API answers. Throws with the end of its log where it does not come up. */
  start(): Promise<void>
  /** SIGKILL, and wait until it is gone. Nothing is told to the daemon. */
  kill(): Promise<void>
  /** SIGTERM, and wait; resolves to the exit code. */
  stop(): Promise<number | null>
  signal(name: 'SIGSTOP' | 'SIGCONT'): void
  /** What it has logged in all its lives, as pino wrote it. */
  log(): Record<string, unknown>[]
}

export type Processes = {
  readonly folder: string
  readonly testnet: Testnet
  daemon(name: string): Daemon
  start(...names: string[]): Promise<void>
  /** Make a home for one more daemon of this network. A phrase restores a person; without one it is somebody new, without funds. */
  newcomer(how: { name: string; role: 'relay' | 'personal'; phrase?: string }): Promise<Daemon>
  /** Kill everything and forget the folder. Called by itself when the test ends. */
  end(): Promise<void>
}

/** A network in a folder, nobody started yet. */
export async function createProcesses(
  t: Test,
  plan: Omit<TestnetPlan, 'folder' | 'places'> & {
    relays: number
    people: readonly string[]
    /** Where the homes of some daemons lie instead, by name. */
    elsewhere?: Readonly<Record<string, string>>
    /** What some daemons run instead of this checkout, by name: the path of another `bmail.js`. */
    programs?: Readonly<Record<string, string>>
    /** What Node is started with, for every daemon. */
    nodeOptions?: readonly string[]
    /** Whether what the test runner adds to its children, to count what they ran, is kept. */
    keepsRunner?: boolean
  },
): Promise<Processes> {
  const folder = mkdtempSync(join(tmpdir(), 'bmail-test-'))
  const daemons = new Map<string, ReturnType<typeof createDaemon>>()
  const end = async (): Promise<void> => {
    await Promise.all([...daemons.values()].map((daemon) => daemon.kill()))
    // Kept where somebody wants to read the logs of a test that failed.
    if (!process.env.TEST_KEEP) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  t.teardown(end)
  const { relays, people, elsewhere = {}, programs = {}, nodeOptions = [], keepsRunner = true, ...rest } = plan
  const settings = { apiListen: '127.0.0.1:0', metricsListen: '', logLevel: 'debug', ...plan.settings } as const
  const places = await localPlaces({ relays, people })
  const testnet = await createTestnet({ ...rest, folder, places, kdf: cheapKdf, settings })
  for (const [name, home] of testnet.homes) {
    const moved = elsewhere[name]
    if (moved) copyHome(home, moved)
    daemons.set(name, createDaemon(name, moved ?? home, { program: programs[name], nodeOptions, keepsRunner }))
  }
  const daemon = (name: string): Daemon => {
    const found = daemons.get(name)
    if (!found) throw new Error(`there is no daemon ${name} in this network`)
    return found
  }
  return {
    folder,
    testnet,
    daemon,
    end,
    start: async (...names) => void (await Promise.all(names.map((name) => daemon(name).start()))),
    async newcomer({ name, role, phrase }) {
      const home = join(folder, name)
      mkdirSync(home, { mode: 0o700 })
      const [anybody] = testnet.homes.values()
      cpSync(pathsOf(anybody!).network, pathsOf(home).network)
      if (role === 'personal') {
        const realm = testnet.file.genesis.salt
        const keystore = await createKeystore({
          random,
          passphrase: 'long enough',
          realm,
          kdf: cheapKdf,
          ...(phrase && { phrase }),
        })
        await writeKeystore(pathsOf(home).keystore, sealKeystore(random, keystore))
      }
      const peers = await addressesOf(places.map((place) => daemons.get(place.name)!))
      writeConfig(home, { role, listen: [], peers, mdns: false, allowColocated: true, ...settings })
      const made = createDaemon(name, home, { secrets: { BMAIL_PASSPHRASE: 'long enough' }, nodeOptions, keepsRunner })
      daemons.set(name, made)
      return made
    },
  }
}

/** Copy a home; the folder is its owner’s alone as well, which `cpSync` does not see to. */
function copyHome(from: string, to: string): void {
  cpSync(from, to, { recursive: true })
  chmodSync(to, 0o700)
}

/** Where the relays that are up can be reached. */
async function addressesOf(daemons: readonly Daemon[]): Promise<string[]> {
  const statuses = await Promise.all(daemons.filter(({ isRunning }) => isRunning()).map(({ api }) => api.status()))
  return statuses.flatMap(({ addresses }) => addresses)
}

/** Processes that must not outlive this one, however it ends. */
const alive = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => process.exit(1))

function createDaemon(
  name: string,
  home: string,
  {
    program = ownProgram,
    secrets = {},
    nodeOptions,
    keepsRunner,
  }: {
    program?: string | undefined
    secrets?: Readonly<Record<string, string>>
    nodeOptions: readonly string[]
    keepsRunner: boolean
  },
): Daemon {
  const logPath = `${home}.log`
  let child: ChildProcess | undefined
  let ended: Promise<number | null> = Promise.resolve(null)
  const isRunning = (): boolean => child !== undefined && child.exitCode === null && child.signalCode === null

  function launch(): void {
    const log = openSync(logPath, 'a')
    const { PATH = '', HOME = '' } = process.env
    // What a test runner loads into the children of a test ends a process that comes to a limit of file size (SIGXFSZ).
    const runner = keepsRunner ? [] : ['-u', 'NODE_OPTIONS']
    child = spawn('env', [...runner, process.execPath, ...nodeOptions, program, 'daemon', '--home', home], {
      stdio: ['ignore', log, log],
      env: { PATH, HOME, ...secrets },
    })
    closeSync(log)
    const born = child
    alive.add(born)
    ended = new Promise((resolve) =>
      born.once('exit', (code) => {
        alive.delete(born)
        resolve(code)
      }),
    )
  }
  const log = (): Record<string, unknown>[] =>
    readFileSync(logPath, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .flatMap((line) => {
        try {
          return [JSON.parse(line)]
        } catch {
          return [] // one that a full disk, or its end, cut short
        }
      })
  const tail = (): string => readFileSync(logPath, 'utf8').slice(-2_000)

  return {
    name,
    home,
    api: connect(home),
    isRunning,
    log,
    async start() {
      if (isRunning()) return
      launch()
      const { pid } = child!
      const isUp = async () => {
        if (!isRunning()) throw new Error(`${name} ended with ${child!.exitCode ?? child!.signalCode}: ${tail()}`)
        return readApiFile(home)?.pid === pid && (await connect(home).status())
      }
      // A daemon that ended will not come up any more, so it is not waited for.
      await until(`${name} is up`, async () => !isRunning() || (await isUp()), { say: tail })
      await isUp()
    },
    async kill() {
      if (!isRunning()) return
      child!.kill('SIGKILL')
      await ended
    },
    async stop() {
      if (!isRunning()) return child?.exitCode ?? null
      child!.kill('SIGTERM')
      await until(`${name} stops`, () => !isRunning(), { say: tail })
      return ended
    },
    signal(which) {
      child!.kill(which)
    },
  }
}

/** Wait until all of them stand at one height with one state root and nothing waits any more; says which. */
export function agreed(...daemons: readonly Daemon[]): Promise<{ height: string; stateRoot: string }> {
  let seen: object[] = []
  return until(
    `${daemons.map(({ name }) => name).join(', ')} agree`,
    async () => {
      const statuses = await Promise.all(daemons.map(({ api }) => api.status()))
      seen = statuses.map(({ height, stateRoot, pendingOps, halted }) => ({ height, stateRoot, pendingOps, halted }))
      const [{ height, stateRoot }] = statuses as [(typeof statuses)[0]]
      const same = statuses.every((one) => one.height === height && one.stateRoot === stateRoot && one.pendingOps === 0)
      return same && { height, stateRoot }
    },
    { say: () => seen },
  )
}

/** Wait until everybody's first address can be written to, and each of them knows it of the others. */
export async function registered(...daemons: readonly Daemon[]): Promise<void> {
  for (const { name, api } of daemons)
    await until(`${name} is registered`, async () => (await api.pseudonyms())[0]?.registered)
  await agreed(...daemons)
}

/** Wait until a message is in one of the states in one of a person's folders. */
export function letterIn(
  { name, api }: Daemon,
  folder: 'inbox' | 'sent',
  id: string,
  states: readonly MessageState[],
): Promise<Summary> {
  let seen: Summary | undefined
  return until(
    `${name} has ${id.slice(0, 8)} in ${folder} as ${states}`,
    async () => {
      seen = (await api.messages({ folder })).find((letter) => letter.id === id)
      return seen && states.includes(seen.state) && seen
    },
    { say: () => seen },
  )
}

/** States in which a message can be read. */
export const readable: readonly MessageState[] = ['released', 'opened', 'acknowledged']

/** The bytes of a message, once it can be read. */
export async function bytesOf(daemon: Daemon, id: string): Promise<Buffer> {
  await letterIn(daemon, 'inbox', id, readable)
  const { raw } = await daemon.api.message({ id })
  return Buffer.from(raw!, 'base64')
}

/** Bytes as the API wants them. */
export const base64Of = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64')
