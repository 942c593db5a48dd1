/** Honest people: they read what arrives when they get to it, and do with it what their habits say. */
import type { Rules } from '../../protocol/rules.ts'
import { type Books, honest, type SimulatedLetter } from './books.ts'
import type { Chance } from './chance.ts'
import type { Habits, Traits } from './habits.ts'
import type { Person } from './person.ts'
import type { Post } from './post.ts'

type Place = {
  readonly rules: Rules
  readonly post: Post
  readonly books: Books
  readonly habits: Habits
  readonly traits: ReadonlyMap<Person, Traits>
  readonly firstLetter: bigint
  readonly random: Chance
  readonly nowSeconds: () => number
  /** Have something happen so many seconds from now. */
  readonly after: (seconds: number, act: () => void) => void
  /** Whom attacks hear from. */
  readonly received: (letter: SimulatedLetter) => void
}

type Town = {
  /** One letter of the trace, by somebody to somebody. */
  readonly write: (from: Person, to: Person) => void
  /** A letter arrived; it is read when its recipient gets to it. */
  readonly deliver: (letter: SimulatedLetter | undefined) => void
  /** Those who read or wrote within the last seven days. */
  readonly present: () => Person[]
  readonly visit: (profile: Person, options: { readonly saysItGivesBack: boolean }) => void
}

const minuteSeconds = 60
const hourSeconds = 60 * minuteSeconds
const daySeconds = 24 * hourSeconds
const weekSeconds = 7 * daySeconds

