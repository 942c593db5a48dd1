/**
 * A network in which people live, and everything that somebody could see of it: whole nodes and mailboxes as a daemon has
 * them, over a simulated clock and network, from one seed. Proofs are taken as good. A home has its files on the real disk,
 * its database in memory, and its log by the daemon's own logger at the default level.
 */
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type pino from 'pino'
import { watchClock } from '../../node/daemon/clock-watch.ts'
import { createMailbox, type Mailbox } from '../../node/daemon/mailbox.ts'
import { createMetrics } from '../../node/daemon/metrics.ts'
import { createObserver, updateGauges } from '../../node/daemon/observer.ts'
import { createLog } from '../../node/daemon/log.ts'
import { ensureSecret } from '../../node/daemon/secrets.ts'
import { signingPrivateKey } from '../../node/keys/derive.ts'
import { createKeystore, type Keystore, sealKeystore, writeKeystore } from '../../node/keys/keystore.ts'
import { signingKeyOf } from '../../node/keys/sign.ts'
import { openWallet, type Wallet } from '../../node/keys/wallet.ts'
import { createFollowed } from '../../node/peers/followed.ts'
import { createNode, type Node, type NodeOptions } from '../../node/peers/node.ts'
import { keeperKeyPairFromSeed } from '../../node/seal/share.ts'
import type { Disk, Network, Random } from '../../node/seams.ts'
import { loadConfig, writeConfig } from '../../node/settings/config.ts'
import { makeHome, pathsOf, replaceFile, writeApiFile } from '../../node/settings/home.ts'
import { foundNetwork } from '../../node/settings/founding.ts'
import { formatNetworkFile, idOf, type NetworkFile } from '../../node/settings/network-file.ts'
import { presets } from '../../node/settings/presets.ts'
import { seededRandom } from '../../node/simulated/seeded-random.ts'
import { createSimulation, type Simulation } from '../../node/simulated/simulated.ts'
import { addressOf } from '../../protocol/address.ts'
import type { Rules } from '../../protocol/rules.ts'
import { drawing } from '../kit/drawing.ts'
import { sharedProofs } from './shared-proofs.ts'
import { plainReader } from '../kit/plain-reader.ts'
import type { Plant } from './plants.ts'
import { type Recording, tapped } from './tap.ts'
import { memoryDisk } from '../kit/memory.ts'

/** An epoch stands for a week; the daemons' own rounds of two seconds are as they are. */
export const epochMs = 160_000
export const startMs = 1_800_000_000_000
/** An event that takes so long of the real time hangs. */
const stuckAfterMs = 600_000
/** Metrics are scraped this often. */
const scrapeMs = 15_000

export type Plan = {
  readonly seed: string
  readonly people: number
  /** Pseudonyms of each. */
  readonly pseudonyms: number
  readonly plants: readonly Plant[]
  /** Rules that are others than usual. */
  readonly changes?: Partial<Rules>
  /** A folder for homes. */
  readonly folder: string
}

/** What can be read at a home besides its database: log lines as they were written, and metrics as they were scraped. */
type Told = { readonly lines: string[]; readonly scrapes: { readonly timeMs: number; readonly text: string }[] }

/** A person's daemon, while it is up. */
export type Device = {
  readonly name: string
  readonly home: string
  readonly node: Node
  readonly wallet: Wallet
  readonly mailbox: Mailbox
  readonly metrics: ReturnType<typeof createMetrics>
  /** Write a line into its log, past what its log leaves out. */
  readonly say: (line: object) => void
}

export type World = {
  readonly simulation: Simulation
  readonly file: NetworkFile
  /** Names of people's daemons, and of the nodes that observe. */
  readonly people: readonly string[]
  readonly random: Random
  readonly recordings: ReadonlyMap<string, Recording>
  readonly told: ReadonlyMap<string, Told>
  /** The topics that each person's daemon has taken part in, as it tells every peer. */
  readonly topics: ReadonlyMap<string, ReadonlySet<string>>
  readonly disks: ReadonlyMap<string, Disk>
  readonly homeOf: (name: string) => string
  readonly keystoreOf: (name: string) => Keystore
  readonly host: Node
  readonly up: ReadonlyMap<string, Device>
  readonly start: (name: string) => Promise<void>
  /** Stop a daemon as its owner does. */
  readonly stop: (name: string) => Promise<void>
}

const relays = ['relay1', 'relay2', 'relay3']
const keepers = ['keeper1', 'keeper2']
const core = ['host', ...relays, ...keepers]
/** Those that write down what reaches them; everybody's daemon knows them, and two other relays. */
export const observing = ['host', 'relay1', 'keeper1'] as const

