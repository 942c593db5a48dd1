/** A trace: who wrote to whom and when. Read from lines of `sender recipient unix-seconds`, or made from a seed. */
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { seededRandom } from '../simulated/seeded-random.ts'
import { type Chance, chanceOf } from './chance.ts'

/** One message of a trace; people are numbered from 0 in the order in which they first appear. */
type TraceMessage = { readonly from: number; readonly to: number; readonly timeSeconds: number }
export type Trace = { readonly name: string; readonly people: number; readonly messages: readonly TraceMessage[] }

/** A line that is no message; the sentence says which one, and how it should be. */
class TraceError extends Error {
  override name = 'TraceError'
}

/**
 * The messages of a text, sorted by time. Empty lines, comments (`#`), and one line of headings are skipped; so are
 * messages to oneself, which the wire does not know. Throws TraceError.
 */
export function parseTrace(name: string, text: string): Trace {
  const numbers = new Map<string, number>()
  const numberOf = (person: string): number => {
    const known = numbers.get(person)
    if (known !== undefined) return known
    numbers.set(person, numbers.size)
    return numbers.size - 1
  }
  const messages: TraceMessage[] = []
  let isFirst = true
  for (const [index, line] of text.split('\n').entries()) {
    const words = line.trim().split(/[\s,]+/)
    if (words[0] === '' || words[0]!.startsWith('#')) continue
    const timeSeconds = Number(words[2])
    const isHeading = isFirst && words.length >= 3 && Number.isNaN(timeSeconds)
    isFirst = false
    if (isHeading) continue
    if (words.length !== 3 || !Number.isFinite(timeSeconds) || timeSeconds < 0 || timeSeconds > secondsMax)
      throw new TraceError(
        `Line ${index + 1} of ${name} is not \`sender recipient unix-seconds\`. Correct or remove it.`,
      )
    if (words[0] === words[1]) continue
    messages.push({ from: numberOf(words[0]!), to: numberOf(words[1]!), timeSeconds: Math.floor(timeSeconds) })
  }
  if (messages.length === 0) throw new TraceError(`There is no message in ${name}. Give a file with at least one.`)
  messages.sort((a, b) => a.timeSeconds - b.timeSeconds)
  if (messages.at(-1)!.timeSeconds - messages[0]!.timeSeconds > spanSecondsMax)
    throw new TraceError(`The messages of ${name} span more than 20 years. Cut it into parts.`)
  return { name, people: numbers.size, messages }
}

const secondsMax = 253_402_300_799
const spanSecondsMax = 20 * 366 * 86_400

/**
 * The same trace where some people let those wait who write to them: their first answer to somebody, and all that the two
 * write after it, comes so much later.
 */
export function withLateAnswers(
  trace: Trace,
  { isLate, seconds }: { readonly isLate: (person: number) => boolean; readonly seconds: number },
): Trace {
  const pairs = new Map<number, { readonly by: number; isLate: boolean }>()
  const messages = trace.messages.map((message) => {
    const { from, to, timeSeconds } = message
    const key = Math.min(from, to) * trace.people + Math.max(from, to)
    const pair = pairs.get(key) ?? { by: from, isLate: false }
    pairs.set(key, pair)
    if (from !== pair.by && isLate(from)) pair.isLate = true
    return pair.isLate ? { ...message, timeSeconds: timeSeconds + seconds } : message
  })
  return { ...trace, messages: messages.sort((a, b) => a.timeSeconds - b.timeSeconds) }
}

/** What a made trace is like: `circle` is how many others one knows, `answered` the chance that a message is answered. */
export type TraceShape = {
  readonly people: number
  readonly messages: number
  readonly days: number
  readonly circle: number
  readonly answered: number
}

/** What is tried where no trace is given; the same from the same seed. */
export const smallTrace = (seed: string): Trace =>
  makeTrace(chanceOf(seededRandom(utf8ToBytes(seed), 'trace')), {
    people: 120,
    messages: 4_000,
    days: 63,
    circle: 8,
    answered: 0.6,
  })

/**
 * What is tried beside real traffic: half of all letters go to people who never write, as offices and those do to whom one
 * applies. The same from the same seed.
 */
export const halfSilentTrace = (seed: string, shape: TraceShape = halfSilentShape): Trace =>
  withSilentPeople(chanceOf(seededRandom(utf8ToBytes(seed), 'half-silent')), shape)

const halfSilentShape: TraceShape = { people: 400, messages: 20_000, days: 120, circle: 10, answered: 0.6 }

/** Half of the messages among all people but a third, and each other one to one of that third, out of a circle of its sender's. */
function withSilentPeople(random: Chance, shape: TraceShape): Trace {
  const silent = Math.ceil(shape.people / 3)
  const people = shape.people - silent
  const spoken = Math.floor(shape.messages / 2)
  const among = makeTrace(random, { ...shape, people, messages: spoken })
  const start = among.messages[0]!.timeSeconds
  const unanswered = Array.from({ length: shape.messages - spoken }, () => {
    const from = random.number(people)
    const nth = Math.min(random.number(shape.circle), random.number(shape.circle))
    const to = people + ((from * shape.circle + nth) % silent)
    return { from, to, timeSeconds: start + random.number(shape.days * 86_400) }
  })
  return { name: 'half-silent', people: shape.people, messages: sorted([...among.messages, ...unanswered]) }
}

/**
 * A trace by a plain model: everybody knows some others and writes to them at random times, more often to some than to
 * others, and a message is answered after minutes to hours with a fixed chance, the answer again, and so on.
 */
export function makeTrace({ chance, number, pick }: Chance, shape: TraceShape): Trace {
  const start = 1_700_000_000
  const spanSeconds = shape.days * 86_400
  const circles = Array.from({ length: shape.people }, (_, person) =>
    Array.from({ length: shape.circle }, () => (person + 1 + number(shape.people - 1)) % shape.people),
  )
  const messages: TraceMessage[] = []
  while (messages.length < shape.messages) {
    let from = number(shape.people)
    const circle = circles[from]!
    // The nearer of two draws, so that some are written to more often than others.
    let to = circle[Math.min(number(circle.length), number(circle.length))] ?? pick(circle)
    let at = number(spanSeconds)
    do {
      messages.push({ from, to, timeSeconds: start + at })
      at += 300 + number(6 * 3_600)
      const answerer = to
      to = from
      from = answerer
    } while (at < spanSeconds && messages.length < shape.messages && chance(shape.answered))
  }
  return { name: 'generated', people: shape.people, messages: sorted(messages) }
}

const sorted = (messages: readonly TraceMessage[]): TraceMessage[] =>
  messages.toSorted((a, b) => a.timeSeconds - b.timeSeconds || a.from - b.from || a.to - b.to)
