/** Attacks that talk with people as a person would, and advertise to those who go on answering. */
import type { Attack, Scene, Work } from '../attack.ts'
import type { Person } from '../person.ts'
import { enrolEach, milk, times } from './moves.ts'

/** For so many days it is friendly; then it sends what the answers have paid for, all at once. */
const friendlyDays = 21

/** Talks with whoever answers; then each of them gets all that is still cheap, within one batch. */
function talking(scene: Scene, lure: (from: Person) => void): Work {
  const [from] = scene.members as [Person]
  const friends = new Set<Person>()
  let isOver = false
  return {
    day(day) {
      if (day === 0) enrolEach(scene, [from])
      if (day < friendlyDays) return lure(from)
      if (isOver) return
      isOver = true
      for (const to of friends) milk(scene, { from, to, count: 12 })
    },
    received(letter) {
      if (isOver) return
      friends.add(letter.from)
      scene.send({ from, to: letter.from, kind: 'lure', most: scene.firstLetter / 4n })
    },
  }
}

export const patientFriend: Attack = {
  name: 'patient-friend',
  about: 'Talks for three weeks with whoever answers, and then sends all at once what their answers paid for.',
  members: () => 1,
  begin: (scene) =>
    talking(scene, (from) => {
      const targets = scene.victims()
      times(Math.ceil(scene.plan.perDay / 4), () => scene.send({ from, to: scene.random.pick(targets), kind: 'lure' }))
    }),
}

export const patientFriendByRecord: Attack = {
  name: 'patient-friend-by-record',
  about: 'The same, with the few whose record says most that they answer strangers and give back.',
  members: () => 1,
  begin(scene) {
    const asked = new Set<Person>()
    return talking(scene, (from) => {
      const ranked = scene
        .victims()
        .filter((person) => !asked.has(person))
        .map((person) => ({ person, rank: friendliness(scene.record(person)) }))
        .filter(({ rank }) => rank > 1)
        .sort((a, b) => b.rank - a.rank)
      for (const { person } of ranked.slice(0, Math.ceil(scene.plan.perDay / 8))) {
        asked.add(person)
        scene.send({ from, to: person, kind: 'lure' })
      }
    })
  },
}

/** How many answers and givings back there are for a stranger's letter, by a record of at least three of them. */
const friendliness = ({ received, answered, givenBack }: ReturnType<Scene['record']>): number =>
  received < 3 ? 0 : (answered + givenBack) / received

export const automaticLures: Attack = {
  name: 'lures-marked-automatic',
  about:
    'Lures people into answers, by hand or at once by letters that are marked as a program’s, marks all that follow, and asks a high fee of strangers: so each answer might cost one.',
  members: () => 1,
  begin(scene) {
    const [from] = scene.members as [Person]
    const { send, policy, victims, random, plan, firstLetter } = scene
    return {
      day(day) {
        if (day === 0) {
          enrolEach(scene, [from])
          policy(from, { leastTier: 0, leastFee: (firstLetter * 19n) / 10n })
        }
        const targets = victims()
        times(Math.ceil(plan.perDay / 4), () =>
          send({ from, to: random.pick(targets), kind: 'lure', automatic: random.chance(0.5) }),
        )
      },
      received: (letter) => void send({ from, to: letter.from, kind: 'lure', automatic: true, most: firstLetter / 4n }),
    }
  },
}

export const profileThatSpams: Attack = {
  name: 'fake-profile-that-spams',
  about: 'Is somebody whom people write to by themselves, and sends two advertisements to each who does.',
  members: () => 1,
  begin(scene) {
    const [profile] = scene.members as [Person]
    return {
      day(day) {
        if (day === 0) enrolEach(scene, [profile])
        scene.visit(profile, { saysItGivesBack: false })
      },
      received: ({ from }) => milk(scene, { from: profile, to: from, count: 2 }),
    }
  },
}
