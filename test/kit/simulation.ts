/**
 * Whole nodes in one process, from one seed: a host, relays, keepers and people with their mailboxes, over a simulated
 * clock and network and disks in memory. A node that crashes loses everything but its disk.
 */
import { presets } from '../../node/settings/presets.ts'
import { createHash } from 'node:crypto'
import { bytesToHex } from '@noble/hashes/utils.js'
import { signingPrivateKey } from '../../node/keys/derive.ts'
import { examine } from '../../node/daemon/doctor.ts'
import { createKeystore, type Keystore } from '../../node/keys/keystore.ts'
import { foundNetwork } from '../../node/settings/founding.ts'
import type { NetworkFile } from '../../node/settings/network-file.ts'
import { createFollowed } from '../../node/peers/followed.ts'
import { createNode, type Node, type NodeOptions } from '../../node/peers/node.ts'
import { createMailbox, type Mailbox } from '../../node/daemon/mailbox.ts'
import type { Clock, Disk, Network } from '../../node/seams.ts'
import { seededRandom } from '../../node/simulated/seeded-random.ts'
import { keeperKeyPairFromSeed } from '../../node/seal/share.ts'
import { signingKeyOf } from '../../node/keys/sign.ts'
import { createSimulation, type Simulation, type SimulationOptions } from '../../node/simulated/simulated.ts'
import { openWallet, type Wallet } from '../../node/keys/wallet.ts'
import { addressOf } from '../../protocol/address.ts'
import { headerHash } from '../../protocol/batch.ts'
import type { Rules } from '../../protocol/rules.ts'
import { patienceMs } from './patience.ts'
import { plainProofs } from './plain-proofs.ts'
import { plainReader } from './plain-reader.ts'
import { memoryDisk } from './memory.ts'

/** What a network is made of. People are named by their devices: `ada` and `ada 2` are one person. */
export type Plan = {
  readonly relays: number
  readonly keepers: number
  readonly threshold: number
  readonly people: readonly string[]
  readonly changes?: Partial<Rules>
  readonly network?: Pick<SimulationOptions, 'delayMs' | 'lossBasisPoints'>
  /** Pseudonyms of each person; 1 where nothing is said. */
  readonly pseudonyms?: number
  /** How many relays people know; 2 where nothing is said. */
  readonly relaysKnown?: number
  /** What a node has instead of its network, such as one that writes down what comes. */
  readonly networkOf?: (name: string, seams: { readonly network: Network; readonly clock: Clock }) => Network
}

/** A node while it lives. */
export type Alive = {
  readonly node: Node
  /** Of people only. */
  readonly mailbox: Mailbox | undefined
  readonly wallet: Wallet | undefined
  /** Set when it has crashed: what is still under way in it can do nothing any more. */
  isOver: boolean
  /** How many more writes reach the disk before it crashes. */
  writesLeft: number
}

export type World = {
  readonly simulation: Simulation
  readonly file: NetworkFile
  /** Every node's name, the host first. */
  readonly names: readonly string[]
  readonly devices: readonly string[]
  readonly disks: ReadonlyMap<string, Disk>
  /** What nodes have warned of, the latest last. */
  readonly warnings: string[]
  /** How often each sentence was logged, by anybody. */
  readonly said: ReadonlyMap<string, number>
  /** What the people of one address share. */
  readonly addressOf: (device: string) => Uint8Array
  /** A node that is up; throws where it is not. */
  readonly at: (name: string) => Alive
  readonly isUp: (name: string) => boolean
  /** Bring a node up over its disk. */
  readonly start: (name: string) => Promise<void>
  /** Take it down between two events. */
  readonly crash: (name: string) => void
  /** Take it down in the middle of one: after so many more writes to its disk. */
  readonly crashAfter: (name: string, writes: number) => void
  /** Set a node's clock so much ahead of what it was at first, also in its next lives. */
  readonly shiftClock: (name: string, ms: number) => void
  /** Let time pass. */
  readonly pass: (ms: number) => Promise<void>
  /** Let time pass until something holds, looking once a second; throws after `limitMs`. */
  readonly until: (what: string, holds: () => boolean | Promise<boolean>, limitMs: number) => Promise<void>
  /** Let time pass until everybody is registered and knows it. */
  readonly registered: () => Promise<void>
  /** What is wrong with the nodes that are up: they stand still, differ, or do not hold what their log leads to. */
  readonly audit: () => Promise<string[]>
  /** Chained over every event and every batch header of every node. */
  readonly trace: () => string
}

const startMs = 1_800_000_000_000
/** Round numbers and short times; an op lives for a quarter to the whole of its longest expiry. */
const changes: Partial<Rules> = {
  batchIntervalMs: 1_000,
  epochMs: 60_000n,
  reputation: { ...presets.testnet!.reputation, passGraceMs: 20_000 },
  expiryMaxMs: 20_000,
  clockSkewMs: 5_000,
}
const funds = 10_000_000n

