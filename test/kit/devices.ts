/**
 * The daemons of a few people in a simulated network: whole nodes with their mailboxes, in one process and from one seed. The
 * device called `host` orders the log. A person can have several devices, all from one recovery phrase.
 */
import { join } from 'node:path'
import type { Test } from 'tap'
import { signingPrivateKey } from '../../node/keys/derive.ts'
import { createKeystore, type Keystore, usualHabit } from '../../node/keys/keystore.ts'
import { foundNetwork } from '../../node/settings/founding.ts'
import type { NetworkFile } from '../../node/settings/network-file.ts'
import { spaces } from '../../node/ledger/store.ts'
import { createNode, type Node } from '../../node/peers/node.ts'
import { createMailbox, type Mailbox } from '../../node/daemon/mailbox.ts'
import type { Disk, Proofs } from '../../node/seams.ts'
import type { Habit } from '../../node/habit.ts'
import { seededRandom } from '../../node/simulated/seeded-random.ts'
import { keeperKeyPairFromSeed } from '../../node/seal/share.ts'
import { signingKeyOf } from '../../node/keys/sign.ts'
import { createSimulation, type Simulation } from '../../node/simulated/simulated.ts'
import { openWallet, type Wallet } from '../../node/keys/wallet.ts'
import { addressOf } from '../../protocol/address.ts'
import type { Rules } from '../../protocol/rules.ts'
import { seedOf } from './fixtures.ts'
import { patienceMs } from './patience.ts'
import { plainReader } from './plain-reader.ts'
import { memoryDisk } from './memory.ts'

export type Device = {
  readonly node: Node
  readonly wallet: Wallet
  readonly mailbox: Mailbox
  readonly said: string[]
}

export type Devices = {
  readonly simulation: Simulation
  /** What the host signs batches with. */
  readonly hostKey: Uint8Array
  /** Every secret of a person starts here. */
  keystore(person: string): Keystore
  /** Bring up a device of a person, who is the first one where nothing is said. A name has one disk and one keystore file. */
  start(name: string, how?: Start): Promise<Device>
  pass(ms: number): Promise<void>
  /** Let time pass until something holds. Throws where it does not within the limit: 20 seconds unless said otherwise. */
  until(what: string, holds: () => boolean | Promise<boolean>, limitMs?: number): Promise<void>
}

/** Whose device it is, and in what it is not like others. */
export type Start = {
  readonly of?: string
  readonly changes?: Partial<Keystore>
  readonly hideAmong?: number
  readonly proofs?: Proofs
  /** What its mailbox spends within 24 hours; without it, no limit. */
  readonly spendPerDay?: bigint
  /** What goes back by itself; without it, nothing. */
  readonly giveBack?: 'valued' | 'answered' | 'never'
  /** The how manieth letter to somebody who never answers needs insisting; without it, none does. */
  readonly askBefore?: number
  /** How far ahead its clock is, in milliseconds. */
  readonly aheadMs?: () => number
  /** Called before each write of its mailbox, which fails where this throws. */
  readonly beforeWrite?: () => void
}

const startMs = 1_800_000_000_000