/** Found a network, start the nodes that run it, and make people's homes. */
export async function createWorld(plan: Plan): Promise<World> {
  const random = seededRandom(createHash('sha256').update(plan.seed).digest(), 'observers')
  const { number, pick } = drawing(random)
  const salt = random(32)
  const hostKey = random(32)
  const keeperKeys = keepers.map((_, index) => ({
    index,
    pair: keeperKeyPairFromSeed(random(32)),
    signingKey: random(32),
  }))
  const people = Array.from({ length: plan.people }, (_, at) => `person${at + 1}`)
  const keystores = new Map<string, Keystore>()
  for (const name of people) keystores.set(name, await keystoreOf(random, salt, plan.pseudonyms))
  const addresses = [...keystores.values()].flatMap(addressesIn)
  const file = networkOf({
    hostKey,
    salt,
    keeperKeys,
    addresses: shuffled(addresses, random),
    payee: random(20),
    plan,
  })

  const others = relays.filter((name) => name !== 'relay1')
  const known = new Map(people.map((name) => [name, new Set([...observing, pick(others), pick(others)])]))
  const isLinked = (left: string, right: string): boolean =>
    (core.includes(left) && core.includes(right)) ||
    (known.get(left)?.has(right) ?? false) ||
    (known.get(right)?.has(left) ?? false)
  const simulation = createSimulation(plan.seed, { startMs, isLinked, stuckAfterMs })
  const recordings = new Map<string, Recording>(observing.map((name) => [name, { frames: [], comings: [] }]))
  const disks = new Map([...core, ...people].map((name) => [name, memoryDisk()]))
  const told = new Map<string, Told>(people.map((name) => [name, { lines: [], scrapes: [] }]))
  const topics = new Map(people.map((name) => [name, new Set<string>()]))
  // People's clocks are further off than those of machines, and none further than rules allow from another.
  const skewOf = (mostMs: number) => (name: string) => [name, number(-mostMs, mostMs)] as const
  const skews = new Map([...core.map(skewOf(500)), ...people.map(skewOf(4_000))])
  const proofs = sharedProofs()
  const up = new Map<string, Device>()
  const homeOf = (name: string): string => join(plan.folder, name)

  function seamsOf(name: string): NodeOptions['seams'] {
    const joined = simulation.join(name, { skewMs: skews.get(name)! })
    const recording = recordings.get(name)
    const heard = topics.get(name)
    const listed = heard ? listing(joined.network, heard) : joined.network
    const network = recording ? tapped(listed, joined.clock, recording) : listed
    return { ...joined, network, disk: disks.get(name)!, proofs }
  }

  async function startMachine(name: string): Promise<Node> {
    const keeper = keeperKeys[keepers.indexOf(name)]
    return createNode({
      seams: seamsOf(name),
      ...file,
      logger: quiet,
      ...(name === 'host' && { hostKey }),
      ...(keeper && { keeper }),
      shards: () => 'all',
      observer: {
        onAnswer: () => undefined,
        onSettled: () => undefined,
        onOmitted: () => undefined,
        onDiskFailure: failing,
      },
    })
  }

  /** As `daemon.ts` puts it together. */
  async function start(name: string): Promise<void> {
    const home = homeOf(name)
    const seams = seamsOf(name)
    const logger = loggerTo(told.get(name)!.lines, { now: seams.clock.now, network: idOf(file) })
    const metrics = createMetrics()
    const opened = await openWallet({
      keystore: keystores.get(name)!,
      path: pathsOf(home).keystore,
      random: seams.random,
    })
    const wallet = plan.plants.reduce((own, plant) => plant.wallet?.(own, { clock: seams.clock, file }) ?? own, opened)
    const own = (): Uint8Array[] => wallet.own.map(({ address }) => address)
    const followed = createFollowed({ key: wallet.wayKey, shards: file.rules.mailShards, own })
    const clockWatch = watchClock({ clock: seams.clock, toleranceMs: file.rules.clockSkewMs })
    const node = await createNode({
      seams,
      ...file,
      logger,
      shards: plan.plants.find((plant) => plant.shards)?.shards?.(wallet, file) ?? followed,
      own,
      wayKey: wallet.wayKey,
      observer: { ...createObserver(metrics.metrics, logger, clockWatch), onDiskFailure: failing },
    })
    const part = logger.child({ part: 'mailbox' })
    const reader = plainReader(seams.random)
    const settings = { hideAmong: 1, giveBack }
    const mailbox = await createMailbox({ node, wallet, logger: part, reader, ...settings, emit: () => undefined })
    const say = (line: object): void =>
      void told.get(name)!.lines.push(JSON.stringify({ level: 30, time: seams.clock.now(), ...line }))
    const device = { name, home, node, wallet, mailbox, metrics, say }
    up.set(name, device)
    seams.clock.every(scrapeMs, async () => {
      await updateGauges(metrics.metrics, { node, proofs: noProofs, troubles: [] })
      told.get(name)!.scrapes.push({ timeMs: seams.clock.now(), text: await metrics.registry.metrics() })
    })
    for (const plant of plan.plants) await plant.begin?.(device)
  }

  for (const name of people) await makeHomeOf(homeOf(name), { keystore: keystores.get(name)!, file, random })
  // What daemons do by themselves where their owners set nothing: letters that are valued are given back.
  const { giveBack } = await loadConfig({ home: homeOf(people[0]!), env: {} })
  for (const name of core.slice(1)) await startMachine(name)
  const host = await startMachine('host')
  return {
    ...{ simulation, file, people, random, recordings, told, topics, disks, homeOf, host, up, start },
    keystoreOf: (name) => keystores.get(name)!,
    async stop(name) {
      const { mailbox, node } = up.get(name)!
      up.delete(name)
      await mailbox.stop()
      await node.stop()
      simulation.crash(name)
    },
  }
}

