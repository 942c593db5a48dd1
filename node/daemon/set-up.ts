/**
 * The set-up of a network's proofs, there before the node begins: the program's own, one in the home, or one that peers have.
 * What they send is held against the id that the rules name; whoever sends another thing is hung up on, and another is asked.
 */
import { appendFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setUpFiles } from '../../protocol/gossip.ts'
import type { Logger } from '../logger.ts'
import { shuffled } from '../peers/ask-in-turn.ts'
import { askSetUp, type SetUpFile } from '../peers/set-up-files.ts'
import { ArtifactsError, folderOf, loadArtifacts } from '../proofs/artifacts.ts'
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
}

/** Fetch what is missing from one peer; why not all of it is there then. Throws ArtifactsError where this program cannot use it. */
async function failureWith(wanted: Wanted, peer: string): Promise<string | undefined> {
  const { setUp, setUps, network, logger, signal } = wanted
  const stage = `${folderOf({ setUp, setUps })}.part`
  mkdirSync(stage, { recursive: true })
  try {
    const isByPeer = !existsSync(join(stage, 'samples.json'))
    for (const file of inOrder) await fetchFile(wanted, { peer, file, stage })
    logger.info({ peer }, 'all files of the set-up came; its proofs are tried')
    loadArtifacts({ folder: stage, setUp })
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

/** Until a file is found right it is called a part, with which another peer, or another run, may go on. */
async function fetchFile(
  { setUp, id, network, clock, logger, signal }: Wanted,
  { peer, file, stage }: { peer: string; file: SetUpFile; stage: string },
): Promise<void> {
  const path = join(stage, file)
  if (existsSync(path)) return
  const part = `${path}.part`
  const begun = existsSync(part) ? statSync(part).size : 0
  const place = `file ${inOrder.indexOf(file) + 1} of ${inOrder.length}`
  let toldAt = Number.NEGATIVE_INFINITY
  for (let size = begun, last = -1; size !== last; ) {
    last = size
    for await (const bytes of askSetUp({ network, id }, { peer, file, from: size })) {
      signal.throwIfAborted()
      size += bytes.length
      if (size > bytesMaxOf(file)) {
        rmSync(part)
        throw new Wrong(`it sent more of ${file} than a set-up has`)
      }
      appendFileSync(part, bytes)
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
    // Of what others began nobody knows who was wrong: it is asked for again from its beginning.
    if (begun > 0) throw new Error(`what was there of ${file} was not right, or what came`, { cause })
    throw new Wrong(`it sent another ${file} than the set-up has`, { cause })
  }
  renameSync(part, path)
}

function pause(clock: Pick<Clock, 'after'>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.after(roundMs, resolve)
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise.finally(cancel)
}
