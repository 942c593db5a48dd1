/** Release messages about messages that nobody knows, and shares that no keeper signed. */
import { Release } from '../../protocol/gossip.ts'
import type { Attack } from './attack.ts'
import { random } from './mallory.ts'
import { pause } from './measure.ts'

export const unknownReleases: Attack = {
  name: 'unknown-releases',
  what: '300 release messages of 255 lock keys of no message, and 300 of 255 shares that nobody signed',
  victim: 'relay2',
  async strike(mallory) {
    const peer = await mallory.peer(['relay2'])
    const { version } = mallory.file.rules.keepers
    await pause(2_000)
    await mallory.begin()
    for (let at = 0; at < 300; at++) {
      const keys = Array.from({ length: 255 }, () => ({ message: random(32), lockKey: random(32) }))
      await mallory.tell(peer, mallory.topics.releases, Release.encode({ TAG: 'lockKeys', data: { keys } }))
      const shares = Array.from({ length: 255 }, () => ({ message: random(32), share: random(33) }))
      const signature = random(64).fill(1, 0, 1).fill(1, 32, 33)
      const data = { keeperSet: version, keeper: at % 3, shares, signature }
      await mallory.tell(peer, mallory.topics.releases, Release.encode({ TAG: 'shares', data }))
      await pause(15)
    }
    await pause(mallory.seconds * 1_000)
  },
}
