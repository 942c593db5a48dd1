/**
 * Looking at a home while no daemon holds it, and mending it: first the files of its database, then its small files, then
 * what the database says. Whatever cannot be mended is made anew, of the log or by peers; what only this node has is taken
 * along; and what was there before is set aside, under a name with a date, and never removed.
 */
import { existsSync } from 'node:fs'
import { networkId } from '../../protocol/rules.ts'
import { DamageError, plain } from '../ledger/damage.ts'
import { diskPath, freeBytesAt, fullSentence, isFull, isHeld, isLack, openDisk, whileHeld } from '../ledger/disk.ts'
import { type DamagedFile, damagedFiles, finishReplacing, folderFault, mendFiles } from '../ledger/disk-files.ts'
import { checkFormat, createStore, FormatError } from '../ledger/store.ts'
import { believesNone, createVerifier } from '../ledger/verified.ts'
import { ArtifactsError } from '../proofs/artifacts.ts'
import { openProofs } from '../proofs/proofs.ts'
import { readLogAgain } from '../mailbox/cabinet.ts'
import type { Disk, Proofs } from '../seams.ts'
import type { Finding } from '../service.ts'
import { systemRandom } from '../system-random.ts'
import { pathsOf } from '../settings/home.ts'
import type { NetworkFile } from '../settings/network-file.ts'
import { startAnew } from './anew.ts'
import { examine } from './doctor.ts'
import { checkKeys, type Looking, networkOf } from './home-files.ts'
import { hostKeyFinding } from './host-key.ts'
import { migrate } from './migrations.ts'
import { secretPath } from './secrets.ts'
import { systemClock } from './system.ts'

type Wanted = {
  readonly home: string
  readonly how: 'look' | 'mend'
  /** Told often what is being done. */
  readonly told: (what: string) => void
}

/** A home that is looked after. */
type Case = Wanted & Looking & { readonly path: string }

/** Look at the files of a home's database, and for room beside them, also while a daemon has it. */
export async function lookAtFiles({ home, told }: Pick<Wanted, 'home' | 'told'>) {
  const path = diskPath(home)
  if (!existsSync(path)) return { files: filesFinding([]), disk: diskFinding(await freeBytesAt(home), path) }
  const files = filesFinding(await damagedFiles(path, { progress: told }))
  return { files, disk: diskFinding(await freeBytesAt(path), path) }
}

const filesFinding = (damaged: readonly DamagedFile[]): Finding => ({
  check: 'files',
  ok: damaged.length === 0,
  detail: filesDetail(damaged),
  mendable: damaged.length > 0,
})

const diskFinding = (freeBytes: number, path: string): Finding => ({
  check: 'disk',
  ok: !isFull(freeBytes),
  detail: isFull(freeBytes) ? fullSentence(path) : 'has room',
  mendable: false,
})

const filesDetail = (damaged: readonly DamagedFile[]): string =>
  damaged.map(({ what }) => what).join('; ') || 'are as they were written'

/**
 * Everything found; what can be mended is, where that is wanted. Throws where the database is of another wire or format, or
 * another process has it.
 */
export async function repairHome(wanted: Wanted): Promise<readonly Finding[]> {
  const { home, how, told } = wanted
  const date = new Date(systemClock.now()).toISOString().slice(0, 19).replaceAll(':', '-')
  const path = diskPath(home)
  const patient: Case = { ...wanted, date, path }
  const keys = checkKeys(home, patient)
  const fault = folderFault(path)
  if (fault !== undefined) return [...keys, { check: 'database', ok: false, detail: fault, mendable: false }]
  await finishReplacing(path)
  if (!existsSync(path)) {
    const { finding } = await networkOf(home, undefined, patient)
    const detail = 'is not there yet; it comes with the first start'
    return [...keys, finding, { check: 'database', ok: true, detail, mendable: false }]
  }
  const { files, disk } = await lookAtFiles({ home, told })
  // Whatever opens or mends a database writes to it.
  if (!disk.ok) return [...keys, files, disk]
  // Opening would throw away what it does not read.
  if (!files.ok && how === 'look') return [...keys, files]
  const mended = files.ok ? files : await mendDatabase(patient, { rebuilds: false })
  return [...keys, mended, ...(await lookInside(patient))]
}

/** Mend the files of the database, or have LevelDB find out anew what can be read of them. */
async function mendDatabase(patient: Case, { rebuilds }: { rebuilds: boolean }): Promise<Finding> {
  const { home, path, told } = patient
  return whileHeld(home, async () => {
    const damaged = await damagedFiles(path, { progress: told })
    told('mending the files')
    // What could not be put right is lost to its file, and LevelDB has to find out what is left.
    const isLost = rebuilds || damaged.some(({ isMendable }) => !isMendable)
    const aside = asideOf(patient)
    await mendFiles({ path, aside }, { damaged, rebuilds: isLost })
    if (isLost) await readMailAgain(home)
    const became = isLost ? 'what could be read was taken over, and the rest is made anew' : 'every byte was put right'
    return mendedFinding('files', `${filesDetail(damaged)}; ${became}`, aside)
  })
}

