/**
 * A person's keys. One recovery phrase (BIP-39, 24 words) is everything: identity and pseudonyms are derived from it.
 * The file holds it sealed under a passphrase, with what cannot be derived: how many pseudonyms there are, what they
 * are called, how often each was given new keys, which are retired, and which passes are taken for each. (The transport's own key is drawn at random and kept elsewhere:
 * derived from here, it would tie a person's machines to each other.)
 */
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { argon2idAsync } from '@noble/hashes/argon2.js'
import { sha256 } from '@noble/hashes/sha2.js'
import * as P from 'micro-packed'
import { Bytes32, listOf, textUpTo, wordIn } from '../../protocol/codec.ts'
import { KeystoreError, parsePhrase, type Root } from './derive.ts'
import type { Random } from '../seams.ts'
import type { Habit } from '../habit.ts'

/** Which passes the daemon takes for a pseudonym by itself. */
const HabitRecord = P.struct({
  warm: P.bool,
  skipPercent: P.U8,
  show: wordIn({ best: 0, 'at-most': 1, exactly: 2 }),
  tier: P.U8,
})
/** Passes while it is in use, at the best tier that hides among enough. */
export const usualHabit: Habit = { warm: false, skipPercent: 0, show: 'best', tier: 0 }

/** A pseudonym's own name for its owner, the generation of its newest keys, from 0, and whether it is written under no more. */
const named = { label: textUpTo(64), generation: P.U16BE, retired: P.bool }
const Pseudonym = P.struct({ ...named, habit: HabitRecord })
type Pseudonym = {
  readonly label: string
  readonly generation: number
  readonly retired: boolean
  readonly habit: Habit
}

/** What the file holds: the root of all keys, and the pseudonyms in the order in which they were made. */
const secretsOf = <T>(pseudonym: P.CoderType<T>) =>
  P.struct({ entropy: Bytes32, realm: Bytes32, pseudonyms: listOf(pseudonym, { min: 1, max: 255 }) })
const Secrets = secretsOf(Pseudonym)
/** What a file of version 1 holds: no pseudonym has a habit of its own there. */
const SecretsBefore = secretsOf(P.struct(named))
/** The version that is written. The file before is read, and written anew when something in it changes. */
const fileVersion = 2
type Secrets = Root & { readonly pseudonyms: readonly Pseudonym[] }

/** An unlocked keystore: the secrets, and what seals them again without asking for the passphrase. */
export type Keystore = Secrets & {
  readonly lock: { readonly kdf: Kdf; readonly salt: Uint8Array; readonly key: Uint8Array }
}

/** How dear a guess at the passphrase is: argon2id (RFC 9106), memory in KiB. */
export type Kdf = { readonly memoryKib: number; readonly passes: number; readonly lanes: number }
/** 19 MiB, two passes, one lane: the least that OWASP advises. */
export const defaultKdf: Kdf = { memoryKib: 19_456, passes: 2, lanes: 1 }

type Creation = {
  readonly random: Random
  readonly passphrase: string
  /** 32 bytes: the salt of the network's genesis (see `Root`). */
  readonly realm: Uint8Array
  /** 24 words to restore from; without them a new phrase is drawn. */
  readonly phrase?: string
  readonly pseudonyms?: readonly (Omit<Pseudonym, 'habit'> & { readonly habit?: Habit })[]
  readonly kdf?: Kdf
}

/** A new keystore, or one from its phrase. Throws KeystoreError for a phrase that is none. */
export async function createKeystore({ random, passphrase, realm, phrase, ...options }: Creation): Promise<Keystore> {
  const { kdf = defaultKdf, pseudonyms = [newPseudonym('default')] } = options
  const entropy = phrase === undefined ? random(32) : parsePhrase(phrase)
  const salt = random(16)
  return {
    entropy,
    realm,
    pseudonyms: pseudonyms.map(withHabit),
    lock: { kdf, salt, key: await stretch(passphrase, salt, kdf) },
  }
}

