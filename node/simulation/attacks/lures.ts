/** Attacks that make themselves known to people, to reach them more cheaply than a stranger does. */
import type { Attack, Scene, Work } from '../attack.ts'
import type { Person } from '../person.ts'
import { enrolEach, enrolTogether, milk, times } from './moves.ts'

/** How many lures one writes a day. */
const luresPerDay = ({ plan }: Scene): number => Math.ceil(plan.perDay / 4)

/** Enrols, and writes a few lures a day to people drawn from those who are around. */
export function luring(scene: Scene): Work {
  const [from] = scene.members as [Person]
  return {
    day(day) {
      if (day === 0) enrolEach(scene, [from])
      const targets = scene.victims()
      times(luresPerDay(scene), () => scene.send({ from, to: scene.random.pick(targets), kind: 'lure' }))
    },
  }
}

export const baitInbox: Attack = {
  name: 'bait-inbox',
  about: 'Writes what looks like a letter to strangers, and lives on what their answers pay.',
  members: () => 1,
  begin: (scene) => ({
    ...luring(scene),
    // Whoever answered once may answer again, and pays each time.
    received: ({ from, to }) => void scene.send({ from: to, to: from, kind: 'lure' }),
  }),
}

/** Does something every day to become acquainted, and sends so many advertisements a day to those who answered, as long as they are cheap. */
function milking(scene: Scene, { contact, count = 12 }: { contact: Work['day']; count?: number }): Work {
  const [from] = scene.members as [Person]
  const contacts = new Set<Person>()
  return {
    day(day) {
      if (day === 0) enrolEach(scene, [from])
      contact(day)
      for (const to of contacts) milk(scene, { from, to, count })
    },
    received: (letter) => void contacts.add(letter.from),
  }
}

export const lureAndSpam: Attack = {
  name: 'lure-and-spam',
  about:
    'Writes what looks like a letter to strangers, and sends spam to those who answer for as long as that is cheap.',
  members: () => 1,
  begin(scene) {
    const lures = luring(scene)
    return milking(scene, { contact: (day) => day > 0 && lures.day(day) })
  },
}

export const automaticAnswers: Attack = {
  name: 'automatic-answers',
  about:
    'Writes to addresses that are known to answer by themselves, and sends them spam for as long as that is cheap.',
  members: () => 1,
  begin(scene) {
    const [from] = scene.members as [Person]
    const asked = new Set<Person>()
    const known = scene.people.filter(scene.answersItself)
    return milking(scene, {
      // One a day, so that it is still cheap when it brings the answer of the next week.
      count: 1,
      contact() {
        const next = known.filter((person) => !asked.has(person)).slice(0, luresPerDay(scene))
        for (const to of next) {
          asked.add(to)
          scene.send({ from, to, kind: 'spam' })
        }
      },
    })
  },
}

export const sleepingList: Attack = {
  name: 'sleeping-list',
  about: 'Writes to a list once, and every year again for as long as that is cheap, though nobody ever answered.',
  members: () => 4,
  days: () => [0, 365, 730, 1_095, 1_460],
  begin(scene) {
    const { members, victims, random, send, plan, firstLetter } = scene
    const list: { readonly from: Person; readonly to: Person }[] = []
    return {
      day(day) {
        if (day > 0) for (const known of list) milk(scene, { ...known, count: 12 })
        if (day > 0) return
        enrolTogether(scene, members)
        const targets = victims()
        times(2 * plan.perDay, (at) => {
          const pair = { from: members[at % members.length]!, to: random.pick(targets) }
          // Each address as many as it gets at the usual price.
          if (send({ ...pair, kind: 'spam', most: (firstLetter * 5n) / 4n })) list.push(pair)
        })
      },
    }
  },
}

export const launderer: Attack = {
  name: 'free-list-launderer',
  about: 'Makes friends until they grant it to write free, then sends them spam until they take it back.',
  members: () => 1,
  begin(scene) {
    const lures = luring(scene)
    const [sender] = scene.members as [Person]
    const friends = new Set<Person>()
    return {
      day(day) {
        lures.day(day)
        for (const granter of friends)
          if (!scene.hasGrant({ granter, sender })) friends.delete(granter)
          else scene.send({ from: sender, to: granter, kind: 'spam' })
      },
      received({ from: granter }) {
        // Friendly until the grant is there; from then on its advertisements go out on it.
        if (scene.hasGrant({ granter, sender })) friends.add(granter)
        else scene.send({ from: sender, to: granter, kind: 'lure' })
      },
    }
  },
}

/** Advertises to those first who stand best by something in their record, and goes on with those who answer. */
function advertising(scene: Scene, worth: (record: ReturnType<Scene['record']>) => number): Work {
  const [from] = scene.members as [Person]
  const asked = new Set<Person>()
  return milking(scene, {
    contact() {
      const ranked = scene
        .victims()
        .filter((person) => !asked.has(person))
        .map((person) => ({ person, record: scene.record(person) }))
        .map(({ person, record }) => ({ person, rank: record.received > 0 ? worth(record) / record.received : 0 }))
        .sort((a, b) => b.rank - a.rank)
      for (const { person } of ranked.slice(0, luresPerDay(scene))) {
        asked.add(person)
        scene.send({ from, to: person, kind: 'pitch' })
      }
    },
  })
}

export const toAnswerers: Attack = {
  name: 'advertise-to-answerers',
  about: 'Advertises to those whose record says that they answer strangers, and goes on with those who do.',
  members: () => 1,
  begin: (scene) => advertising(scene, ({ answered }) => answered),
}

export const toGivers: Attack = {
  name: 'advertise-to-givers',
  about: 'Advertises to those whose record says that they give back, and goes on with those who answer.',
  members: () => 1,
  begin: (scene) => advertising(scene, ({ givenBack }) => givenBack),
}
