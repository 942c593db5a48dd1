/** Replays a trace through the ledger, with honest people who act as people do, and every attack of the library beside them. */
import { seededRandom } from '../simulated/seeded-random.ts'
import type { Numbers } from '../settings/presets.ts'
import { type Attack, attacksOf, wantedNewsletter } from './attacks.ts'
import { type Books, createBooks, honest } from './books.ts'
import { chanceOf } from './chance.ts'
import { createIdentity, createPerson } from './person.ts'
import { createPost } from './post.ts'
import { createTown } from './town.ts'
import type { Trace } from './trace.ts'
import { createWorld } from './world.ts'

type Request = {
  readonly trace: Trace
  readonly numbers: Numbers
  readonly seed: string
  /** Told now and then how many messages of the trace are done. */
  readonly progress?: (done: number) => void
}

/** Everything that a replay showed, in the smallest unit. */
export type Outcome = {
  readonly trace: Trace
  readonly numbers: Numbers
  readonly books: Books
  readonly attacks: readonly { readonly attack: Attack; readonly before: bigint; readonly after: bigint }[]
  readonly news: { readonly attack: Attack; readonly before: bigint; readonly after: bigint }
  /** The base price of every batch, and the day that the batch is of. */
  readonly prices: readonly { readonly day: number; readonly basePrice: bigint }[]
}

/** Funds of an honest person at genesis, in base prices at the floor: enough that whoever writes most to strangers does not run dry. */
const honestFunds = 20_000n
/** Attackers have as much as they want: what is measured is what they lose. */
const attackerFunds = 10n ** 15n
const hourSeconds = 3_600
const daySeconds = 24 * hourSeconds
const never = Number.POSITIVE_INFINITY
const monthDays = 30

/** One replay. Same trace, numbers and seed, same outcome. */
export function simulate({ trace, numbers, seed, progress }: Request): Outcome {
  const key = new TextEncoder().encode(`simulation ${seed}`)
  const startSeconds = Math.floor(trace.messages[0]!.timeSeconds / hourSeconds) * hourSeconds
  const days = Math.floor((trace.messages.at(-1)!.timeSeconds - startSeconds) / daySeconds) + 1
  // As long as the interval in which demand is counted, so that the price moves as it does where batches are shorter.
  const batchSeconds = Math.max(1, Math.floor(numbers.price.intervalMs / 1000))
  const plan = { perDay: clamp(Math.round(trace.people / 40), 8, 40), days: clamp(Math.floor(days / 2), 1, 28) }
  const attackFrom = Math.floor(days / 4)

  const people = Array.from({ length: trace.people }, (_, at) => createPerson(`person ${at}`, { side: honest }))
  for (const person of people) person.identity = createIdentity(person.name)
  const attacks = attacksOf(plan)
  const news = wantedNewsletter(plan)
  const crews = [...attacks, news]
  const world = createWorld(numbers, {
    timeMs: BigInt(startSeconds) * 1000n,
    funded: [
      ...people.map((party) => ({ party, funds: honestFunds * numbers.price.floor })),
      ...crews.flatMap(({ members }) => members.map((party) => ({ party, funds: attackerFunds }))),
    ],
  })
  const fundsOf = ({ members }: Attack): bigint =>
    members.reduce((sum, { address }) => sum + world.view.read('accounts', address)!.funds, 0n)
  const before = crews.map(fundsOf)

  const books = createBooks(world.rules)
  let month = 0
  const post = createPost(world, books, () => month)
  const town = createTown(post, chanceOf(seededRandom(key, 'town')))
  const work = crews.map((attack) =>
    attack.begin({ world, post, town, victims: people, random: chanceOf(seededRandom(key, attack.name)) }),
  )

  /** When which attack does its work of which day: each at an hour of its own. */
  const agenda = Array.from({ length: plan.days }, (_, attackDay) =>
    work.map((act, at) => ({
      timeSeconds: startSeconds + (attackFrom + attackDay) * daySeconds + (2 * at + 1) * hourSeconds,
      act: () => act(attackDay),
    })),
  ).flat()

  const prices: { day: number; basePrice: bigint }[] = []
  let next = 0
  let nextAct = 0
  while (next < trace.messages.length || nextAct < agenda.length) {
    const dueSeconds = Math.min(trace.messages[next]?.timeSeconds ?? never, agenda[nextAct]?.timeSeconds ?? never)
    const slot = Math.floor((dueSeconds - startSeconds) / batchSeconds)
    const endSeconds = startSeconds + (slot + 1) * batchSeconds
    const day = Math.floor((slot * batchSeconds) / daySeconds)
    month = Math.floor(day / monthDays)
    world.open(BigInt(startSeconds + slot * batchSeconds) * 1000n)
    prices.push({ day, basePrice: world.meta().basePrice })
    for (; nextAct < agenda.length && agenda[nextAct]!.timeSeconds < endSeconds; nextAct++) agenda[nextAct]!.act()
    for (; next < trace.messages.length && trace.messages[next]!.timeSeconds < endSeconds; next++) {
      const from = people[trace.messages[next]!.from]!
      const to = people[trace.messages[next]!.to]!
      town.read(from)
      town.deliver(post.send({ from, to, kind: 'letter' }))
      town.befriend(from, to)
    }
    progress?.(next)
  }
  const after = crews.map(fundsOf)
  world.close()
  const results = crews.map((attack, at) => ({ attack, before: before[at]!, after: after[at]! }))
  return { trace, numbers, books, attacks: results.slice(0, -1), news: results.at(-1)!, prices }
}

const clamp = (value: number, least: number, most: number): number => Math.max(least, Math.min(most, value))
