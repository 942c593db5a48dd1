import { Chacha20Poly1305 } from '@hpke/chacha20poly1305'
import { CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import { test } from 'tap'
import { openChacha, sealChacha } from '../../../node/seal/chacha.ts'
import { derivePair, openFrom, purposeOf, sealTo, x25519Pair } from '../../../node/seal/hpke.ts'

const unhex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const buffer = (bytes: Uint8Array) => Uint8Array.from(bytes).buffer

/** RFC 9180, appendix A.2.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305, base mode, sequence 0. */
const rfc = {
  info: unhex('4f6465206f6e2061204772656369616e2055726e'),
  ikmE: unhex('909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b'),
  ikmR: unhex('1ac01f181fdf9f352797655161c58b75c656a6cc2716dcb66372da835542e1df'),
  skRm: unhex('8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb'),
  pkRm: '4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a',
  enc: '1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a',
  pt: unhex('4265617574792069732074727574682c20747275746820626561757479'),
  aad: unhex('436f756e742d30'),
  ct: '1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28',
}
const binding = { purpose: purposeOf(rfc.info), associated: rfc.aad }

test('hpke: the vector of the RFC', async (t) => {
  const pair = derivePair(rfc.ikmR)
  t.equal(hex(pair.publicKey), rfc.pkRm)
  t.equal(hex(x25519Pair(rfc.skRm).publicKey), rfc.pkRm)
  const sealed = sealTo(pair.publicKey, rfc.ikmE, binding, rfc.pt)
  t.same([hex(sealed.enc), hex(sealed.ciphertext)], [rfc.enc, rfc.ct])
  t.same(openFrom(pair, sealed, binding), Buffer.from(rfc.pt))
})

test('hpke: the library opens what we seal, and we what it seals', async (t) => {
  const suite = new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Chacha20Poly1305(),
  })
  const theirs = await suite.kem.deriveKeyPair(buffer(rfc.ikmR))
  const ours = derivePair(rfc.ikmR)
  const sealed = sealTo(ours.publicKey, rfc.ikmE, binding, rfc.pt)
  const params = { recipientKey: theirs, info: buffer(rfc.info), enc: buffer(sealed.enc) }
  t.same(new Uint8Array(await suite.open(params, buffer(sealed.ciphertext), buffer(rfc.aad))), rfc.pt)
  const back = await suite.seal(
    { recipientPublicKey: theirs.publicKey, info: buffer(rfc.info) },
    buffer(rfc.pt),
    buffer(rfc.aad),
  )
  const parts = { enc: new Uint8Array(back.enc), ciphertext: new Uint8Array(back.ct) }
  t.same(openFrom(ours, parts, binding), Buffer.from(rfc.pt))
})

test('hpke: nothing else opens', async (t) => {
  const pair = derivePair(rfc.ikmR)
  const sealed = sealTo(pair.publicKey, rfc.ikmE, binding, rfc.pt)
  const flip = (bytes: Uint8Array) => bytes.map((byte, at) => (at === 3 ? byte ^ 1 : byte))
  t.equal(openFrom(derivePair(rfc.ikmE), sealed, binding), undefined, 'another key')
  t.equal(openFrom(pair, { ...sealed, enc: flip(sealed.enc) }, binding), undefined, 'another encapsulation')
  t.equal(openFrom(pair, { ...sealed, ciphertext: flip(sealed.ciphertext) }, binding), undefined, 'another ciphertext')
  t.equal(openFrom(pair, sealed, { ...binding, associated: flip(rfc.aad) }), undefined, 'another occasion')
  t.equal(openFrom(pair, sealed, { ...binding, purpose: purposeOf(rfc.aad) }), undefined, 'another purpose')
  t.equal(openFrom(pair, { ...sealed, ciphertext: new Uint8Array(3) }, binding), undefined, 'less than a tag')
})

test('hpke: points of low order are refused on both sides', async (t) => {
  const zero = new Uint8Array(32)
  t.throws(() => sealTo(zero, rfc.ikmE, binding, rfc.pt))
  t.equal(openFrom(derivePair(rfc.ikmR), { enc: zero, ciphertext: new Uint8Array(20) }, binding), undefined)
})

test('chacha: the vector of RFC 8439, §2.8.2', async (t) => {
  const options = {
    key: unhex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f'),
    nonce: unhex('070000004041424344454647'),
    associated: unhex('50515253c0c1c2c3c4c5c6c7'),
  }
  const text =
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."
  const sealed = sealChacha(options, Buffer.from(text))
  t.equal(hex(sealed.slice(0, 16)), 'd31a8d34648e60db7b86afbc53ef7ec2')
  t.equal(hex(sealed.slice(-16)), '1ae10b594f09e26a7e902ecbd0600691')
  t.equal(openChacha(options, sealed)?.toString(), text)
  t.equal(openChacha({ ...options, associated: new Uint8Array(0) }, sealed), undefined)
})
