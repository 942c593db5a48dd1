/** Attacks that buy themselves a good name first. */
import type { Attack, Scene } from '../attack.ts'
import { type Asked, enrolEach, enrolTogether, thrifty, wash } from './moves.ts'

export const washRing: Attack = {
  name: 'wash-ring',
  about: 'Eight identities of one person write to each other and value it, to gain reputation.',
  members: () => 8,
  begin: (scene) => ({
    day(day) {
      if (day === 0) enrolEach(scene, scene.members)
      wash(scene, scene.members, day)
    },
  }),
}

export const reputationBuyer: Attack = {
  name: 'reputation-buyer',
  about:
    'One identity values itself from four addresses for days, waits until that is folded, and spends it all on spam.',
  members: () => 4,
  begin(scene) {
    const asked: Asked = new Map()
    return {
      day(day) {
        if (day === 0) enrolTogether(scene, scene.members)
        if (day < 4) return wash(scene, scene.members, day)
        // What was valued in one epoch is folded in the next but one; three weeks of four are enough.
        if (day < Math.floor((scene.plan.days * 3) / 4)) return
        const targets = scene.victims()
        for (const member of scene.members) thrifty(scene, member, { targets, count: 10, asked })
      },
    }
  },
}

/** Of one identity with four addresses, each two value a letter once: that makes it a tier two epochs later. */
function buyTier(scene: Scene): number {
  const { members, world } = scene
  enrolTogether(scene, members)
  wash(scene, members.slice(0, 2), 0)
  wash(scene, members.slice(2, 4), 0)
  return world.meta().epoch + 2
}

export const tierBuyer: Attack = {
  name: 'tier-buyer',
  about:
    'Values itself twice, and two epochs later writes under eight keys of that one name, each until it is demoted.',
  members: () => 4,
  begin(scene) {
    const asked: Asked = new Map()
    let from = 0
    return {
      day(day) {
        if (day === 0) from = buyTier(scene)
        const { epoch } = scene.world.meta()
        if (epoch !== from && epoch !== from + 1) return
        const targets = scene.victims()
        for (const member of scene.members) thrifty(scene, member, { targets, count: scene.plan.perDay, asked })
      },
    }
  },
}

export const burst: Attack = {
  name: 'burst',
  about: 'Buys a tier, and sends a month of spam under its keys within one batch, before anybody can flag it.',
  members: () => 4,
  begin(scene) {
    const asked: Asked = new Map()
    let from = 0
    let isOver = false
    return {
      day(day) {
        if (day === 0) from = buyTier(scene)
        if (isOver || scene.world.meta().epoch < from) return
        isOver = true
        const { plan } = scene
        const targets = scene.victims()
        const count = Math.ceil((plan.perDay * plan.days) / scene.members.length)
        for (const member of scene.members) thrifty(scene, member, { targets, count, asked })
      },
    }
  },
}
