/**
 * The record of a set-up, `set-up.json` beside the keys that came of it: the hashes of all files, and the transcript of who
 * contributed what. Its id is part of a network's rules.
 */
import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { parseSetUp, type SetUp, setUpId, type StepWith } from '../node/proofs/set-up-record.ts'
import type { Circuit } from '../protocol/statement.ts'

/** A step of a ceremony that may still be under way. */
export type Step = StepWith<Hashes>

export type Hashes = Readonly<Partial<Record<Circuit, string>>>

/** The files of a circuit that are released. */
export const fileKinds = ['wasm', 'zkey', 'vkey'] as const
export const fileOf = (folder: string, circuit: Circuit, kind: (typeof fileKinds)[number]): string =>
  join(folder, `${circuit}.${kind === 'vkey' ? 'vkey.json' : kind}`)

/** Read a record, without comparing its id with any that is expected. Throws a sentence where there is none. */
export function readSetUp(folder: string): SetUp {
  const path = join(folder, 'set-up.json')
  if (!existsSync(path)) throw new Error(`There is no ${path}. Make a set-up: npm run ceremony -- --help`)
  try {
    return parseSetUp(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new Error(`${path} cannot be used: ${(cause as Error).message}. Get it again: git checkout`, { cause })
  }
}

/** What is recorded of a closed ceremony, in which no step lacks a circuit any more. */
type Recorded = Omit<SetUp, 'id' | 'transcript'> & { readonly transcript: readonly Step[] }

/** Write a record under its id. Throws where it could not be read again. */
export function writeSetUp(folder: string, recorded: Recorded): SetUp {
  const { circuits, ptau, transcript } = recorded as Omit<SetUp, 'id'>
  const setUp = { id: setUpId({ circuits, ptau, transcript }), circuits, ptau, transcript }
  const text = `${JSON.stringify(setUp, null, 2)}\n`
  const written = parseSetUp(text)
  writeFileSync(join(folder, 'set-up.json'), text)
  return written
}

/** The hash of a file in hexadecimal, however large it is. BLAKE2b is of 64 bytes. */
export async function hashFile(path: string, algorithm: 'sha256' | 'blake2b512'): Promise<string> {
  const hash = createHash(algorithm)
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