/** The bytes of the keystore's file, sealed anew under a fresh nonce. */
export function sealKeystore(random: Random, { entropy, realm, pseudonyms, lock }: Keystore): Uint8Array {
  const nonce = random(24)
  const copies = pseudonyms.map(({ habit, ...pseudonym }) => ({ ...pseudonym, habit: { ...habit } }))
  const plain = Secrets.encode({ entropy, realm, pseudonyms: copies })
  const associated = associatedOf(fileVersion, lock)
  const sealed = xchacha20poly1305(lock.key, nonce, associated).encrypt(plain)
  const parts = { salt: hex(lock.salt), nonce: hex(nonce), sealed: hex(sealed) }
  const file = {
    version: fileVersion,
    kdf: { name: 'argon2id', ...lock.kdf },
    ...parts,
    checksum: checksumOf(associated, nonce, sealed),
  }
  return new TextEncoder().encode(`${JSON.stringify(file, undefined, 2)}\n`)
}

/** The keystore in a file's bytes. Throws KeystoreError, one for a damaged file and another for a wrong passphrase. */
export async function unlockKeystore(file: Uint8Array, passphrase: string): Promise<Keystore> {
  const { version, kdf, salt, nonce, sealed } = parseFile(file)
  const lock = { kdf, salt, key: await stretch(passphrase, salt, kdf) }
  let plain: Uint8Array
  try {
    plain = xchacha20poly1305(lock.key, nonce, associatedOf(version, lock)).decrypt(sealed)
  } catch (cause) {
    throw new KeystoreError('The passphrase is wrong. Try again, or restore the mailbox from its recovery phrase.', {
      cause,
    })
  }
  if (version === fileVersion) return { ...Secrets.decode(plain), lock }
  const { pseudonyms, ...root } = SecretsBefore.decode(plain)
  return { ...root, pseudonyms: pseudonyms.map(withHabit), lock }
}

/** Whether a file's bytes are a keystore as it was written, which its checksum tells without the passphrase. */
export function isWhole(file: Uint8Array): boolean {
  try {
    parseFile(file)
    return true
  } catch {
    return false
  }
}

/** The keystore with a pseudonym more, at the end. Throws KeystoreError where 255 are there, or the label is no label. */
export function addPseudonym<T extends Secrets>(keystore: T, label: string): T {
  if (keystore.pseudonyms.length >= 255)
    throw new KeystoreError('A keystore holds at most 255 pseudonyms. Start another one for more.')
  if (label === '' || label.length > 64) throw new KeystoreError('A label has 1 to 64 characters. Choose another one.')
  if (keystore.pseudonyms.some((pseudonym) => pseudonym.label === label))
    throw new KeystoreError(`There is a pseudonym “${label}” already. Choose another label.`)
  return { ...keystore, pseudonyms: [...keystore.pseudonyms, newPseudonym(label)] }
}

/** The keystore with new keys for a pseudonym (counted from 0); those before stay derivable. */
export function renewPseudonym<T extends Secrets>(keystore: T, index: number): T {
  return withPseudonym(keystore, index, (pseudonym) => ({ ...pseudonym, generation: pseudonym.generation + 1 }))
}

/** The keystore in which a pseudonym (counted from 0) is written under no more. Its keys stay: mail to it is still read. */
export function retirePseudonym<T extends Secrets>(keystore: T, index: number): T {
  return withPseudonym(keystore, index, (pseudonym) => ({ ...pseudonym, retired: true }))
}

/** The keystore in which other passes are taken for a pseudonym (counted from 0). */
export function changeHabit<T extends Secrets>(keystore: T, index: number, habit: Habit): T {
  return withPseudonym(keystore, index, (pseudonym) => ({ ...pseudonym, habit }))
}

