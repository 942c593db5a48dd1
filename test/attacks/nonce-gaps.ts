/** Ops that leave out a nonce, so that nobody can use them, from accounts that could pay. */
import type { Attack } from './attack.ts'
import { pause } from './measure.ts'

export const nonceGaps: Attack = {
  name: 'nonce-gaps',
  what: '3,000 ops of 12 accounts, all of them behind a nonce that never comes',
  victim: 'relay2',
  async strike(mallory) {
    const accounts = await mallory.accounts(12)
    const peer = await mallory.peer(['relay2'])
    const [, reader] = mallory.people
    await pause(2_000)
    await mallory.begin()
    for (let at = 0; at < 3_000; at++) {
      const by = accounts[at % accounts.length]!
      const nonce = by.nonce + 1n + BigInt(at) / 12n
      const op = mallory.op(by, { TAG: 'transfer', data: { to: reader!, amount: 1n } }, { at: nonce })
      await mallory.tell(peer, mallory.topics.ops, op)
      if (at % 50 === 49) await pause(100)
    }
    await pause(mallory.seconds * 1_000)
  },
}
