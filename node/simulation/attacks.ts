/**
 * The library of attacks: what those do who want something from the network other than to write letters. Each is a side
 * of its own, with money of its own, and does its work once a day.
 */
import type { SimulatedLetter } from './books.ts'
import type { Chance } from './chance.ts'
import { createIdentity, createPerson, type Person } from './person.ts'
import type { Post } from './post.ts'
import { habits, type Town } from './town.ts'
import type { World } from './world.ts'

/** What an attack is made of, before its network begins. `perDay` is how many messages it wants to send. */
type Plan = { readonly perDay: number; readonly days: number }

/** What it works with. */
type Scene = {
  readonly world: World
  readonly post: Post
  readonly town: Town
  readonly victims: readonly Person[]
  readonly random: Chance
}

export type Attack = {
  readonly name: string
  /** What it does, in a sentence. */
  readonly about: string
  readonly isCold: boolean
  readonly members: readonly Person[]
  /** Its work on its day 0, 1, 2 …; before that, nothing happens. */
  readonly begin: (scene: Scene) => (day: number) => void
}

/** Everything that is tried. */
export const attacksOf = (plan: Plan): Attack[] => [
  spammer(plan),
  manyAccounts(plan),
  freshPasses(plan),
  whitewasher(plan),
  newsletter(plan),
  washRing(plan),
  reputationBuyer(plan),
  extortionist(plan),
  launderer(plan),
  baitInbox(plan),
]

/** Messages to strangers a day of who does not hurry. */
const unhurried = 10

const crew = (side: string, count: number): Person[] =>
  Array.from({ length: Math.max(1, count) }, (_, at) => createPerson(`${side} ${at}`, { side }))

const spam = ({ post, town, victims, random }: Scene, from: Person): void =>
  town.deliver(post.send({ from, to: random.pick(victims), kind: 'spam' }))

/** One identity behind several addresses: one enrolment for all of them. */
function enrolTogether({ post }: Scene, [first, ...others]: readonly Person[]): void {
  const identity = createIdentity(first!.name)
  post.enrol(first!, identity)
  for (const member of others) member.identity = identity
}

const enrolAll = ({ post }: Scene, members: readonly Person[]): void => {
  for (const member of members) post.enrol(member, createIdentity(member.name))
}

function spammer({ perDay }: Plan): Attack {
  const members = crew('spam-one-account', 1)
  return {
    name: 'spam-one-account',
    about: 'Writes to strangers from one address, without a pass.',
    isCold: true,
    members,
    begin: (scene) => () => times(perDay, () => spam(scene, members[0]!)),
  }
}

function manyAccounts({ perDay }: Plan): Attack {
  const members = crew('spam-many-accounts', Math.ceil(perDay / 4))
  return {
    name: 'spam-many-accounts',
    about: 'Writes to strangers from many addresses, without passes.',
    isCold: true,
    members,
    begin: (scene) => () => {
      const each = Math.min(4, unhurried)
      for (const member of members) times(each, () => spam(scene, member))
    },
  }
}

function freshPasses({ perDay }: Plan): Attack {
  const members = crew('spam-fresh-passes', 4 * Math.ceil(perDay / 16))
  return {
    name: 'spam-fresh-passes',
    about: 'Enrols identities, and writes to strangers from four addresses each under passes of tier 0.',
    isCold: true,
    members,
    begin: (scene) => (day) => {
      if (day === 0) for (let at = 0; at < members.length; at += 4) enrolTogether(scene, members.slice(at, at + 4))
      for (const member of members) times(Math.min(4, unhurried), () => spam(scene, member))
    },
  }
}

function whitewasher({ days }: Plan): Attack {
  const members = crew('whitewasher', Math.ceil(days / 7))
  return {
    name: 'whitewasher',
    about: 'Spams under a pass, and sheds address and identity every week for new ones.',
    isCold: true,
    members,
    begin: (scene) => (day) => {
      const member = members[Math.min(members.length - 1, Math.floor(day / 7))]!
      if (!member.identity) enrolAll(scene, [member])
      times(unhurried, () => spam(scene, member))
    },
  }
}

function newsletter({ perDay }: Plan): Attack {
  const [editor] = crew('newsletter-unwanted', 1) as [Person]
  return {
    name: 'newsletter-unwanted',
    about: 'Sends an issue a week to the same people, who did not ask for it.',
    isCold: false,
    members: [editor],
    begin: (scene) => {
      const list = scene.victims.filter(() => scene.random.chance((4 * perDay) / scene.victims.length))
      return (day) => {
        if (day === 0) enrolAll(scene, [editor])
        if (day % 7 === 0)
          for (const to of list) scene.town.deliver(scene.post.send({ from: editor, to, kind: 'issue' }))
      }
    },
  }
}

