/** Moves that several attacks make. */
import type { Person } from '../person.ts'
import type { Scene } from '../attack.ts'

export function times(count: number, act: (at: number) => void): void {
  for (let at = 0; at < count; at++) act(at)
}

/** One identity behind several addresses: one enrolment for all of them. */
export const enrolTogether = ({ enrol }: Scene, [first, ...others]: readonly Person[]): void => enrol(first!, ...others)

export const enrolEach = ({ enrol }: Scene, members: readonly Person[]): void => {
  for (const member of members) enrol(member)
}

/** Write to so many people drawn from some, whatever it costs. */
export function spam({ send, random }: Scene, from: Person, targets: readonly Person[], count: number): void {
  times(count, () => send({ from, to: random.pick(targets), kind: 'spam' }))
}

/** The least that each address was asked for a letter to a stranger. */
export type Asked = Map<Person, bigint>

/** How often an address may find a stranger too dear before it stops for the day, and how many it looks at for each letter. */
const dearMax = 4
const looksMax = 8

/**
 * Write to people drawn from some, to each once, for as long as that costs no more than a quarter above the least that the
 * address was ever asked. Returns how many letters went out.
 */
export function thrifty(
  { send, price, exchanged, random }: Scene,
  from: Person,
  { targets, count, asked }: { readonly targets: readonly Person[]; readonly count: number; readonly asked: Asked },
): number {
  let sent = 0
  let dear = 0
  for (let looks = looksMax * count; looks > 0 && sent < count && dear < dearMax; looks--) {
    const letter = { from, to: random.pick(targets), kind: 'spam' } as const
    if (exchanged(from, letter.to).mine > 0) continue
    const now = price(letter)
    const least = asked.get(from) ?? now
    if (now === undefined || least === undefined || now * 4n > least * 5n) {
      dear++
      continue
    }
    asked.set(from, now < least ? now : least)
    if (send(letter)) sent++
    else dear++
  }
  return sent
}

/** Send so many advertisements to somebody, for as long as each costs less than a quarter of a first letter. */
export function milk(
  { send, firstLetter }: Scene,
  { from, to, count }: { readonly from: Person; readonly to: Person; readonly count: number },
): void {
  for (let left = count; left > 0 && send({ from, to, kind: 'spam', most: firstLetter / 4n }); ) left--
}

/** Everybody writes to the next but `step` and is told that it was worth it. */
export function wash({ send, judge }: Scene, members: readonly Person[], step: number): void {
  for (const [at, from] of members.entries()) {
    const to = members[(at + 1 + (step % (members.length - 1))) % members.length]!
    const letter = send({ from, to, kind: 'wash' })
    if (letter) judge(letter, 'value')
  }
}
