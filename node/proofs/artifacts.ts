/**
 * What a set-up of the proofs left behind: for each circuit a verification key, and for provers the program that computes
 * its witness and its proving key. `set-up.json` names them all by hash, and its id is a hash over those; the rules of a
 * network name the id. So nodes with other keys are on other networks, and one program serves networks of any set-up: its
 * own is in `circuits/artifacts`, and every other in a folder that is called by its id.
 */
import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Circuit } from '../../protocol/statement.ts'
import type { KeyFile, KeyFiles } from './groth16.ts'
import { ownCircuits, ownSetUp } from './set-up.ts'
import { parseSetUp, type SetUp, setUpId, type Worth, worthHere } from './set-up-record.ts'

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
  /** 32 bytes in hexadecimal. */
  readonly id: string
  /** Where they are. */
  readonly folder: string
  /** What the set-up is worth to this program, by its transcript and its circuits. */
  readonly worth: Worth
  readonly circuits: Readonly<Record<Circuit, CircuitArtifacts>>
}

/** Where the artifacts of a set-up are: the program's own, or those in a folder of set-ups. They need not be there. */
export const folderOf = ({ setUp, setUps }: { setUp: string; setUps: string }): string =>
  setUp === bytesToHex(ownSetUp) ? artifactsFolder : join(setUps, setUp)

/**
 * Read the verification keys, and where the rest is. `setUp` is the id that a network's rules name, in hexadecimal.
 * Throws ArtifactsError where a file is missing or has a wrong hash, or the set-up has a different id.
 */
export function loadArtifacts({
  folder = artifactsFolder,
  setUp: wanted,
}: {
  folder?: string
  setUp?: string | undefined
} = {}): Artifacts {
  const setUp = readSetUp(join(folder, 'set-up.json'))
  const { id } = setUp
  const restore = restoreOf(folder)
  if (wanted !== undefined && wanted !== id)
    throw new ArtifactsError(
      `The network's proofs are of set-up ${wanted}, and ${folder} holds set-up ${id}. ${fetched}`,
    )
  const load = (circuit: Circuit): CircuitArtifacts => {
    const { constraints, publics, wasm, zkey, vkey } = setUp.circuits[circuit]
    if (publics.join() !== publicSignals[circuit].join())
      throw new ArtifactsError(`The set-up's ${circuit} circuit has other public signals than this program. ${restore}`)
    const key = readKeyFile(join(folder, `${circuit}.vkey.json`), { sha256: vkey, restore })
    if (key.nPublic !== publics.length)
      throw new ArtifactsError(`The verification key of ${circuit} is for ${key.nPublic} signals. ${restore}`)
    return {
      constraints,
      key,
      wasm: { path: join(folder, `${circuit}.wasm`), sha256: wasm },
      zkey: { path: join(folder, `${circuit}.zkey`), sha256: zkey },
    }
  }
  return {
    id,
    folder,
    worth: worthHere(setUp, ownCircuits),
    circuits: { pass: load('pass'), renew: load('renew'), stamp: load('stamp') },
  }
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
    throw new ArtifactsError(`${path} cannot be read. ${restoreOf(dirname(path))}`, { cause })
  }
  if (hash.digest('hex') !== sha256)
    throw new ArtifactsError(`${path} is not the one of the set-up. ${restoreOf(dirname(path))}`)
}

/** Read a record. Throws ArtifactsError where there is none, it cannot be one, or its id is not the hash of the rest. */
export function readSetUp(path: string): SetUp {
  if (!existsSync(path))
    throw new ArtifactsError(`There is no set-up of proofs in ${dirname(path)}. ${restoreOf(dirname(path))}`)
  let setUp: SetUp
  try {
    setUp = parseSetUp(readText(path).toString('utf8'))
  } catch (cause) {
    const { message } = cause as Error
    throw new ArtifactsError(`${path} cannot be used: ${message}. ${restoreOf(dirname(path))}`, { cause })
  }
  if (setUpId(setUp) === setUp.id) return setUp
  throw new ArtifactsError(`${path} was changed: its id is not the hash of what it says. ${restoreOf(dirname(path))}`)
}

const fetched =
  'A daemon fetches what it lacks from its peers; `bmail network set-up FOLDER` takes it from a folder that you were given.'

/** What to do about a file of a folder that is missing or wrong. */
export const restoreOf = (folder: string): string =>
  folder === artifactsFolder
    ? 'Get the program, with its circuits/artifacts, again.'
    : `Get its files anew: remove the folder, where there is one. ${fetched}`

function readKeyFile(path: string, { sha256, restore }: { sha256: string; restore: string }): KeyFile {
  let bytes: Buffer
  try {
    bytes = readText(path)
  } catch (cause) {
    throw new ArtifactsError(`${path} cannot be read. ${restore}`, { cause })
  }
  if (createHash('sha256').update(bytes).digest('hex') !== sha256)
    throw new ArtifactsError(`${path} is not the one of the set-up: its hash differs. ${restore}`)
  try {
    return JSON.parse(bytes.toString('utf8')) ?? {}
  } catch (cause) {
    throw new ArtifactsError(`${path} is no verification key, and the set-up was made with it. ${useless}`, { cause })
  }
}

/** What to do about a set-up that is as it was made, and of no use. */
export const useless = 'Nobody should use this set-up: ask whoever founded the network.'

/** The most bytes of a file of a set-up that is a text; ours have a hundredth of that. */
export const textBytesMax = 1024 * 1024

/** A file that is read whole. Throws where it is none, or is longer than any text of a set-up. */
function readText(path: string): Buffer {
  const stats = statSync(path)
  if (!stats.isFile()) throw new Error('it is no file')
  if (stats.size > textBytesMax) throw new Error(`it is longer than ${textBytesMax} bytes`)
  return readFileSync(path)
}
