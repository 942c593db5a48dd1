/**
 * The attacker's tools: peers made by our own network code, which say whatever they like; accounts with money; addresses
 * to come from. All of it stays on the loopback of this machine.
 */
import { randomBytes } from 'node:crypto'
import net from 'node:net'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../node/daemon/system.ts'
import { signingPrivateKey } from '../../node/keys/derive.ts'
import { unlockKeystore } from '../../node/keys/keystore.ts'
import { sign, signingKeyOf } from '../../node/keys/sign.ts'
import { createNetwork, type Libp2pNetwork } from '../../node/network/libp2p.ts'
import { parseNetworkFile } from '../../node/settings/network-file.ts'
import { pathsOf } from '../../node/settings/home.ts'
import { addressOf } from '../../protocol/address.ts'
import type { SealedHeader } from '../../protocol/batch.ts'
import { Batch, Given, Hello, LogRequest, Mail, streamsOf, Taken, topicsOf } from '../../protocol/gossip.ts'
import { genesisHeader } from '../../protocol/genesis.ts'
import type { Action } from '../../protocol/operations.ts'
import { consentHash } from '../../protocol/registration.ts'
import { networkId } from '../../protocol/rules.ts'
import { encodeSignedOp, type Op, opId, plainAmounts } from '../../protocol/wire.ts'
import { payingFor } from '../kit/paying.ts'
import { type Active, createActive, signLow } from '../bench/crowd.ts'
import { needed, pause, within } from './measure.ts'

/** What the stage tells her. */
export type Briefing = {
  readonly home: string
  /** Where the relays listen, by name. */
  readonly addresses: Readonly<Record<string, string>>
  /** For how long an attack that has no end of its own goes on. */
  readonly seconds: number
  /** Addresses of the people, as the ledger has them. */
  readonly people: readonly Uint8Array[]
}

/** What an op of hers has that is not what it usually is. */
type Details = { readonly at?: bigint; readonly expiry?: bigint; readonly each?: bigint }

export type Mallory = Awaited<ReturnType<typeof createMallory>>

export const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length))

/** Where she comes from, unless she says otherwise; the honest are all at 127.0.0.1. */
let source = '127.0.0.66'

/** Have connections of this process come from another address of the loopback from now on. */
export const comeFrom = (address: string): void => void (source = address)

const connectSocket = net.connect
net.connect = ((options: net.TcpNetConnectOpts, ...rest: never[]) =>
  connectSocket({ ...options, localAddress: source }, ...rest)) as typeof net.connect

/** A peer that is no node, connected to some of the honest; `serve` says what it answers before anybody can ask. */
export async function connectPeer(
  addresses: readonly string[],
  serve: (peer: Libp2pNetwork) => void = () => undefined,
): Promise<Libp2pNetwork> {
  const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined }
  const [clock, log] = [systemClock, quiet]
  const about = { seed: random(32), listen: [], announce: [], prefix: '/bmail', clock, random, log }
  const peer = await createNetwork({ ...about, keep: addresses, limits: { redialCapMs: 2_000 } })
  serve(peer)
  await within(20_000, () => peer.peers().length >= addresses.length)
  return peer
}

/** Read the last header of the honest from one of them, which must not be asked under a name that it has banned. */
export async function headOf(peer: Libp2pNetwork, { id, file }: Pick<Mallory, 'id' | 'file'>): Promise<SealedHeader> {
  const roots = { accountsRoot: random(32), chain: random(32) }
  const header = genesisHeader({ network: id, genesis: file.genesis }, roots)
  const greeting = Hello.encode({ network: id, head: { header, signature: new Uint8Array(64) }, time: 0n })
  for (const other of peer.peers())
    for await (const bytes of peer.request(other, streamsOf(id).hello, greeting, { timeoutMs: 10_000 }))
      return Hello.decode(bytes).head
  throw new Error('no peer said how far it is')
}

/** The operations of each batch from a height on, as a peer has them. */
export async function* opsFrom(peer: Libp2pNetwork, id: Uint8Array, from: bigint): AsyncGenerator<Uint8Array[]> {
  const ask = LogRequest.encode({ from, count: 500 })
  let parts: Uint8Array[] = []
  for await (const frame of peer.request(peer.peers()[0]!, streamsOf(id).log, ask, { timeoutMs: 20_000 })) {
    parts.push(frame.subarray(1))
    if (frame[0] !== 1) continue
    yield Batch.decode(Buffer.concat(parts)).ops
    parts = []
  }
}

