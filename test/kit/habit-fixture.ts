/** How one pseudonym lives, and what whoever looks on finds of it. */
import type { Habit, Presence } from '../../node/habit.ts'

export const habit: Habit = { warm: false, skipPercent: 0, show: 'best', tier: 0 }

export const presence: Presence = {
  epochs: 5,
  since: 1,
  present: 31,
  alike: 12,
  exactly: 3,
  twins: ['shop'],
  identitiesLeast: 8,
  identitiesMost: 57,
  advice: 'It was there in exactly the same epochs as “shop”.',
}