/** Put a file in place whole or not at all, readable by its owner only. */
export async function writeKeystore(path: string, file: Uint8Array): Promise<void> {
  const draft = `${path}.new`
  try {
    const handle = await open(draft, 'w', 0o600)
    try {
      // The mode above counts only where no draft of a writer that crashed is in the way.
      await handle.chmod(0o600)
      await handle.writeFile(file)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(draft, path)
    const folder = await open(dirname(path), 'r')
    await folder.sync().finally(() => folder.close())
  } catch (cause) {
    throw new KeystoreError(
      `The keystore ${path} could not be written; the one before is as it was. Check the disk and its permissions.`,
      { cause },
    )
  }
}

const newPseudonym = (label: string): Pseudonym => withHabit({ label, generation: 0, retired: false })

const withHabit = (pseudonym: Omit<Pseudonym, 'habit'> & { readonly habit?: Habit }): Pseudonym => ({
  habit: usualHabit,
  ...pseudonym,
})

const withPseudonym = <T extends Secrets>(keystore: T, index: number, change: (one: Pseudonym) => Pseudonym): T => ({
  ...keystore,
  pseudonyms: keystore.pseudonyms.map((pseudonym, at) => (at === index ? change(pseudonym) : pseudonym)),
})

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

type Version = 1 | typeof fileVersion
type Stored = {
  readonly version: Version
  readonly kdf: Kdf
  readonly salt: Uint8Array
  readonly nonce: Uint8Array
  readonly sealed: Uint8Array
}

/** What the seal is bound to, so that nobody can offer the owner cheaper parameters, or another version of the file. */
const associatedOf = (version: Version, { kdf, salt }: { kdf: Kdf; salt: Uint8Array }): Uint8Array =>
  Buffer.concat([
    Buffer.from(`bmail/keystore/${version}`),
    P.U32BE.encode(kdf.memoryKib),
    P.U8.encode(kdf.passes),
    P.U8.encode(kdf.lanes),
    salt,
  ])

/** Tells damage from a wrong passphrase, and nothing else: an attacker could make it anew. */
const checksumOf = (associated: Uint8Array, nonce: Uint8Array, sealed: Uint8Array): string =>
  hex(sha256(Buffer.concat([associated, nonce, sealed])))

/** Typed on any keyboard, a passphrase is the same one. */
const stretch = (passphrase: string, salt: Uint8Array, { memoryKib, passes, lanes }: Kdf): Promise<Uint8Array> =>
  argon2idAsync(passphrase.normalize('NFKC'), salt, { m: memoryKib, t: passes, p: lanes, dkLen: 32 })

function parseFile(file: Uint8Array): Stored {
  try {
    const { version, kdf, checksum, ...parts } = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(file))
    if ((version !== 1 && version !== fileVersion) || kdf.name !== 'argon2id')
      throw new Error('the file is of another version')
    const { memoryKib, passes, lanes } = kdf
    const stored: Stored = {
      version,
      // Bounded, so that a damaged file does not take all memory and hours.
      kdf: { memoryKib: within(memoryKib, 8, 1 << 20), passes: within(passes, 1, 16), lanes: within(lanes, 1, 4) },
      salt: unhex(parts.salt, 16),
      nonce: unhex(parts.nonce, 24),
      sealed: unhex(parts.sealed),
    }
    if (checksum !== checksumOf(associatedOf(version, stored), stored.nonce, stored.sealed))
      throw new Error('the checksum does not fit')
    return stored
  } catch (cause) {
    throw new KeystoreError(
      'The keystore file is damaged. `bmail doctor --repair` mends a byte that is wrong; else restore it from a copy, or the mailbox from its recovery phrase.',
      { cause },
    )
  }
}

function within(value: unknown, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
    throw new Error(`${value} lies outside ${least} to ${most}`)
  return value
}

function unhex(value: unknown, length?: number): Uint8Array {
  if (typeof value !== 'string') throw new Error('a field is missing')
  const bytes = new Uint8Array(Buffer.from(value, 'hex'))
  if (hex(bytes) !== value || (length !== undefined && bytes.length !== length))
    throw new Error('a field is not hex of its length')
  return bytes
}
