/** The passes of each pseudonym: which of them people have taken, and among whom they are told that it hides. */

/** Which passes the daemon takes for a pseudonym by itself, and which it shows. */
export type Habit = {
  /** Whether one is taken in every epoch, and not only while the pseudonym is in use. */
  readonly warm: boolean
  /** In how many of a hundred epochs none is taken; which ones is drawn for each pseudonym by itself. */
  readonly skipPercent: number
  /** At which tier: the best that hides among enough; that one, but none above `tier`; or `tier` and no other. */
  readonly show: 'best' | 'at-most' | 'exactly'
  /** 0 where the best is shown. */
  readonly tier: number
}

/**
 * Among whom a pseudonym hides, over all closed epochs in which it had a pass. Everything is counted in the public log. It is
 * counted in pseudonyms, because the log does not say whose they are. People who were there and showed no pass cannot be
 * counted, so a pseudonym may hide among more than these.
 */
export type Presence = {
  /** How many epochs these are, and the first of them; 0 and null where there was none yet. */
  readonly epochs: number
  readonly since: number | null
  /** Pseudonyms, this one counted, that had a pass in each of them, whatever they had in others. */
  readonly present: number
  /** Of those, the ones whose pass had the tier of this one’s and named its checkpoint, each time. */
  readonly alike: number
  /** Of those that were present, the ones that had a pass in no other epoch since the first. */
  readonly exactly: number
  /** Labels of our other pseudonyms that are among `exactly`: whoever looks on sees them come and go together. */
  readonly twins: readonly string[]
  /** How many identities the pseudonyms that were present belong to at least: each has four passes in an epoch. */
  readonly identitiesLeast: number
  /** How many identities can have been there in each of these epochs at most: the fewest renewals that one of them had. */
  readonly identitiesMost: number
  /** What is to be done where the pseudonym is to be kept apart from our others. */
  readonly advice: string
}

/** What a pass burns in the present epoch, in the smallest unit; it doubles as an epoch fills. */
export type PassFee = {
  /** What is asked of one that is settled now. */
  readonly now: string
  /** What the next one burns: as much as is asked at the latest, because others may take theirs before it. */
  readonly most: string
  /** Passes that were taken in this epoch, of all people, and with how many it doubles the next time. */
  readonly taken: number
  readonly doublesAt: number
}

/** Where a pass that was asked for stands: here, being proven, or not before something; `at` is when that is, if it is known. */
export type PassTaking = {
  readonly state: 'taken' | 'coming' | 'later'
  readonly note: string
  readonly at: number | null
}

/** What one of our pseudonyms shows of the reputation behind it. */
export type NameView = {
  readonly label: string
  readonly address: string
  /** At which tier its pass is taken, and why; null before the first renewal of this epoch, and where it shows none. */
  readonly takes: { readonly tier: number; readonly why: string } | null
  /** Why no pass is taken for it in this epoch; empty where one is, or was. */
  readonly rests: string
  readonly habit: Habit
  readonly presence: Presence
}
