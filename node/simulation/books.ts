/**
 * What the simulation counts: who paid and earned what, what verdicts did, and whether the two bounds of reputation
 * held. Counted from messages and verdicts as they settled, and not by the formulas that the ledger uses.
 */
import { divideUp, timesOne, type Rules } from '../../protocol/rules.ts'
import { scoreOne } from '../../protocol/reputation.ts'
import type { Verdict } from '../../protocol/words.ts'
import type { Person } from './person.ts'

/**
 * What a message was for, which decides how it is read: a letter of the trace; an answer to an attack; what wants to be
 * answered, flatly advertises, or advertises to those who may like it; what stays among an attack's own; an issue of a
 * newsletter, not asked for or asked for.
 */
export type Kind = 'letter' | 'answer' | 'lure' | 'spam' | 'pitch' | 'wash' | 'issue' | 'news'

/** A settled message, as its two parties remember it. Amounts in the smallest unit. */
export type SimulatedLetter = {
  readonly id: Uint8Array
  readonly from: Person
  readonly to: Person
  readonly fromKey: Uint8Array | undefined
  readonly kind: Kind
  /** Whether a program wrote it, as it says itself. */
  readonly automatic: boolean
  /** Whether neither of the two had ever written to the other. */
  readonly isFirst: boolean
  readonly epoch: number
  readonly basePrice: bigint
  /** What of its price counts for reputation: paid by the sender for the recipient, and burned of that. */
  readonly fee: bigint
  readonly burned: bigint
  /** What its recipient got. */
  readonly credit: bigint
  /** What it took out of its sender's funds, all in all. */
  readonly paid: bigint
}

/** What one side (all honest people, or one attack) did and got. Amounts in the smallest unit, scores as points. */
type Side = {
  earnedOutside: bigint
  /** Letters that reached somebody outside who had not written first, and those of them that were opened while they could still be judged. */
  deliveries: number
  reads: number
  /** Answers from outside that no program wrote. */
  answers: number
  burnedUnits: number
  positive: bigint
  positiveMost: bigint
  negative: bigint
}

/** What one honest person paid and earned in one month. */
type PersonMonth = { readonly month: number; paid: number; earned: number }

/** What one honest message cost its sender, and between whom it went. */
type HonestPrice = { readonly from: string; readonly to: string; readonly paid: number }

export type Books = {
  readonly sides: ReadonlyMap<string, Side>
  readonly months: ReadonlyMap<string, PersonMonth>
  /** What each honest message cost its sender, inclusion fee and all. */
  readonly honestPrices: readonly HonestPrice[]
  /** What honest first letters that were valued cost their senders, less what was given back. */
  readonly valuedFirst: () => number[]
  readonly refusals: readonly { readonly month: number; readonly reason: string }[]
  readonly side: (name: string) => Side
  readonly sent: (letter: SimulatedLetter, money: { month: number }) => void
  readonly opened: (letter: SimulatedLetter) => void
  readonly spent: (person: Person, money: { amount: bigint; month: number }) => void
  readonly transferred: (parties: { from: Person; to: Person }, amount: bigint) => void
  readonly gave: (letter: SimulatedLetter, money: { amount: bigint; month: number }) => void
  readonly judged: (
    letter: SimulatedLetter,
    change: { readonly verdict: Verdict; readonly positive: bigint; readonly negative: bigint },
  ) => void
  readonly refused: (refusal: { month: number; reason: string }) => void
  /** Whether `positive ≤ κ × burned` for every side, and `damage ≤ 5λ × fees paid + flagMax` for every flagger and victim. */
  readonly bounds: () => { reputation: boolean; damage: boolean }
}

/** The side of people who mean well. */
export const honest = 'honest'

