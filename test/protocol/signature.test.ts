import { createHash, createPrivateKey, sign as signNatively } from 'node:crypto'
import { p256 } from '@noble/curves/nist.js'
import fc from 'fast-check'
import { test } from 'tap'
import { sign, signingKeyOf } from '../../node/keys/sign.ts'
import { isLowS, isSigningKey, verifySignature } from '../../protocol/signature.ts'

const unhex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const order = p256.Point.Fn.ORDER
const bytes32 = (value: bigint) => unhex(value.toString(16).padStart(64, '0'))

const privateKey = unhex('c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721')
const key = signingKeyOf(privateKey)
const digest = new Uint8Array(32).fill(7)
const signature = sign(digest, privateKey)

/** The other signature over the same digest: (r, n − s). */
const twin = (one: Uint8Array) =>
  new Uint8Array([...one.slice(0, 32), ...bytes32(order - BigInt(`0x${hex(one.slice(32))}`))])

test('signing is that of RFC 6979, A.2.5, with low s', async (t) => {
  const r = 'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716'
  const s = 0xf7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8n
  t.equal(hex(key), '0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6')
  t.equal(hex(sign(Buffer.from('sample'), privateKey)), r + hex(bytes32(order - s)))
})

test('what is signed verifies, and nothing else does', async (t) => {
  t.ok(verifySignature({ digest, signature, key }))
  t.same(sign(digest, privateKey), signature, 'the same key and digest give the same signature')
  const flip = (bytes: Uint8Array, at: number) =>
    bytes.map((byte, index) => (index === at >> 3 ? byte ^ (1 << (at & 7)) : byte))
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 511 }), (inDigest, inSignature) => {
      t.notOk(verifySignature({ digest: flip(digest, inDigest), signature, key }))
      t.notOk(verifySignature({ digest, signature: flip(signature, inSignature), key }))
    }),
    { numRuns: 50 },
  )
  t.notOk(verifySignature({ digest, signature, key: signingKeyOf(digest) }), 'another key')
  t.notOk(verifySignature({ digest, signature, key: flip(key, 0) }), 'the other point with this x')
})

test('every signature we make has low s, and its twin has not', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (digest) => {
      const signature = sign(digest, privateKey)
      t.ok(isLowS(signature))
      t.notOk(isLowS(twin(signature)))
      t.ok(verifySignature({ digest, signature: twin(signature), key }), 'the twin is a signature all the same')
    }),
    { numRuns: 10 },
  )
})

test('low s ends at half the order', async (t) => {
  const withS = (s: bigint) => new Uint8Array([...bytes32(1n), ...bytes32(s)])
  const half = order / 2n
  t.same(
    [1n, half - 1n, half, half + 1n, order - 1n].map((s) => isLowS(withS(s))),
    [true, true, true, false, false],
  )
})

const edges = [0n, 1n, order - 1n, order, order + 1n, 2n ** 256n - 1n]
for (const r of edges)
  for (const s of edges)
    test(`no signature: r ${r.toString(16).slice(0, 8)}… s ${s.toString(16).slice(0, 8)}…`, async (t) => {
      t.notOk(verifySignature({ digest, signature: new Uint8Array([...bytes32(r), ...bytes32(s)]), key }))
    })

test('only points of the curve are keys', async (t) => {
  t.ok(isSigningKey(key))
  let refused = 0
  for (let x = 0; x < 24; x++) {
    const candidate = new Uint8Array([2, ...bytes32(BigInt(x))])
    const onCurve = (() => {
      try {
        return Boolean(p256.Point.fromBytes(candidate))
      } catch {
        return false
      }
    })()
    t.equal(isSigningKey(candidate), onCurve, `x = ${x}`)
    if (!onCurve) t.notOk(verifySignature({ digest, signature, key: candidate }))
    if (!onCurve) refused++
  }
  t.ok(refused > 0, 'some x have no point')
  const prime = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n
  t.notOk(isSigningKey(new Uint8Array([2, ...bytes32(prime + 5n)])), 'x beyond the field')
  for (const prefix of [0, 1, 4, 6, 7])
    t.notOk(isSigningKey(new Uint8Array([prefix, ...key.slice(1)])), `prefix ${prefix}`)
  for (const length of [0, 32, 34, 65]) t.notOk(isSigningKey(new Uint8Array(length).fill(2)), `${length} bytes`)
})

test('wrong lengths are wrong signatures', async (t) => {
  t.notOk(verifySignature({ digest, signature: signature.slice(0, 63), key }))
  t.notOk(verifySignature({ digest, signature: new Uint8Array([...signature, 0]), key }))
  t.notOk(verifySignature({ digest: digest.slice(1), signature, key }))
})

test('a view into a larger buffer is read as what it shows', async (t) => {
  const around = new Uint8Array([...new Uint8Array(5), ...key, ...signature, ...digest, 9])
  const view = { key: around.subarray(5, 38), signature: around.subarray(38, 102), digest: around.subarray(102, 134) }
  t.ok(verifySignature(view))
})

/** A signature by node:crypto: quick to make, and of any s. */
const native = createPrivateKey({
  format: 'jwk',
  key: {
    kty: 'EC',
    crv: 'P-256',
    d: Buffer.from(privateKey).toString('base64url'),
    x: Buffer.from(p256.getPublicKey(privateKey, false).slice(1, 33)).toString('base64url'),
    y: Buffer.from(p256.getPublicKey(privateKey, false).slice(33)).toString('base64url'),
  },
})
const p1363 = (digest: Uint8Array) => signNatively('sha256', digest, { key: native, dsaEncoding: 'ieee-p1363' })

test('numbers with zeros in front are read as what they are', async (t) => {
  // Signing many digests meets values of r and s that are short, and that begin with a bit of 1: each form of DER.
  const lengths = new Set<string>()
  for (let at = 0; lengths.size < 3 && at < 6000; at++) {
    const digest = createHash('sha256').update(`${at}`).digest()
    const made = p1363(digest)
    const form = made[0] === 0 ? 'short r' : made[32] === 0 ? 'short s' : made[0]! >= 0x80 ? 'high r' : undefined
    if (form === undefined || lengths.has(form)) continue
    lengths.add(form)
    t.ok(verifySignature({ digest, signature: made, key }), form)
  }
  t.same([...lengths].sort(), ['high r', 'short r', 'short s'])
})
