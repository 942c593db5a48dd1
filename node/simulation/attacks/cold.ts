/** Attacks that write to strangers, and to nobody else. */
import type { Attack } from '../attack.ts'
import { type Asked, enrolEach, enrolTogether, spam, thrifty } from './moves.ts'

export const oneAccount: Attack = {
  name: 'spam-one-account',
  about: 'Writes to strangers from one address, without a pass.',
  members: () => 1,
  begin: (scene) => ({ day: () => spam(scene, scene.members[0]!, scene.victims(), scene.plan.perDay) }),
}

export const manyAccounts: Attack = {
  name: 'spam-many-accounts',
  about: 'Writes to strangers from many addresses, a few letters each, without passes.',
  members: ({ perDay }) => Math.ceil(perDay / 4),
  begin(scene) {
    const asked: Asked = new Map()
    return {
      day() {
        const targets = scene.victims()
        for (const member of scene.members) thrifty(scene, member, { targets, count: 4, asked })
      },
    }
  },
}

export const freshPasses: Attack = {
  name: 'spam-fresh-passes',
  about: 'Enrols identities, and writes to strangers from four addresses each under passes of tier 0.',
  members: ({ perDay }) => 4 * Math.ceil(perDay / 16),
  begin(scene) {
    const { members } = scene
    const asked: Asked = new Map()
    return {
      day(day) {
        if (day === 0) for (let at = 0; at < members.length; at += 4) enrolTogether(scene, members.slice(at, at + 4))
        const targets = scene.victims()
        for (const member of members) thrifty(scene, member, { targets, count: 4, asked })
      },
    }
  },
}

export const whitewasher: Attack = {
  name: 'whitewasher',
  about: 'Spams under a pass, and sheds address and identity every week for new ones.',
  members: ({ days }) => Math.ceil(days / 7),
  begin(scene) {
    const asked: Asked = new Map()
    return {
      day(day) {
        const member = scene.members[Math.floor(day / 7)]!
        if (!member.identity) enrolEach(scene, [member])
        thrifty(scene, member, { targets: scene.victims(), count: 10, asked })
      },
    }
  },
}

export const hastyWhitewasher: Attack = {
  name: 'whitewasher-hasty',
  about: 'Spams under a pass, and takes a new address and identity as soon as its name makes letters dearer.',
  members: ({ days }) => days,
  begin(scene) {
    const asked: Asked = new Map()
    let at = 0
    return {
      day() {
        const member = scene.members[at]!
        if (!member.identity) enrolEach(scene, [member])
        const count = scene.plan.perDay
        if (thrifty(scene, member, { targets: scene.victims(), count, asked }) < count) at++
      },
    }
  },
}

/** The share of people who are on a newsletter's list. */
const listed = 0.1

export const unwantedNewsletter: Attack = {
  name: 'newsletter-unwanted',
  about: 'Sends an issue a week to the same people, who did not ask for it.',
  members: () => 1,
  begin(scene) {
    const { members, people, random, send, firstLetter } = scene
    const list = people.filter(() => random.chance(listed))
    return {
      day(day) {
        if (day === 0) enrolEach(scene, members)
        if (day % 7 === 0) for (const to of list) send({ from: members[0]!, to, kind: 'issue', most: 2n * firstLetter })
      },
    }
  },
}

/** No attack: a newsletter whose readers asked for it and granted it, to see what it costs. */
export const wantedNewsletter: Attack = {
  name: 'newsletter-wanted',
  about: 'Sends an issue a week to people who asked for it, and granted it.',
  members: () => 1,
  begin(scene) {
    const { members, people, random, send, grant } = scene
    const list = people.filter(() => random.chance(listed))
    return {
      day(day) {
        if (day === 0) {
          enrolEach(scene, members)
          for (const granter of list) grant({ granter, sender: members[0]! })
        }
        if (day % 7 === 0) for (const to of list) send({ from: members[0]!, to, kind: 'news' })
      },
    }
  },
}