/** The same network, with the topics noted that a node takes part in. */
const listing = (network: Network, topics: Set<string>): Network => ({
  ...network,
  subscribe(topic, validate, isHeard) {
    topics.add(topic)
    network.subscribe(topic, validate, isHeard)
  },
})

const noProofs = { held: 0, failed: 0, remembered: 0, joined: 0, batches: 0, restarts: 0, waiting: 0 }
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
const failing = (error: Error): never => {
  throw error
}

/** The daemon's own log at its default level, by the clock of the simulation. */
function loggerTo(lines: string[], { now, network }: { now: () => number; network: string }): pino.Logger {
  const write = (line: string): void => void lines.push(line.replace(/,"time":\d+/, `,"time":${now()}`))
  return createLog({ level: 'info', role: 'personal', network }, { write })
}

/** Labels are a person's own words: known to nobody else, and no two alike. */
async function keystoreOf(random: Random, realm: Uint8Array, count: number): Promise<Keystore> {
  const label = (): string => `name-${Buffer.from(random(6)).toString('hex')}`
  const pseudonyms = Array.from({ length: count }, () => ({ label: label(), generation: 0, retired: false }))
  return createKeystore({ random, passphrase: 'horse', realm, pseudonyms, kdf: { memoryKib: 8, passes: 1, lanes: 1 } })
}

/** The addresses of a keystore's pseudonyms, in their order. */
export const addressesIn = (keystore: Keystore): Uint8Array[] =>
  keystore.pseudonyms.map((_, pseudonym) =>
    addressOf(signingKeyOf(signingPrivateKey(keystore, { pseudonym, generation: 0 }))),
  )

/** What `bmail init` and a first start leave in a home. */
async function makeHomeOf(
  home: string,
  { keystore, file, random }: { keystore: Keystore; file: NetworkFile; random: Random },
): Promise<void> {
  mkdirSync(home, { recursive: true })
  makeHome(home)
  await writeKeystore(pathsOf(home).keystore, sealKeystore(random, keystore))
  replaceFile(pathsOf(home).network, formatNetworkFile(file), 0o644)
  writeConfig(home, {})
  ensureSecret(home, 'peer', random)
  writeApiFile(home, { port: 4_000, token: Buffer.from(random(32)).toString('hex'), pid: 4_000 })
}

function networkOf({
  hostKey,
  salt,
  keeperKeys,
  addresses,
  payee,
  plan,
}: {
  hostKey: Uint8Array
  salt: Uint8Array
  keeperKeys: readonly { pair: { publicKey: Uint8Array }; signingKey: Uint8Array }[]
  addresses: readonly Uint8Array[]
  payee: Uint8Array
  plan: Pick<Plan, 'changes' | 'plants'>
}): NetworkFile {
  const { reputation, identity } = presets.testnet!
  const paid = { address: payee, weight: 1 }
  return foundNetwork({
    preset: 'testnet',
    name: 'observed',
    hostKey: signingKeyOf(hostKey),
    operators: [paid],
    keepers: {
      version: 1,
      threshold: 2,
      members: keeperKeys.map(({ pair, signingKey }) => ({
        ...paid,
        lockKey: pair.publicKey,
        signingKey: signingKeyOf(signingKey),
      })),
    },
    genesis: { time: BigInt(startMs), salt, grants: addresses.map((address) => ({ address, amount: 10_000_000n })) },
    changes: {
      batchIntervalMs: 1_000,
      epochMs: BigInt(epochMs),
      expiryMaxMs: 20_000,
      clockSkewMs: 5_000,
      reputation: { ...reputation, passGraceMs: 40_000 },
      identity: { ...identity, verdictDelayMs: 5_000 },
      ...Object.assign({}, plan.changes, ...plan.plants.map(({ changes }) => changes)),
    },
  })
}

/** The genesis names nobody's addresses side by side. */
function shuffled<T>(items: readonly T[], random: Random): T[] {
  const rank = (): string => Buffer.from(random(8)).toString('hex')
  return items
    .map((item) => ({ item, at: rank() }))
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ item }) => item)
}
