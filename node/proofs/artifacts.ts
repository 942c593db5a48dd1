/**
 * What the set-up of the proofs left behind, in `circuits/artifacts`: for each circuit a verification key, and for
 * provers the program that computes its witness and its proving key. `set-up.json` names them all by hash, and its id is
 * a hash over those; the rules of a network name the id. So nodes with other keys are on other networks.
 */
import { createHash } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import type { Circuit } from '../../protocol/statement.ts'
import type { KeyFile, KeyFiles } from './groth16.ts'

/** Artifacts that are missing, or are not those that were asked for. The message says what to do. */
export class ArtifactsError extends Error {
  override name = 'ArtifactsError'
}

/** Where the program's own artifacts are. */
export const artifactsFolder = fileURLToPath(new URL('../../circuits/artifacts', import.meta.url))

/** The public signals of each circuit, in their order. */
export const publicSignals = {
  pass: ['identitiesRoot', 'network', 'epoch', 'epochKey', 'scoreMin', 'negativeMax', 'beneficiary'],
  renew: ['identitiesRoot', 'historyRoot', 'network', 'epoch', 'nullifier', 'leaf', 'spent', 'target', 'reserve'],
  stamp: ['stampsRoot', 'network', 'nullifier', 'denomination', 'beneficiary'],
} as const satisfies Record<Circuit, readonly string[]>

export const circuits = Object.keys(publicSignals) as readonly Circuit[]

/** A file that is read only when it is needed, and its SHA-256 in hexadecimal. */
export type FileWithHash = { readonly path: string; readonly sha256: string }

type CircuitArtifacts = {
  readonly constraints: number
  readonly key: KeyFile
  /** Computes the witness. */
  readonly wasm: FileWithHash
  /** The proving key. */
  readonly zkey: FileWithHash
}

export type Artifacts = {
  /** What the set-up is worth, in words. */
  readonly name: string
  /** 32 bytes in hexadecimal. */
  readonly id: string
  readonly circuits: Readonly<Record<Circuit, CircuitArtifacts>>
}

/** What `set-up.json` holds; hashes are in hexadecimal. */
export type SetUp = {
  /** What the set-up is worth, in words. */
  readonly name: string
  readonly id: string
  /** The hash of the powers of tau. */
  readonly ptau: string
  /** Who contributed, in order. */
  readonly transcript: readonly unknown[]
  readonly circuits: Readonly<Record<Circuit, Entry>>
}

type Entry = {
  readonly constraints: number
  readonly publics: readonly string[]
  readonly r1cs: string
  readonly wasm: string
  readonly zkey: string
  readonly vkey: string
}

/**
 * Read the verification keys, and where the rest is. `setUp` is the id that a network's rules name, in hexadecimal.
 * Throws ArtifactsError where a file is missing or has another hash, or the set-up is another one.
 */
export function loadArtifacts({
  folder = artifactsFolder,
  setUp: wanted,
}: {
  folder?: string
  setUp?: string | undefined
} = {}): Artifacts {
  const { setUp, id: actual } = readSetUp(folder)
  if (actual !== setUp.id)
    throw new ArtifactsError(`${folder}/set-up.json was changed: its id is not the hash of what it names. ${restore}`)
  if (wanted !== undefined && wanted !== setUp.id)
    throw new ArtifactsError(
      `The network's proofs are of set-up ${wanted}, and ${folder} holds set-up ${setUp.id}. ` +
        'Use the release of this program that the network uses.',
    )
  const load = (circuit: Circuit): CircuitArtifacts => {
    const { constraints, publics, wasm, zkey, vkey } = setUp.circuits[circuit]
    if (publics.join() !== publicSignals[circuit].join())
      throw new ArtifactsError(`The set-up's ${circuit} circuit has other public signals than this program. ${restore}`)
    const key = readKeyFile(join(folder, `${circuit}.vkey.json`), vkey)
    if (key.nPublic !== publics.length)
      throw new ArtifactsError(`The verification key of ${circuit} is for ${key.nPublic} signals. ${restore}`)
    return {
      constraints,
      key,
      wasm: { path: join(folder, `${circuit}.wasm`), sha256: wasm },
      zkey: { path: join(folder, `${circuit}.zkey`), sha256: zkey },
    }
  }
  const { name, id } = setUp
  return { name, id, circuits: { pass: load('pass'), renew: load('renew'), stamp: load('stamp') } }
}

/** The verification keys alone: what a verifier needs. */
export const keyFilesOf = ({ circuits: { pass, renew, stamp } }: Artifacts): KeyFiles => ({
  pass: pass.key,
  renew: renew.key,
  stamp: stamp.key,
})

/** Refuse a file that is missing or is not the one that was set up; for files that are too large to hold. */
export async function checkFile({ path, sha256 }: FileWithHash): Promise<void> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(path), hash)
  } catch (cause) {
    throw new ArtifactsError(`${path} cannot be read. ${restore}`, { cause })
  }
  if (hash.digest('hex') !== sha256) throw new ArtifactsError(`${path} is not the one of the set-up. ${restore}`)
}

/** The id: SHA-256 over everything that says which set-up it is, circuits in the order of their names. Throws where a hash is none. */
export function setUpId({ circuits: of, ptau, transcript }: Omit<SetUp, 'id' | 'name'>): string {
  const hashes = circuits.flatMap((circuit) => [of[circuit].r1cs, of[circuit].vkey])
  // Of fixed lengths, so that no other values come to the same text.
  const isHex = hashes.every((one) => /^[0-9a-f]{64}$/.test(one)) && /^[0-9a-f]+$/.test(ptau)
  if (!isHex) throw new Error('A hash of the set-up is not in hexadecimal.')
  const hash = createHash('sha256').update('bmail/set-up/1').update(hashes.join(''))
  return hash.update(ptau).update(JSON.stringify(transcript)).digest('hex')
}

const restore = 'Get the program, with its circuits/artifacts, again.'

function readSetUp(folder: string): { setUp: SetUp; id: string } {
  const path = join(folder, 'set-up.json')
  try {
    const setUp: SetUp = JSON.parse(readFileSync(path, 'utf8'))
    return { setUp, id: setUpId(setUp) }
  } catch (cause) {
    throw new ArtifactsError(`${path} cannot be read. ${restore}`, { cause })
  }
}

function readKeyFile(path: string, sha256: string): KeyFile {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch (cause) {
    throw new ArtifactsError(`${path} cannot be read. ${restore}`, { cause })
  }
  if (createHash('sha256').update(bytes).digest('hex') !== sha256)
    throw new ArtifactsError(`${path} is not the one of the set-up: its hash differs. ${restore}`)
  return JSON.parse(Buffer.from(bytes).toString('utf8'))
}
