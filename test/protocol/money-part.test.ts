/** Where each thing stands in a money part: the table by which others mirror custody, held against the codec. */
import { concatBytes } from '@noble/hashes/utils.js'
import fc from 'fast-check'
import { test } from 'tap'
import { Header } from '../../protocol/batch.ts'
import { Time, U64 } from '../../protocol/codec.ts'
import { readEntry } from '../../protocol/doorway.ts'
import { apply } from '../../protocol/ledger.ts'
import { deedCodecs, linesMax, type Part, readMoney, SignedPart } from '../../protocol/money.ts'
import { wireVersion } from '../../protocol/version.ts'
import { context, viewOf } from '../kit/fixtures.ts'
import { entryForms } from '../vectors/custody.ts'
import { world } from '../vectors/world.ts'
import { readProtocol, tableUnder } from './specification.ts'

const page = readProtocol('README.md')
const bytesOf = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length })
const amount = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const byte = fc.nat({ max: 255 })
const line = fc.record({ address: bytesOf(20), amount, from: fc.constantFrom('funds' as const, 'allowance' as const) })
const signedParts = fc.record({
  part: fc.record({
    version: fc.constant(undefined),
    account: bytesOf(20),
    nonce: amount,
    expiry: amount,
    kind: byte,
    burn: amount,
    payee: bytesOf(20),
    share: amount,
    lines: fc.array(line, { maxLength: linesMax }),
    deed: fc.uint8Array({ maxLength: 255 }),
    mail: fc.uint8Array({ maxLength: 1_500 }),
  }) as fc.Arbitrary<Part>,
  signature: bytesOf(64),
})

/** What stands at each place, in the order of the table. */
const pieces = ({ part, signature }: { part: Part; signature: Uint8Array }): Uint8Array[] => [
  Uint8Array.of(wireVersion),
  part.account,
  U64.encode(part.nonce),
  Time.encode(part.expiry),
  Uint8Array.of(part.kind),
  U64.encode(part.burn),
  part.payee,
  U64.encode(part.share),
  Uint8Array.of(part.lines.length),
  concatBytes(
    ...part.lines.flatMap((one) => [one.address, U64.encode(one.amount), Uint8Array.of(one.from === 'funds' ? 0 : 1)]),
  ),
  Uint8Array.of(part.deed.length),
  part.deed,
  Uint8Array.of(part.mail.length >> 8, part.mail.length & 255),
  part.mail,
  signature,
]

/** A number of the table, as in `76 + 29n + d`. */
const numberOf = (text: string, lengths: Readonly<Record<string, number>>): number =>
  text.split(' + ').reduce((sum, term) => {
    const [, factor, name] = /^(\d*)([ndm]?)$/.exec(term)!
    return sum + (factor === '' ? 1 : Number(factor)) * (name ? lengths[name]! : 1)
  }, 0)

test('money part: everything stands where the specification says', async (t) => {
  const rows = tableUnder(page, 'Places of a money part')
  fc.assert(
    fc.property(signedParts, (signed) => {
      const { lines, deed, mail } = signed.part
      const lengths = { n: lines.length, d: deed.length, m: mail.length }
      const bytes = SignedPart.encode(signed)
      const found = rows.map(([at, length]) => {
        const from = numberOf(at!, lengths)
        return bytes.slice(from, from + numberOf(length!, lengths))
      })
      t.strictSame(found, pieces(signed))
      t.strictSame(concatBytes(...found), bytes, 'and there is nothing else')
    }),
    { numRuns: 50 },
  )
  t.match(rows[8]![2], `at most ${linesMax}`)
})

for (const { name, bytes, reason } of entryForms)
  test(`money part: what is ${name}`, async (t) => {
    const read = readMoney(bytes)
    t.equal(read.ok ? undefined : read.reason, reason)
    const entry = readEntry(bytes, context)
    t.equal(entry.money === undefined, reason !== undefined, 'an entry is read no other way')
    if (reason) t.match(apply(viewOf(world), context, entry), { kind: 'void' })
  })

test('money part: deeds are as long as the specification says', async (t) => {
  const [key, signature] = [new Uint8Array(33), new Uint8Array(64)]
  const [sender, denomination] = [new Uint8Array(20), 1n]
  const brought = { key, signature }
  const examples = {
    1: [
      { key, consent: undefined },
      { key, consent: signature },
    ].map((deed) => deedCodecs[1].encode(deed)),
    2: [undefined, brought].map((deed) => deedCodecs[2].encode(deed)),
    7: [deedCodecs[7].encode({ sender, amount: 1n })],
    8: [deedCodecs[8].encode({ sender })],
    12: [deedCodecs[12].encode({ denomination, note: 1n })],
    13: [undefined, brought].map((registration) =>
      deedCodecs[13].encode({ denomination, nullifier: 1n, registration }),
    ),
    15: [deedCodecs[15].encode({ to: sender, amount: 1n })],
  } satisfies Record<keyof typeof deedCodecs, Uint8Array[]>
  t.strictSame(
    tableUnder(page, 'Deeds in bytes').map(([kind, , bytes]) => [kind, bytes]),
    Object.entries(examples).map(([kind, deeds]) => [kind, deeds.map(({ length }) => length).join(' or ')]),
  )
})

test('money part: the time of a batch stands in its header where the specification says', async (t) => {
  const hash = new Uint8Array(32)
  const about = { version: undefined, network: hash, height: 1n, epoch: 1, previous: hash, opCount: 0 }
  const header = { ...about, opsRoot: hash, outcomeRoot: hash, stateRoot: hash, time: 0x0102030405060708n }
  const [, from] = /8 bytes of the header from the (\d+)nd on/.exec(page)!
  t.strictSame(
    Header.encode(header)
      .slice(Number(from) - 1)
      .slice(0, 8),
    Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  )
})
