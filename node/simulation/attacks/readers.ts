/** Attacks that live on being read or written to: on fees for answers, verdicts, policies, and what a record promises. */
import { scoreOne } from '../../../protocol/reputation.ts'
import { timesOne } from '../../../protocol/rules.ts'
import type { Attack } from '../attack.ts'
import type { Person } from '../person.ts'
import { luring } from './lures.ts'
import { enrolEach, times } from './moves.ts'

export const flagExtortion: Attack = {
  name: 'flag-extortion',
  about: 'Lures people into answers, flags each as abuse, and asks for a ransom.',
  members: () => 1,
  begin(scene) {
    const [member] = scene.members as [Person]
    const { world, judge, transfer, send, paysRansom } = scene
    return {
      ...luring(scene),
      received(answer) {
        const { negative } = judge(answer, 'abuse')
        // The most that a flag costs is what it takes to burn the same standing together again.
        const ransom = (negative * world.meta().basePrice * timesOne) / (world.rules.reputation.kappa * scoreOne)
        if (ransom > 0n && paysRansom()) transfer({ from: answer.from, to: member }, ransom)
        send({ from: member, to: answer.from, kind: 'lure' })
      },
    }
  },
}

export const withheldVerdicts: Attack = {
  name: 'verdict-withheld',
  about: 'Lures people into answers, and values those alone whose writers pay what that is worth.',
  members: () => 1,
  begin(scene) {
    const [member] = scene.members as [Person]
    return {
      ...luring(scene),
      received(answer) {
        const worth = answer.burned
        if (worth > 0n && scene.paysRansom()) {
          scene.transfer({ from: answer.from, to: member }, worth)
          scene.judge(answer, 'value')
        }
        scene.send({ from: member, to: answer.from, kind: 'lure' })
      },
    }
  },
}

export const raisedPolicy: Attack = {
  name: 'policy-raised',
  about: 'Lures people into an answer, flags it to be a stranger again, and asks a high fee of the next one.',
  members: () => 1,
  begin(scene) {
    const [member] = scene.members as [Person]
    const lures = luring(scene)
    return {
      day(day) {
        if (day === 0) scene.policy(member, { leastTier: 0, leastFee: (scene.firstLetter * 3n) / 2n })
        lures.day(day)
      },
      received(answer) {
        // Flagged last, because whoever writes to somebody is acquainted with them again.
        scene.send({ from: member, to: answer.from, kind: 'lure' })
        scene.judge(answer, 'spam')
      },
    }
  },
}

export const fakeProfile: Attack = {
  name: 'fake-profile',
  about: 'Is somebody whom people write to by themselves, and keeps what their letters bring.',
  members: () => 1,
  begin: ({ visit, members }) => ({ day: () => visit(members[0]!, { saysItGivesBack: false }) }),
}

export const forgedProfile: Attack = {
  name: 'fake-profile-forged',
  about:
    'Writes to itself as strangers do and gives that back, so that its record promises what those who come do not get.',
  members: () => 5,
  begin(scene) {
    const [profile, ...strangers] = scene.members as [Person, ...Person[]]
    const { send, judge, visit } = scene
    const forge = (from: Person): void => {
      const letter = send({ from, to: profile, kind: 'wash' })
      if (letter) judge(letter, 'value', letter.credit)
    }
    return {
      day(day) {
        if (day === 0) for (const stranger of strangers) enrolEach(scene, [stranger])
        times(day === 0 ? 5 : 1, () => strangers.forEach(forge))
        visit(profile, { saysItGivesBack: true })
      },
    }
  },
}