/** Found a network and start all of its nodes. */
export async function createWorld(seed: string, plan: Plan): Promise<World> {
  const random = seededRandom(createHash('sha256').update(seed).digest(), 'world')
  const numbered = (what: string, count: number) => Array.from({ length: count }, (_, index) => `${what}${index + 1}`)
  const relays = numbered('relay', plan.relays)
  const keepers = numbered('keeper', plan.keepers)
  const core = ['host', ...relays, ...keepers]
  const names = [...core, ...plan.people]
  const salt = random(32)
  const hostKey = random(32)
  const keeperKeys = keepers.map((_, index) => ({
    index,
    pair: keeperKeyPairFromSeed(random(32)),
    signingKey: random(32),
  }))
  const keystores = new Map<string, Keystore>()
  for (const device of plan.people) {
    const kdf = { memoryKib: 8, passes: 1, lanes: 1 }
    const known = keystores.get(personOf(device))
    if (!known) keystores.set(personOf(device), await keystoreOf(plan, { random, passphrase: '', realm: salt, kdf }))
  }
  const addresses = new Map([...keystores].map(([person, keystore]) => [person, addressesIn(keystore)]))
  const payee = addresses.values().next().value![0]!
  const file = foundNetwork({
    preset: 'testnet',
    name: 'simulation',
    hostKey: signingKeyOf(hostKey),
    operators: [{ address: payee, weight: 1 }],
    keepers: {
      version: 1,
      threshold: plan.threshold,
      members: keeperKeys.map(({ pair, signingKey }) => ({
        address: payee,
        weight: 1,
        lockKey: pair.publicKey,
        signingKey: signingKeyOf(signingKey),
      })),
    },
    genesis: {
      time: BigInt(startMs),
      salt,
      grants: [...addresses.values()].flat().map((address) => ({ address, amount: funds })),
    },
    changes: { ...changes, ...plan.changes },
  })

  // Machines that run the network know each other.
  const relaysOf = (device: string) => {
    const first = plan.people.indexOf(device)
    return Array.from({ length: plan.relaysKnown ?? 2 }, (_, index) => relays[(first + index) % relays.length])
  }
  const isLinked = (left: string, right: string): boolean => {
    const [isCore, isOther] = [core.includes(left), core.includes(right)]
    if (isCore && isOther) return true
    if (!names.includes(left) || !names.includes(right)) return isCore || isOther // a stranger finds all machines
    if (isCore) return relaysOf(right).includes(left)
    return isOther && relaysOf(left).includes(right)
  }
  const simulation = createSimulation(seed, { startMs, isLinked, stuckAfterMs: patienceMs, ...plan.network })
  const disks = new Map(names.map((name) => [name, memoryDisk()]))
  const skews = new Map(names.map((name) => [name, (random(1)[0]! % 41) * 50 - 1_000]))
  /** How far clocks were set wrong since. */
  const shifts = new Map<string, number>()
  const alive = new Map<string, Alive>()
  const warnings: string[] = []
  const said = new Map<string, number>()
  let batches = createHash('sha256').update(seed).digest()

  function loggerOf(name: string) {
    const say = (_: object, sentence: string) => void said.set(sentence, (said.get(sentence) ?? 0) + 1)
    const warn = (what: object, sentence: string) => {
      say(what, sentence)
      const { err } = what as { err?: Error }
      warnings.push(`${simulation.now() - startMs} ${name}: ${sentence}${err ? `: ${err.message}` : ''}`)
      if (warnings.length > 200) warnings.shift()
    }
    return { debug: say, info: say, warn, error: warn }
  }

  const observerOf = (name: string): NodeOptions['observer'] => ({
    onAnswer: () => undefined,
    onOmitted: () => undefined,
    onSettled({ header }) {
      const line = `${simulation.now()} ${name} ${header.height} ${bytesToHex(headerHash(header))}`
      batches = createHash('sha256').update(batches).update(line).digest()
    },
    onDiskFailure(error) {
      throw error
    },
  })

  async function start(name: string): Promise<void> {
    const life = { isOver: false, writesLeft: Number.POSITIVE_INFINITY }
    const joined = simulation.join(name, { skewMs: skews.get(name)! })
    const end = () => {
      life.isOver = true
      alive.delete(name)
      simulation.crash(name)
    }
    const seams = {
      ...joined,
      network: plan.networkOf?.(name, joined) ?? joined.network,
      clock: mortalClock(joined.clock, life, () => shifts.get(name) ?? 0),
      disk: mortalDisk(disks.get(name)!, life, end),
      proofs: plainProofs,
    }
    const keystore = keystores.get(personOf(name))
    const wallet = keystore && (await openWallet({ keystore, path: '', random: seams.random }))
    const own = () => wallet?.own.map(({ address }) => address) ?? []
    const keeper = keeperKeys[keepers.indexOf(name)]
    const logger = loggerOf(name)
    const node = await createNode({
      seams,
      ...file,
      logger,
      ...(name === 'host' && { hostKey }),
      ...(keeper && { keeper }),
      shards: wallet ? createFollowed({ key: wallet.wayKey, shards: file.rules.mailShards, own }) : () => 'all',
      own,
      ...(wallet && { wayKey: wallet.wayKey }),
      observer: observerOf(name),
    })
    const mailbox =
      wallet &&
      (await createMailbox({
        node,
        wallet,
        logger,
        reader: plainReader(seams.random),
        hideAmong: 1,
        emit: () => undefined,
      }))
    alive.set(name, Object.assign(life, { node, mailbox, wallet }))
  }

  function at(name: string): Alive {
    const found = alive.get(name)
    if (!found) throw new Error(`${name} is not up`)
    return found
  }

  for (const name of names) await start(name)
  const world: World = {
    simulation,
    file,
    names,
    devices: plan.people,
    disks,
    warnings,
    said,
    addressOf: (device) => addresses.get(personOf(device))![0]!,
    at,
    isUp: (name) => alive.has(name),
    start,
    crash(name) {
      at(name).isOver = true
      alive.delete(name)
      simulation.crash(name)
    },
    crashAfter(name, writes) {
      at(name).writesLeft = writes
    },
    shiftClock: (name, ms) => void shifts.set(name, ms),
    pass: (ms) => simulation.run({ untilMs: simulation.now() + ms }),
    async until(what, holds, limitMs) {
      for (const endMs = simulation.now() + limitMs; !(await holds()); await world.pass(1_000))
        if (simulation.now() >= endMs) throw new Error(`It did not come to pass within ${limitMs} ms that ${what}.`)
    },
    registered: () => world.until('everybody is registered', () => areRegistered(alive), 60_000),
    audit: () => audit(alive),
    trace: () => createHash('sha256').update(simulation.eventHash()).update(batches).digest('hex'),
  }
  return world
}

