/**
 * How well somebody can say whether two pseudonyms are of one device. Which features tell it, and how much each does, is
 * learned from one half of the people and tried on the other, and the other way round. 1 is always right, 0 is a coin.
 */
import type { Random } from '../../node/seams.ts'
import { drawing } from '../kit/drawing.ts'
import { type Feature, pairsOf } from './evidence.ts'

/** What the linker is worth, with a 95 % interval by resampling people, and by which features it tells. */
export type Advantage = {
  readonly advantage: number
  readonly low: number
  readonly high: number
  readonly by: readonly string[]
  /** All that tell it, those that say the same as another, too. */
  readonly telling: readonly string[]
}

/** Pairs of one half: which they are, whose, and whether both are of one owner. */
type Half = { readonly at: readonly number[]; readonly owners: readonly (readonly [string, string])[] }

/** The most features that a judgement rests on. */
const chosenMax = 8
/** A feature counts when it tells so much of what the best one does. */
const nearBest = 0.7
/** Features whose ranks are so much alike say the same. */
const sayTheSame = 0.9
const resamples = 400

/** Learn and try, on `owners` of the pseudonyms in their order. */
export function judge(features: readonly Feature[], owners: readonly string[], random: Random): Advantage {
  const { number } = drawing(random)
  const people = [...new Set(owners)].map((owner) => ({ owner, at: number(0, 1e9) })).sort((a, b) => a.at - b.at)
  const isFirst = new Map(people.map(({ owner }, at) => [owner, at % 2 === 0]))
  const pairs = pairsOf(owners.length)
  const halves = [true, false].map((first): Half => {
    const at = [...pairs.keys()].filter((pair) => pairs[pair]!.every((one) => isFirst.get(owners[one]!) === first))
    return { at, owners: at.map((pair) => [owners[pairs[pair]![0]]!, owners[pairs[pair]![1]]!] as const) }
  })
  const by: string[] = []
  const also: string[] = []
  const scored = halves.map((half, at) => {
    const other = halves[1 - at]!
    const chosen = choose(features, other)
    by.push(...chosen.features.map(({ name }) => name))
    also.push(...chosen.telling)
    const weights = weigh(chosen.features, other)
    return { half, scores: scoresOf(chosen.features, half, weights) }
  })
  /** Of the halves in which there are pairs of both kinds, by who counts how often. */
  const mean = (weightOf: (owner: string) => number): number => {
    const told = scored.map(({ half, scores }) => telling(scores, half, weightOf)).filter((one) => one !== undefined)
    return told.length > 0 ? told.reduce((sum, one) => sum + one, 0) / told.length : 0
  }
  const again = Array.from({ length: resamples }, () => {
    const drawn = new Map<string, number>()
    for (const first of [true, false]) {
      const half = people.filter(({ owner }) => isFirst.get(owner) === first)
      for (let left = half.length; left > 0; left--) {
        const { owner } = half[number(0, half.length - 1)]!
        drawn.set(owner, (drawn.get(owner) ?? 0) + 1)
      }
    }
    return mean((owner) => drawn.get(owner) ?? 0)
  }).sort((a, b) => a - b)
  return {
    advantage: mean(() => 1),
    low: again[Math.floor(resamples * 0.025)]!,
    high: again[Math.floor(resamples * 0.975)]!,
    by: [...new Set(by)],
    telling: [...new Set(also)],
  }
}

type Choice = { readonly features: readonly Feature[]; readonly telling: readonly string[] }

/**
 * The features that tell most in a half, the best first, and none that says what a better one says; with the names of all that
 * tell. What counts is how much a feature tells of each person: it has to do so for most of them.
 */
function choose(features: readonly Feature[], half: Half): Choice {
  const told = features
    .map((feature) => {
      const ranks = ranked(feature, half)
      return { feature, ranks, tells: surelyTelling(ranks, half) }
    })
    .sort((a, b) => b.tells - a.tells)
  const good = told.filter(({ tells }) => tells > 0 && tells >= nearBest * (told[0]?.tells ?? 0))
  const chosen: typeof told = []
  for (const one of good) {
    if (chosen.length >= chosenMax) break
    if (chosen.every(({ ranks }) => Math.abs(correlation(ranks, one.ranks)) < sayTheSame)) chosen.push(one)
  }
  return { features: chosen.map(({ feature }) => feature), telling: good.map(({ feature }) => feature.name) }
}

