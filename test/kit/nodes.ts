/**
 * Whole nodes in this process over real sockets and real disks, with every key at hand: for tests that have to hold
 * back, forge, or look inside. Everything is closed and gone when the test ends.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { sealSeed, signingPrivateKey } from '../../node/keys/derive.ts'
import { openDisk } from '../../node/ledger/disk.ts'
import { createKeystore, type Keystore } from '../../node/keys/keystore.ts'
import { openLetterReader } from '../../node/letter/reader.ts'
import { createNetwork, type Libp2pNetwork } from '../../node/network/libp2p.ts'
import { foundNetwork } from '../../node/settings/founding.ts'
import type { NetworkFile } from '../../node/settings/network-file.ts'
import { createNode, type Node } from '../../node/peers/node.ts'
import { createMailbox, type Mailbox } from '../../node/daemon/mailbox.ts'
import { type Sealed, seal, sealKeyPairFromSeed } from '../../node/seal/seal.ts'
import { keeperKeyPairFromSeed } from '../../node/seal/share.ts'
import { sign, signingKeyOf } from '../../node/keys/sign.ts'
import { systemClock } from '../../node/daemon/system.ts'
import { believesNone, createVerifier } from '../../node/ledger/verified.ts'
import { openWallet } from '../../node/keys/wallet.ts'
import { addressOf, encodeAddress } from '../../protocol/address.ts'
import type { Context } from '../../protocol/context.ts'
import type { Reason } from '../../protocol/reason.ts'
import { networkId, type Rules } from '../../protocol/rules.ts'
import type { Amounts } from '../../protocol/money.ts'
import type { Action } from '../../protocol/operations.ts'
import { encodeSignedOp, type Op, opId, plainAmounts } from '../../protocol/wire.ts'
import { patienceMs, until } from './patience.ts'
import { payingFor } from './paying.ts'
import { plainProofs } from './plain-proofs.ts'

export const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length))

/** A person with every key that they have. */
export type Actor = {
  readonly name: string
  readonly keystore: Keystore
  readonly privateKey: Uint8Array
  readonly signingKey: Uint8Array
  readonly sealSeed: Uint8Array
  readonly sealKey: Uint8Array
  readonly address: Uint8Array
  readonly text: string
}

/** What a node said to its owner about one gossiped message. */
type Told = {
  readonly topic: string
  readonly answer: 'accept' | 'ignore' | 'reject'
  readonly reason: Reason | undefined
}

/** A node that runs. */
export type Running = {
  readonly name: string
  readonly node: Node
  readonly network: Libp2pNetwork
  readonly mailbox: Mailbox | undefined
  /** Every answer to gossip so far. */
  readonly told: Told[]
  /** Every sentence it logged so far, with the error behind it. */
  readonly said: string[]
  stop(): Promise<void>
}

type Start = {
  /** Whether it orders batches. */
  readonly hosts?: true
  /** Which keeper it is. */
  readonly keeps?: number
  /** Whose mail it reads. */
  readonly reads?: Actor
  /** What they may spend within 24 hours. */
  readonly spendPerDay?: bigint | null
  /** A network other than the world's. */
  readonly file?: NetworkFile
}

export type World = {
  readonly file: NetworkFile
  readonly context: Context
  readonly hostKey: Uint8Array
  readonly keeperKeys: readonly { readonly lockSeed: Uint8Array; readonly signingKey: Uint8Array }[]
  person(name: string): Actor
  /** Start a node that dials every node that runs. Of one name there is one disk, so it goes on where it stopped. */
  start(name: string, how?: Start): Promise<Running>
  /** A peer that is no node: raw access to gossip and streams. */
  stranger(to: readonly Running[]): Promise<Libp2pNetwork>
  /** Register people through a node, one op each, and wait until they are. */
  register(at: Running, ...people: readonly Actor[]): Promise<void>
  /** Canonical bytes of a signed op: nonce 1 and good for most of an hour, unless told otherwise. */
  op(wish: {
    by: Actor
    action: Action
    nonce?: bigint
    expiry?: bigint
    privateKey?: Uint8Array
    within?: Uint8Array
    /** What a send pays for each recipient, 1,000,000 unless told otherwise. */
    each?: bigint
    /** What it names, where that does not follow from what it says. */
    amounts?: Partial<Amounts>
  }): Uint8Array
  /** Seal a message to people. */
  seal(from: Actor, to: readonly Actor[], content: Uint8Array): Promise<Sealed>
  /** The op's action for a sealed message. */
  send(sealed: Sealed, to: readonly Actor[]): Action
}

