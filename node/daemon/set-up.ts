/**
 * The set-up of a network's proofs, there before the node begins: the program's own, one in the home, or one that peers have.
 * What they send is held against the id that the rules name; whoever sends another thing is hung up on, and another is asked.
 */
import { appendFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setUpFiles } from '../../protocol/gossip.ts'
import type { Logger } from '../logger.ts'
import { shuffled } from '../peers/ask-in-turn.ts'
import { askSetUp, bytesPerAnswer, type SetUpFile } from '../peers/set-up-files.ts'
import { ArtifactsError, folderOf, loadArtifacts } from '../proofs/artifacts.ts'
import { checkKeys } from '../proofs/key-check.ts'
import { bytesMaxOf, checkSetUpFile, settleSetUp } from '../proofs/set-up-files.ts'
import type { Clock, Network, Random } from '../seams.ts'

/** Peers are asked again so often, and people are told so often that nobody has it. */
const roundMs = 1_000
const toldMs = 10_000
/** While something comes it is said so often how far it is. */
const progressMs = 1_000
/** As long as for a wrong hello. */
const banMs = 600_000

/** The record first, because it says what the others are; samples last, because they are tried with all of it, and whoever sent them is who was asked last. */
const inOrder: readonly SetUpFile[] = [...setUpFiles.filter((file) => file !== 'samples.json'), 'samples.json']

type Wanted = {
  /** Hexadecimal, as the rules name it. */
  readonly setUp: string
  /** Where the home keeps set-ups. */
  readonly setUps: string
  /** Of the network. */
  readonly id: Uint8Array
  readonly network: Pick<Network, 'disconnect' | 'peers' | 'request'>
  readonly clock: Pick<Clock, 'after' | 'monotonic'>
  readonly random: Random
  readonly logger: Pick<Logger, 'debug' | 'info' | 'warn'>
  /** Ends the waiting. */
  readonly signal: AbortSignal
}

/** Be back when the set-up is there; says in the log how far it is. Throws ArtifactsError where what is there is wrong, and the signal's reason. */
export async function ensureSetUp(wanted: Wanted): Promise<void> {
  const { setUp, setUps, network, clock, random, logger, signal } = wanted
  const folder = folderOf({ setUp, setUps })
  let toldAt = Number.NEGATIVE_INFINITY
  while (!existsSync(folder)) {
    signal.throwIfAborted()
    let why = 'no peer is connected'
    for (const peer of shuffled(network.peers(), random)) {
      if (existsSync(folder)) break
      const failure = await failureWith(wanted, peer)
      if (failure) why = `no peer that is connected gave it (the last one: ${failure.replace(/\.$/, '')})`
      else logger.info({ setUp }, `the set-up of the proofs is here: ${loadArtifacts({ folder, setUp }).worth.text}`)
    }
    if (existsSync(folder)) break
    if (clock.monotonic() - toldAt >= toldMs) {
      logger.warn(
        { setUp },
        `waiting for the set-up of the proofs, ${setUp}: ${why}. Name one in \`peers\`, or take it from a folder with \`bmail network set-up FOLDER\`.`,
      )
      toldAt = clock.monotonic()
    }
    await pause(clock, signal)
  }
  loadArtifacts({ folder, setUp })
  // It may have come from a folder meanwhile.
  rmSync(stageOf(folder), { recursive: true, force: true })
}

/** Where the files of a set-up lie until all of them are there. */
const stageOf = (folder: string): string => `${folder}.part`

