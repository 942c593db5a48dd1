/** How people act: the model's numbers, stated here and nowhere else. Shares of people and chances of an act are 0 to 1. */
import type { Chance } from './chance.ts'
import type { Trace } from './trace.ts'

/** How people are taken to act where nothing else is said. */
export const usualHabits = {
  /** Reads a letter only after one to `awayDays` days; else within `readsWithinHours`. */
  away: 0.1,
  awayDays: 21,
  readsWithinHours: 12,
  /** Shares of people: who flag at all; who open no stranger's letter; who take `lateDays` to answer somebody for the first time. */
  flaggers: 1,
  neverOpens: 0,
  answersLate: 0,
  lateDays: 180,
  /** Who give back what they got for letters that they valued, as their daemons do by themselves; and for those that they answered. */
  givesBackValued: 1,
  givesBackAnswered: 0,
  /** Whose address answers by itself, once a week to each who writes. */
  answersItself: 0.02,
  /** Says `value` of a letter by somebody they write to, too. Else they say nothing. */
  valuesFriend: 0.5,
  /** Says so of a letter by somebody they never answered. */
  valuesStranger: 0.05,
  /** Takes a stranger's honest letter for spam. */
  mistakes: 0.005,
  flagsSpam: 0.5,
  abuseAmongFlags: 0.1,
  /** Flags what is meant for people like them, but is advertising. */
  flagsPitch: 0.25,
  /** Answers a lure that looks like a person's letter: in the mean, because who answers strangers in the trace does it more often. */
  fallsForLure: 0.1,
  fallsForLureMost: 0.5,
  /** Goes on answering somebody they answered before. */
  keepsAnswering: 0.8,
  flagsIssue: 0.2,
  valuesIssue: 0.02,
  /** Says so of an issue they asked for. */
  valuesNews: 0.3,
  /** Grants somebody who wrote so often, and to whom they wrote so often. */
  grantAfter: 10,
  revokesAfterSpam: 0.9,
  /** Pays an extortionist what the flag did to them, or for a verdict what it is worth. */
  paysRansom: 0.05,
  /** Write to a profile a day; one that is said to give back, while the record of its address says so of this share. */
  visitorsPerDay: 5,
  trustsRecordFrom: 0.9,
  /** Answers and visits cost at most so many first letters, or are not written. */
  paysAtMost: 2,
} as const

export type Habits = { readonly [Name in keyof typeof usualHabits]: number }

/** What is tried beside the usual habits, to see how much hangs on them. */
export const otherHabits: readonly { readonly name: string; readonly habits: Partial<Habits> }[] = [
  { name: 'a tenth of spam is flagged', habits: { flagsSpam: 0.1, flagsPitch: 0.05 } },
  { name: 'always the same tenth flags', habits: { flaggers: 0.1, flagsSpam: 1, flagsPitch: 0.5 } },
  { name: 'a third opens no stranger’s letter', habits: { neverOpens: 1 / 3 } },
  { name: 'half of letters are read late', habits: { away: 0.5 } },
  { name: 'a third answers half a year late', habits: { answersLate: 1 / 3 } },
  { name: 'nobody gives back', habits: { givesBackValued: 0 } },
  { name: 'half give back', habits: { givesBackValued: 0.5 } },
  { name: 'all give back on answers, too', habits: { givesBackAnswered: 1 } },
]

/** What one person is like, all along. */
export type Traits = {
  readonly flags: boolean
  readonly opensStrangers: boolean
  readonly answersLate: boolean
  readonly givesBackValued: boolean
  readonly givesBackAnswered: boolean
  readonly answersItself: boolean
  /** The chance that they answer a lure. */
  readonly answersLure: number
}

/** What each person of a trace is like. Other habits change those alone whom they are about. */
export function traitsOf(trace: Trace, habits: Habits, { chance }: Chance): Traits[] {
  const shares = sharesAnswered(trace)
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
  return shares.map((share) => ({
    flags: chance(habits.flaggers),
    opensStrangers: !chance(habits.neverOpens),
    answersLate: chance(habits.answersLate),
    givesBackValued: chance(habits.givesBackValued),
    givesBackAnswered: chance(habits.givesBackAnswered),
    answersItself: chance(habits.answersItself),
    answersLure: Math.min(
      habits.fallsForLureMost,
      mean > 0 ? (habits.fallsForLure * share) / mean : habits.fallsForLure,
    ),
  }))
}

/** Of those who wrote to a person first, the share that the person ever answered; the mean of all, where nobody did. */
function sharesAnswered({ people, messages }: Trace): number[] {
  const asked = new Array<number>(people).fill(0)
  const answered = new Array<number>(people).fill(0)
  /** Who of two wrote first, and whether the other one answered. */
  const pairs = new Map<number, { readonly by: number; isAnswered: boolean }>()
  for (const { from, to } of messages) {
    const key = Math.min(from, to) * people + Math.max(from, to)
    const pair = pairs.get(key)
    if (!pair) {
      pairs.set(key, { by: from, isAnswered: false })
      asked[to]!++
    } else if (pair.by !== from && !pair.isAnswered) {
      pair.isAnswered = true
      answered[from]!++
    }
  }
  const all = answered.reduce((sum, count) => sum + count, 0) / Math.max(1, pairs.size)
  return asked.map((count, person) => (count > 0 ? answered[person]! / count : all))
}
