/**
 * The record of a set-up, `set-up.json` beside the keys that came of it: what it is worth in words, the hashes of all
 * files, and the transcript of who contributed what. Its id is part of a network's rules.
 */
import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type SetUp as Recorded, setUpId } from '../node/proofs/artifacts.ts'
import type { Circuit } from '../protocol/statement.ts'

/** What happened, in order. Hashes are hexadecimal: of a contribution 64 bytes a circuit, as snarkjs shows them. */
export type Step =
  | { readonly kind: 'powers'; readonly origin: string; readonly sha256: string; readonly blake2b: string }
  | { readonly kind: 'contribution'; readonly name: string; readonly hashes: Hashes }
  | {
      readonly kind: 'beacon'
      readonly name: string
      /** Hexadecimal; announced before it was known. */
      readonly value: string
      /** It was hashed 2 to this power times. */
      readonly iterations: number
      readonly hashes: Hashes
    }

export type Hashes = Readonly<Partial<Record<Circuit, string>>>

/** The record, with its steps. Everything else in it is what nodes read, too. */
export type SetUp = Recorded & { readonly transcript: readonly Step[] }

/** The files of a circuit that are released. */
export const fileKinds = ['wasm', 'zkey', 'vkey'] as const
export const fileOf = (folder: string, circuit: Circuit, kind: (typeof fileKinds)[number]): string =>
  join(folder, `${circuit}.${kind === 'vkey' ? 'vkey.json' : kind}`)

/** What a set-up is worth: it is as good as the one contributor who forgot the secret, and a beacon is nobody. */
export function worthOf(transcript: readonly Step[]): string {
  const count = transcript.filter(({ kind }) => kind === 'contribution').length
  return count === 1
    ? 'development set-up, one contributor: whoever ran it could forge'
    : `set-up of ${count} contributions: only all contributors together could forge`
}

/** Read a record. Throws a sentence where there is none. */
export function readSetUp(folder: string): SetUp {
  const path = join(folder, 'set-up.json')
  if (!existsSync(path)) throw new Error(`There is no ${path}. Make a set-up: npm run ceremony -- new --help`)
  return JSON.parse(readFileSync(path, 'utf8'))
}

/** Write a record under its id. */
export function writeSetUp(folder: string, setUp: Omit<SetUp, 'id'>): SetUp {
  const { name, circuits, ptau, transcript } = setUp
  const whole = { name, id: setUpId(setUp), circuits, ptau, transcript }
  writeFileSync(join(folder, 'set-up.json'), `${JSON.stringify(whole, null, 2)}\n`)
  return whole
}

/** The hash of a file in hexadecimal, however large it is. BLAKE2b is of 64 bytes. */
export async function hashFile(path: string, algorithm: 'sha256' | 'blake2b512'): Promise<string> {
  const hash = createHash(algorithm)
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
