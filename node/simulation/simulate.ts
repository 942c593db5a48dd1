/** Replays a trace through the ledger, with honest people who act as people do, and every attack of the library beside them. */
import { createEventQueue } from '../simulated/event-queue.ts'
import { seededRandom } from '../simulated/seeded-random.ts'
import type { Numbers } from '../settings/presets.ts'
import type { Attack, Work } from './attack.ts'
import { wantedNewsletter } from './attacks/cold.ts'
import { library } from './attacks.ts'
import { type Books, createBooks, honest } from './books.ts'
import { chanceOf } from './chance.ts'
import { firstLetterOf } from './first-letter.ts'
import { type Habits, traitsOf, usualHabits } from './habits.ts'
import { createPerson, type Person } from './person.ts'
import { createPost } from './post.ts'
import { createTown } from './town.ts'
import { type Trace, withLateAnswers } from './trace.ts'
import { createWorld } from './world.ts'

export type Request = {
  readonly trace: Trace
  readonly numbers: Numbers
  readonly seed: string
  /** How people act, where it is not as usual. */
  readonly habits?: Partial<Habits>
  /** What is tried; the library where nothing is said. */
  readonly attacks?: readonly Attack[]
  /** Told now and then how many messages of the trace are done. */
  readonly progress?: (done: number) => void
}

/** Everything that a replay showed, in the smallest unit. */
export type Outcome = {
  readonly trace: Trace
  readonly numbers: Numbers
  readonly books: Books
  /** What a first letter costs under a fresh pass. */
  readonly firstLetter: bigint
  readonly attacks: readonly Result[]
  readonly news: Result
  /** The base price of every batch until the trace and the attacks of a month are over, and the day that the batch is of. */
  readonly prices: readonly { readonly day: number; readonly basePrice: bigint }[]
}

/** An attack, and what its members had together before and after it. */
type Result = { readonly attack: Attack; readonly before: bigint; readonly after: bigint }

/** Funds of an honest person at genesis, in base prices at the floor: enough that whoever writes most to strangers does not run dry. */
const honestFunds = 20_000n
/** Attackers have as much as they want: what is measured is what they lose. */
const attackerFunds = 10n ** 15n
const hourSeconds = 3_600
const daySeconds = 24 * hourSeconds
const monthDays = 30
/** How long an attack works that does not say on which days: four weeks, in which what was earned in the first is folded. */
const attackDays = 28
/**
 * How long after that it still hears of letters: longer than anybody takes to answer. Without an end, who answers late and
 * by themselves, too, would be written to and answer for ever.
 */
const hearingDays = 365
/** How many letters it wants to send on one of them, by the number of people: with fewer, chance would say which attack is cheapest. */
const perDayOf = (people: number): number => Math.max(20, Math.min(40, Math.round(people / 40)))

