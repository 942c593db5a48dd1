/** The bound between a message and what it is packed into: what honest people write keeps it, and a bomb does not. */
import { randomBytes } from 'node:crypto'
import { test } from 'tap'
import { contentBytesMax, pack, unpack, unpackedBytesMax } from '../../../node/seal/content.ts'
import { packedAnyhow } from '../../kit/bombs.ts'

const random = (length: number) => new Uint8Array(randomBytes(length))
const parties = { sender: random(20), recipients: [random(20), random(20)] }
const partiesBytes = 20 + 1 + 2 * 20

test('a bomb is not unpacked, however much of it is junk', async (t) => {
  for (const [megabytes, junkBytes] of [
    [1, 0],
    [16, 0],
    [16, 60_000],
  ] as const) {
    const zeros = new Uint8Array(megabytes * 1024 * 1024)
    const bomb = await packedAnyhow(parties, Buffer.concat([random(junkBytes), zeros]))
    const sentence = /unpacks to more than \d+ KiB, which no honest program/
    await t.rejects(unpack(parties, bomb), { name: 'SealError', message: sentence }, `${bomb.length} bytes`)
  }
})

test('the bound is the same for sender and reader, to the byte', async (t) => {
  for (const junkBytes of [0, 1_000, 5_000]) {
    const junk = random(junkBytes)
    // What repeats packs into a few bytes more or less, so the last that passes is searched for.
    const letterOf = (zeros: number) => Buffer.concat([junk, new Uint8Array(zeros)])
    const passes = (zeros: number) => pack(parties, letterOf(zeros)).then(Boolean, () => false)
    let [low, high] = [0, contentBytesMax]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (await passes(middle)) low = middle
      else high = middle
    }
    await t.rejects(pack(parties, letterOf(high)), /says one thing over and over.*compressed file\.$/)
    const packed = await pack(parties, letterOf(low))
    t.ok(low + junkBytes + partiesBytes <= unpackedBytesMax(packed.length))
    t.ok(Buffer.from(await unpack(parties, packed)).equals(letterOf(low)), 'what its sender packs its reader unpacks')
    const more = await packedAnyhow(parties, letterOf(unpackedBytesMax(packed.length)))
    await t.rejects(unpack(parties, more), /unpacks to more than/)
  }
})

test('what people send in earnest stays far below the bound', async (t) => {
  const lines = (count: number) =>
    Array.from(
      { length: count },
      (_, at) => `2026-11-22T09:${at % 60} GET /page/${(at * 7919) % 1000} 200 ${(at * 104_729) % 50_000}\n`,
    )
  for (const [name, content] of [
    ['a log', lines(100_000).join('')],
    ['a log in base64', Buffer.from(lines(100_000).join('')).toString('base64')],
    ['a table of zeros', '0,'.repeat(120_000)],
    ['the same again and again', 'again and '.repeat(25_000)],
  ] as const) {
    const packed = await pack(parties, Buffer.from(content))
    t.equal(Buffer.from(await unpack(parties, packed)).toString(), content, name)
  }
})

test('the largest message passes, and one byte more is refused at once', async (t) => {
  const block = random(256 * 1024)
  const largest = Buffer.concat(Array.from({ length: contentBytesMax / block.length }, () => block))
  const packed = await pack(parties, largest)
  t.ok(Buffer.from(await unpack(parties, packed)).equals(largest))
  await t.rejects(pack(parties, new Uint8Array(contentBytesMax + 1)), /Split it/)
})