/** Fetch what is missing from one peer; why not all of it is there then. Throws ArtifactsError where this program cannot use it. */
async function failureWith(wanted: Wanted, peer: string): Promise<string | undefined> {
  const { setUp, setUps, network, logger, signal } = wanted
  const stage = stageOf(folderOf({ setUp, setUps }))
  mkdirSync(stage, { recursive: true })
  try {
    const isByPeer = !existsSync(join(stage, 'samples.json'))
    for (const file of inOrder) await fetchFile(wanted, { peer, file, stage })
    logger.info({ peer }, 'all files of the set-up came; its proofs are tried')
    // What is wrong with the set-up itself is nobody's fault who serves it.
    await checkKeys(loadArtifacts({ folder: stage, setUp }))
    await settleSetUp(stage, { setUp, setUps }).catch((cause: Error) => {
      if (!(cause instanceof ArtifactsError)) throw cause
      rmSync(join(stage, 'samples.json'), { force: true })
      if (!isByPeer) throw new Error('samples of an earlier run do not hold', { cause })
      throw new Wrong(`it sent proofs that do not hold as samples of the set-up`, { cause })
    })
    return undefined
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof ArtifactsError) throw error
    logger.debug({ peer, err: error as Error }, 'could not fetch the set-up')
    if (error instanceof Wrong) await network.disconnect(peer, { why: error.message, banMs })
    return (error as Error).message
  }
}

/** What no honest peer sends. */
class Wrong extends Error {}

/** What was there of a file before a peer went on with it was not right, or what came. */
class Mixed extends Error {}

/**
 * Until a file is found right it is called a part, with which another peer, or another run, may go on. Where what comes of
 * that is wrong nobody knows who is to blame, and the same peer is asked for all of it: else whoever sends a little that is
 * wrong, and hangs up, would hold up everybody who comes after.
 */
async function fetchFile(wanted: Wanted, at: { peer: string; file: SetUpFile; stage: string }): Promise<void> {
  const path = join(at.stage, at.file)
  if (existsSync(path)) return
  await fetchPart(wanted, at, `${path}.part`).catch((error: Error) => {
    if (!(error instanceof Mixed)) throw error
    return fetchPart(wanted, at, `${path}.part`)
  })
  renameSync(`${path}.part`, path)
}

async function fetchPart(
  { setUp, id, network, clock, logger, signal }: Wanted,
  { peer, file, stage }: { peer: string; file: SetUpFile; stage: string },
  part: string,
): Promise<void> {
  const begun = existsSync(part) ? statSync(part).size : 0
  const place = `file ${inOrder.indexOf(file) + 1} of ${inOrder.length}`
  let toldAt = Number.NEGATIVE_INFINITY
  // An answer that is not full was the last one. Who gave a byte at a time would otherwise be asked for ever.
  for (let [size, given] = [begun, bytesPerAnswer]; given >= bytesPerAnswer; ) {
    given = 0
    for await (const bytes of askSetUp({ network, id }, { peer, file, from: size })) {
      signal.throwIfAborted()
      size += bytes.length
      given += bytes.length
      if (size > bytesMaxOf(file)) {
        rmSync(part, { force: true })
        throw new Wrong(`it sent more of ${file} than a set-up has`)
      }
      keep(part, bytes)
      if (clock.monotonic() - toldAt < progressMs) continue
      toldAt = clock.monotonic()
      logger.info({ peer }, `fetching the set-up: ${file}, ${place}, ${(size / 1e6).toFixed(1)} MB of it`)
    }
    if (size === 0) throw new Error('the peer does not have it')
  }
  try {
    await checkSetUpFile(part, { file, folder: stage, setUp })
  } catch (cause) {
    rmSync(part, { force: true })
    if (begun > 0) throw new Mixed(`what was there of ${file} was not right, or what came`, { cause })
    throw new Wrong(`it sent another ${file} than the set-up has`, { cause })
  }
}

/** A disk that is full is no peer's fault, and asking others does not help. */
function keep(part: string, bytes: Uint8Array): void {
  try {
    appendFileSync(part, bytes)
  } catch (cause) {
    throw new ArtifactsError(`${part} cannot be written (${(cause as Error).message}). Make room, and start again.`, {
      cause,
    })
  }
}

function pause(clock: Pick<Clock, 'after'>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.after(roundMs, resolve)
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise.finally(cancel)
}
