/** Who looks on, what each of them sees of a network in which people lived, and what it can link by that. */
import { createHash } from 'node:crypto'
import { hexToBytes } from '@noble/hashes/utils.js'
import { seededRandom } from '../../node/simulated/seeded-random.ts'
import { shardOf, topicsOf } from '../../protocol/gossip.ts'
import { arrivedMs, type Lived } from './days.ts'
import { featuresOf } from './evidence.ts'
import { type Scene, sightsOfProgram, sightsOfReader, sightsOfThief } from './homes.ts'
import { type Advantage, judge } from './judge.ts'
import { plants, type Plant } from './plants.ts'
import { firstSights, type Sight, sightsInFrames, sightsInLog, sightsOfHomes, sightsOfPresence } from './sights.ts'
import { createSearch, knownFrom } from './tokens.ts'
import { epochMs, type observing, startMs } from './world.ts'

type Observer = {
  readonly name: string
  /** What part of the time it looks on, of the log and of what reaches a node. */
  readonly span: Span
  readonly sees: (scene: Scene) => Sight[] | Promise<Sight[]>
  /**
   * What people are told that it can link: by what their passes show, at a node also by the ways that lead there; or nothing,
   * where nothing is to be seen.
   */
  readonly told: 'by passes' | 'by passes and ways' | 'nothing'
  /** The node at which it looks on. */
  readonly node?: (typeof observing)[number]
  /** Of the leaks that are planted those that it must find. */
  readonly finds: readonly Plant[]
}

type Span = { readonly fromMs: number; readonly untilMs: number }

/** Those who do not stay for months look on for so many epochs. */
export const shortEpochs = 4
const endOf = (epochs: number): number => startMs + epochs * epochMs
/** People arrive, and whoever is new is seen to be; after that they have been there for a while. */
const arriving: Span = { fromMs: startMs, untilMs: startMs + arrivedMs }
const weeks: Span = { fromMs: startMs + arrivedMs, untilMs: endOf(shortEpochs) }
const months: Span = { fromMs: startMs + arrivedMs, untilMs: Number.POSITIVE_INFINITY }

/** The log, everything that reached one node, who brought it first, who was connected meanwhile, and in which topics. */
function atNode(node: (typeof observing)[number]): Pick<Observer, 'node' | 'sees' | 'told'> {
  const sees = ({ lived, known, search }: Scene): Sight[] => {
    const recording = lived.recordings.get(node)!
    const log = sightsInLog(known, search)
    const frames = sightsInFrames(recording.frames, search)
    return [
      ...log,
      ...sightsOfPresence(recording, log),
      ...frames,
      ...firstSights(recording.frames, search),
      ...sightsOfHomes(lived.topics, { topicOf: topicsIn(lived, known), seen: frames }),
    ]
  }
  return { node, sees, told: 'by passes and ways' }
}

/** The topic in which the mail of each pseudonym travels. */
function topicsIn({ host: { context } }: Lived, { pseudonyms }: Scene['known']): string[] {
  const { mail } = topicsOf(context.network)
  return pseudonyms.map((address) => mail(shardOf(hexToBytes(address), context.rules.mailShards)))
}

const inLog = ({ known, search }: Scene): Sight[] => sightsInLog(known, search)

const { clockInExpiry, registersAtOnce, releasesOwnAtOnce, asksForAllPromises, followsOwnAlone } = plants
const { namesRecords, logsAddresses, configuresAddresses, countsAddresses } = plants

export const observers: readonly Observer[] = [
  { name: 'the public log', span: weeks, sees: inLog, told: 'by passes', finds: [clockInExpiry] },
  { name: 'the public log, of newcomers', span: arriving, sees: inLog, told: 'by passes', finds: [registersAtOnce] },
  {
    name: 'one relay',
    span: weeks,
    ...atNode('relay1'),
    finds: [releasesOwnAtOnce, asksForAllPromises, followsOwnAlone],
  },
  { name: 'the host', span: weeks, ...atNode('host'), finds: [releasesOwnAtOnce] },
  { name: 'a keeper', span: weeks, ...atNode('keeper1'), finds: [asksForAllPromises] },
  { name: 'a relay for months', span: months, ...atNode('relay1'), finds: [] },
  {
    name: 'a thief of the home',
    span: months,
    sees: sightsOfThief,
    told: 'nothing',
    finds: [namesRecords, configuresAddresses, logsAddresses],
  },
  {
    name: 'a reader of logs and metrics',
    span: months,
    sees: sightsOfReader,
    // They see when a daemon is up, and so in which epochs it takes passes.
    told: 'by passes',
    finds: [logsAddresses, countsAddresses],
  },
  {
    name: 'a program without the token',
    span: months,
    sees: sightsOfProgram,
    told: 'by passes',
    finds: [countsAddresses],
  },
]

/** Read what is public of a network. */
export async function sceneOf(lived: Lived): Promise<Scene> {
  const known = await knownFrom(lived)
  return { lived, known, search: createSearch(known) }
}

/** What an observer can link. */
export async function linkedBy({ sees, span }: Observer, scene: Scene, seed: string): Promise<Advantage> {
  return judged(within(span, await sees(scene)), scene, seed)
}

/**
 * What people are told of: how well it can be said by the passes alone, as `bmail reputation` shows them: in which epochs a
 * pseudonym has one, of which tier, and behind which checkpoint; and at a node by the ways that lead there, of which one
 * pair has two as often as chance has it.
 */
export function toldOf({ span, told, node }: Observer, scene: Scene, seed: string): number {
  if (told === 'nothing') return 0
  const shown = ['pass.epoch', 'pass.tier', 'pass.checkpoint']
  const sights = within(span, sightsInLog(scene.known, scene.search))
    .filter(({ kind }) => kind === 'log pass .op.account')
    .map((sight): Sight => {
      const fields = sight.fields.filter(([path]) => shown.some((name) => path.endsWith(name)))
      // When in its epoch is not shown.
      const timeMs = Math.floor((sight.timeMs - startMs) / epochMs) * epochMs
      return { ...sight, timeMs, frame: 0, fields: [...fields, ['set', fields.map(([, value]) => value).join(' ')]] }
    })
  return judged([...sights, ...(node ? waysTo(node, scene) : [])], scene, seed).advantage
}

/** Who gave operations of which pseudonym to a node. */
function waysTo(node: (typeof observing)[number], { lived, known, search }: Scene): Sight[] {
  const seen = sightsInFrames(lived.recordings.get(node)!.frames, search)
  return sightsOfHomes(new Map(), { topicOf: topicsIn(lived, known), seen })
}

/** What was found at a machine has no time, and is there whenever one looks. */
const within = ({ fromMs, untilMs }: Span, sights: readonly Sight[]): Sight[] =>
  sights.filter(({ timeMs }) => timeMs === 0 || (timeMs >= fromMs && timeMs < untilMs))

function judged(sights: readonly Sight[], { lived, known }: Scene, seed: string): Advantage {
  const owners = known.pseudonyms.map((pseudonym) => lived.owners.get(pseudonym)!)
  const features = featuresOf(sights, owners.length)
  return judge(features, owners, seededRandom(createHash('sha256').update(seed).digest(), 'judge'))
}
