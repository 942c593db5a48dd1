/**
 * The batch commitment: a header that commits to the ordered operations, to what became of each, and to the state
 * after them, chained to the one before and signed by the host.
 */
import { concatBytes } from '@noble/hashes/utils.js'
import * as P from 'micro-packed'
import { AddressBytes, Bytes32, compareBytes, optional, Signature, Time, U64, wordIn } from './codec.ts'
import { factorNumbers } from './fee.ts'
import { hash } from './hash.ts'
import type { Applied } from './ledger.ts'
import { leafHash, merkleRoot } from './merkle.ts'
import { shortcomings } from './reason.ts'
import { type Change, encodeRecord, tables } from './state.ts'
import { wireVersion } from './version.ts'
import { Payer } from './words.ts'

/** A batch's header. `previous` is the hash of the header before it. */
export const Header = P.struct({
  version: P.magic(P.U8, wireVersion),
  network: Bytes32,
  height: U64,
  time: Time,
  epoch: P.U32BE,
  previous: Bytes32,
  opCount: P.U32BE,
  opsRoot: Bytes32,
  outcomeRoot: Bytes32,
  stateRoot: Bytes32,
})
export type Header = {
  readonly network: Uint8Array
  readonly height: bigint
  readonly time: bigint
  readonly epoch: number
  readonly previous: Uint8Array
  readonly opCount: number
  readonly opsRoot: Uint8Array
  readonly outcomeRoot: Uint8Array
  readonly stateRoot: Uint8Array
}

/** A header with the host's signature over `headerHash`. */
export const SealedHeader = P.struct({ header: Header, signature: Signature })
export type SealedHeader = { readonly header: Header; readonly signature: Uint8Array }

/** The factors of a price by rising number, each at most once. */
const Factors = P.validate(P.array(P.U8, P.struct({ name: wordIn(factorNumbers), basisPoints: U64 })), (lines) => {
  const isRising = lines.every(({ name }, at) => at === 0 || factorNumbers[lines[at - 1]!.name] < factorNumbers[name])
  if (!isRising) throw new Error('factors stand by rising number, each once')
  return lines
})

const Line = P.struct({
  recipient: AddressBytes,
  payer: Payer,
  factors: Factors,
  floor: U64,
  fee: U64,
  paid: U64,
  credit: U64,
  burned: U64,
  operators: U64,
})

/**
 * What became of one entry: settled (a send with what was asked of it, line by line); paid and undelivered, and why; or
 * void. Committed to by `outcomeRoot`.
 */
export const Outcome = P.struct({
  op: Bytes32,
  result: P.mappedTag(P.U8, {
    settled: [
      1,
      P.struct({
        sent: optional(
          P.struct({
            message: Bytes32,
            basePrice: U64,
            carriage: U64,
            payee: optional(AddressBytes),
            lines: P.array(P.U8, Line),
          }),
        ),
      }),
    ],
    undelivered: [2, P.struct({ reason: wordIn(shortcomings) })],
    void: [3, P.struct({})],
  }),
})
export type Outcome = P.UnwrapCoder<typeof Outcome>

/** 32 bytes: what the host signs, and what the next header names. */
export const headerHash = (header: Header): Uint8Array => hash('header', Header.encode(header))

/** What became of an entry, as it is committed. */
export function outcomeOf(op: Uint8Array, applied: Applied): Outcome {
  if (applied.kind === 'void') return { op, result: { TAG: 'void', data: {} } }
  if (applied.kind === 'undelivered') return { op, result: { TAG: 'undelivered', data: { reason: applied.reason } } }
  const sent = applied.sent && {
    ...applied.sent,
    lines: applied.sent.lines.map((line) => ({ ...line, factors: [...line.factors] })),
  }
  return { op, result: { TAG: 'settled', data: { sent } } }
}

/** The root over the canonical bytes of signed ops, in their order. */
export const opsRoot = (ops: readonly Uint8Array[]): Uint8Array => merkleRoot(ops.map(leafHash))

/** The root over the canonical bytes of outcomes, in the order of their ops. */
export const outcomeRoot = (outcomes: readonly Uint8Array[]): Uint8Array => merkleRoot(outcomes.map(leafHash))

/**
 * `H(previous, changes sorted by table and key)`, over every table but the accounts, which have a tree of their own.
 * What a record was before follows from the chain before, so only what it is now is hashed.
 */
export function chainHash(previous: Uint8Array, changes: readonly Change[]): Uint8Array {
  const others = changes.filter((change) => change.table !== 'accounts')
  others.sort((a, b) => tables[a.table].number - tables[b.table].number || compareBytes(a.key, b.key))
  return hash('changes', previous, ...others.map(encodeChange))
}

/** The commitment to the whole state: the accounts' tree, and the chain of everything else. */
export const stateRoot = ({ accountsRoot, chain }: { accountsRoot: Uint8Array; chain: Uint8Array }): Uint8Array =>
  hash('state', accountsRoot, chain)

const encodeChange = (change: Change): Uint8Array => {
  const after = change.after ? encodeRecord(change.table, change.after as never) : undefined
  return concatBytes(
    Uint8Array.of(tables[change.table].number, change.key.length, after ? 1 : 0),
    change.key,
    P.U32BE.encode(after?.length ?? 0),
    after ?? new Uint8Array(0),
  )
}
