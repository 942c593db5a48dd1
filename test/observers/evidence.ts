/**
 * From sights to features of pairs: in how far two pseudonyms are alike in everything that was seen of them. No feature is
 * made for a leak that is known: each kind of sight is compared by whom it came from, by frames, by times in several
 * widths, and by every field.
 */
import type { Sight, Value } from './sights.ts'

/** How alike the two of each pair are, in the order of `pairsOf`. */
export type Feature = { readonly name: string; readonly alike: Float64Array }

/** All pairs of so many. */
export function pairsOf(count: number): (readonly [number, number])[] {
  const pairs: [number, number][] = []
  for (let left = 0; left < count; left++) for (let right = left + 1; right < count; right++) pairs.push([left, right])
  return pairs
}

/** Where a pair stands in the order of `pairsOf`. */
const placeOf = (count: number, left: number, right: number): number => {
  const [low, high] = left < right ? [left, right] : [right, left]
  return low * count - (low * (low + 1)) / 2 + (high - low - 1)
}

/** Seconds, a few of them, an interval between checkpoints, an epoch. */
const widthsMs = [1_000, 4_000, 20_000, 160_000]
/** A kind of which fewer pseudonyms were seen says nothing. */
const seenMin = 4
/** Where one came from so few places, its share of each is compared. */
const placesMax = 200

/** All features of some sights. */
export function featuresOf(sights: readonly Sight[], count: number): Feature[] {
  const features: Feature[] = []
  const add = (name: string, alike: Float64Array | undefined): void => {
    if (alike?.some((value) => value !== alike[0])) features.push({ name, alike })
  }
  for (const [kind, seen] of Map.groupBy(sights, (sight) => sight.kind)) {
    if (new Set(seen.map(({ pseudonym }) => pseudonym)).size < seenMin) continue
    const whole = countsBy(seen, count, ({ by }) => by)
    add(`${kind} / from whom`, sharesAlike(whole))
    add(`${kind} / frame`, shared(countsBy(seen, count, ({ frame }) => frame)))
    // What was found in a file has no time.
    const isDated = seen.some(({ timeMs }) => timeMs > 0)
    for (const widthMs of isDated ? widthsMs : []) {
      add(`${kind} / ${widthMs} ms`, shared(windows(seen, count, widthMs, () => '')))
      add(
        `${kind} / ${widthMs} ms, from whom`,
        seen[0]!.by === undefined ? undefined : shared(windows(seen, count, widthMs, ({ by }) => by!)),
      )
    }
    add(`${kind} / when`, sharesAlike(countsBy(seen, count, ({ timeMs }) => Math.floor(timeMs / widthsMs[2]!))))
    for (const [path, values] of valuesIn(seen)) {
      add(`${kind} / ${path}`, shared(countsOf(values, count)))
      add(`${kind} / ${path} in the middle`, near(middles(values, count, ({ value }) => value)))
      add(
        `${kind} / ${path} less the time`,
        near(middles(values.filter(isTime), count, ({ value, timeMs }) => value - timeMs)),
      )
    }
  }
  return features
}

/** For each pseudonym how often it was seen with each value. */
type Counts = readonly Map<Value, number>[]

function countsBy(seen: readonly Sight[], count: number, keyOf: (sight: Sight) => Value | undefined): Counts {
  const counts = Array.from({ length: count }, () => new Map<Value, number>())
  for (const sight of seen) {
    const key = keyOf(sight)
    const own = counts[sight.pseudonym]!
    if (key !== undefined) own.set(key, (own.get(key) ?? 0) + 1)
  }
  return counts
}

/** Windows of time that overlap by half, so that no edge parts what is near. */
function windows(seen: readonly Sight[], count: number, widthMs: number, more: (sight: Sight) => string): Counts {
  const counts = Array.from({ length: count }, () => new Map<Value, number>())
  for (const sight of seen)
    for (const half of [0, 1]) {
      const at = 2 * Math.floor((sight.timeMs + (half * widthMs) / 2) / widthMs) + half
      const key = `${at} ${more(sight)}`
      const own = counts[sight.pseudonym]!
      own.set(key, (own.get(key) ?? 0) + 1)
    }
  return counts
}

