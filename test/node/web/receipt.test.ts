/** What stands in the page for two files of the protocol does what these do, or is never asked. */
import { p256 } from '@noble/curves/nist.js'
import fc from 'fast-check'
import { test } from 'tap'
import * as pagePoseidon from '../../../node/web/page/receipt/poseidon.ts'
import * as page from '../../../node/web/page/receipt/signature.ts'
import { nodeOf, poseidon } from '../../../protocol/poseidon.ts'
import { isLowS, isSigningKey, verifySignature } from '../../../protocol/signature.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

test('page: signatures are verified as the protocol verifies them', async (t) => {
  fc.assert(
    fc.property(bytes(32), bytes(32), fc.nat(63), fc.nat(7), (seed, digest, at, bit) => {
      if (!p256.utils.isValidSecretKey(seed)) return
      const key = p256.getPublicKey(seed, true)
      const signature = p256.sign(digest, seed, { prehash: true, lowS: false })
      const changed = signature.with(at, signature[at]! ^ (1 << bit))
      for (const one of [signature, changed]) {
        t.equal(page.verifySignature({ digest, signature: one, key }), verifySignature({ digest, signature: one, key }))
        t.equal(page.isLowS(one), isLowS(one))
      }
      t.equal(page.verifySignature({ digest, signature, key }), true)
    }),
    { numRuns: 60 },
  )
  const key = p256.getPublicKey(new Uint8Array(32).fill(1), true)
  for (const odd of [
    { digest: new Uint8Array(31), signature: new Uint8Array(64), key },
    { digest: new Uint8Array(32), signature: new Uint8Array(63), key },
    { digest: new Uint8Array(32), signature: new Uint8Array(64), key },
    { digest: new Uint8Array(32), signature: new Uint8Array(64).fill(255), key },
    { digest: new Uint8Array(32), signature: new Uint8Array(64).fill(1), key: new Uint8Array(33) },
    { digest: new Uint8Array(32), signature: new Uint8Array(64).fill(1), key: key.subarray(1) },
  ])
    t.equal(page.verifySignature(odd), verifySignature(odd))
})

test('page: keys are keys to it as they are to the protocol', async (t) => {
  fc.assert(
    fc.property(bytes(33), fc.constantFrom(0, 2, 3, 4), (key, first) => {
      const one = key.with(0, first)
      t.equal(page.isSigningKey(one), isSigningKey(one))
    }),
    { numRuns: 200 },
  )
})

test('page: it has the hash of the proofs by name alone', async (t) => {
  t.strictSame(Object.keys(pagePoseidon).sort(), [nodeOf.name, poseidon.name].sort())
  t.throws(() => pagePoseidon.poseidon(), /Receipt|receipt/)
  t.throws(() => pagePoseidon.nodeOf(), /Receipt|receipt/)
})