const mendedFinding = (check: string, what: string, aside: string): Finding => ({
  check,
  ok: true,
  detail: `mended; it was: ${what}. What was there before is kept as ${aside}`,
  mendable: false,
})

/** A name that nothing has yet, for what is set aside. */
function asideOf({ path, date }: Case): string {
  const name = `${path}.damaged-${date}`
  for (let count = 1; ; count++) {
    const aside = count === 1 ? name : `${name}-${count}`
    if (!existsSync(aside)) return aside
  }
}

/** Where something is lost, it may have been what the mailbox knew of a letter; the log is read again from the beginning. */
async function readMailAgain(home: string): Promise<void> {
  const disk = await openDisk(home)
  await createStore(disk)
    .write([readLogAgain])
    .finally(() => disk.close())
}

/** What the database says. Where it cannot be read to the end, LevelDB makes it anew; where that does not help, we do. */
async function lookInside(patient: Case): Promise<readonly Finding[]> {
  const { home, path, how } = patient
  const ways = [() => mendDatabase(patient, { rebuilds: true }), () => makeAnew(patient)]
  const done: Finding[] = []
  for (let at = 0; ; at++)
    try {
      return [...done, ...(await lookOnce(patient))]
    } catch (error) {
      // Without the keys nobody can say how the database is, and nothing of it is touched.
      if (error instanceof ArtifactsError)
        return [...done, { check: 'set-up', ok: false, detail: error.message, mendable: false }]
      if (error instanceof FormatError || isHeld(error as Error)) throw error
      if (isFull(await freeBytesAt(path))) throw new Error(fullSentence(path), { cause: error })
      if (await isLack(error, path)) throw error
      const mendable = how === 'look'
      const way = how === 'mend' && ways[at]
      if (!way) return [...done, { check: 'database', ok: false, detail: whyOf(error as Error, home), mendable }]
      done.push(await way())
    }
}

const whyOf = (error: Error, home: string): string =>
  error instanceof DamageError ? error.message : `What is in ${diskPath(home)} cannot be read: ${plain(error.message)}`

/** Begin another database with what only this node has; peers have the rest. */
async function makeAnew(patient: Case): Promise<Finding> {
  const { home, path, told } = patient
  told('making the database anew')
  const aside = asideOf(patient)
  await whileHeld(home, () => startAnew({ path, aside }))
  await readMailAgain(home)
  return mendedFinding('database', 'not to be read to its end', aside)
}

/** Look at the small files, then at everything that the database holds, and mend it where that is wanted. */
async function lookOnce(patient: Case): Promise<readonly Finding[]> {
  const { home, how, told } = patient
  const disk = await openDisk(home)
  const stops: (() => Promise<void>)[] = [() => disk.close()]
  try {
    const { file, finding } = await networkOf(home, createStore(disk), patient)
    if (!file) return [finding]
    const steps = how === 'mend' ? await forward(disk, told) : []
    await checkFormat(disk)
    const proofs = openProofs(file.rules, pathsOf(home))
    stops.unshift(() => proofs.close())
    const hostKey = await hostKeyFinding(createStore(disk), { home, rules: file.rules })
    return [finding, ...hostKey, ...steps, ...(await examineAndMend(patient, { disk, file, proofs }))]
  } finally {
    for (const stop of stops) await stop()
  }
}

/** Whether a home's node keeps everybody's mail: a relay does, a host and a keeper. */
const keepsAll = (home: string): boolean =>
  !existsSync(pathsOf(home).keystore) ||
  existsSync(secretPath(home, 'host')) ||
  existsSync(secretPath(home, 'keeperLock'))

/** Bring the database forward to the format of this program; says with what. */
async function forward(disk: Disk, told: Wanted['told']): Promise<Finding[]> {
  const sentences: string[] = []
  await migrate(
    { disk, mailboxKey: undefined, random: systemRandom },
    {
      told(sentence) {
        told(sentence)
        sentences.push(sentence)
      },
    },
  )
  return sentences.map((detail) => ({ check: 'format', ok: true, detail, mendable: false }))
}

type Opened = { readonly disk: Disk; readonly file: NetworkFile; readonly proofs: Proofs }

async function examineAndMend(
  { home, how, told }: Case,
  { disk, file: { rules, genesis }, proofs }: Opened,
): Promise<readonly Finding[]> {
  const store = createStore(disk)
  const look = () =>
    examine({
      store,
      context: { network: networkId(rules, genesis), rules, verify: createVerifier(), verifyProof: believesNone },
      genesis,
      clock: systemClock,
      proofs,
      keepsAll: keepsAll(home),
      progress: told,
    })
  const { findings, cure } = await look()
  if (how === 'look' || cure.length === 0) return findings
  told('mending what the database says')
  await store.write(cure)
  const after = (await look()).findings
  return after.map((now, at) => {
    const { ok, detail } = findings[at]!
    return now.ok && !ok ? { ...now, detail: `mended; it was: ${detail}` } : { ...now, mendable: false }
  })
}
