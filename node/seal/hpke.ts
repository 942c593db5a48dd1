/**
 * HPKE (RFC 9180) in base mode, one message a context: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305.
 *
 * For the keepers' shares only: each keeper opens one share of every message that settles, on the way to its reader,
 * and the HPKE library takes several times as long for that. Tested against the vectors of the RFC and, both ways,
 * against that library, which does all other sealing here.
 */
import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto'
import { expand, extract } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { openChacha, sealChacha } from './chacha.ts'

/** An X25519 key pair: 32 bytes to publish, and the key that opens. */
export type X25519Pair = { readonly publicKey: Uint8Array; readonly privateKey: KeyObject }

/** What a sealed text is bound to: its purpose (from `purposeOf`), and as associated data its occasion. */
type Binding = { readonly purpose: Uint8Array; readonly associated: Uint8Array }

/** A purpose, made once from the `info` of the RFC: the context of its key schedule (§5.1) in base mode. */
export const purposeOf = (info: Uint8Array): Uint8Array => {
  const pskIdHash = extract(sha256, labeled(suite, 'psk_id_hash', empty), empty)
  return Buffer.concat([Uint8Array.of(0), pskIdHash, extract(sha256, labeled(suite, 'info_hash', info), empty)])
}

/** A key pair from 32 bytes, which are the private key itself (RFC 7748 clamps them as it uses them). */
export function x25519Pair(bytes: Uint8Array): X25519Pair {
  const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8Header, bytes]), format: 'der', type: 'pkcs8' })
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' })
  return { publicKey: new Uint8Array(Buffer.from(x!, 'base64url')), privateKey }
}

/** DeriveKeyPair (§7.1.3): a key pair from 32 unpredictable bytes. */
export function derivePair(material: Uint8Array): X25519Pair {
  const pseudorandom = extract(sha256, labeled(kem, 'dkp_prk', material), empty)
  return x25519Pair(labeledExpand(kem, { pseudorandom, label: 'sk', info: empty, length: 32 }))
}

/** Seal to a public key of 32 bytes, with 32 unpredictable bytes. Throws where the key is of low order. */
export function sealTo(
  publicKey: Uint8Array,
  material: Uint8Array,
  { purpose, associated }: Binding,
  plaintext: Uint8Array,
) {
  const ephemeral = derivePair(material)
  const shared = sharedSecret({ privateKey: ephemeral.privateKey, publicKey, enc: ephemeral.publicKey, to: publicKey })
  return { enc: ephemeral.publicKey, ciphertext: sealChacha({ ...schedule(shared, purpose), associated }, plaintext) }
}

/** Open what was sealed to a key pair; nothing where it was sealed to another, or under another binding. */
export function openFrom(
  { publicKey, privateKey }: X25519Pair,
  { enc, ciphertext }: { readonly enc: Uint8Array; readonly ciphertext: Uint8Array },
  { purpose, associated }: Binding,
): Uint8Array | undefined {
  try {
    const shared = sharedSecret({ privateKey, publicKey: enc, enc, to: publicKey })
    return openChacha({ ...schedule(shared, purpose), associated }, ciphertext)
  } catch {
    return undefined // the encapsulation is of low order
  }
}

const empty = new Uint8Array(0)
const kem = Buffer.from('KEM\x00\x20', 'latin1')
const suite = Buffer.from('HPKE\x00\x20\x00\x01\x00\x03', 'latin1')
/** PrivateKeyInfo (RFC 8410) of an X25519 key, up to the 32 bytes of the key. */
const pkcs8Header = Buffer.from('302e020100300506032b656e04220420', 'hex')
/** SubjectPublicKeyInfo (RFC 8410) of an X25519 key, up to the 32 bytes of the key. */
const spkiHeader = Buffer.from('302a300506032b656e032100', 'hex')

type Agreement = { privateKey: KeyObject; publicKey: Uint8Array; enc: Uint8Array; to: Uint8Array }

/** ExtractAndExpand (§4.1). OpenSSL refuses a result of zeros, as the RFC demands (§7.1.4). */
function sharedSecret({ privateKey, publicKey, enc, to }: Agreement): Uint8Array {
  // As text, because Node imports that in half the time of anything that needs options.
  const spki = Buffer.concat([spkiHeader, publicKey]).toString('base64')
  const pem = `-----BEGIN PUBLIC KEY-----\n${spki}\n-----END PUBLIC KEY-----`
  const agreed = diffieHellman({ privateKey, publicKey: createPublicKey(pem) })
  const pseudorandom = extract(sha256, labeled(kem, 'eae_prk', agreed), empty)
  return labeledExpand(kem, { pseudorandom, label: 'shared_secret', info: Buffer.concat([enc, to]), length: 32 })
}

/** The key and the nonce of the first and only message (§5.1). */
function schedule(shared: Uint8Array, purpose: Uint8Array): { key: Uint8Array; nonce: Uint8Array } {
  const pseudorandom = extract(sha256, secretLabel, shared)
  const derive = (label: string, length: number) => labeledExpand(suite, { pseudorandom, label, info: purpose, length })
  return { key: derive('key', 32), nonce: derive('base_nonce', 12) }
}

type Expansion = { pseudorandom: Uint8Array; label: string; info: Uint8Array; length: number }

const labeledExpand = (suiteId: Uint8Array, { pseudorandom, label, info, length }: Expansion): Uint8Array =>
  expand(sha256, pseudorandom, Buffer.concat([Uint8Array.of(0, length), labeled(suiteId, label, info)]), length)

function labeled(suiteId: Uint8Array, label: string, material: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from('HPKE-v1'), suiteId, Buffer.from(label), material])
}

const secretLabel = labeled(suite, 'secret', empty)
