/**
 * Everything that a recovery phrase is turned into: HKDF-SHA256 (RFC 5869) of its 32 bytes of entropy, under a text for
 * each purpose. The texts are part of what a phrase means: changing one changes everybody's keys.
 */
import { mapHashToField } from '@noble/curves/abstract/modular.js'
import { bn254_Fr } from '@noble/curves/bn254.js'
import { p256 } from '@noble/curves/nist.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import * as P from 'micro-packed'
import { Bytes32 } from '../../protocol/codec.ts'

/** What is wrong with a phrase, a passphrase or a keystore file, and what to do. */
export class KeystoreError extends Error {
  override name = 'KeystoreError'
}

/**
 * What all keys are derived from. `realm` (32 bytes) makes one phrase give different keys on each network. It is the salt of
 * the network's genesis; it cannot be the network's id, which is a hash over addresses, and so over keys, in genesis.
 */
export type Root = { readonly entropy: Uint8Array; readonly realm: Uint8Array }

/** One set of a pseudonym's keys: which pseudonym (from 0), and which generation of its keys (from 0). */
type KeyPath = { readonly pseudonym: number; readonly generation: number }

/** The 24 words (BIP-39, English). */
export const phraseOf = ({ entropy }: { readonly entropy: Uint8Array }): string => entropyToMnemonic(entropy, wordlist)

/** The 32 bytes of entropy of 24 words. Throws KeystoreError, which names the word that is wrong by its place only. */
export function parsePhrase(phrase: string): Uint8Array {
  const words = phrase.normalize('NFKD').toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length !== 24)
    throw new KeystoreError(
      `The recovery phrase has ${words.length} words instead of 24. Type all of them, with spaces between.`,
    )
  const stray = words.findIndex((word) => !wordlist.includes(word))
  if (stray >= 0)
    throw new KeystoreError(`Word ${stray + 1} of the recovery phrase is not in the list of words. Check its spelling.`)
  try {
    return mnemonicToEntropy(words.join(' '), wordlist)
  } catch (cause) {
    throw new KeystoreError(
      'The recovery phrase does not add up: a word is another one, or the order is. Check it against your copy.',
      { cause },
    )
  }
}

/**
 * The identity's secret, a number below the order of BN254's scalar field. It is different on each network. A leaf does not
 * name its network, so with one secret for two networks, equal states would be equal leaves, and everybody would see it.
 */
export const identitySecret = ({ entropy, realm }: Root): bigint =>
  element(entropy, Buffer.concat([label('identity'), realm]))

/**
 * The secret of a stamp, a number below the same order. Stamps are counted from 0; those of one network say nothing of
 * those of another.
 */
export const stampSecret = ({ entropy, realm }: Root, index: number): bigint =>
  element(entropy, Buffer.concat([label('stamp'), Stamp.encode({ realm, index })]))

/** 32 bytes: a P-256 private key. Generation 0 makes the address. */
export const signingPrivateKey = (root: Root, path: KeyPath): Uint8Array =>
  scalar(root.entropy, pathOf('signing', root, path), p256.Point.Fn.ORDER)

/** 32 bytes: the seed, and private key, of an X-Wing pair. */
export const sealSeed = (root: Root, path: KeyPath): Uint8Array => derive(root.entropy, pathOf('seal', root, path), 32)

/** The seeds of all generations so far, the newest first: mail that was sealed to an old key stays readable. */
export function sealSeeds(root: Root, { pseudonym, generation }: KeyPath): Uint8Array[] {
  return Array.from({ length: generation + 1 }, (_, back) =>
    sealSeed(root, { pseudonym, generation: generation - back }),
  )
}

/** 32 bytes: what the mailbox on this machine's disk is sealed with. */
export const mailboxKey = ({ entropy, realm }: Root): Uint8Array =>
  derive(entropy, Buffer.concat([label('mailbox'), realm]), 32)

/** 32 bytes: what a bridge for mail programs seals its own store with, on this machine’s disk. */
export const bridgeKey = ({ entropy, realm }: Root): Uint8Array =>
  derive(entropy, Buffer.concat([label('bridge'), realm]), 32)

/**
 * 32 bytes: what is drawn for each pseudonym about its passes follows from this, so that all devices of a person draw alike
 * and nobody else can tell what they drew.
 */
export const habitKey = ({ entropy, realm }: Root): Uint8Array =>
  derive(entropy, Buffer.concat([label('habit'), realm]), 32)

/** 32 bytes: by them this person's daemon chooses through which peer each pseudonym's traffic goes. */
export const wayKey = ({ entropy, realm }: Root): Uint8Array =>
  derive(entropy, Buffer.concat([label('way'), realm]), 32)

const Path = P.struct({ realm: Bytes32, pseudonym: P.U8, generation: P.U16BE })

const Stamp = P.struct({ realm: Bytes32, index: P.U32BE })

const label = (purpose: string): Uint8Array => Buffer.from(`bmail/${purpose}/1 `)

const pathOf = (purpose: string, { realm }: Root, path: KeyPath): Uint8Array =>
  Buffer.concat([label(purpose), Path.encode({ realm, ...path })])

const derive = (entropy: Uint8Array, info: Uint8Array, length: number): Uint8Array =>
  hkdf(sha256, entropy, Buffer.from('bmail/recovery/1'), info, length)

/** 32 bytes big-endian between 1 and order − 1: 48 bytes, reduced, are uniform but for 2⁻¹²⁸ (RFC 9380 §5). */
const scalar = (entropy: Uint8Array, info: Uint8Array, order: bigint): Uint8Array =>
  mapHashToField(derive(entropy, info, 48), order)

/** An element of BN254's scalar field, and not 0. */
const element = (entropy: Uint8Array, info: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(scalar(entropy, info, bn254_Fr.ORDER)).toString('hex')}`)
