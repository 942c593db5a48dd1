/**
 * How long lists, bytes and texts may be: each at its limits is taken, and by one beyond them refused. The bytes are put
 * together here, because no codec writes what it refuses.
 */
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import * as P from 'micro-packed'
import { decodeStrict } from '../../../protocol/codec.ts'
import { Envelope } from '../../../protocol/envelope.ts'
import { SealedHeader } from '../../../protocol/batch.ts'
import { Batch, Given, IdsRequest, Mail, Release, Stored } from '../../../protocol/gossip.ts'
import { AccountProof, Receipt } from '../../../protocol/receipt.ts'
import { Rules } from '../../../protocol/rules.ts'
import { rules } from '../../kit/fixtures.ts'
import { links } from './batches.ts'
import { bytesOf } from './sample.ts'

/** What is bounded in a codec, how its bytes are made with so many, and between which numbers it is taken. */
type Limit = {
  readonly codec: string
  readonly what: string
  readonly coder: P.CoderType<unknown>
  readonly of: (count: number) => Uint8Array
  readonly least?: number
  readonly most: number
}

/** Longer ones are tried here, and are not written down. */
const writtenBytesMax = 20_000

const u8 = (number: number): Uint8Array => Uint8Array.of(number)
const many = (item: Uint8Array, count: number): Uint8Array => concatBytes(...Array<Uint8Array>(count).fill(item))
const listed = (item: Uint8Array, count: number): Uint8Array => concatBytes(u8(count), many(item, count))
const sized = (length: number): Uint8Array => concatBytes(P.U32BE.encode(length), new Uint8Array(length))

/** Bytes with a part of them replaced, which must be there once. */
function spliced(bytes: Uint8Array, was: Uint8Array, is: Uint8Array): Uint8Array {
  const places = Array.from(bytes.keys()).filter((at) => was.every((byte, index) => bytes[at + index] === byte))
  if (places.length !== 1) throw new Error(`what is to be replaced is there ${places.length} times`)
  return concatBytes(bytes.subarray(0, places[0]), is, bytes.subarray(places[0]! + was.length))
}

/** Numbers that stand nowhere else in the rules, by which a list of them is found. */
const marks = [0x0102030405060701n, 0x0102030405060702n, 0x0102030405060703n, 0x0102030405060704n]
const marked = P.array(P.U8, P.U64BE)
/** A list of the rules with so many items. */
const inRules = (change: Partial<Rules>, was: Uint8Array, item: Uint8Array) => {
  const bytes = Rules.encode({ ...rules, ...change })
  return (count: number): Uint8Array => spliced(bytes, was, listed(item, count))
}
const ofRules = (
  what: string,
  most: number,
  of: (count: number) => Uint8Array,
  least: number | undefined = undefined,
): Limit => ({ codec: 'Rules', what, coder: Rules as never, of, most, ...(least !== undefined && { least }) })

const operator = concatBytes(bytesOf('an operator', 20), P.U16BE.encode(3))
const keeper = concatBytes(bytesOf('a keeper', 20), P.U16BE.encode(1), bytesOf('lock', 32), bytesOf('signing', 33))
const [days, factor] = [0x0bcd, 0x0102030405060708n]
const amounts = (list: readonly bigint[]) => marked.encode([...list])
const six = [...marks, 5n, 6n]

const rulesLimits: readonly Limit[] = [
  ofRules(
    'operators',
    32,
    inRules({ operators: [{ address: operator.slice(0, 20), weight: 3 }] }, concatBytes(u8(1), operator), operator),
    1,
  ),
  ofRules(
    'keepers',
    32,
    inRules(
      {
        keepers: {
          version: 1,
          threshold: 1,
          members: [
            {
              address: keeper.slice(0, 20),
              weight: 1,
              lockKey: keeper.slice(22, 54),
              signingKey: keeper.slice(54),
            },
          ],
        },
      },
      concatBytes(u8(1), keeper),
      keeper,
    ),
    1,
  ),
  ofRules(
    'lifetimes',
    16,
    inRules(
      { lifetimes: [{ days, factor }] },
      concatBytes(u8(1), P.U16BE.encode(days), P.U64BE.encode(factor)),
      concatBytes(P.U16BE.encode(days), P.U64BE.encode(factor)),
    ),
    1,
  ),
  ofRules(
    'factors by standing',
    6,
    inRules({ reputation: { ...rules.reputation, factors: six } }, amounts(six), P.U64BE.encode(7n)),
    6,
  ),
  ofRules(
    'scores of tiers',
    4,
    inRules({ reputation: { ...rules.reputation, scores: marks } }, amounts(marks), P.U64BE.encode(7n)),
    4,
  ),
  ...(['endorsements', 'stamps'] as const).map((name) =>
    ofRules(
      name,
      16,
      inRules({ identity: { ...rules.identity, [name]: marks } }, amounts(marks), P.U64BE.encode(7n)),
      0,
    ),
  ),
  ofRules('bytes of a name', 64, (count) => {
    const [was, is] = ['a name that is found', 'é'.repeat(count / 2) + 'n'.repeat(count % 2)]
    const [short, long] = [was, is].map((text) =>
      concatBytes(P.U16BE.encode(utf8ToBytes(text).length), utf8ToBytes(text)),
    )
    return spliced(Rules.encode({ ...rules, name: was }), short!, long!)
  }),
]

