/**
 * What the simulation counts: who paid and earned what, what verdicts did, and whether the two bounds of reputation
 * held. Counted from messages and verdicts as they settled, and not by the formulas that the ledger uses.
 */
import { timesOne, type Rules } from '../../protocol/rules.ts'
import { scoreOne } from '../../protocol/reputation.ts'
import type { Person } from './person.ts'

/** What a message was for, which decides whether its price is that of an honest message. */
export type Kind = 'letter' | 'answer' | 'spam' | 'lure' | 'wash' | 'issue' | 'news'

/** A settled message, as its two parties remember it. Amounts in the smallest unit. */
export type SimulatedLetter = {
  readonly id: Uint8Array
  readonly from: Person
  readonly to: Person
  readonly fromKey: Uint8Array | undefined
  readonly kind: Kind
  readonly epoch: number
  readonly basePrice: bigint
  readonly fee: bigint
  readonly burned: bigint
}

/** What one side (all honest people, or one attack) did and got. Amounts in the smallest unit, scores as points. */
type Side = {
  earnedOutside: bigint
  messages: number
  deliveries: number
  paid: bigint
  burnedUnits: number
  positive: bigint
  positiveMost: bigint
  negative: bigint
}

/** What one honest person paid and earned in one month. */
type PersonMonth = { readonly month: number; paid: number; earned: number }

export type Books = {
  readonly sides: ReadonlyMap<string, Side>
  readonly months: ReadonlyMap<string, PersonMonth>
  /** What each honest message cost its sender, inclusion fee and all. */
  readonly honestPrices: readonly number[]
  readonly refusals: readonly { readonly month: number; readonly reason: string }[]
  readonly side: (name: string) => Side
  readonly sent: (letter: SimulatedLetter, money: { credit: bigint; month: number }) => void
  readonly spent: (person: Person, money: { amount: bigint; month: number }) => void
  readonly transferred: (parties: { from: Person; to: Person }, amount: bigint) => void
  readonly judged: (letter: SimulatedLetter, change: { positive: bigint; negative: bigint }) => void
  readonly refused: (refusal: { month: number; reason: string }) => void
  /** Whether `positive ≤ κ × burned` for every side, and `damage ≤ 5λ × fees paid` for every flagger and victim. */
  readonly bounds: () => { reputation: boolean; damage: boolean }
}

/** What a sender wanted to be read, as far as attacks go. */
const deliveredKinds: ReadonlySet<Kind> = new Set(['spam', 'issue', 'news'])

/** The side of people who mean well. */
export const honest = 'honest'

export function createBooks(rules: Rules): Books {
  const sides = new Map<string, Side>()
  const months = new Map<string, PersonMonth>()
  const honestPrices: number[] = []
  const refusals: { month: number; reason: string }[] = []
  /** What one person took from another, and the most that what the other paid them allows. */
  const damages = new Map<string, { done: bigint; most: bigint }>()

  const side = (name: string): Side => {
    let found = sides.get(name)
    if (!found) {
      found = {
        earnedOutside: 0n,
        messages: 0,
        deliveries: 0,
        paid: 0n,
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
    const found = damages.get(key) ?? { done: 0n, most: 0n }
    damages.set(key, found)
    return found
  }

  return {
    sides,
    months,
    honestPrices,
    refusals,
    side,
    sent(letter, { credit, month }) {
      const { from, to, kind, fee, burned, basePrice } = letter
      const own = side(from.side)
      own.messages++
      own.paid += fee + rules.inclusionFee
      own.burnedUnits += Number(burned) / Number(basePrice)
      if (from.side !== to.side) {
        own.deliveries += deliveredKinds.has(kind) ? 1 : 0
        side(to.side).earnedOutside += credit
      }
      if (from.side === honest) {
        monthOf(from, month).paid += Number(fee + rules.inclusionFee)
        if (kind === 'letter') honestPrices.push(Number(fee + rules.inclusionFee))
      }
      // What attackers pay honest people is left out, so that spam never makes the figure look better.
      if (from.side === honest && to.side === honest) monthOf(to, month).earned += Number(credit)
      const { lambda, abuse } = rules.reputation
      damageOf(letter).most += divideUp(fee * lambda * abuse * scoreOne, basePrice * timesOne * timesOne)
    },
    spent(person, { amount, month }) {
      if (person.side === honest) monthOf(person, month).paid += Number(amount)
    },
    transferred({ from, to }, amount) {
      if (from.side !== to.side) side(to.side).earnedOutside += amount
    },
    judged(letter, { positive, negative }) {
      const { from, burned, basePrice } = letter
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

const divideUp = (amount: bigint, divisor: bigint): bigint => (amount + divisor - 1n) / divisor
