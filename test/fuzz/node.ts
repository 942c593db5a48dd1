/**
 * A node in this process that hosts, keeps and has settled a letter, over real sockets and memory; and the ways into it:
 * what it takes from topics, what it serves, and what it asks of peers, whose answers are the fuzzer's.
 */
import { randomBytes } from 'node:crypto'
import { systemClock } from '../../node/daemon/system.ts'
import { sign, signingKeyOf } from '../../node/keys/sign.ts'
import { createNetwork, type Libp2pNetwork } from '../../node/network/libp2p.ts'
import { createNode } from '../../node/peers/node.ts'
import { keeperKeyPairFromSeed } from '../../node/seal/share.ts'
import { seal, sealKeyPairFromSeed } from '../../node/seal/seal.ts'
import type { Handler, Network, Validator } from '../../node/seams.ts'
import { foundNetwork } from '../../node/settings/founding.ts'
import type { Action } from '../../protocol/operations.ts'
import { networkId } from '../../protocol/rules.ts'
import { encodeSignedOp, type Op, opId, plainAmounts } from '../../protocol/wire.ts'
import { payingFor } from '../kit/paying.ts'
import { ada, bob, cyd, host, type Person } from '../kit/fixtures.ts'
import { plainProofs } from '../kit/plain-proofs.ts'
import { memoryDisk } from '../kit/memory.ts'

export type Fuzzed = Awaited<ReturnType<typeof openNode>>

/** Registered, each with money; the last one is left to whoever wants to see whether all is well. */
const people: readonly Person[] = [ada, bob, cyd]

/** Answers a question that the node asks of a peer, with frames. */
type Answers = (protocol: string, request: Uint8Array) => Iterable<Uint8Array>

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length))

/** Open it. Everybody the node knows of is one peer, which answers what `answers` says. */
export async function openNode(answers: Answers) {
  const keeper = { lockSeed: random(32), signingKey: random(32) }
  const pair = keeperKeyPairFromSeed(keeper.lockSeed)
  const payee = { address: ada.address, weight: 1 }
  const file = foundNetwork({
    preset: 'testnet',
    name: 'fuzzed',
    hostKey: signingKeyOf(host.privateKey),
    operators: [payee],
    keepers: {
      version: 1,
      threshold: 1,
      members: [{ ...payee, lockKey: pair.publicKey, signingKey: signingKeyOf(keeper.signingKey) }],
    },
    genesis: {
      time: BigInt(Date.now()),
      salt: random(32),
      grants: people.map(({ address }) => ({ address, amount: 10n ** 12n })),
    },
  })
  const id = networkId(file.rules, file.genesis)
  const validators = new Map<string, Validator>()
  const handlers = new Map<string, Handler>()
  const listeners: ((peer: string, state: 'up' | 'down') => void)[] = []
  const sockets = await socketsOf()
  const network: Network = {
    ...sockets,
    peers: () => ['someone'],
    // Its peers have made-up names, and no address.
    voiceOf: (peer) => ({ name: peer, isChosen: false }),
    publish: async () => undefined,
    subscribe: (topic, validate) => void validators.set(topic, validate),
    serve(protocol, handler) {
      handlers.set(protocol, handler)
      sockets.serve(protocol, handler)
    },
    async *request(_peer, protocol, request) {
      yield* answers(protocol, request)
    },
    onPeer: (listener) => void listeners.push(listener),
    disconnect: async () => undefined,
  }
  const said: string[] = []
  const note = (what: object, sentence: string) => void said.push(`${sentence} ${(what as { err?: Error }).err?.stack}`)
  const quiet = () => undefined
  const node = await createNode({
    seams: { clock: systemClock, random, network, disk: memoryDisk(), proofs: plainProofs },
    ...file,
    logger: { debug: quiet, info: quiet, warn: quiet, error: note },
    hostKey: host.privateKey,
    keeper: { index: 0, pair, signingKey: keeper.signingKey },
    shards: () => 'all',
    observer: { onAnswer: quiet, onSettled: quiet, onOmitted: quiet, onDiskFailure: quiet },
  })
  const keys = new Map<Person, Uint8Array>()
  for (const person of people) keys.set(person, (await sealKeyPairFromSeed(random(32))).publicKey)
  const nonces = new Map<Person, bigint>()

  const op = (by: Person, action: Action): Uint8Array => {
    const nonce = nonces.get(by) ?? 0n
    nonces.set(by, nonce + 1n)
    const amounts =
      action.TAG === 'send'
        ? payingFor({ network: id, rules: file.rules }, { sender: by.address, send: action.data, each: 10n ** 6n })
        : plainAmounts(file.rules, action)
    const unsigned: Op = { account: by.address, nonce, expiry: BigInt(Date.now() + 100_000), ...amounts, action }
    return encodeSignedOp({ op: unsigned, signature: sign(opId(id, unsigned), by.privateKey) })
  }
  const letter = async (by: Person, to: Person) => {
    const correspondent = (person: Person) => ({ address: person.address, sealKey: keys.get(person)! })
    const sealed = await seal({
      random,
      network: id,
      keeperSet: file.rules.keepers,
      maxSizeClass: file.rules.sizeClassMax,
      sender: correspondent(by),
      recipients: [correspondent(to)],
      content: Buffer.from(`Subject: one\r\n\r\n${randomBytes(20).toString('hex')}\r\n`),
    })
    const { envelopeHash, sizeClass, envelopeBytes, messageId, lockKey } = sealed
    const recipients = [to.address]
    const terms = { lifetimeDays: 30, keeperSet: 1, epochKey: undefined, automatic: false }
    const about = { recipients, envelopeHash, sizeClass, ...terms }
    return { op: op(by, { TAG: 'send', data: about }), envelopeBytes, messageId, lockKey }
  }
  for (const person of people) {
    const { signingKey } = person
    const data = { signingKey, sealKey: keys.get(person)!, sponsorship: undefined }
    await node.submit(op(person, { TAG: 'register', data }))
  }
  // A letter is taken only where its reader is on the ledger already.
  const accounts = people.map(({ address }) => ({ table: 'accounts', key: address }) as const)
  await holds(async () => {
    const view = await node.replica.view(accounts)
    return people.every(({ address }) => view.read('accounts', address)?.signingKey)
  })
  const settled = await letter(ada, bob)
  await node.submit(settled.op, settled.envelopeBytes)
  const isSettled = async (key: Uint8Array): Promise<boolean> =>
    (await node.replica.view([{ table: 'messages', key }])).read('messages', key) !== undefined
  await holds(() => isSettled(settled.messageId))

  return {
    node,
    id,
    validators,
    handlers,
    listeners,
    address: sockets.addresses()[0]!,
    op,
    letter,
    settled,
    /** Resolves once a message is settled. */
    whenSettled: (key: Uint8Array) => holds(() => isSettled(key)),
    /** What it logged as an error. */
    said,
    async close() {
      await node.stop()
      await sockets.close()
    },
  }
}

/** Wait until something is so. */
async function holds(ask: () => Promise<unknown>): Promise<void> {
  while (!(await ask())) await new Promise((resolve) => setTimeout(resolve, 50))
}

/** Sockets that others may connect to; what they gossip is not heard. */
const socketsOf = (): Promise<Libp2pNetwork> => {
  const quiet = () => undefined
  return createNetwork({
    seed: random(32),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    announce: [],
    keep: [],
    prefix: '/bmail',
    colocated: ['127.0.0.1'],
    limits: { inboundConnectionThreshold: 1_000 },
    clock: systemClock,
    random,
    log: { debug: quiet, info: quiet, warn: quiet },
  })
}