/** One replay. Same trace, numbers and seed, same outcome. */
export function simulate({
  trace: given,
  numbers,
  seed,
  habits: other,
  attacks = library,
  progress,
}: Request): Outcome {
  const random = (label: string) => chanceOf(seededRandom(new TextEncoder().encode(`simulation ${seed}`), label))
  const habits = { ...usualHabits, ...other }
  const traits = traitsOf(given, habits, random('traits'))
  const isLate = (person: number) => traits[person]!.answersLate
  const trace = withLateAnswers(given, { isLate, seconds: habits.lateDays * daySeconds })
  const { messages } = trace
  const startSeconds = Math.floor(messages[0]!.timeSeconds / hourSeconds) * hourSeconds
  // Attacks begin where the traffic is.
  const attackSeconds = messages[Math.floor(messages.length / 4)]!.timeSeconds
  const plan = { perDay: perDayOf(trace.people), days: attackDays }
  const hearsUntilSeconds = attackSeconds + (plan.days + hearingDays) * daySeconds
  // As long as the interval in which demand is counted, so that the price moves as it does where batches are shorter.
  const batchSeconds = Math.max(1, Math.floor(numbers.price.intervalMs / 1000))

  const people = Array.from({ length: trace.people }, (_, at) => createPerson(`person ${at}`, { side: honest }))
  const crews = [...attacks, wantedNewsletter].map((attack) => ({
    attack,
    members: crewOf(attack, attack.members(plan)),
  }))
  const world = createWorld(numbers, {
    timeMs: BigInt(startSeconds) * 1000n,
    funded: [
      ...people.map((party) => ({ party, funds: honestFunds * numbers.price.floor })),
      ...crews.flatMap(({ members }) => members.map((party) => ({ party, funds: attackerFunds }))),
    ],
  })
  const fundsOf = (members: readonly Person[]): bigint =>
    members.reduce((sum, member) => sum + world.fundsOf(member), 0n)
  const before = crews.map(({ members }) => fundsOf(members))

  const books = createBooks(world.rules)
  const queue = createEventQueue<() => void>()
  let nowSeconds = startSeconds
  const dayNow = () => Math.floor((nowSeconds - startSeconds) / daySeconds)
  const works = new Map<string, Work>()
  const firstLetter = firstLetterOf(numbers)
  const post = createPost(world, books, () => Math.floor(dayNow() / monthDays))
  const town = createTown({
    rules: world.rules,
    post,
    books,
    habits,
    traits: new Map(people.map((person, at) => [person, traits[at]!])),
    firstLetter,
    random: random('town'),
    nowSeconds: () => nowSeconds,
    after: (seconds, act) => queue.push(nowSeconds + seconds, act),
    received(letter) {
      if (nowSeconds <= hearsUntilSeconds) works.get(letter.to.side)?.received?.(letter)
    },
  })
  const victims = () => {
    const present = town.present()
    return present.length > 0 ? present : people
  }
  for (const [at, { attack, members }] of crews.entries()) {
    const chance = random(attack.name)
    const work = attack.begin({
      ...post,
      send(letter) {
        const sent = post.send(letter)
        town.deliver(sent)
        return sent
      },
      plan,
      members,
      people,
      victims,
      answersItself: (person) => traits[people.indexOf(person)]!.answersItself,
      firstLetter,
      visit: town.visit,
      random: chance,
      paysRansom: () => chance.chance(habits.paysRansom),
      world,
    })
    works.set(attack.name, work)
    // Each works at a time of its own.
    const offsetSeconds = Math.floor((at * daySeconds) / crews.length)
    for (const day of attack.days?.(plan) ?? Array.from({ length: plan.days }, (_, day) => day))
      queue.push(attackSeconds + day * daySeconds + offsetSeconds, () => work.day(day))
  }

  let done = 0
  for (const { from, to, timeSeconds } of messages)
    queue.push(timeSeconds, () => {
      town.write(people[from]!, people[to]!)
      progress?.(++done)
    })
  // Epochs close one at a time, so that there has to be a batch in each.
  const lastSeconds = Math.max(messages.at(-1)!.timeSeconds, attackSeconds + plan.days * daySeconds)
  const beat = (): void => {
    if (queue.nextMs() !== undefined) queue.push(nowSeconds + daySeconds, beat)
  }
  queue.push(startSeconds, beat)

  const prices: { day: number; basePrice: bigint }[] = []
  let slot = -1
  for (let event = queue.pop(); event; event = queue.pop()) {
    nowSeconds = event.timeMs
    const due = Math.floor((nowSeconds - startSeconds) / batchSeconds)
    if (due > slot) {
      slot = due
      world.open(BigInt(startSeconds + slot * batchSeconds) * 1000n)
      if (nowSeconds <= lastSeconds) prices.push({ day: dayNow(), basePrice: world.meta().basePrice })
    }
    event.item()
  }
  world.close()
  const results = crews.map(({ attack, members }, at) => ({ attack, before: before[at]!, after: fundsOf(members) }))
  return { trace, numbers, books, firstLetter, attacks: results.slice(0, -1), news: results.at(-1)!, prices }
}

const crewOf = ({ name }: Attack, count: number): Person[] =>
  Array.from({ length: Math.max(1, count) }, (_, at) => createPerson(`${name} ${at}`, { side: name }))