/** Everybody writes to the next but `step` and is told that it was worth it. */
function wash({ post }: Scene, members: readonly Person[], step: number): void {
  for (const [at, from] of members.entries()) {
    const to = members[(at + 1 + (step % (members.length - 1))) % members.length]!
    const letter = post.send({ from, to, kind: 'wash' })
    if (letter) post.judge(letter, 'value')
  }
}

function washRing(_plan: Plan): Attack {
  const members = crew('wash-ring', 8)
  return {
    name: 'wash-ring',
    about: 'Eight identities of one person write to each other and value it, to gain reputation.',
    isCold: false,
    members,
    begin: (scene) => (day) => {
      if (day === 0) enrolAll(scene, members)
      wash(scene, members, day)
    },
  }
}

function reputationBuyer({ days }: Plan): Attack {
  const members = crew('reputation-buyer', 4)
  return {
    name: 'reputation-buyer',
    about: 'One identity values itself from four addresses, waits until that is folded, and spends it all on spam.',
    isCold: false,
    members,
    begin: (scene) => (day) => {
      if (day === 0) enrolTogether(scene, members)
      if (day < 4) return wash(scene, members, day)
      // What was valued in one epoch is folded in the next but one; three weeks of four are enough.
      if (day >= Math.floor((days * 3) / 4)) for (const member of members) times(unhurried, () => spam(scene, member))
    },
  }
}

/** A few lures a day; every answer is the attack's business. */
function luring(
  side: string,
  { perDay }: Plan,
  answered: (scene: Scene, member: Person, answer: SimulatedLetter) => void,
) {
  const [member] = crew(side, 1) as [Person]
  return {
    name: side,
    isCold: false,
    members: [member],
    begin: (scene: Scene) => {
      scene.town.listeners.set(side, (answer) => answered(scene, member, answer))
      return (day: number) => {
        if (day === 0) enrolAll(scene, [member])
        const lures = Math.min(Math.ceil(perDay / 4), unhurried)
        times(lures, () =>
          scene.town.deliver(scene.post.send({ from: member, to: scene.random.pick(scene.victims), kind: 'lure' })),
        )
      }
    },
  }
}

function baitInbox(plan: Plan): Attack {
  return {
    ...luring('bait-inbox', plan, (scene, member, { from }) =>
      // Whoever answered once may answer again, and pays each time.
      scene.town.deliver(scene.post.send({ from: member, to: from, kind: 'lure' })),
    ),
    about: 'Writes what looks like a letter to strangers, and lives on what their answers pay.',
  }
}

function extortionist(plan: Plan): Attack {
  return {
    ...luring('flag-extortion', plan, ({ post, world, random }, member, answer) => {
      const { lambda, abuse, kappa } = world.rules.reputation
      post.judge(answer, 'abuse')
      // The most that a flag on this answer costs is what it takes to burn the same standing together again.
      const ransom = (answer.fee * lambda * abuse) / (kappa * 10_000n)
      if (random.chance(habits.paysRansom)) post.transfer({ from: answer.from, to: member }, ransom)
    }),
    about: 'Lures people into an answer, flags it as abuse, and asks for a ransom.',
  }
}

function launderer(plan: Plan): Attack {
  const friends = new Set<Person>()
  const base = luring('free-list-launderer', plan, ({ post, town }, member, { from }) => {
    // Friendly until the grant is there; from then on its advertisements go out on it.
    if (post.hasGrant({ granter: from, sender: member })) friends.add(from)
    else town.deliver(post.send({ from: member, to: from, kind: 'lure' }))
  })
  return {
    ...base,
    about: 'Makes friends until they grant it to write free, then sends them spam until they take it back.',
    begin(scene) {
      const lure = base.begin(scene)
      return (day) => {
        lure(day)
        for (const friend of friends)
          if (!scene.post.hasGrant({ granter: friend, sender: base.members[0]! })) friends.delete(friend)
          else scene.town.deliver(scene.post.send({ from: base.members[0]!, to: friend, kind: 'spam' }))
      }
    },
  }
}

/** No attack: a newsletter whose readers asked for it and granted it, to see what it costs. */
export function wantedNewsletter({ perDay }: Plan): Attack {
  const [editor] = crew('newsletter-wanted', 1) as [Person]
  return {
    name: 'newsletter-wanted',
    about: 'Sends an issue a week to people who asked for it, and granted it.',
    isCold: false,
    members: [editor],
    begin: ({ post, town, victims, random }) => {
      const list = victims.filter(() => random.chance((4 * perDay) / victims.length))
      return (day) => {
        if (day === 0) {
          post.enrol(editor, createIdentity(editor.name))
          for (const granter of list) post.grant({ granter, sender: editor })
        }
        if (day % 7 === 0) for (const to of list) town.deliver(post.send({ from: editor, to, kind: 'news' }))
      }
    },
  }
}

function times(count: number, act: () => void): void {
  for (let at = 0; at < count; at++) act()
}
