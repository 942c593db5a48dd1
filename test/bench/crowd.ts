/**
 * A big state written straight into a store, and sends signed beforehand by node:crypto, so that what is measured is
 * settling them and nothing else. Most accounts are numbers only; the active ones have keys.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import * as P from 'micro-packed'
import { openDisk } from '../../node/ledger/disk.ts'
import { foundNetwork } from '../../node/settings/founding.ts'
import type { NetworkFile } from '../../node/settings/network-file.ts'
import { createReplica, type Replica } from '../../node/ledger/replica.ts'
import type { Disk } from '../../node/seams.ts'
import { createStore, keyIn, leafOf, type Store, type Write } from '../../node/ledger/store.ts'
import { signingKeyOf } from '../../node/keys/sign.ts'
import { systemClock } from '../../node/daemon/system.ts'
import { believesNone } from '../../node/ledger/verified.ts'
import { addressOf } from '../../protocol/address.ts'
import { compareBytes } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import { type Incoming, readOp } from '../../protocol/doorway.ts'
import { networkId } from '../../protocol/rules.ts'
import { type Account, encodeRecord, supplyKey, tables } from '../../protocol/state.ts'
import { encodeSignedOp, opId } from '../../protocol/wire.ts'
import { payingFor } from '../kit/paying.ts'
import { plainProofs } from '../kit/plain-proofs.ts'

/** Somebody who sends: an address, the key it was made of, and the nonce of the next op. */
export type Active = {
  readonly address: Uint8Array
  readonly key: KeyObject
  readonly signingKey: Uint8Array
  nonce: bigint
}

/** The private key of the host of every network here. */
export const hostKey = Uint8Array.from({ length: 32 }, (_, at) => at + 1)

/** A network whose operators and keepers are nobody in particular. */
export function foundBenchNetwork(changes: { readonly time: bigint }): NetworkFile {
  const nobody = { address: new Uint8Array(20).fill(7), weight: 1 }
  return foundNetwork({
    preset: 'personal',
    name: 'bench',
    hostKey: signingKeyOf(hostKey),
    operators: [nobody],
    keepers: {
      version: 1,
      threshold: 1,
      members: [{ ...nobody, lockKey: new Uint8Array(32).fill(9), signingKey: signingKeyOf(hostKey) }],
    },
    genesis: { time: changes.time, salt: new Uint8Array(32), grants: [] },
  })
}

/** People with keys, in no order. */
export function createActive(count: number): Active[] {
  return Array.from({ length: count }, () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    const point = publicKey.export({ type: 'spki', format: 'der' }).subarray(-65)
    const signingKey = new Uint8Array(33)
    signingKey[0] = 2 + (point[64]! & 1)
    signingKey.set(point.subarray(1, 33), 1)
    return { address: addressOf(signingKey), key: privateKey, signingKey, nonce: 0n }
  })
}

/** So many addresses that nobody has the key of. */
export const createAddresses = (count: number): Uint8Array[] => {
  const bytes = new Uint8Array(count * 20)
  for (let at = 0; at < bytes.length; at += 60_000) bytes.set(randomBytes(Math.min(60_000, bytes.length - at)), at)
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * 20, at * 20 + 20))
}

const fundsEach = 1_000_000_000n

/**
 * Give every address a registered account with funds, as if it had come to be in the log, and write it in bulk: the
 * record, the leaf, and the totals. The store must hold its genesis; no replica may be open over it.
 */
export async function writeAccounts(
  store: Store,
  { addresses, active }: { readonly addresses: readonly Uint8Array[]; readonly active: readonly Active[] },
  onProgress: (done: number) => void = () => {},
): Promise<void> {
  const own = new Map(active.map(({ address, signingKey }) => [String(address), signingKey]))
  const all = [...addresses, ...active.map(({ address }) => address)].sort(compareBytes)
  const nobody = new Uint8Array(33).fill(2)
  let writes: Write[] = []
  for (const [slot, address] of all.entries()) {
    const account: Account = { slot, signingKey: own.get(String(address)) ?? nobody, nonce: 0n, funds: fundsEach }
    writes.push(
      { key: keyIn('state', Uint8Array.of(tables.accounts.number), address), value: encodeRecord('accounts', account) },
      { key: keyIn('leaf', P.U32BE.encode(slot)), value: leafOf(address, account) },
    )
    if (writes.length < 20_000) continue
    await store.writeSoon(writes)
    onProgress(slot + 1)
    writes = []
  }
  const minted = fundsEach * BigInt(all.length)
  const value = encodeRecord('supply', { minted, burned: 0n, slots: all.length })
  await store.write([...writes, { key: keyIn('state', Uint8Array.of(tables.supply.number), supplyKey), value }])
}

/** Signed sends of one message each, through the doorway: senders in turn, recipients drawn from all addresses. */
export function createSends(
  context: Context,
  {
    active,
    addresses,
    count,
    epochKeyOf = () => undefined,
  }: {
    readonly active: readonly Active[]
    readonly addresses: readonly Uint8Array[]
    readonly count: number
    /** The epoch key of the pass that somebody writes under. */
    readonly epochKeyOf?: (sender: Active) => Uint8Array | undefined
  },
): Incoming[] {
  const expiry = BigInt(Date.now()) + BigInt(context.rules.expiryMaxMs)
  const draws = randomBytes(count * 36)
  return Array.from({ length: count }, (_, at) => {
    const sender = active[at % active.length]!
    const drawn = draws.subarray(at * 36, at * 36 + 36)
    const recipient = addresses[drawn.readUInt32BE(0) % addresses.length]!
    const data = {
      recipients: [recipient],
      envelopeHash: new Uint8Array(drawn.subarray(4)),
      sizeClass: 0,
      lifetimeDays: 30,
      keeperSet: context.rules.keepers.version,
      epochKey: epochKeyOf(sender),
      automatic: false,
    }
    const amounts = payingFor(context, { sender: sender.address, send: data, each: 100_000n })
    const action = { TAG: 'send' as const, data }
    const op = { account: sender.address, nonce: sender.nonce++, expiry, ...amounts, action }
    const read = readOp(encodeSignedOp({ op, signature: signLow(opId(context.network, op), sender.key) }), context)
    if (!read.ok) throw new Error(`the doorway refuses a send of the benchmark: ${read.reason}`)
    return read.value
  })
}

/** Half of the order of P-256, and the order. */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** r ‖ s over a digest, with the lower of both s. */
export function signLow(digest: Uint8Array, key: KeyObject): Uint8Array {
  const signature = new Uint8Array(sign('sha256', digest, { key, dsaEncoding: 'ieee-p1363' }))
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`)
  if (s * 2n > order) signature.set(Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex'), 32)
  return signature
}

/** A replica over a folder, and what closes it. */
export async function openReplica(
  home: string,
  { rules, genesis }: NetworkFile,
  { verify, disk: wrap = (disk) => disk }: { verify: Context['verify']; disk?: (disk: Disk) => Disk },
): Promise<{ replica: Replica; store: Store; context: Context; close: () => Promise<void> }> {
  const disk = await openDisk(home)
  const store = createStore(wrap(disk))
  const context: Context = { network: networkId(rules, genesis), rules, verify, verifyProof: believesNone }
  const onDiskFailure = (error: Error) => {
    throw error
  }
  const replica = await createReplica({
    store,
    context,
    genesis,
    clock: systemClock,
    proofs: plainProofs,
    writesWith: () => [],
    onDiskFailure,
  })
  return { replica, store, context, close: () => disk.close() }
}
