import fc from 'fast-check'
import { test } from 'tap'
import { combine, split } from '../../protocol/shamir.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)

const vectors = [
  // FIPS 197 §4.2: {57} · {83} = {c1}, and §4.2.1: {57} · {13} = {fe}. A line through 0 with slope 0x57, at those x.
  { name: 'slope 57 at 83', secret: 0, randomness: [0x57], x: 0x83, value: 0xc1 },
  { name: 'slope 57 at 13', secret: 0, randomness: [0x57], x: 0x13, value: 0xfe },
  { name: 'a line with a secret', secret: 0x42, randomness: [0x57], x: 0x83, value: 0x42 ^ 0xc1 },
  { name: 'a parabola at 2', secret: 0x42, randomness: [0x01, 0x01], x: 2, value: 0x42 ^ 2 ^ 4 },
  { name: 'no randomness with threshold 1', secret: 0x42, randomness: [], x: 7, value: 0x42 },
]

for (const { name, secret, randomness, x, value } of vectors)
  test(`shamir vector: ${name}`, async (t) => {
    const options = { threshold: randomness.length + 1, count: 255, randomness: Uint8Array.from(randomness) }
    t.same(split(bytes(secret), options)[x - 1], bytes(x, value))
  })

test('any shares from the threshold up give the secret back', async (t) => {
  const splits = fc
    .record({
      secret: fc.uint8Array({ minLength: 1, maxLength: 40 }),
      threshold: fc.integer({ min: 1, max: 12 }),
      more: fc.integer({ min: 0, max: 20 }),
    })
    .chain(({ secret, threshold, more }) =>
      fc.record({
        secret: fc.constant(secret),
        threshold: fc.constant(threshold),
        count: fc.constant(threshold + more),
        randomness: fc.uint8Array({
          minLength: (threshold - 1) * secret.length,
          maxLength: (threshold - 1) * secret.length,
        }),
        chosen: fc.shuffledSubarray(
          Array.from({ length: threshold + more }, (_, at) => at),
          { minLength: threshold },
        ),
      }),
    )
  fc.assert(
    fc.property(splits, ({ secret, threshold, count, randomness, chosen }) => {
      const shares = split(secret, { threshold, count, randomness })
      t.same(combine(chosen.map((at) => shares[at]!)), secret)
    }),
    { numRuns: 100 },
  )
})

test('one share less than the threshold fits every secret equally often', async (t) => {
  // Threshold 2: of the 256 lines through each secret, exactly one passes through the point that is known.
  const fits = new Map<number, number>()
  for (let secret = 0; secret < 256; secret++)
    for (let slope = 0; slope < 256; slope++) {
      const [, , third] = split(bytes(secret), { threshold: 2, count: 3, randomness: bytes(slope) })
      if (third![1] === 0x5a) fits.set(secret, (fits.get(secret) ?? 0) + 1)
    }
  t.same([...fits.values()], Array(256).fill(1))
})

test('with two shares of threshold three, each guess has exactly one third share', async (t) => {
  const [first, second] = split(bytes(0x42), { threshold: 3, count: 5, randomness: bytes(0x99, 0x3c) })
  const guesses = new Set<number>()
  for (let value = 0; value < 256; value++) guesses.add(combine([first!, second!, bytes(5, value)])[0]!)
  t.equal(guesses.size, 256)
})

test('a wrong share gives a wrong secret', async (t) => {
  const shares = split(bytes(1, 2, 3), { threshold: 2, count: 3, randomness: bytes(4, 5, 6) })
  const wrong = Uint8Array.from(shares[0]!)
  wrong[2]! ^= 1
  t.not(combine([wrong, shares[1]!])[1], 2)
})

test('what only a bug can ask for is refused', async (t) => {
  const randomness = bytes(1)
  t.throws(() => split(bytes(1), { threshold: 0, count: 3, randomness }), /threshold/)
  t.throws(() => split(bytes(1), { threshold: 2, count: 1, randomness }), /between threshold and 255/)
  t.throws(() => split(bytes(1), { threshold: 2, count: 256, randomness }), /between threshold and 255/)
  t.throws(() => split(bytes(1), { threshold: 3, count: 3, randomness }), /random coefficients/)
  t.throws(() => combine([]), /a share/)
  t.throws(() => combine([bytes(1, 2), bytes(1, 3)]), /distinct x/)
  t.throws(() => combine([bytes(0, 2)]), /no x of 0/)
  t.throws(() => combine([bytes(1, 2), bytes(2, 2, 2)]), /one length/)
})
