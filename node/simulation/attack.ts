/**
 * What an attack is: the one interface by which the library's attacks and those of others are written. An attack imports
 * nothing; whatever it can do comes to it with its scene.
 */
import type { SimulatedLetter } from './books.ts'
import type { Chance } from './chance.ts'
import type { Person } from './person.ts'
import type { Post } from './post.ts'
import type { World } from './world.ts'

/** How much it is to do: on how many days, and how many letters it wants to send on one. */
type Plan = { readonly days: number; readonly perDay: number }

/** One row of the library. Its name is its side in the books. */
export type Attack = {
  readonly name: string
  /** What it does, in a sentence. */
  readonly about: string
  /** How many addresses it has, with as much money as it wants. */
  readonly members: (plan: Plan) => number
  /** The days on which it works; every day of the plan where it does not say. */
  readonly days?: (plan: Plan) => readonly number[]
  /** Called once, when the network begins. */
  readonly begin: (scene: Scene) => Work
}

/** What it does. */
export type Work = {
  /** Its work on its day 0, 1, 2 …; before that, nothing happens. */
  readonly day: (day: number) => void
  /** Somebody else's letter reached one of its addresses. */
  readonly received?: (letter: SimulatedLetter) => void
}

/** What it works with. Everything of `post` is open to it; what it sends is delivered, and read when the reader does. */
export type Scene = Post & {
  readonly plan: Plan
  readonly members: readonly Person[]
  /** All honest people, and those who read or wrote within the last seven days (all, where nobody did). */
  readonly people: readonly Person[]
  readonly victims: () => readonly Person[]
  /** Whether somebody's address is known to answer by itself. */
  readonly answersItself: (person: Person) => boolean
  /** What a first letter costs under a fresh pass, as long as nobody drives the price. */
  readonly firstLetter: bigint
  /**
   * Honest people come by and write to an address because of what it says of itself; where it says that it gives back, they
   * come while its record bears that out.
   */
  readonly visit: (profile: Person, options: { readonly saysItGivesBack: boolean }) => void
  readonly random: Chance
  /** How likely people are to give in to extortion. */
  readonly paysRansom: () => boolean
  /** The ledger itself: its rules and records, and any other operation. */
  readonly world: World
}
