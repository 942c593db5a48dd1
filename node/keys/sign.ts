/** Signing: deterministic (RFC 6979), with low s, so that one key and one digest have one signature. */
import { p256 } from '@noble/curves/nist.js'

/** 64 bytes r ‖ s over a 32-byte tagged hash, by a private key of 32 bytes. Entropy (32 bytes) makes it different each time. */
export const sign = (digest: Uint8Array, privateKey: Uint8Array, entropy?: Uint8Array): Uint8Array =>
  p256.sign(digest, privateKey, { prehash: true, lowS: true, extraEntropy: entropy ?? false, format: 'compact' })

/** 33 bytes: the compressed public key. */
export const signingKeyOf = (privateKey: Uint8Array): Uint8Array => p256.getPublicKey(privateKey, true)
