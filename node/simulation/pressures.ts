/**
 * Attacks on the network itself: on its disks, its blocks and its price. They need no readers, so each has a network of its
 * own, in which nobody else writes; and each pays as little as it can.
 */
import { advanceMarket } from '../../protocol/price.ts'
import type { Numbers } from '../settings/presets.ts'
import { createBooks, type SimulatedLetter } from './books.ts'
import { createPerson, type Person } from './person.ts'
import { createPost, type Post } from './post.ts'
import { createWorld, type World } from './world.ts'

/** What was tried, what it cost whoever did it, and what it did, each figure by its name. */
export type Pressed = {
  readonly name: string
  /** What it does, in a sentence. */
  readonly about: string
  /** What left the hands of all that took part, in the smallest unit. */
  readonly spent: number
  /** What its letters were priced at together, which is more, because a part of it comes back; where that was counted. */
  readonly paid?: number
  readonly figures: { readonly [name: string]: number }
}

/** Every attack on the network under some rules. */
export const pressuresOf = (numbers: Numbers): Pressed[] => [
  storagePair(numbers),
  fullBlocks(numbers),
  tenfoldDay(numbers),
]

const daySeconds = 86_400
const gibibyte = 2 ** 30
const genesisMs = 1_700_000_000_000n

/** Two addresses with all the money they want, and what they lost so far. */
type Pair = {
  readonly world: World
  readonly post: Post
  readonly ends: readonly [Person, Person]
  readonly lost: () => number
  /** Go on to a later time, in milliseconds from the beginning. */
  readonly at: (ms: number) => void
}

function pairOf(numbers: Numbers): Pair {
  const ends = [createPerson('one end', { side: 'pair' }), createPerson('other end', { side: 'pair' })] as const
  const funds = 2n ** 60n
  const world = createWorld(numbers, { timeMs: genesisMs, funded: ends.map((party) => ({ party, funds })) })
  const post = createPost(world, createBooks(world.rules), () => 0)
  const held = () => world.fundsOf(ends[0]) + world.fundsOf(ends[1])
  const before = held()
  return {
    world,
    post,
    ends,
    lost: () => Number(before - held()),
    at: (ms) => world.open(genesisMs + BigInt(Math.floor(ms))),
  }
}

/** The nth letter of an exchange between the two, of a size. */
const exchange = ({ post, ends: [a, b] }: Pair, nth: number, sizeClass: number): SimulatedLetter =>
  post.send({ ...(nth % 2 === 0 ? { from: a, to: b } : { from: b, to: a }), kind: 'wash', sizeClass })!

/** Small letters, after which all that the two write are of an exchange. */
function acquaint(pair: Pair): void {
  for (let nth = 0; nth < 24; nth++) exchange(pair, nth, 0)
}

function storagePair(numbers: Numbers): Pressed {
  const letters = Math.ceil(gibibyte / (1024 << numbers.sizeClassMax))
  const days = 28
  const ways = [false, true].map((isEnrolled) => {
    const pair = pairOf(numbers)
    if (isEnrolled) pair.post.enrol(...pair.ends)
    acquaint(pair)
    for (let nth = 0; nth < letters; nth++) {
      pair.at(((nth + 1) * days * daySeconds * 1000) / letters)
      exchange(pair, nth, numbers.sizeClassMax)
    }
    return pair.lost()
  })
  return {
    name: 'storage-pair',
    about: 'Two own addresses write the largest letters to each other for four weeks, until every relay stores 1 GiB.',
    spent: Math.min(...ways),
    figures: { letters },
  }
}

/**
 * Every place of every batch taken for an hour by the smallest letters of an exchange. Target and places are scaled down by
 * the same factor, which makes no difference to the price, and what that costs is scaled up again.
 */
function fullBlocks(numbers: Numbers): Pressed {
  const { price, batchOpsMax, batchIntervalMs } = numbers
  const target = price.target < 2n ? price.target : 2n
  const scale = Number(price.target) / Number(target)
  const places = Math.floor((batchOpsMax * price.intervalMs) / batchIntervalMs / scale)
  const pair = pairOf({ ...numbers, price: { ...price, target } })
  const { world, at, lost } = pair
  pair.post.enrol(...pair.ends)
  acquaint(pair)
  // Whatever that did to the price is over a day later.
  const startMs = daySeconds * 1000
  at(startMs)
  const before = lost()
  const figures: Record<string, number> = { 'letters an interval': Math.round(places * scale) }
  for (let interval = 1; interval <= 60; interval++) {
    for (let nth = 0; nth < places; nth++) exchange(pair, nth, 0)
    at(startMs + interval * price.intervalMs)
    if ([1, 10, 60].includes(interval))
      figures[`price after ${interval}`] = Number(world.meta().basePrice) / Number(price.floor)
  }
  return {
    name: 'full-blocks',
    about: 'Fills every batch for sixty intervals (an hour) with the smallest letters of an exchange.',
    spent: Math.round((lost() - before) * scale),
    figures,
  }
}

function tenfoldDay(numbers: Numbers): Pressed {
  const pair = pairOf(numbers)
  const { world, post, ends, at, lost } = pair
  const { intervalMs, floor, ceiling } = numbers.price
  const tenfold = 10n * floor < ceiling ? 10n * floor : ceiling
  const day = Math.floor((daySeconds * 1000) / intervalMs)
  let paid = 0
  let dear = 0
  let interval = 0
  // A rise of a twentieth an interval is less than what a step allows; a day's climb has long come to its end.
  for (; dear < day && interval < 2 * day; interval++) {
    const { basePrice } = world.meta()
    if (basePrice >= tenfold) dear++
    const climbed = (basePrice * 105n) / 100n
    const wanted = climbed < tenfold ? climbed : tenfold
    const letter = { from: ends[0], to: ends[1], kind: 'wash' } as const
    // Letters that are a tenth of what it takes at most: what is too much in one interval is too little in the next.
    let sizeClass = numbers.sizeClassMax
    while (sizeClass > 0 && post.price({ ...letter, sizeClass })! > numbers.price.target * basePrice) sizeClass--
    for (let left = lettersMax; left > 0 && nextPrice(world, intervalMs) < wanted; left--)
      paid += Number(post.send({ ...letter, sizeClass })!.paid)
    at((interval + 1) * intervalMs)
  }
  return {
    name: 'tenfold-day',
    about: 'Writes large letters to itself until the price is tenfold, and keeps it there for a day.',
    spent: lost(),
    paid,
    figures: { 'intervals tenfold': dear, intervals: interval },
  }
}

/** Letters in an interval after which the price is driven no further. */
const lettersMax = 1_000

/** The base price after the interval that runs, if nobody writes any more. */
const nextPrice = ({ rules, meta }: World, intervalMs: number): bigint =>
  advanceMarket(rules, meta(), meta().since + BigInt(intervalMs)).basePrice