/** How much two have in common, where what few have counts more. Nothing where no two have anything in common. */
function shared(counts: Counts): Float64Array | undefined {
  const holders = new Map<Value, [number, number][]>()
  for (const [pseudonym, own] of counts.entries()) {
    let total = 0
    for (const times of own.values()) total += times
    for (const [key, times] of own) {
      const all = holders.get(key) ?? []
      all.push([pseudonym, times / total])
      holders.set(key, all)
    }
  }
  const alike = new Float64Array((counts.length * (counts.length - 1)) / 2)
  let isAny = false
  for (const all of holders.values()) {
    if (all.length < 2 || all.length > counts.length / 2) continue
    isAny = true
    const weight = Math.log(counts.length / all.length)
    for (const [at, [left, one]] of all.entries())
      for (const [right, other] of all.slice(at + 1))
        alike[placeOf(counts.length, left, right)]! += weight * Math.min(one, other)
  }
  return isAny ? alike : undefined
}

/** Whether two come from the same places more than everybody does: the cosine of what their shares differ by from the mean. */
function sharesAlike(counts: Counts): Float64Array | undefined {
  const keys = [...new Set(counts.flatMap((own) => [...own.keys()]))]
  if (keys.length < 2 || keys.length > placesMax) return undefined
  const rows = counts.map((own) => {
    let total = 0
    for (const times of own.values()) total += times
    return keys.map((key) => (own.get(key) ?? 0) / Math.max(1, total))
  })
  const seen = rows.filter((_, at) => counts[at]!.size > 0)
  const mean = keys.map((_, at) => seen.reduce((sum, row) => sum + row[at]!, 0) / seen.length)
  const centred = rows.map((row, at) =>
    counts[at]!.size > 0 ? row.map((share, key) => share - mean[key]!) : keys.map(() => 0),
  )
  const lengths = centred.map((row) => Math.sqrt(row.reduce((sum, share) => sum + share * share, 0)) + 0.01)
  return Float64Array.from(pairsOf(counts.length), ([left, right]) => {
    const product = centred[left]!.reduce((sum, share, key) => sum + share * centred[right]![key]!, 0)
    return product / (lengths[left]! * lengths[right]!)
  })
}

/** One value that was seen beside a pseudonym, and when. */
type Seen = { readonly pseudonym: number; readonly value: Value; readonly timeMs: number }

function valuesIn(seen: readonly Sight[]): Map<string, Seen[]> {
  const values = new Map<string, Seen[]>()
  for (const { pseudonym, timeMs, fields } of seen)
    for (const [path, value] of fields) {
      const all = values.get(path) ?? []
      all.push({ pseudonym, value, timeMs })
      values.set(path, all)
    }
  return values
}

function countsOf(values: readonly Seen[], count: number): Counts {
  const counts = Array.from({ length: count }, () => new Map<Value, number>())
  for (const { pseudonym, value } of values) counts[pseudonym]!.set(value, (counts[pseudonym]!.get(value) ?? 0) + 1)
  return counts
}

/** Whether a value may be a time, in milliseconds since 1970. */
const isTime = ({ value }: Seen): boolean => typeof value === 'number' && value > 1e12

/** The median number of each pseudonym; nothing where a field is no number. */
function middles(
  values: readonly Seen[],
  count: number,
  numberOf: (seen: { readonly value: number; readonly timeMs: number }) => number,
): (number | undefined)[] | undefined {
  if (typeof values[0]?.value !== 'number') return undefined
  const own: number[][] = Array.from({ length: count }, () => [])
  for (const { pseudonym, value, timeMs } of values)
    if (typeof value === 'number') own[pseudonym]!.push(numberOf({ value, timeMs }))
  return own.map((numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)])
}

/** How near the ranks of two numbers are; those without one are as near as any two. */
function near(numbers: readonly (number | undefined)[] | undefined): Float64Array | undefined {
  if (!numbers) return undefined
  const sorted = numbers.filter((number) => number !== undefined).sort((a, b) => a - b)
  const ranks = numbers.map((number) => (number === undefined ? undefined : sorted.indexOf(number)))
  return Float64Array.from(pairsOf(numbers.length), ([left, right]) => {
    const [one, other] = [ranks[left], ranks[right]]
    return one === undefined || other === undefined ? -sorted.length / 3 : -Math.abs(one - other)
  })
}
