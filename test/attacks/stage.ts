/**
 * The stage of every attack: one host, two relays and two people, made and started by the command line as users do it, and
 * a third person whose money the attacker has. Nothing of their settings is other than a person's on the Internet:
 * `allowColocated`, which `bmail testnet` sets because its daemons share an address, is taken back, and what five of them
 * may do from one address is enough for them.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, connect } from '../../cli/client.ts'
import { type NetworkFile, parseNetworkFile } from '../../node/settings/network-file.ts'
import { pathsOf, readApiFile } from '../../node/settings/home.ts'
import { needed, within } from './measure.ts'

const program = join(import.meta.dirname, '../../cli/bmail.js')
const startMs = 600_000
/** Enough for a hundred letters of the dearest kind. */
const funds = 10n ** 15n

export type Daemon = {
  readonly name: string
  readonly home: string
  readonly api: Client
  pid(): number | undefined
  /** Start it, with a limit on its file descriptors where one is named. Throws with the end of its log where it does not come up. */
  start(descriptors?: number): Promise<void>
  stop(): Promise<void>
  signal(name: 'SIGSTOP' | 'SIGCONT'): void
  /** What it logged so far, as pino wrote it. */
  log(): Record<string, unknown>[]
}

export type Stage = {
  readonly file: NetworkFile
  readonly names: readonly string[]
  daemon(name: string): Daemon
  /** The home of the person who attacks, whose daemon never runs. */
  readonly attackerHome: string
  /** Peer ids of the honest, and whose they are. */
  readonly peerIds: ReadonlyMap<string, string>
  /** Where the relays listen, by name. */
  readonly addresses: Readonly<Record<string, string>>
  /** Pairs of honest daemons that are not connected: the relays among each other, and people with all relays. */
  parted(): Promise<string[]>
  end(): Promise<void>
}

const relays = ['relay1', 'relay2', 'relay3'] as const
export const people = ['alice', 'bob'] as const
const attacker = 'person3'

/** Make a network in a folder of its own, and start everybody. `descriptors` limits those of some daemons, by name. */
export async function createStage(descriptors: Readonly<Record<string, number>>): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'bmail-attacks-'))
  folders.add(folder)
  const words = ['testnet', '--out', folder, '--relays', '3', '--people', '3', '--funds', String(funds)]
  execFileSync(process.execPath, [program, ...words], { stdio: ['ignore', 'ignore', 'inherit'] })
  const names = [...relays, ...people]
  const daemons = new Map(names.map((name) => [name as string, createDaemon(name, join(folder, name))]))
  const daemon = (name: string): Daemon => daemons.get(name)!
  const end = async (): Promise<void> => {
    await Promise.all([...daemons.values()].map((one) => one.stop()))
    removeFolder(folder)
  }
  try {
    for (const name of names) asOnTheInternet(join(folder, name))
    await Promise.all(names.map((name) => daemon(name).start(descriptors[name])))
    const statuses = await Promise.all(names.map(async (name) => ({ name, ...(await daemon(name).api.status()) })))
    const peerIds = new Map(statuses.map(({ name, peerId }) => [peerId, name]))
    const addresses = Object.fromEntries(
      statuses.filter(({ addresses }) => addresses.length > 0).map(({ name, addresses }) => [name, addresses[0]!]),
    )
    const stage: Stage = {
      file: parseNetworkFile(readFileSync(pathsOf(join(folder, attacker)).network, 'utf8')),
      names,
      daemon,
      attackerHome: join(folder, attacker),
      peerIds,
      addresses,
      parted: () => partedOf(daemons, peerIds),
      end,
    }
    await needed('everybody is connected', startMs, async () => (await stage.parted()).length === 0)
    for (const name of people)
      await needed(`${name} is registered`, startMs, async () => (await daemon(name).api.pseudonyms())[0]?.registered)
    return stage
  } catch (error) {
    await end()
    throw error
  }
}

/** Take back the one setting that a testnet on one machine has and a daemon on the Internet has not. */
function asOnTheInternet(home: string): void {
  const { config } = pathsOf(home)
  const settings = readFileSync(config, 'utf8')
  writeFileSync(config, settings.replace('allowColocated = true', 'allowColocated = false'))
}

