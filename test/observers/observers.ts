/** Who looks on, what each of them sees of a network in which people lived, and what it can link by that. */
import { createHash } from 'node:crypto'
import { seededRandom } from '../../node/simulated/seeded-random.ts'
import type { Lived } from './days.ts'
import { type Feature, featuresOf } from './evidence.ts'
import { sightsOfProgram, sightsOfReader, sightsOfThief } from './homes.ts'
import { type Advantage, judge } from './judge.ts'
import { plants, type Plant } from './plants.ts'
import { firstSights, type Sight, sightsInFrames, sightsInLog, sightsOfPresence } from './sights.ts'
import { createSearch, type Known, knownFrom, type Search } from './tokens.ts'
import { epochMs, type observing, startMs } from './world.ts'

/** Everything there is to see, and how it is read. */
type Scene = { readonly lived: Lived; readonly known: Known; readonly search: Search }

type Observer = {
  readonly name: string
  /** How many epochs it looks on; all where nothing is said. */
  readonly epochs?: number
  readonly sees: (scene: Scene, untilMs: number) => Sight[] | Promise<Sight[]>
  /** Of the leaks that are planted those that it must find. */
  readonly finds: readonly Plant[]
}

/** Those who do not stay for months look on for so many epochs, from the beginning. */
export const shortEpochs = 4

/** The log, everything that reached one node, who brought it first, and who was connected meanwhile. */
const atNode =
  (name: (typeof observing)[number]) =>
  ({ lived, known, search }: Scene, untilMs: number): Sight[] => {
    const recording = lived.recordings.get(name)!
    const { frames } = recording
    const log = sightsInLog(known, search, untilMs)
    return [
      ...log,
      ...sightsOfPresence(recording, log),
      ...sightsInFrames(frames, search, untilMs),
      ...firstSights(frames, search, untilMs),
    ]
  }

const { clockInExpiry, registersAtOnce, releasesOwnAtOnce, asksForAllPromises } = plants
const { namesRecords, logsAddresses, configuresAddresses, countsAddresses } = plants

export const observers: readonly Observer[] = [
  {
    name: 'the public log',
    epochs: shortEpochs,
    sees: ({ known, search }, untilMs) => sightsInLog(known, search, untilMs),
    finds: [clockInExpiry, registersAtOnce],
  },
  { name: 'one relay', epochs: shortEpochs, sees: atNode('relay1'), finds: [releasesOwnAtOnce, asksForAllPromises] },
  { name: 'the host', epochs: shortEpochs, sees: atNode('host'), finds: [releasesOwnAtOnce, asksForAllPromises] },
  { name: 'a keeper', epochs: shortEpochs, sees: atNode('keeper1'), finds: [releasesOwnAtOnce, asksForAllPromises] },
  { name: 'a relay for months', sees: atNode('relay1'), finds: [] },
  {
    name: 'a thief of the home',
    sees: ({ lived, known, search }) => sightsOfThief(lived, known, search),
    finds: [namesRecords, configuresAddresses, logsAddresses],
  },
  {
    name: 'a reader of logs and metrics',
    sees: ({ lived, known, search }) => sightsOfReader(lived, known, search),
    finds: [logsAddresses, countsAddresses],
  },
  {
    name: 'a program without the token',
    sees: ({ lived, known, search }) => sightsOfProgram(lived, known, search),
    finds: [countsAddresses],
  },
]

/** Read what is public of a network. */
export async function sceneOf(lived: Lived): Promise<Scene> {
  const known = await knownFrom(lived)
  return { lived, known, search: createSearch(known) }
}

/** What an observer can link. */
export async function linkedBy({ sees, epochs }: Observer, scene: Scene, seed: string): Promise<Advantage> {
  const sights = await sees(scene, untilMsOf(epochs))
  return judged(featuresOf(sights, scene.known.pseudonyms.length), scene, seed)
}

/**
 * What people are told of: how well it can be said by the passes alone, as `bmail reputation` shows them: in which epochs a
 * pseudonym has one, of which tier, and behind which checkpoint.
 */
export function toldOf({ epochs }: Pick<Observer, 'epochs'>, scene: Scene, seed: string): Advantage {
  const shown = ['data.epoch', 'data.tier', 'data.checkpoint']
  const sights = sightsInLog(scene.known, scene.search, untilMsOf(epochs))
    .filter(({ kind }) => kind === 'log pass .op.account')
    .map((sight): Sight => {
      const fields = sight.fields.filter(([path]) => shown.some((name) => path.endsWith(name)))
      // When in its epoch is not shown.
      const timeMs = Math.floor((sight.timeMs - startMs) / epochMs) * epochMs
      return { ...sight, timeMs, frame: 0, fields: [...fields, ['set', fields.map(([, value]) => value).join(' ')]] }
    })
  return judged(featuresOf(sights, scene.known.pseudonyms.length), scene, seed)
}

const untilMsOf = (epochs: number | undefined): number =>
  epochs === undefined ? Number.POSITIVE_INFINITY : startMs + epochs * epochMs

function judged(features: readonly Feature[], { lived, known }: Scene, seed: string): Advantage {
  const owners = known.pseudonyms.map((pseudonym) => lived.owners.get(pseudonym)!)
  return judge(features, owners, seededRandom(createHash('sha256').update(seed).digest(), 'judge'))
}