/** The person whose device this is. */
export const personOf = (device: string): string => device.split(' ')[0]!

/** Where a node's ledger stands, as text. */
export const headOf = ({ node: { replica } }: Alive): string =>
  `height ${replica.head.sealed.header.height}, header ${bytesToHex(replica.head.hash)}`

async function areRegistered(alive: ReadonlyMap<string, Alive>): Promise<boolean> {
  for (const { mailbox } of alive.values()) if (mailbox && !(await mailbox.pseudonyms())[0]!.registered) return false
  return true
}

async function audit(alive: ReadonlyMap<string, Alive>): Promise<string[]> {
  const faults: string[] = []
  const heads = new Map<string, string[]>()
  for (const [name, one] of alive) {
    const { store, context, genesis, seams, replica } = one.node
    heads.set(headOf(one), [...(heads.get(headOf(one)) ?? []), name])
    if (replica.halted) faults.push(`${name} stands still: ${replica.halted}`)
    const { clock, proofs } = seams
    const { findings } = await examine({
      store,
      context,
      genesis,
      clock,
      proofs,
      keepsAll: false,
      progress: () => undefined,
    })
    for (const { check, ok, detail } of findings) if (!ok) faults.push(`${name}, ${check}: ${detail}`)
  }
  if (heads.size > 1) faults.push(...[...heads].map(([head, names]) => `${names.join(', ')} at ${head}`))
  return faults
}

function keystoreOf({ pseudonyms = 1 }: Plan, creation: Parameters<typeof createKeystore>[0]): Promise<Keystore> {
  if (pseudonyms === 1) return createKeystore(creation)
  const labels = Array.from({ length: pseudonyms }, (_, at) => ({ label: `name ${at}`, generation: 0, retired: false }))
  return createKeystore({ ...creation, pseudonyms: labels })
}

const addressesIn = (keystore: Keystore): Uint8Array[] =>
  keystore.pseudonyms.map((_, pseudonym) =>
    addressOf(signingKeyOf(signingPrivateKey(keystore, { pseudonym, generation: 0 }))),
  )

type Life = { isOver: boolean; writesLeft: number }

/** A clock on which what fails after the end, for want of a disk and a network, fails quietly. */
function mortalClock(clock: Clock, life: Life, shiftMs: () => number): Clock {
  const guarded = (task: () => Promise<void> | void) => async () => {
    try {
      await task()
    } catch (error) {
      if (!life.isOver) throw error
    }
  }
  return {
    now: () => clock.now() + shiftMs(),
    monotonic: clock.monotonic,
    after: (delayMs, task) => clock.after(delayMs, guarded(task)),
    every: (intervalMs, task) => clock.every(intervalMs, guarded(task)),
  }
}

/** A disk that ends the life of its node at a write, and takes no write after the end. */
function mortalDisk(disk: Disk, life: Life, end: () => void): Disk {
  async function batch(...operations: Parameters<Disk['batch']>): Promise<void> {
    if (life.isOver) return
    if (life.writesLeft === 0) return end()
    life.writesLeft -= 1
    await disk.batch(...operations)
  }
  return new Proxy(disk, {
    get(target, name) {
      if (name === 'batch') return batch
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
