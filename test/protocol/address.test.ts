import { bech32 } from '@scure/base'
import fc from 'fast-check'
import { test } from 'tap'
import { AddressError, addressOf, encodeAddress, parseAddress } from '../../protocol/address.ts'
import { hash } from '../../protocol/hash.ts'

const address = fc.uint8Array({ minLength: 20, maxLength: 20 })

test('an address is the beginning of a hash of the first key', async (t) => {
  const key = new Uint8Array(33).fill(2)
  t.same(addressOf(key), hash('address', key).slice(0, 20))
})

test('text and bytes turn into each other, in small letters or capitals', async (t) => {
  fc.assert(
    fc.property(address, (bytes) => {
      const text = encodeAddress(bytes)
      t.match(text, /^bm1[a-z0-9]{38}$/)
      t.same(parseAddress(text), bytes)
      t.same(parseAddress(text.toUpperCase()), bytes)
    }),
  )
})

test('a mistyped character is always noticed', async (t) => {
  const letters = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
  const typing = fc.tuple(address, fc.integer({ min: 3, max: 40 }), fc.integer({ min: 1, max: 31 }))
  fc.assert(
    fc.property(typing, ([bytes, at, step]) => {
      const text = encodeAddress(bytes)
      const other = letters[(letters.indexOf(text[at]!) + step) % 32]
      t.throws(() => parseAddress(text.slice(0, at) + other + text.slice(at + 1)), /mistyped/)
    }),
  )
})

const good = encodeAddress(new Uint8Array(20).fill(7))
const refusals = [
  { name: 'nothing', text: '', sentence: /is empty/ },
  { name: 'words', text: 'alice', sentence: /“alice” does not begin with bm1/ },
  { name: 'another currency', text: 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', sentence: /does not begin with bm1/ },
  {
    name: 'mixed letters',
    text: `${good.slice(0, 20)}${good.slice(20).toUpperCase()}`,
    sentence: /mixes small and capital/,
  },
  { name: 'half of it', text: good.slice(0, 30), sentence: /has 30 characters instead of 41/ },
  { name: 'more of it', text: `${good}q`, sentence: /has 42 characters/ },
  { name: 'a space inside', text: `${good.slice(0, 20)} ${good.slice(21)}`, sentence: /has a “ ”/ },
  { name: 'a letter that no address has', text: `${good.slice(0, 20)}o${good.slice(21)}`, sentence: /has a “o”/ },
  {
    name: 'the checksum of bech32',
    text: bech32.encode('bm', bech32.toWords(new Uint8Array(20))),
    sentence: /mistyped/,
  },
  { name: 'an escape', text: '\u001b[31m', sentence: /“\?\[31m” does not/ },
]
for (const { name, text, sentence } of refusals)
  test(`address refused: ${name}`, async (t) => {
    t.throws(() => parseAddress(text), sentence)
    t.throws(() => parseAddress(text), AddressError)
  })
