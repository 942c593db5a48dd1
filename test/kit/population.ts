/**
 * People whose daemons live on one ledger: each has a wallet of two pseudonyms, an outbox and a life of its own, as in a
 * personal daemon, over one node that hosts the log. Proofs are taken as good; everything else is the real thing.
 */
import { presets } from '../../node/settings/presets.ts'
import { createHash } from 'node:crypto'
import { bytesToHex } from '@noble/hashes/utils.js'
import { createCabinet } from '../../node/mailbox/cabinet.ts'
import { signingPrivateKey } from '../../node/keys/derive.ts'
import { createKeyOf } from '../../node/mailbox/epoch-key.ts'
import { createPricing } from '../../node/mailbox/pricing.ts'
import { createKeystore, type Keystore } from '../../node/keys/keystore.ts'
import { createLife } from '../../node/identity/life.ts'
import { foundNetwork } from '../../node/settings/founding.ts'
import { createNode, type Node } from '../../node/peers/node.ts'
import { createOutbox } from '../../node/mailbox/outbox.ts'
import { createMoments } from '../../node/moments.ts'
import type { Random, Seams } from '../../node/seams.ts'
import { seededRandom } from '../../node/simulated/seeded-random.ts'
import { keeperKeyPairFromSeed } from '../../node/seal/share.ts'
import { signingKeyOf } from '../../node/keys/sign.ts'
import { createSimulation } from '../../node/simulated/simulated.ts'
import { createStore } from '../../node/ledger/store.ts'
import { openWallet, type Wallet } from '../../node/keys/wallet.ts'
import { addressOf } from '../../protocol/address.ts'
import { SignedOp } from '../../protocol/wire.ts'
import type { Sighting } from './adversary.ts'
import { drawing } from './drawing.ts'
import { keptWarm } from './household.ts'
import { plainProofs } from './plain-proofs.ts'
import { memoryDisk } from './memory.ts'

/** How moments are drawn: by the daemon's own randomness; not at all; or once for all that a person does in an epoch. */
export type Timing = 'drawn' | 'none' | 'shared'

type Population = {
  readonly seed: string
  readonly people: number
  readonly epochs: number
  /** How many of a hundred wake at some moment of an epoch instead of at its beginning. */
  readonly lateShare: number
  readonly timing: Timing
}

const startMs = 1_800_000_000_000
const epochMs = 160_000
const roundMs = 2_000
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/** Let a population live for some epochs; what the log shows of its passes, but those of the first two epochs. */
export async function liveTogether(population: Population): Promise<Sighting[]> {
  const { seed, people, epochs, lateShare, timing } = population
  const random = seededRandom(createHash('sha256').update(seed).digest(), 'population')
  const { number, percent } = drawing(random)
  const salt = random(32)
  const keystores: Keystore[] = []
  for (let person = 0; person < people; person++) keystores.push(await keystoreOf(random, salt))
  const owners = new Map(
    keystores.flatMap((keystore, person) =>
      [0, 1].map((pseudonym) => [bytesToHex(addressIn(keystore, pseudonym)), `person ${person}`] as const),
    ),
  )
  const simulation = createSimulation(seed, { startMs, isLinked: () => true })
  const node = await hostOf({ random, salt, keystores, seams: simulation.join('host') })
  for (const [person, keystore] of keystores.entries()) {
    const wallet = await openWallet({ keystore, path: '', random })
    const wakes = Array.from({ length: epochs + 2 }, () => (percent(lateShare) ? number(0, epochMs - 60_000) : 0))
    await live(node, wallet, { wakes, random: randomFor(timing, seed, person, node) })
  }
  await simulation.run({ untilMs: startMs + epochs * epochMs })
  const seen = await sightingsOf(node, owners)
  await node.stop()
  return seen.filter(({ epoch }) => epoch > 2)
}

async function keystoreOf(random: Random, realm: Uint8Array): Promise<Keystore> {
  const pseudonyms = ['one', 'two'].map((label) => ({ label, generation: 0, retired: false, habit: keptWarm }))
  const kdf = { memoryKib: 8, passes: 1, lanes: 1 }
  return createKeystore({ random, passphrase: '', realm, pseudonyms, kdf })
}

const addressIn = (keystore: Keystore, pseudonym: number): Uint8Array =>
  addressOf(signingKeyOf(signingPrivateKey(keystore, { pseudonym, generation: 0 })))