/** A network that nobody is in yet. Each person's first address has `funds`. */
export async function createDevices(
  t: Test,
  {
    people,
    funds,
    changes,
    proofs,
    habit = usualHabit,
  }: {
    readonly people: readonly string[]
    readonly funds: bigint
    readonly changes: Partial<Rules>
    readonly proofs: Proofs
    /** Which passes are taken for everybody's first pseudonym. */
    readonly habit?: Habit
  },
): Promise<Devices> {
  const random = seededRandom(seedOf(t.name), 'world')
  const hostKey = random(32)
  const salt = random(32)
  const kdf = { memoryKib: 8, passes: 1, lanes: 1 }
  const keystores = new Map<string, Keystore>()
  const pseudonyms = [{ label: 'default', generation: 0, retired: false, habit }]
  for (const person of people)
    keystores.set(person, await createKeystore({ random, passphrase: '', realm: salt, kdf, pseudonyms }))
  const addresses = [...keystores.values()].map((keystore) =>
    addressOf(signingKeyOf(signingPrivateKey(keystore, { pseudonym: 0, generation: 0 }))),
  )
  const lockKey = keeperKeyPairFromSeed(random(32)).publicKey
  const file = networkOf({ hostKey, salt, addresses, lockKey, funds, changes })
  const simulation = createSimulation(t.name, { startMs, stuckAfterMs: patienceMs })
  const folder = t.testdir({})
  const disks = new Map<string, Disk>()
  const devices: Devices = {
    simulation,
    hostKey,
    keystore: (person) => keystores.get(person)!,
    async start(name, { of = people[0]!, hideAmong = 1, ...how } = {}) {
      const disk = disks.get(name) ?? memoryDisk()
      disks.set(name, disk)
      if (how.beforeWrite) watchWrites(disk, how.beforeWrite)
      const said: string[] = []
      const say = (what: object, sentence: string): void =>
        void said.push(`${sentence} ${(what as { err?: Error }).err?.message ?? ''}`)
      const logger = { debug: () => undefined, info: say, warn: say, error: say }
      const joined = simulation.join(name)
      const clock = { ...joined.clock, now: () => joined.clock.now() + (how.aheadMs?.() ?? 0) }
      const seams = { ...joined, clock, disk, proofs: how.proofs ?? proofs }
      const keystore = { ...keystores.get(of)!, ...how.changes }
      const wallet = await openWallet({ keystore, path: join(folder, `${name}.json`), random: seams.random })
      const node = await createNode({
        seams,
        ...file,
        logger,
        ...(name === 'host' && { hostKey }),
        shards: () => 'all',
        own: () => wallet.own.map((own) => own.address),
        observer: {
          onAnswer: () => undefined,
          onSettled: () => undefined,
          onOmitted: () => undefined,
          onDiskFailure: (error) => {
            throw error
          },
        },
      })
      const mailbox = await createMailbox({
        node,
        wallet,
        logger,
        reader: plainReader(seams.random),
        hideAmong,
        spendPerDay: how.spendPerDay ?? null,
        ...(how.giveBack && { giveBack: how.giveBack }),
        ...(how.askBefore !== undefined && { askBefore: how.askBefore }),
        emit: () => undefined,
      })
      return { node, wallet, mailbox, said }
    },
    pass: (ms) => simulation.run({ untilMs: simulation.now() + ms }),
    async until(what, holds, limitMs = 20_000) {
      for (const endMs = simulation.now() + limitMs; !(await holds()); await devices.pass(500))
        if (simulation.now() >= endMs) throw new Error(`It did not come to pass that ${what}.`)
    },
  }
  return devices
}

/** Have a disk ask before it writes what is a mailbox’s. The ledger waits for a disk, which no simulated event can. */
function watchWrites(disk: Disk, before: () => void): void {
  const batch = disk.batch.bind(disk) as (...given: readonly unknown[]) => Promise<void>
  const watched = async (operations: readonly { readonly key: Uint8Array }[], options: object): Promise<void> => {
    if (operations.some(({ key }) => key[0] === spaces.mailbox)) before()
    await batch(operations, options)
  }
  disk.batch = watched as unknown as typeof disk.batch
}

function networkOf({
  hostKey,
  salt,
  addresses,
  lockKey,
  funds,
  changes,
}: {
  hostKey: Uint8Array
  salt: Uint8Array
  addresses: readonly Uint8Array[]
  lockKey: Uint8Array
  funds: bigint
  changes: Partial<Rules>
}): NetworkFile {
  const paid = { address: addresses[0]!, weight: 1 }
  const signingKey = signingKeyOf(hostKey)
  return foundNetwork({
    preset: 'testnet',
    name: 'devices',
    hostKey: signingKey,
    operators: [paid],
    keepers: { version: 1, threshold: 1, members: [{ ...paid, lockKey, signingKey }] },
    genesis: { time: BigInt(startMs), salt, grants: addresses.map((address) => ({ address, amount: funds })) },
    changes,
  })
}