const envelope = (shares: number, wrapsBytes: number, bodyBytes: number): Uint8Array =>
  concatBytes(
    Envelope.encode(unsealed).subarray(0, 40),
    listed(new Uint8Array(113), shares),
    sized(wrapsBytes),
    sized(bodyBytes),
  )
const unsealed = {
  sizeClass: 0,
  keeperSet: 1,
  threshold: 1,
  lockKeyHash: bytesOf('lock key', 32),
  shares: [{ hash: bytesOf('hash', 32), enc: bytesOf('enc', 32), ciphertext: bytesOf('ciphertext', 49) }],
  lockedWraps: new Uint8Array(0),
  body: new Uint8Array(0),
}
const head = SealedHeader.encode(links[1]!.sealed)
const receipt = (path: number, op: number, outcome: number): Uint8Array =>
  concatBytes(
    head,
    P.U32BE.encode(3),
    sized(op),
    listed(new Uint8Array(32), path),
    sized(outcome),
    listed(new Uint8Array(32), path),
  )
const account = (siblings: number, record: number): Uint8Array =>
  concatBytes(
    bytesOf('address', 20),
    P.U32BE.encode(3),
    sized(record),
    listed(new Uint8Array(32), siblings),
    bytesOf('chain', 32),
  )
const [opMost, envelopeMost] = [4096, 409_600]

const limit = (
  codec: string,
  coder: P.CoderType<never>,
  what: string,
  most: number,
  of: Limit['of'],
  least?: number,
) => ({
  codec,
  coder: coder as unknown as P.CoderType<unknown>,
  what,
  most,
  of,
  ...(least !== undefined && { least }),
})

const limits: readonly Limit[] = [
  ...rulesLimits,
  limit('Envelope', Envelope as never, 'shares', 32, (count) => envelope(count, 20, 30), 1),
  limit('Envelope', Envelope as never, 'bytes of wraps', 117_984, (count) => envelope(1, count, 30)),
  limit('Envelope', Envelope as never, 'bytes of body', 262_196, (count) => envelope(1, 20, count)),
  limit('Mail', Mail as never, 'bytes of an op', opMost, (count) => concatBytes(sized(count), u8(0))),
  limit('Mail', Mail as never, 'bytes of an envelope', envelopeMost, (count) =>
    concatBytes(sized(9), u8(1), sized(count)),
  ),
  limit('Batch', Batch as never, 'bytes of an op', opMost, (count) =>
    concatBytes(head, P.U16BE.encode(1), sized(count)),
  ),
  limit('Stored', Stored as never, 'bytes of an envelope', envelopeMost, (count) =>
    concatBytes(bytesOf('m', 32), sized(count)),
  ),
  limit('Given', Given as never, 'bytes of a mail', 20_489, (count) => concatBytes(u8(1), sized(count))),
  limit('IdsRequest', IdsRequest as never, 'ids', 1024, (count) =>
    concatBytes(P.U16BE.encode(count), new Uint8Array(32 * count)),
  ),
  limit(
    'Release',
    Release as never,
    'lock keys',
    255,
    (count) => concatBytes(u8(2), listed(new Uint8Array(64), count)),
    1,
  ),
  limit('Receipt', Receipt as never, 'nodes of a path', 32, (count) => receipt(count, 9, 9), 0),
  limit('Receipt', Receipt as never, 'bytes of an op', opMost, (count) => receipt(1, count, 9)),
  limit('Receipt', Receipt as never, 'bytes of an outcome', 65_536, (count) => receipt(1, 9, count)),
  limit('AccountProof', AccountProof as never, 'siblings', 48, (count) => account(count, 9), 48),
  limit('AccountProof', AccountProof as never, 'bytes of a record', 256, (count) => account(48, count)),
]

/** What is refused for being longer or shorter by one than is taken. Throws where a limit is another. */
export const beyondLimits = () =>
  limits.flatMap(({ codec, what, coder, of, least = 0, most }) => {
    for (const count of [least, most])
      if (!decodeStrict(coder, of(count)).ok) throw new Error(`${codec}: ${count} ${what} should be taken`)
    return [...(least > 0 ? [least - 1] : []), ...(most % 256 === 255 ? [] : [most + 1])].flatMap((count) => {
      const bytes = of(count)
      if (decodeStrict(coder, bytes).ok) throw new Error(`${codec}: ${count} ${what} should be refused`)
      return bytes.length > writtenBytesMax ? [] : [[codec, coder, `${count} ${what}`, bytes] as const]
    })
  })