/** The node that all of them share; it makes the batches. */
async function hostOf({
  random,
  salt,
  keystores,
  seams,
}: {
  random: Random
  salt: Uint8Array
  keystores: readonly Keystore[]
  seams: Omit<Seams, 'disk' | 'proofs'>
}): Promise<Node> {
  const hostKey = random(32)
  const addresses = keystores.flatMap((keystore) => [0, 1].map((pseudonym) => addressIn(keystore, pseudonym)))
  const keeper = { address: addresses[0]!, weight: 1, lockKey: keeperKeyPairFromSeed(random(32)).publicKey }
  const file = foundNetwork({
    preset: 'testnet',
    name: 'population',
    hostKey: signingKeyOf(hostKey),
    operators: [{ address: addresses[0]!, weight: 1 }],
    keepers: { version: 1, threshold: 1, members: [{ ...keeper, signingKey: signingKeyOf(random(32)) }] },
    genesis: {
      time: BigInt(startMs),
      salt,
      grants: addresses.map((address) => ({ address, amount: 10_000_000n })),
    },
    changes: {
      batchIntervalMs: 500,
      epochMs: BigInt(epochMs),
      reputation: { ...presets.testnet!.reputation, passGraceMs: 40_000 },
    },
  })
  return createNode({
    seams: { ...seams, disk: memoryDisk(), proofs: plainProofs },
    ...file,
    logger: quiet,
    hostKey,
    shards: () => 'all',
    observer: {
      onAnswer: () => undefined,
      onSettled: () => undefined,
      onOmitted: () => undefined,
      onDiskFailure: (error) => {
        throw error
      },
    },
  })
}

/** One person's daemon, as far as it is about identities: it registers, enrols, and then lives in rounds while awake. */
async function live(
  node: Node,
  wallet: Wallet,
  { wakes, random }: { wakes: readonly number[]; random: Random },
): Promise<void> {
  const { clock } = node.seams
  const own = { ...node, seams: { ...node.seams, random } }
  const cabinet = createCabinet({ store: createStore(memoryDisk()), key: wallet.mailboxKey, random })
  const keyOf = createKeyOf(node)
  const outbox = createOutbox({
    node,
    wallet,
    cabinet,
    logger: quiet,
    orderAnew: createPricing({ node, cabinet, keyOf }).orderAnew,
    spendPerDay: null,
    moments: createMoments({ clock, random, failed: quiet.warn }),
    onChange: async () => undefined,
  })
  const life = createLife({ node: own, wallet, cabinet, outbox, hideAmong: 1, logger: quiet })
  for (const one of wallet.own) {
    const keys = await wallet.keys({ index: one.index, generation: 0 })
    await outbox.submit(one, () => ({ action: { TAG: 'register', data: { ...keys, sponsorship: undefined } } }))
  }
  await outbox.submit(wallet.own[0]!, () => ({ action: life.enrolment() }))
  const isAwake = (): boolean => {
    const since = clock.now() - startMs
    return since % epochMs >= wakes[Math.floor(since / epochMs)]!
  }
  clock.every(roundMs, async () => {
    if (!isAwake()) return
    await outbox.round()
    await life.round()
  })
}

/** Randomness for the moments of one person, or the lack of it. */
function randomFor(timing: Timing, seed: string, person: number, node: Node): Random {
  const drawn = seededRandom(createHash('sha256').update(seed).digest(), `moments of ${person}`)
  if (timing === 'drawn') return drawn
  if (timing === 'none') return (length) => new Uint8Array(length)
  return (length) => {
    const { epoch } = node.replica.head.sealed.header
    return createHash('sha256').update(`${seed} ${person} ${epoch}`).digest().subarray(0, length)
  }
}

async function sightingsOf(node: Node, owners: ReadonlyMap<string, string>): Promise<Sighting[]> {
  const sightings: Sighting[] = []
  let place = 0
  for await (const { sealed, ops } of node.store.batches(1n))
    for (const bytes of ops) {
      const { op } = SignedOp.decode(bytes)
      place++
      if (op.action.TAG !== 'pass') continue
      const pseudonym = bytesToHex(op.account)
      const { epoch, tier, checkpoint } = op.action.data
      const timeMs = Number(sealed.header.time)
      sightings.push({ owner: owners.get(pseudonym)!, pseudonym, epoch, tier, checkpoint, timeMs, place })
    }
  return sightings
}