export function createTown(place: Place): Town {
  const { rules, post, books, habits, traits, firstLetter, random, nowSeconds, after, received } = place
  const { chance, number } = random
  const seen = new Map<Person, number>()
  /** First letters that nobody answered yet, by who would answer whom; and when an address last answered by itself. */
  const unanswered = new Map<string, SimulatedLetter>()
  const answeredItself = new Map<string, number>()
  const most = (firstLetter * BigInt(Math.round(habits.paysAtMost * 100))) / 100n

  const note = (person: Person): void => void seen.set(person, nowSeconds())
  const knows = (person: Person, other: Person): boolean => post.exchanged(person, other).mine > 0
  const present = (): Person[] =>
    [...seen].filter(([, atSeconds]) => atSeconds > nowSeconds() - weekSeconds).map(([person]) => person)

  function arrive(person: Person): void {
    if (!person.identity) post.enrol(person)
  }
  function befriend(granter: Person, sender: Person): void {
    const { mine, theirs } = post.exchanged(granter, sender)
    if (mine < habits.grantAfter || theirs < habits.grantAfter) return
    if (!post.hasGrant({ granter, sender })) post.grant({ granter, sender })
  }
  /** What is worth giving back: what there is, unless that costs more than it brings. */
  const worthGiving = ({ credit }: SimulatedLetter): bigint => (credit > rules.inclusionFee ? credit : 0n)

  function value(letter: SimulatedLetter): void {
    post.judge(letter, 'value', traits.get(letter.to)!.givesBackValued ? worthGiving(letter) : 0n)
  }
  function flag(letter: SimulatedLetter, probability: number): boolean {
    if (!chance(probability) || !traits.get(letter.to)!.flags) return false
    post.judge(letter, chance(habits.abuseAmongFlags) ? 'abuse' : 'spam')
    return true
  }
  /** Whoever writes to somebody has answered what came from there. */
  function answerFirst(from: Person, to: Person): void {
    const key = `${to.name} ${from.name}`
    const first = unanswered.get(key)
    if (!first) return
    unanswered.delete(key)
    if (traits.get(from)!.givesBackAnswered && worthGiving(first) > 0n) post.giveBack(first, first.credit)
  }
  /** Answer what an attack wrote, as long as that costs no more than a person pays. */
  function answer({ from, to }: SimulatedLetter): void {
    after(traits.get(to)!.answersLate ? habits.lateDays * daySeconds : 0, () => {
      const sent = post.send({ from: to, to: from, kind: 'answer', most })
      if (!sent) return
      answerFirst(to, from)
      befriend(to, from)
      deliver(sent)
    })
  }
  function answerItself({ from, to }: SimulatedLetter): void {
    const key = `${to.name} ${from.name}`
    if ((answeredItself.get(key) ?? Number.NEGATIVE_INFINITY) > nowSeconds() - weekSeconds) return
    answeredItself.set(key, nowSeconds())
    after(minuteSeconds, () => deliver(post.send({ from: to, to: from, kind: 'answer', automatic: true, most })))
  }

  /** What is done with a letter that was opened. */
  const readers: Readonly<Record<SimulatedLetter['kind'], (letter: SimulatedLetter, isKnown: boolean) => void>> = {
    letter(letter, isKnown) {
      if (chance(isKnown ? habits.valuesFriend : habits.valuesStranger)) value(letter)
      else if (!isKnown && chance(habits.mistakes) && traits.get(letter.to)!.flags) post.judge(letter, 'spam')
    },
    answer: () => {},
    wash: () => {},
    lure(letter, isKnown) {
      if (!chance(isKnown ? habits.keepsAnswering : traits.get(letter.to)!.answersLure)) return
      if (chance(habits.valuesFriend)) value(letter)
      answer(letter)
    },
    spam(letter) {
      const parties = { granter: letter.to, sender: letter.from }
      flag(letter, habits.flagsSpam)
      if (post.hasGrant(parties) && chance(habits.revokesAfterSpam)) post.revoke(parties)
    },
    pitch(letter) {
      if (flag(letter, habits.flagsPitch)) return
      if (chance(habits.valuesStranger)) value(letter)
      if (chance(traits.get(letter.to)!.answersLure)) answer(letter)
    },
    issue(letter) {
      if (!flag(letter, habits.flagsIssue) && chance(habits.valuesIssue)) value(letter)
    },
    news(letter) {
      if (chance(habits.valuesNews)) value(letter)
    },
  }

  function read(letter: SimulatedLetter): void {
    const isKnown = knows(letter.to, letter.from)
    if (!isKnown && !traits.get(letter.to)!.opensStrangers) return
    note(letter.to)
    if (post.isOpen(letter)) books.opened(letter)
    readers[letter.kind](letter, isKnown)
  }
  const delaySeconds = (): number =>
    chance(habits.away)
      ? daySeconds + number(Math.max(1, (habits.awayDays - 1) * daySeconds))
      : 5 * minuteSeconds + number(Math.max(1, habits.readsWithinHours * hourSeconds - 5 * minuteSeconds))

  function deliver(letter: SimulatedLetter | undefined): void {
    if (!letter) return
    if (letter.to.side !== honest) {
      received(letter)
      return
    }
    if (letter.isFirst) unanswered.set(`${letter.from.name} ${letter.to.name}`, letter)
    // Between people of the trace nothing answers by itself that is not in the trace.
    // Nothing answers by itself what a program wrote (RFC 3834).
    const answersItself = letter.from.side !== honest && !letter.automatic && traits.get(letter.to)!.answersItself
    if (answersItself) answerItself(letter)
    after(delaySeconds(), () => read(letter))
  }

  return {
    write(from, to) {
      arrive(from)
      arrive(to)
      note(from)
      answerFirst(from, to)
      deliver(post.send({ from, to, kind: 'letter' }))
      befriend(from, to)
    },
    deliver,
    present,
    visit(profile, { saysItGivesBack }) {
      const around = present()
      if (around.length === 0) return
      for (let visitor = 0; visitor < habits.visitorsPerDay; visitor++) {
        const { received: letters, givenBack } = post.record(profile)
        if (saysItGivesBack && givenBack < habits.trustsRecordFrom * Math.max(1, letters)) continue
        deliver(post.send({ from: random.pick(around), to: profile, kind: 'answer', most }))
      }
    },
  }
}