/** How far from a coin a feature is, as an average over people, less the error of that. */
function surelyTelling(scores: readonly number[], half: Half): number {
  const people = [...new Set(half.owners.flat())]
  const each = people.flatMap((person) => {
    const at = [...half.owners.keys()].filter((pair) => half.owners[pair]!.includes(person))
    const own = { at, owners: at.map((pair) => half.owners[pair]!) }
    return (
      telling(
        at.map((pair) => scores[pair]!),
        own,
        () => 1,
      ) ?? []
    )
  })
  const mean = each.reduce((sum, one) => sum + one, 0) / each.length
  const variance = each.reduce((sum, one) => sum + (one - mean) ** 2, 0) / Math.max(1, each.length - 1)
  return Math.abs(mean) - Math.sqrt(variance / each.length)
}

/** Of two columns of ranks, whose means are 0. */
function correlation(one: readonly number[], other: readonly number[]): number {
  const product = (left: readonly number[], right: readonly number[]): number =>
    left.reduce((sum, value, at) => sum + value * right[at]!, 0)
  return product(one, other) / Math.sqrt(product(one, one) * product(other, other) || 1)
}

/** Logistic regression with a ridge, each class weighing as much as the other. */
function weigh(features: readonly Feature[], half: Half): number[] {
  const columns = features.map((feature) => ranked(feature, half))
  const isSame = half.owners.map(([left, right]) => left === right)
  const same = isSame.filter(Boolean).length
  let weights = features.map(() => 0)
  let bias = 0
  for (let step = 0; step < 300; step++) {
    const slopes = weights.map((weight) => -0.01 * weight)
    let slope = 0
    for (const [at, is] of isSame.entries()) {
      const score = columns.reduce((sum, column, feature) => sum + weights[feature]! * column[at]!, bias)
      const error = ((is ? 1 : 0) - 1 / (1 + Math.exp(-score))) / (2 * (is ? same : isSame.length - same))
      for (const [feature, column] of columns.entries()) slopes[feature]! += error * column[at]!
      slope += error
    }
    weights = weights.map((weight, feature) => weight + 2 * slopes[feature]!)
    bias += 2 * slope
  }
  return weights
}

function scoresOf(features: readonly Feature[], half: Half, weights: readonly number[]): number[] {
  const columns = features.map((feature) => ranked(feature, half))
  return half.at.map((_, at) => columns.reduce((sum, column, feature) => sum + weights[feature]! * column[at]!, 0))
}

/** A feature by ranks, from −1 to 1, equals sharing theirs: no scale and no outlier counts. */
function ranked({ alike }: Feature, { at }: Half): number[] {
  const order = [...at.keys()].sort((a, b) => alike[at[a]!]! - alike[at[b]!]!)
  const ranks: number[] = new Array(at.length)
  for (let from = 0; from < order.length; ) {
    let to = from + 1
    while (to < order.length && alike[at[order[to]!]!] === alike[at[order[from]!]!]) to++
    for (let rank = from; rank < to; rank++) ranks[order[rank]!] = (from + to - 1) / at.length - 1
    from = to
  }
  return ranks
}

/** 2·AUC − 1: how much more often a pair of one owner stands above one of two than below it. Owners weigh as is said; nothing where there are no such pairs. */
function telling(scores: readonly number[], { owners }: Half, weightOf: (owner: string) => number): number | undefined {
  const order = [...scores.keys()].sort((a, b) => scores[a]! - scores[b]!)
  let [below, other, same, won] = [0, 0, 0, 0]
  for (let from = 0; from < order.length; ) {
    let to = from
    let [others, sames] = [0, 0]
    for (; to < order.length && scores[order[to]!] === scores[order[from]!]; to++) {
      const [left, right] = owners[order[to]!]!
      if (left === right) sames += weightOf(left)
      else others += weightOf(left) * weightOf(right)
    }
    won += sames * (below + others / 2)
    below += others
    other += others
    same += sames
    from = to
  }
  return same === 0 || other === 0 ? undefined : (2 * won) / (same * other) - 1
}