/** Her accounts come from one that has funds from the beginning, which pays for their registration at the host. */
export async function createMallory(briefing: Briefing, begin: () => Promise<void>) {
  const { home, addresses, seconds, people } = briefing
  const file = parseNetworkFile(readFileSync(pathsOf(home).network, 'utf8'))
  const id = networkId(file.rules, file.genesis)
  const [topics, streams] = [topicsOf(id), streamsOf(id)]
  const rich = await richOf(home)
  const opened: Libp2pNetwork[] = []
  let nonce = 0n

  function byRich(action: Action): Uint8Array {
    const op: Op = {
      account: rich.address,
      nonce: nonce++,
      expiry: soon(),
      ...plainAmounts(file.rules, action),
      action,
    }
    return encodeSignedOp({ op, signature: sign(opId(id, op), rich.key) })
  }

  /** Give ops of one account to the host, in their order, until it has taken all of them. */
  async function hand(peer: Libp2pNetwork, ops: readonly Uint8Array[]): Promise<void> {
    for (let at = 0; at < ops.length; at += 10) {
      const some = ops.slice(at, at + 10).map((op) => Mail.encode({ op, envelope: undefined }))
      await needed('the host takes the attacker’s registrations', 60_000, async () => {
        const [host] = peer.peers()
        const question = peer.request(host!, streams.give, Given.encode({ mails: some }), { timeoutMs: 20_000 })
        for await (const bytes of question) return Taken.decode(bytes).every(Boolean)
        return false
      })
    }
  }

  async function isSettled(peer: Libp2pNetwork, op: Uint8Array, from: bigint): Promise<boolean> {
    const wanted = Buffer.from(op)
    for await (const ops of opsFrom(peer, id, from)) if (ops.some((other) => wanted.equals(other))) return true
    return false
  }

  const mallory = {
    file,
    id,
    topics,
    streams,
    seconds,
    people,
    addresses,
    /** Say that all is ready; resolves when the stage has begun to measure. */
    begin,
    /** A peer connected to some relays, by their names. */
    async peer(names: readonly string[], serve?: (peer: Libp2pNetwork) => void): Promise<Libp2pNetwork> {
      const peer = await connectPeer(
        names.map((name) => addresses[name]!),
        serve,
      )
      opened.push(peer)
      return peer
    },
    /** So many registered accounts, each with money. */
    async accounts(count: number, amount = 10n ** 12n): Promise<Active[]> {
      const peer = await mallory.peer(['relay1'])
      const { height } = (await headOf(peer, mallory)).header
      const accounts = createActive(count)
      const sealKey = random(1216)
      const own = byRich({ TAG: 'register', data: { ...keysOf(rich), sealKey, sponsorship: undefined } })
      const ops = accounts.map(({ key, signingKey }) => {
        const consent = signLow(consentHash(id, { signingKey, sealKey }), key)
        return byRich({ TAG: 'register', data: { signingKey, sealKey, sponsorship: { amount, consent } } })
      })
      await hand(peer, [own, ...ops])
      await needed('the attacker’s accounts are registered', 60_000, () => isSettled(peer, ops.at(-1)!, height))
      await peer.close()
      return accounts
    },
    /** The bytes of an op under the next nonce of an account, or under one that is named; a send pays so much for each. */
    op(by: Active, action: Action, { at, expiry = soon(), each = 10n ** 7n }: Details = {}): Uint8Array {
      const amounts =
        action.TAG === 'send'
          ? payingFor({ network: id, rules: file.rules }, { sender: by.address, send: action.data, each })
          : plainAmounts(file.rules, action)
      const op: Op = { account: by.address, nonce: at ?? by.nonce++, expiry, ...amounts, action }
      return encodeSignedOp({ op, signature: signLow(opId(id, op), by.key) })
    },
    /** Do something again and again for as long as an attack lasts, so many times a second. */
    async keepAt(perSecond: number, deed: (at: number) => Promise<unknown> | unknown): Promise<void> {
      const until = Date.now() + seconds * 1_000
      for (let at = 0; Date.now() < until; at++) {
        await deed(at)
        await pause(1_000 / perSecond)
      }
    },
    /** Publish, whether or not anybody still listens. */
    async tell(peer: Libp2pNetwork, topic: string, data: Uint8Array): Promise<void> {
      await peer.publish(topic, data).catch(() => undefined)
    },
    async close(): Promise<void> {
      await Promise.all(opened.map((peer) => peer.close().catch(() => undefined)))
    },
  }

  const soon = () => BigInt(Date.now() + file.rules.expiryMaxMs - 5_000)
  return mallory
}

const keysOf = ({ signingKey }: { readonly signingKey: Uint8Array }) => ({ signingKey })

/** The account that the network began with, out of the keystore in the home. */
async function richOf(home: string) {
  const passphrase = readFileSync(join(home, 'passphrase'), 'utf8').trim()
  const keystore = await unlockKeystore(readFileSync(pathsOf(home).keystore), passphrase)
  const key = signingPrivateKey(keystore, { pseudonym: 0, generation: 0 })
  const signingKey = signingKeyOf(key)
  return { key, signingKey, address: addressOf(signingKey) }
}