export function createBooks(rules: Rules): Books {
  const sides = new Map<string, Side>()
  const months = new Map<string, PersonMonth>()
  const honestPrices: HonestPrice[] = []
  const firstLettersValued: SimulatedLetter[] = []
  /** Which side wrote first, of each two that ever wrote to each other. */
  const beganBy = new Map<string, string>()
  const givenBack = new Map<SimulatedLetter, bigint>()
  const refusals: { month: number; reason: string }[] = []
  /** What one person took from another, and the most that what the other paid them allows. */
  const damages = new Map<string, { done: bigint; most: bigint }>()

  const side = (name: string): Side => {
    let found = sides.get(name)
    if (!found) {
      found = {
        earnedOutside: 0n,
        deliveries: 0,
        reads: 0,
        answers: 0,
        burnedUnits: 0,
        positive: 0n,
        positiveMost: 0n,
        negative: 0n,
      }
      sides.set(name, found)
    }
    return found
  }
  const monthOf = ({ name }: Person, month: number): PersonMonth => {
    const key = `${name} ${month}`
    const found = months.get(key) ?? { month, paid: 0, earned: 0 }
    months.set(key, found)
    return found
  }
  const damageOf = ({ from, to }: Pick<SimulatedLetter, 'from' | 'to'>) => {
    const key = `${to.name} ${from.name}`
    const found = damages.get(key) ?? { done: 0n, most: rules.reputation.flagMax * scoreOne }
    damages.set(key, found)
    return found
  }

  /** Whether a letter goes from one side to another, between two of whom the writing side wrote first. */
  const isUninvited = ({ from, to }: SimulatedLetter): boolean =>
    from.side !== to.side && beganBy.get(betweenOf(from, to)) === from.side

  return {
    sides,
    months,
    honestPrices,
    refusals,
    side,
    valuedFirst: () => firstLettersValued.map((letter) => Number(letter.paid - (givenBack.get(letter) ?? 0n))),
    sent(letter, { month }) {
      const { from, to, kind, fee, burned, basePrice, credit, paid } = letter
      const own = side(from.side)
      own.burnedUnits += Number(burned) / Number(basePrice)
      if (letter.isFirst) beganBy.set(betweenOf(from, to), from.side)
      if (isUninvited(letter)) own.deliveries++
      if (from.side !== to.side) {
        side(to.side).earnedOutside += credit
        if (kind === 'answer' && !letter.automatic && !isUninvited(letter)) side(to.side).answers++
      }
      if (from.side === honest) {
        monthOf(from, month).paid += Number(paid)
        if (kind === 'letter') honestPrices.push({ from: from.name, to: to.name, paid: Number(paid) })
      }
      // What attackers pay honest people is left out, so that spam never makes the figure look better.
      if (isAmongHonest(letter)) monthOf(to, month).earned += Number(credit)
      const { lambda, abuse } = rules.reputation
      damageOf(letter).most += divideUp(fee * lambda * abuse * scoreOne, basePrice * timesOne * timesOne)
    },
    opened: (letter) => void (isUninvited(letter) && side(letter.from.side).reads++),
    gave(letter, { amount, month }) {
      givenBack.set(letter, amount)
      if (letter.from.side !== letter.to.side) side(letter.from.side).earnedOutside += amount
      if (!isAmongHonest(letter)) return
      monthOf(letter.to, month).paid += Number(amount)
      monthOf(letter.from, month).earned += Number(amount)
    },
    spent(person, { amount, month }) {
      if (person.side === honest) monthOf(person, month).paid += Number(amount)
    },
    transferred({ from, to }, amount) {
      if (from.side !== to.side) side(to.side).earnedOutside += amount
    },
    judged(letter, { verdict, positive, negative }) {
      const { from, burned, basePrice } = letter
      if (verdict === 'value' && letter.isFirst && isAmongHonest(letter)) firstLettersValued.push(letter)
      const own = side(from.side)
      own.positive += positive
      own.negative += negative
      if (positive > 0n) own.positiveMost += (rules.reputation.kappa * burned * scoreOne) / (basePrice * timesOne)
      damageOf(letter).done += negative
    },
    refused: (refusal) => void refusals.push(refusal),
    bounds: () => ({
      reputation: [...sides.values()].every(({ positive, positiveMost }) => positive <= positiveMost),
      damage: [...damages.values()].every(({ done, most }) => done <= most),
    }),
  }
}

/** A name for two people, whoever is named first. */
const betweenOf = (one: Person, other: Person): string => [one.name, other.name].sort().join(' ')

const isAmongHonest = ({ from, to }: SimulatedLetter): boolean => from.side === honest && to.side === honest
