/**
 * Every decoder of the protocol, over changed bytes: it answers with a Result or a value and never throws, and what it
 * takes is the one encoding of what it read. What reads further (prices, receipts, seals) must not throw either.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as batch from '../../protocol/batch.ts'
import { decodeStrict } from '../../protocol/codec.ts'
import { readOp } from '../../protocol/doorway.ts'
import * as envelope from '../../protocol/envelope.ts'
import * as gossip from '../../protocol/gossip.ts'
import * as receipt from '../../protocol/receipt.ts'
import { Rules } from '../../protocol/rules.ts'
import { type TableName, tables } from '../../protocol/state.ts'
import { touches } from '../../protocol/touches.ts'
import { encodeSignedOp } from '../../protocol/wire.ts'
import { context, rules } from '../kit/fixtures.ts'
import type { Draw } from './draw.ts'
import { mutated } from './mutate.ts'
import type { Fuzzer, Input } from './run.ts'

/** Reads bytes, to a word about them; throws where the decoder does wrong. */
type Target = (bytes: Uint8Array) => string

/** The slowest that any input of 64 KiB may be, on a machine that has other things to do. */
const slowMs = 5_000

type Codec<T> = Parameters<typeof decodeStrict<T>>[0]

/** A codec by itself, and what is done next with what it reads. */
function strict<T>(codec: Codec<T>, further: (value: T) => unknown = () => ''): Target {
  return (bytes) => {
    const decoded = decodeStrict(codec, bytes)
    if (!decoded.ok) return decoded.reason
    if (!Buffer.from(codec.encode(decoded.value)).equals(bytes)) throw new Error('a second encoding was taken')
    return `ok ${String(further(decoded.value) ?? '')}`
  }
}

const header = (sealed: batch.SealedHeader) => receipt.headerIsBy(context, sealed)
const demand = { recipientsCount: 1, keeperSet: rules.keepers, maxSizeClass: rules.sizeClassMax }

const records = Object.fromEntries(
  (Object.keys(tables) as TableName[]).map((name) => [`record ${name}`, strict(tables[name].codec as Codec<unknown>)]),
)

const targets: Readonly<Record<string, Target>> = {
  op(bytes) {
    const read = readOp(bytes, context)
    if (!read.ok) return read.reason
    const { op, signature, bytes: own } = read.value
    if (!Buffer.from(encodeSignedOp({ op, signature })).equals(bytes)) throw new Error('a second encoding was taken')
    if (!Buffer.from(own).equals(bytes)) throw new Error('the bytes of an op are not those that came')
    touches(context, read.value)
    return `ok ${op.action.TAG}`
  },
  Header: strict(batch.Header, (value) => void batch.headerHash(value)),
  SealedHeader: strict(batch.SealedHeader, header),
  Outcome: strict(batch.Outcome, ({ result }) => result.TAG),
  Envelope: strict(envelope.Envelope, (value) => {
    const fits = envelope.checkEnvelope(value, demand)
    return fits.ok || fits.reason
  }),
  Rules: strict(Rules),
  Mail: strict(gossip.Mail, ({ op }) => readOp(op, context).ok),
  CompactBatch: strict(gossip.CompactBatch, ({ sealed }) => header(sealed)),
  Batch: strict(gossip.Batch, ({ ops }) => void ops.map((op) => readOp(op, context))),
  Release: strict(gossip.Release, ({ TAG, data }) => {
    if (TAG === 'shares') gossip.releaseHash(context.network, data)
    return TAG
  }),
  Hello: strict(gossip.Hello, ({ head }) => header(head)),
  LogRequest: strict(gossip.LogRequest),
  IdsRequest: strict(gossip.IdsRequest),
  ShardRequest: strict(gossip.ShardRequest),
  Stored: strict(gossip.Stored),
  ReleasesRequest: strict(gossip.ReleasesRequest),
  ReleasedKey: strict(gossip.ReleasedKey),
  Given: strict(gossip.Given),
  Taken: strict(gossip.Taken),
  InclusionPromise: strict(gossip.InclusionPromise, (value) => void gossip.promiseHash(context.network, value)),
  Evidence: strict(gossip.Evidence, ({ first, second }) => gossip.contradict(first.header, second.header)),
  Receipt: strict(receipt.Receipt, (value) => receipt.readReceipt(rules, value.sealed.header, value) !== undefined),
  AccountProof: strict(receipt.AccountProof, (value) => receipt.readAccount(anyHeader, value) !== undefined),
  ...records,
}

/** Seeds from the vectors: good encodings of everything, and those that are refused. */
const seeds = seedsOf()
const anyHeader = seeds.get('Header')!.flatMap((bytes) => {
  const decoded = decodeStrict(batch.Header, bytes)
  return decoded.ok ? [decoded.value as batch.Header] : []
})[0]!
const names = Object.keys(targets)
const everything = [...seeds.values()].flat()

export const decoders = (): Fuzzer => ({
  name: 'decoders',
  atOnce: 1,
  next(draw: Draw, corpus): Input {
    const target = draw.pick(names)
    const known = [...(seeds.get(target) ?? []), ...corpus(target).map((hex) => Buffer.from(hex, 'hex'))]
    const from = known.length > 0 && draw.percent(95) ? draw.pick(known) : draw.bytes(draw.below(300))
    const bytes = draw.percent(2)
      ? from
      : mutated(draw, from, draw.percent(70) && known.length > 0 ? known : everything)
    return { target, input: Buffer.from(bytes).toString('hex') }
  },
  async attempt({ target, input }) {
    const begun = performance.now()
    const shown = targets[target]!(new Uint8Array(Buffer.from(input, 'hex')))
    if (performance.now() - begun > slowMs) throw new Error(`${target} took longer than ${slowMs} ms`)
    return shown
  },
  after: async () => undefined,
})

function seedsOf(): Map<string, Uint8Array[]> {
  const found = new Map<string, Uint8Array[]>()
  const read = (name: string) => JSON.parse(readFileSync(join(import.meta.dirname, `../vectors/${name}.json`), 'utf8'))
  const add = (target: string, hex: unknown): void => {
    if (typeof hex !== 'string') return
    const list = found.get(target) ?? []
    list.push(new Uint8Array(Buffer.from(hex, 'hex')))
    found.set(target, list)
  }
  for (const { hex } of [...read('operations').operations, ...read('refused').ops]) add('op', hex)
  for (const { table, hex } of read('records').records) add(`record ${table}`, hex)
  for (const { codec, hex } of read('refused').encodings) add(codec, hex)
  for (const [name, one] of Object.entries<{ hex?: string }[] | { hex?: string }>(read('gossip').messages))
    for (const { hex } of [one].flat()) add(name, hex)
  for (const { header, sealed, outcomes } of read('batches').batches) {
    add('Header', header.hex)
    add('SealedHeader', sealed)
    for (const { hex } of outcomes) add('Outcome', hex)
  }
  for (const { hex } of read('batches').receipts) add('Receipt', hex)
  for (const { hex } of read('batches').accounts) add('AccountProof', hex)
  add('Envelope', read('envelopes').envelope.hex)
  return found
}
