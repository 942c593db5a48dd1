/** Honest people: what they do with what they receive. The chances are a model's, stated here and nowhere else. */
import type { SimulatedLetter } from './books.ts'
import type { Chance } from './chance.ts'
import type { Person } from './person.ts'
import type { Post } from './post.ts'

/** How a typical reader acts. */
export const habits = {
  /** Says `value` of a letter by somebody they write to, too. Else they say nothing. */
  valuesFriend: 0.5,
  /** Says so of a letter by somebody they never answered. */
  valuesStranger: 0.05,
  /** Takes a stranger's honest letter for spam. */
  mistakes: 0.005,
  flagsSpam: 0.5,
  abuseAmongFlags: 0.1,
  /** Answers a lure that looks like a person's letter. */
  fallsForLure: 0.1,
  /** Goes on answering somebody they answered before. */
  keepsAnswering: 0.8,
  flagsIssue: 0.2,
  valuesIssue: 0.02,
  /** Says so of an issue they asked for. */
  valuesNews: 0.3,
  /** Grants somebody who wrote so often, and to whom they wrote so often. */
  grantAfter: 10,
  revokesAfterSpam: 0.9,
  /** Pays an extortionist what the flag did to them. */
  paysRansom: 0.05,
} as const

export type Town = {
  /** A letter arrived; it is read when its recipient is there next. */
  readonly deliver: (letter: SimulatedLetter | undefined) => void
  /** Somebody is there: reads, judges, answers. */
  readonly read: (person: Person) => void
  /** After two wrote to each other for a while, one grants the other. */
  readonly befriend: (granter: Person, sender: Person) => void
  /** Whom attacks hear from. */
  readonly listeners: Map<string, (letter: SimulatedLetter) => void>
}

export function createTown(post: Post, { chance }: Chance): Town {
  const inboxes = new Map<Person, SimulatedLetter[]>()
  const listeners = new Map<string, (letter: SimulatedLetter) => void>()

  const befriend = (granter: Person, sender: Person): void => {
    const { mine, theirs } = post.exchanged(granter, sender)
    if (mine < habits.grantAfter || theirs < habits.grantAfter) return
    if (!post.hasGrant({ granter, sender })) post.grant({ granter, sender })
  }

  const readers: Readonly<Record<SimulatedLetter['kind'], (letter: SimulatedLetter) => void>> = {
    letter(letter) {
      const isFriend = post.exchanged(letter.to, letter.from).mine > 0
      if (chance(isFriend ? habits.valuesFriend : habits.valuesStranger)) post.judge(letter, 'value')
      else if (!isFriend && chance(habits.mistakes)) post.judge(letter, 'spam')
    },
    answer: () => {},
    wash: () => {},
    spam(letter) {
      const parties = { granter: letter.to, sender: letter.from }
      if (chance(habits.flagsSpam)) post.judge(letter, chance(habits.abuseAmongFlags) ? 'abuse' : 'spam')
      if (post.hasGrant(parties) && chance(habits.revokesAfterSpam)) post.revoke(parties)
    },
    issue(letter) {
      if (chance(habits.flagsIssue)) post.judge(letter, 'spam')
      else if (chance(habits.valuesIssue)) post.judge(letter, 'value')
    },
    news(letter) {
      if (chance(habits.valuesNews)) post.judge(letter, 'value')
    },
    lure(letter) {
      const isKnown = post.exchanged(letter.to, letter.from).mine > 0
      if (!chance(isKnown ? habits.keepsAnswering : habits.fallsForLure)) return
      if (chance(habits.valuesFriend)) post.judge(letter, 'value')
      const answer = post.send({ from: letter.to, to: letter.from, kind: 'answer' })
      befriend(letter.to, letter.from)
      if (answer) listeners.get(letter.from.side)?.(answer)
    },
  }

  return {
    deliver(letter) {
      if (!letter) return
      const inbox = inboxes.get(letter.to)
      if (inbox) inbox.push(letter)
      else inboxes.set(letter.to, [letter])
    },
    read(person) {
      const inbox = inboxes.get(person)
      if (!inbox) return
      inboxes.delete(person)
      for (const letter of inbox) readers[letter.kind](letter)
    },
    befriend,
    listeners,
  }
}