type Plan = {
  readonly people: readonly string[]
  /** People who hold nothing when the network begins. */
  readonly poor?: readonly string[]
  readonly keepers: number
  readonly threshold: number
  readonly changes?: Partial<Rules>
}

/** A network, nobody started yet. */
export async function createWorld(t: Test, plan: Plan): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'bmail-test-'))
  const stops = new Set<() => Promise<void>>()
  t.teardown(async () => {
    for (const stop of [...stops].reverse()) await stop()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  const salt = random(32)
  const people = new Map<string, Actor>()
  for (const name of [...plan.people, ...(plan.poor ?? [])]) people.set(name, await actor(name, salt))
  const hostKey = random(32)
  const keeperKeys = Array.from({ length: plan.keepers }, () => ({ lockSeed: random(32), signingKey: random(32) }))
  const rich = plan.people.map((name) => people.get(name)!)
  const payee = rich[0]!.address
  const file = foundNetwork({
    preset: 'testnet',
    name: 'testnet',
    hostKey: signingKeyOf(hostKey),
    operators: [{ address: payee, weight: 1 }],
    keepers: {
      version: 1,
      threshold: plan.threshold,
      members: keeperKeys.map(({ lockSeed, signingKey }) => ({
        address: payee,
        weight: 0,
        lockKey: keeperKeyPairFromSeed(lockSeed).publicKey,
        signingKey: signingKeyOf(signingKey),
      })),
    },
    genesis: {
      time: BigInt(Date.now()),
      salt,
      grants: rich.map(({ address }) => ({ address, amount: 10_000_000n })),
    },
    // What was signed stays good for as long as a slow machine needs.
    changes: { expiryMaxMs: 3_600_000, ...plan.changes },
  })
  const { rules, genesis } = file
  const id = networkId(rules, genesis)
  const running = new Map<string, Running>()
  const seeds = new Map<string, Uint8Array>()

  async function connect(seed: Uint8Array, to: readonly Running[], said: string[]): Promise<Libp2pNetwork> {
    const note = (fields: object, text: string) => void said.push(`${text} ${JSON.stringify(fields)}`)
    return createNetwork({
      seed,
      listen: ['/ip4/127.0.0.1/tcp/0'],
      announce: [],
      keep: to.map(({ network }) => network.addresses()[0]!),
      prefix: '/bmail',
      colocated: ['127.0.0.1'],
      limits: { inboundConnectionThreshold: 1_000, redialFirstMs: 100, redialCapMs: 1_000 },
      clock: systemClock,
      random,
      log: { debug: () => undefined, info: note, warn: note },
    })
  }

  const world: World = {
    file,
    context: { network: id, rules, verify: createVerifier(), verifyProof: believesNone },
    hostKey,
    keeperKeys,
    person(name) {
      const found = people.get(name)
      if (!found) throw new Error(`there is nobody called ${name} in this world`)
      return found
    },
    async start(name, { hosts, keeps, reads, spendPerDay = null, file: other = file } = {}) {
      const home = join(folder, name)
      const disk = await openDisk(home)
      const seed = seeds.get(name) ?? random(32)
      seeds.set(name, seed)
      const told: Told[] = []
      const said: string[] = []
      const say = (what: object, sentence: string) =>
        void said.push(`${sentence} ${(what as { err?: Error }).err?.message ?? ''}`)
      const logger = { debug: () => undefined, info: say, warn: say, error: say }
      const network = await connect(seed, [...running.values()], said)
      const keeper = keeps === undefined ? undefined : keeperKeys[keeps]!
      const node = await createNode({
        seams: { clock: systemClock, random, network, disk, proofs: plainProofs },
        ...other,
        logger,
        ...(hosts && { hostKey }),
        ...(keeper && {
          keeper: { index: keeps!, pair: keeperKeyPairFromSeed(keeper.lockSeed), signingKey: keeper.signingKey },
        }),
        shards: () => 'all',
        ...(reads && { own: () => [reads.address] }),
        observer: {
          onAnswer: (topic, answer, reason) => void told.push({ topic, answer, reason }),
          onSettled: () => undefined,
          onOmitted: () => undefined,
          onDiskFailure: (error) => say({ err: error }, 'the disk failed'),
        },
      })
      const path = join(home, 'keystore.json')
      const wallet = reads && (await openWallet({ keystore: reads.keystore, path, random }))
      const reader = openLetterReader({ timeoutMs: patienceMs })
      const wished = { hideAmong: 1, spendPerDay }
      const mailbox =
        wallet && (await createMailbox({ node, wallet, logger, reader, ...wished, emit: () => undefined }))
      const stop = async () => {
        if (!stops.delete(stop)) return
        running.delete(name)
        await mailbox?.stop()
        await reader.close()
        await node.stop()
        await network.close()
        await disk.close()
      }
      stops.add(stop)
      const one: Running = { name, node, network, mailbox, told, said, stop }
      running.set(name, one)
      return one
    },
    async stranger(to) {
      const network = await connect(random(32), to, [])
      stops.add(() => network.close())
      await until('the stranger is connected', () =>
        to.every(({ network: { self } }) => network.peers().includes(self)),
      )
      return network
    },
    async register(at, ...newcomers) {
      for (const by of newcomers) {
        const { signingKey, sealKey } = by
        const action: Action = { TAG: 'register', data: { signingKey, sealKey, sponsorship: undefined } }
        await at.node.submit(world.op({ by, nonce: 0n, action }))
      }
      await until('everybody is registered', async () => {
        const view = await at.node.replica.view(newcomers.map(({ address }) => ({ table: 'accounts', key: address })))
        return newcomers.every(({ address }) => view.read('accounts', address)?.signingKey)
      })
    },
    op({
      by,
      action,
      nonce = 1n,
      expiry = BigInt(Date.now() + 3_000_000),
      privateKey = by.privateKey,
      within = id,
      each = 1_000_000n,
      amounts,
    }) {
      const plain =
        action.TAG === 'send'
          ? payingFor({ network: id, rules }, { sender: by.address, send: action.data, each })
          : plainAmounts(rules, action)
      const op: Op = { account: by.address, nonce, expiry, ...plain, ...amounts, action }
      return encodeSignedOp({ op, signature: sign(opId(within, op), privateKey) })
    },
    seal: (from, to, content) =>
      seal({
        random,
        network: id,
        keeperSet: rules.keepers,
        maxSizeClass: rules.sizeClassMax,
        sender: from,
        recipients: to,
        content,
      }),
    send: ({ envelopeHash, sizeClass }, to) => ({
      TAG: 'send',
      data: {
        recipients: to.map(({ address }) => address),
        envelopeHash,
        sizeClass,
        lifetimeDays: 30,
        keeperSet: rules.keepers.version,
        epochKey: undefined,
        automatic: false,
      },
    }),
  }
  return world
}

async function actor(name: string, realm: Uint8Array): Promise<Actor> {
  const kdf = { memoryKib: 64, passes: 1, lanes: 1 }
  const keystore = await createKeystore({ random, passphrase: 'long enough', realm, kdf })
  const path = { pseudonym: 0, generation: 0 }
  const privateKey = signingPrivateKey(keystore, path)
  const signingKey = signingKeyOf(privateKey)
  const seed = sealSeed(keystore, path)
  const { publicKey } = await sealKeyPairFromSeed(seed)
  const address = addressOf(signingKey)
  return {
    name,
    keystore,
    privateKey,
    signingKey,
    sealSeed: seed,
    sealKey: publicKey,
    address,
    text: encodeAddress(address),
  }
}

/** Wait until a message is settled on a node; says at which height. */
export const settledAt = ({ name, node }: Running, message: Uint8Array): Promise<bigint> =>
  until(`the message is settled at ${name}`, async () => {
    const record = (await node.replica.view([{ table: 'messages', key: message }])).read('messages', message)
    return record?.height
  })

/** Wait until a lock is open on a node; says its key. */
export const lockKeyAt = async (running: Running, message: Uint8Array): Promise<Uint8Array> => {
  const height = await settledAt(running, message)
  return until(`its lock is open at ${running.name}`, () => running.node.releases.lockKeyOf(message, height))
}

/** Wait until a node holds an envelope, waiting or settled. */
export const envelopeAt = ({ name, node }: Running, message: Uint8Array): Promise<Uint8Array> =>
  until(`${name} has the envelope`, () => node.envelopes.get(message))
