/** The secrets of a node that are not a person's: files of hexadecimal in the home folder, readable by their owner only. */
import { join } from 'node:path'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import type { Rules } from '../../protocol/rules.ts'
import { smallFile } from '../settings/files.ts'
import { replaceFile } from '../settings/home.ts'
import type { KeeperKeys } from '../envelopes/keeper.ts'
import type { Random } from '../seams.ts'
import { keeperKeyPairFromSeed } from '../seal/share.ts'
import { signingKeyOf } from '../keys/sign.ts'

/** Each secret is 32 bytes: what libp2p knows this node by, what the host signs with, and a keeper's two. */
const files = {
  peer: 'peer.key',
  host: 'host.key',
  keeperLock: 'keeper-lock.key',
  keeperSigning: 'keeper-signing.key',
} as const
export type SecretName = keyof typeof files

/** A secret file that cannot be used, with what to do. */
class SecretError extends Error {
  override name = 'SecretError'
}

/** Read a secret; undefined if there is no file. Throws SecretError for a damaged file, UnreadableError for what is no file. */
export function readSecret(home: string, name: SecretName): Uint8Array | undefined {
  const path = secretPath(home, name)
  const bytes = smallFile(path)
  if (!bytes) return undefined
  const secret = secretIn(bytes.toString('latin1'))
  if (!secret)
    throw new SecretError(
      `${path} is damaged: it does not hold 64 hexadecimal digits, and below them their checksum. Run \`bmail doctor --repair\`, or restore it from a back-up.`,
    )
  return secret
}

/** Where a secret lies. */
export const secretPath = (home: string, name: SecretName): string => join(home, files[name])

export const secretNames = Object.keys(files) as SecretName[]

/** The secret in a file's text, whose second line is its checksum; older files have none. Nothing where it is damaged. */
export function secretIn(text: string): Uint8Array | undefined {
  const [, digits, checksum] =
    /^([0-9a-f]{64})\s(?:([0-9a-f]{8})\s)?$/.exec(text.length < 70 ? `${text.trim()}\n` : text) ?? []
  if (!digits) return undefined
  const secret = hexToBytes(digits)
  return checksum === undefined || checksum === checksumOf(secret) ? secret : undefined
}

const checksumOf = (secret: Uint8Array): string => bytesToHex(sha256(secret)).slice(0, 8)

/** Put a secret in place. */
export const writeSecret = (home: string, name: SecretName, secret: Uint8Array): void =>
  replaceFile(secretPath(home, name), `${bytesToHex(secret)}\n${checksumOf(secret)}\n`, 0o600)

/** Read a secret, or make it on the first start. */
export function ensureSecret(home: string, name: SecretName, random: Random): Uint8Array {
  const known = readSecret(home, name)
  if (known) return known
  const secret = random(32)
  writeSecret(home, name, secret)
  return secret
}

/** The public keys of a home, in hex, as its owner hands them to whoever founds a network. */
export type Card = { readonly hostKey?: string; readonly lockKey?: string; readonly signingKey?: string }

/** The public halves of what secrets a home has. */
export function cardOf(home: string): Card {
  const host = readSecret(home, 'host')
  const lock = readSecret(home, 'keeperLock')
  const signing = readSecret(home, 'keeperSigning')
  return {
    ...(host && { hostKey: bytesToHex(signingKeyOf(host)) }),
    ...(lock && { lockKey: bytesToHex(keeperKeyPairFromSeed(lock).publicKey) }),
    ...(signing && { signingKey: bytesToHex(signingKeyOf(signing)) }),
  }
}

/** The host's key, where this home has the one that the rules name. */
export function hostKeyOf(home: string, rules: Rules): Uint8Array | undefined {
  const key = readSecret(home, 'host')
  if (key && bytesToHex(signingKeyOf(key)) !== bytesToHex(rules.hostKey))
    throw new SecretError(
      'The host key in this home is not the one that the network names. Use the home that founded the network, or remove host.key.',
    )
  return key
}

/** A keeper's keys and its place in the set, where this home is one. */
export function keeperKeysOf(home: string, rules: Rules): KeeperKeys | undefined {
  const lock = readSecret(home, 'keeperLock')
  const signingKey = readSecret(home, 'keeperSigning')
  if (!lock || !signingKey) return undefined
  const pair = keeperKeyPairFromSeed(lock)
  const index = rules.keepers.members.findIndex(({ lockKey }) => bytesToHex(lockKey) === bytesToHex(pair.publicKey))
  if (index < 0 || bytesToHex(rules.keepers.members[index]!.signingKey) !== bytesToHex(signingKeyOf(signingKey)))
    throw new SecretError(
      'The keeper keys in this home are not among those that the network names. Remove keeper-lock.key and keeper-signing.key, or use the right home.',
    )
  return { index, pair, signingKey }
}
