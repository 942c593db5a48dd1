/**
 * Somebody who sees everything public about passes, and guesses which pseudonyms have one owner. It has learned from people
 * whose pseudonyms it knows what passes of one owner look like beside each other, and judges others by that.
 */
import { seededRandom } from '../../node/simulated/seeded-random.ts'
import { drawing } from './drawing.ts'

/** A pass as the log shows it. `owner` is what the adversary has to find out; nothing else of it is hidden. */
export type Sighting = {
  readonly owner: string
  readonly pseudonym: string
  readonly epoch: number
  readonly tier: number
  readonly checkpoint: number
  /** When its batch was, and its place among all ops of the log. */
  readonly timeMs: number
  readonly place: number
}

/** What can be seen of two passes of one set: how near in time, and how near in the order of the log, on a scale of doublings. */
function traitsOf(one: Sighting, other: Sighting): string[] {
  const doublings = (distance: number): number => Math.floor(Math.log2(1 + Math.abs(distance)))
  const time = `time ${doublings((one.timeMs - other.timeMs) / 250)}`
  const place = `place ${doublings(one.place - other.place)}`
  return [time, place, `${time}, ${place}`]
}

/** For each trait how much more often two passes of one owner show it than two of different ones, as a logarithm. */
type Knowledge = ReadonlyMap<string, number>

/** Learn from sightings whose owners are known. */
function learn(sightings: readonly Sighting[]): Knowledge {
  const counts = new Map<string, { same: number; other: number }>()
  const totals = { same: 0, other: 0 }
  for (const set of Map.groupBy(sightings, setOf).values())
    for (const [at, one] of set.entries())
      for (const other of set.slice(at + 1)) {
        const kind = one.owner === other.owner ? 'same' : 'other'
        totals[kind]++
        for (const trait of traitsOf(one, other)) {
          const count = counts.get(trait) ?? { same: 0, other: 0 }
          count[kind]++
          counts.set(trait, count)
        }
      }
  // One more of each, so that what was never seen is not taken for impossible.
  return new Map(
    [...counts].map(([trait, { same, other }]) => [
      trait,
      Math.log((same + 1) / (totals.same + 2)) - Math.log((other + 1) / (totals.other + 2)),
    ]),
  )
}

/** How likely two pseudonyms have one owner, by all passes of theirs that were in one set. */
function likeness(knowledge: Knowledge, own: readonly Sighting[], other: readonly Sighting[]): number {
  let sum = 0
  for (const mine of own)
    for (const theirs of other)
      if (setOf(mine) === setOf(theirs)) for (const trait of traitsOf(mine, theirs)) sum += knowledge.get(trait) ?? 0
  return sum
}

/**
 * How much better than a coin: 1 is always right, 0 is a coin, with the 95 % interval over owners, each of whom weighs once.
 * In each game there is a pseudonym, another of the same owner, and one of somebody else's that was in the same sets: same
 * tiers and checkpoints in the epochs in which they are compared. What was learned from one half of the people is tried
 * on the other half, and the other way round.
 */
export function advantageOf(
  sightings: readonly Sighting[],
  { seed, gamesEach }: { seed: Uint8Array; gamesEach: number },
) {
  const { pick } = drawing(seededRandom(seed, 'adversary'))
  const owners = [...new Set(sightings.map(({ owner }) => owner))]
  const isFirst = new Map(owners.map((owner, at) => [owner, at % 2 === 0]))
  const halves = [true, false].map((half) => sightings.filter(({ owner }) => isFirst.get(owner) === half))
  const scores: number[] = []
  let games = 0
  for (const [at, half] of halves.entries()) {
    const knowledge = learn(halves[1 - at]!)
    const byPseudonym = Map.groupBy(half, ({ pseudonym }) => pseudonym)
    const byOwner = Map.groupBy(byPseudonym.keys(), (pseudonym) => byPseudonym.get(pseudonym)![0]!.owner)
    for (const own of byOwner.values()) {
      const others = [...byPseudonym.keys()].filter((pseudonym) => !own.includes(pseudonym))
      let right = 0
      let played = 0
      for (let game = 0; game < gamesEach; game++) {
        const target = pick(own)
        const named = [target, pick(own.filter((other) => other !== target)), pick(others)]
        const shared = commonOf(named.map((pseudonym) => byPseudonym.get(pseudonym)!))
        const [mine, sibling, stranger] = shared as [Sighting[], Sighting[], Sighting[]]
        if (mine.length === 0) continue
        const [alike, unlike] = [likeness(knowledge, mine, sibling), likeness(knowledge, mine, stranger)]
        right += alike > unlike ? 1 : alike === unlike ? 0.5 : 0
        played++
      }
      if (played > 0) scores.push((2 * right) / played - 1)
      games += played
    }
  }
  const mean = scores.reduce((sum, one) => sum + one, 0) / scores.length
  const variance = scores.reduce((sum, one) => sum + (one - mean) ** 2, 0) / Math.max(1, scores.length - 1)
  const margin = 1.96 * Math.sqrt(variance / scores.length)
  const sets = [...Map.groupBy(sightings, setOf).values()]
  const setSize = sets.reduce((sum, set) => sum + set.length, 0) / sets.length
  return { advantage: mean, low: mean - margin, high: mean + margin, games, owners: scores.length, setSize }
}

/** Passes of one tier behind one checkpoint: what the daemon says one hides among. */
const setOf = ({ epoch, tier, checkpoint }: Sighting): string => `${epoch} ${tier} ${checkpoint}`

/** Of some pseudonyms' passes those that are in sets in which all of them are. */
function commonOf(passes: readonly (readonly Sighting[])[]): Sighting[][] {
  const sets = passes.map((mine) => new Set(mine.map(setOf)))
  return passes.map((mine) => mine.filter((sighting) => sets.every((set) => set.has(setOf(sighting)))))
}
