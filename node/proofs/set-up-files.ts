/**
 * The files of a set-up on disk: read for peers, and taken from a folder or from peers. They are put in place together, when
 * each of them is right, so that a set-up in its place is whole.
 */
import { copyFileSync, createReadStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setUpFiles } from '../../protocol/gossip.ts'
import {
  type Artifacts,
  ArtifactsError,
  checkFile,
  circuits,
  folderOf,
  loadArtifacts,
  readSetUp,
  textBytesMax,
} from './artifacts.ts'
import { checkKeys } from './key-check.ts'
import { checkProofs, loadSamples } from './proof-check.ts'
import { createProofVerifier } from './verify.ts'

/** A file of a set-up by its name. */
type SetUpFile = (typeof setUpFiles)[number]

const mib = 1024 * 1024

/** The most bytes of a file of a set-up, many times what ours have: nobody can fill a disk with more. */
export function bytesMaxOf(file: SetUpFile): number {
  if (file.endsWith('.zkey')) return 256 * mib
  return file.endsWith('.wasm') ? 64 * mib : textBytesMax
}

/** The bytes of a file from a place on; none where it ends before. Throws where it cannot be read. */
export async function* readSetUpFile(folder: string, file: SetUpFile, from: number): AsyncGenerator<Uint8Array> {
  yield* createReadStream(join(folder, file), { start: from, highWaterMark: mib })
}

/**
 * Hold a file, wherever it lies, against the record in a folder, and the record itself against an id. Throws ArtifactsError
 * where the set-up is not the one of that id. When all files are there, samples are held against the keys.
 */
export async function checkSetUpFile(
  path: string,
  { file, folder, setUp }: { file: SetUpFile; folder: string; setUp: string },
): Promise<void> {
  const record = readSetUp(file === 'set-up.json' ? path : join(folder, 'set-up.json'))
  if (record.id !== setUp) throw new ArtifactsError(`${path} is of set-up ${record.id}, and not of ${setUp}.`)
  for (const circuit of circuits) {
    const { vkey, wasm, zkey } = record.circuits[circuit]
    const hashes = { [`${circuit}.vkey.json`]: vkey, [`${circuit}.wasm`]: wasm, [`${circuit}.zkey`]: zkey }
    const sha256 = hashes[file]
    if (sha256 !== undefined) await checkFile({ path, sha256 })
  }
}

/** Put a folder with all files of a set-up in its place, once each is found right, the keys fit, and the samples hold. Throws ArtifactsError. */
export async function settleSetUp(
  stage: string,
  { setUp, setUps }: { setUp: string; setUps: string },
): Promise<Artifacts> {
  const artifacts = loadArtifacts({ folder: stage, setUp })
  for (const file of setUpFiles) await checkSetUpFile(join(stage, file), { file, folder: stage, setUp })
  await checkKeys(artifacts)
  const samples = loadSamples(stage)
  const verifier = createProofVerifier({ artifacts })
  try {
    await checkProofs(verifier, samples)
  } finally {
    await verifier.close()
  }
  const folder = folderOf({ setUp, setUps })
  // Somebody who was faster put the same there.
  if (existsSync(folder)) rmSync(stage, { recursive: true })
  else putInPlace(stage, folder)
  return loadArtifacts({ folder, setUp })
}

function putInPlace(stage: string, folder: string): void {
  try {
    renameSync(stage, folder)
  } catch (cause) {
    throw new ArtifactsError(`${folder} is in the way of the set-up (${(cause as Error).message}). Remove it.`, {
      cause,
    })
  }
}

/** Take a set-up from a folder that somebody made or was given. Throws ArtifactsError where it is not whole. */
export async function importSetUp({ from, setUps }: { from: string; setUps: string }): Promise<Artifacts> {
  const { id: setUp } = loadArtifacts({ folder: from })
  const folder = folderOf({ setUp, setUps })
  if (existsSync(folder)) return loadArtifacts({ folder, setUp })
  const stage = `${folder}.${process.pid}.new`
  rmSync(stage, { recursive: true, force: true })
  mkdirSync(stage, { recursive: true })
  try {
    for (const file of setUpFiles) {
      const path = join(from, file)
      if (!existsSync(path)) throw new ArtifactsError(missing(path, from))
      const stats = statSync(path)
      if (!stats.isFile() || stats.size > bytesMaxOf(file))
        throw new ArtifactsError(`${path} is no file, or is larger than any of a set-up. Get the folder again, whole.`)
      copyFileSync(path, join(stage, file))
    }
    return await settleSetUp(stage, { setUp, setUps })
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}

const missing = (path: string, from: string): string =>
  path.endsWith('samples.json')
    ? `${path} is missing: a proof of each circuit, by which nodes find out that they can verify. Make it with \`npm run samples -- ${from}\`.`
    : `${path} is missing. Get the folder again, whole.`
