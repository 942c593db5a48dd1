/** What custody does with a money part, and nothing else: the vectors of `test/protocol/custody.test.ts`, in bytes. */
import assert from 'node:assert'
import { concatBytes } from '@noble/hashes/utils.js'
import { addressOf } from '../../../protocol/address.ts'
import { decodeStrict, equalBytes } from '../../../protocol/codec.ts'
import { custodyTables, move } from '../../../protocol/custody.ts'
import {
  type Deed,
  deedCodecs,
  linesMax,
  type Money,
  moneyOf,
  Part,
  partOf,
  readMoney,
} from '../../../protocol/money.ts'
import { wireVersion } from '../../../protocol/version.ts'
import { nobody } from '../../../protocol/words.ts'
import { ada, bob, changesOf, edited, genesis, viewOf } from '../../kit/fixtures.ts'
import { custody, givenOf, entryForms } from '../custody.ts'
import { world } from '../world.ts'
import { plainChange } from './batches.ts'
import { plain } from './plain.ts'
import { bytesOf } from './sample.ts'

/** Whether a signature holds is told, so that any will do. */
const signature = bytesOf('signature', 64)

/** The number and the bytes of a deed. One that does nothing stands in any operation that custody knows no deed of. */
const written: {
  readonly [Kind in Deed['kind']]: (
    deed: Extract<Deed, { readonly kind: Kind }>,
    author: Uint8Array,
  ) => Pick<Part, 'kind' | 'deed'>
} = {
  none: () => ({ kind: 4, deed: new Uint8Array(0) }),
  register: ({ key }, author) => ({
    kind: 1,
    deed: deedCodecs[1].encode({ key, consent: equalBytes(addressOf(key), author) ? undefined : signature }),
  }),
  rekey: ({ key }) => ({ kind: 2, deed: deedCodecs[2].encode({ key, signature }) }),
  allow: ({ sender, amount }) => ({ kind: 7, deed: deedCodecs[7].encode({ sender, amount }) }),
  reclaim: ({ sender }) => ({ kind: 8, deed: deedCodecs[8].encode({ sender }) }),
  'stamp-buy': ({ denomination, note }) => ({ kind: 12, deed: deedCodecs[12].encode({ denomination, note }) }),
  'stamp-redeem': ({ denomination, nullifier, key }) => ({
    kind: 13,
    deed: deedCodecs[13].encode({ denomination, nullifier, registration: key && { key, signature } }),
  }),
  withdraw: ({ to, amount }) => ({ kind: 15, deed: deedCodecs[15].encode({ to, amount }) }),
}

/** A money part in bytes, with something behind it that custody does not look into. */
function bytesOfMoney(money: Money): Uint8Array {
  const { author, deed } = money
  const { account, nonce, expiry } = author ?? { account: nobody, nonce: 0n, expiry: 0n }
  const write = written[deed.kind] as (deed: Deed, author: Uint8Array) => Pick<Part, 'kind' | 'deed'>
  const mail = bytesOf('what is said as mail', 5)
  return Part.encode({ account, nonce, expiry, ...partOf(money), ...write(deed, account), mail } as Part)
}

/** What custody reads in bytes; undefined where it reads nothing. */
function readPart(bytes: Uint8Array): Money | undefined {
  const part = decodeStrict(Part, bytes)
  const money = part.ok ? moneyOf(part.value) : part
  return money.ok ? money.value : undefined
}

/** Each begins with the world of ledger.json and with what `pre` changes in it, at the time of the genesis. */
export const custodyVectors = () => ({
  tables: custodyTables.join(', '),
  moves: custody.map(({ name, pre, money, told }) => {
    const bytes = bytesOfMoney(money)
    const read = readPart(bytes)
    if (!read) throw new Error(`${name}: custody reads no money part`)
    assert.deepEqual(plain(read), plain(money))
    const moved = move(viewOf(edited(world, pre)), read, givenOf(told))
    return {
      name,
      pre: changesOf(world, pre).map(plainChange),
      part: plain(bytes),
      money: plain(read),
      told: plain(told),
      ...(moved.ok ? { changes: moved.value.map(plainChange) } : { void: moved.reason }),
    }
  }),
  unread: Object.entries(unread()).map(([name, bytes]) => {
    if (readPart(bytes)) throw new Error(`${name}: custody should read nothing`)
    return { name, part: plain(bytes) }
  }),
  signed: entryForms.map(({ name, bytes }) => {
    const read = readMoney(bytes)
    return { name, hex: plain(bytes), ...(read.ok ? { money: plain(read.value.money) } : { reason: read.reason }) }
  }),
})

/** Bytes in which custody reads nothing, so that they do nothing: each right but for one thing. */
function unread(): Readonly<Record<string, Uint8Array>> {
  const own = { account: ada.address, nonce: 0n, expiry: genesis.time }
  const line = { address: bob.address, amount: 1n, from: 'funds' } as const
  const plainPart: Part = {
    ...own,
    ...partOf({ burn: 10n, share: undefined, lines: [line] }),
    ...noDeed,
    mail: noBytes,
  }
  const part = (fields: Partial<Part>) => Part.encode({ ...plainPart, ...fields })
  const nobodys = { account: nobody, nonce: 0n, expiry: 0n }
  const good = part({})
  const at = (place: number, byte: number) => good.map((was, index) => (index === place ? byte : was))
  // Behind the counted lines stand the deed's length in one byte, and the mail's in two.
  const [lines, line0] = [good.length - 3 - 29 - 1, good.length - 3 - 29]
  return {
    'another version': at(0, wireVersion - 1),
    'a byte too few': good.slice(0, -1),
    'a byte too many': concatBytes(good, Uint8Array.of(0)),
    'of nobody, with a nonce': part({ ...nobodys, nonce: 1n }),
    'of nobody, and it expires': part({ ...nobodys, expiry: 1n }),
    'a share that nobody gets': part({ share: 1n }),
    'out of what there is not': at(line0 + 28, 2),
    'more lines than there may be': concatBytes(
      at(lines, linesMax + 1).slice(0, line0),
      ...Array.from({ length: linesMax + 1 }, (_, index) =>
        concatBytes(bytesOf(`line ${index}`, 20), new Uint8Array(9)),
      ),
      good.slice(line0 + 29),
    ),
    'a deed in an operation that has none': part({ deed: Uint8Array.of(0) }),
    'a deed in an operation that there is not': part({ kind: 200, deed: Uint8Array.of(0) }),
    'an operation without its deed': part({ kind: 7, deed: noBytes }),
    'a deed with a byte too few': part({ kind: 8, deed: bob.address.slice(1) }),
    'a deed with a byte too many': part({ kind: 8, deed: concatBytes(bob.address, Uint8Array.of(0)) }),
    'a deed with a boolean of 2': part({ kind: 2, deed: Uint8Array.of(2) }),
    'a deed with a note beyond its field': part({
      kind: 12,
      deed: concatBytes(new Uint8Array(8), new Uint8Array(32).fill(255)),
    }),
  }
}
const noBytes = new Uint8Array(0)
const noDeed = { kind: 4, deed: noBytes }