async function partedOf(daemons: ReadonlyMap<string, Daemon>, peerIds: ReadonlyMap<string, string>): Promise<string[]> {
  const parted: string[] = []
  for (const [name, { api }] of daemons) {
    const status = await api.status().catch(() => undefined)
    const known = new Set(status?.peers.map((peer) => peerIds.get(peer)))
    for (const relay of relays) if (relay !== name && !known.has(relay)) parted.push(`${name} and ${relay}`)
  }
  return parted
}

/** Whom honest daemons hung up on among each other: who did it, and to whom. Known from their logs. */
export function bansOf(stage: Stage): string[] {
  const bans = stage.names.flatMap((name) =>
    stage
      .daemon(name)
      .log()
      .filter(({ msg, banMs }) => msg === 'hung up on a peer' && Number(banMs) > 0)
      .flatMap(({ peer, why }) => {
        const banned = stage.peerIds.get(String(peer))
        return banned ? `${name} banned ${banned}: ${why}` : []
      }),
  )
  return [...new Set(bans)]
}

/** What a daemon answered to gossip so far, by answer, as its metrics count it; nothing where they cannot be had. */
export async function answersOf({ log }: Daemon): Promise<{ readonly ignore: number; readonly reject: number }> {
  const port = log().findLast(({ msg }) => msg === 'the daemon is up')?.metrics
  const signal = AbortSignal.timeout(10_000)
  const text = await fetch(`http://127.0.0.1:${port}/metrics`, { signal })
    .then((response) => response.text())
    .catch(() => '')
  const sum = (answer: string): number =>
    [...text.matchAll(/^bmail_gossip_total\{([^}]*)\} (\d+)$/gm)]
      .filter(([, labels]) => labels!.includes(`answer="${answer}"`))
      .reduce((total, [, , count]) => total + Number(count), 0)
  return { ignore: sum('ignore'), reject: sum('reject') }
}

/** Processes and folders that must not outlive this one, however it ends. */
const alive = new Set<ChildProcess>()
const folders = new Set<string>()
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
  for (const folder of folders) removeFolder(folder)
})
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => process.exit(1))

/** Kept where somebody wants to read the logs of an attack. */
function removeFolder(folder: string): void {
  if (!process.env.TEST_KEEP) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  folders.delete(folder)
}

/** A child that ends with this process. */
export function keepChild(child: ChildProcess): ChildProcess {
  alive.add(child)
  child.once('exit', () => alive.delete(child))
  return child
}

function createDaemon(name: string, home: string): Daemon {
  const logPath = `${home}.log`
  let child: ChildProcess | undefined
  const isRunning = (): boolean => child !== undefined && child.exitCode === null && child.signalCode === null
  const text = (): string => readFileSync(logPath, 'utf8')

  return {
    name,
    home,
    api: connect(home),
    pid: () => (isRunning() ? child!.pid : undefined),
    async start(descriptors) {
      const log = openSync(logPath, 'a')
      const { PATH = '', HOME = '' } = process.env
      const words = [process.execPath, program, 'daemon', '--home', home]
      const [command, ...rest] = descriptors
        ? ['bash', '-c', `ulimit -n ${descriptors}; exec "$0" "$@"`, ...words]
        : words
      child = keepChild(spawn(command!, rest, { stdio: ['ignore', log, log], env: { PATH, HOME } }))
      closeSync(log)
      const { pid } = child
      await needed(`${name} is up. ${text().slice(-500)}`, startMs, async () => {
        if (!isRunning()) throw new Error(`${name} ended`)
        return readApiFile(home)?.pid === pid && (await connect(home).status())
      })
    },
    async stop() {
      if (!isRunning()) return
      child!.kill('SIGCONT')
      child!.kill('SIGTERM')
      const isGone = await within(20_000, () => !isRunning())
      if (!isGone) child!.kill('SIGKILL')
      await within(5_000, () => !isRunning())
    },
    signal: (which) => void child?.kill(which),
    log: () =>
      text()
        .split('\n')
        .filter((line) => line.startsWith('{') && line.endsWith('}'))
        .map((line) => JSON.parse(line)),
  }
}
