/** Release messages that say one lock key, which everybody has, 255 times. */
import { ReleasedKey, ReleasesRequest, Release } from '../../protocol/gossip.ts'
import type { Attack } from './attack.ts'
import { needed, pause } from './measure.ts'

const repeats = 255

export const lockKeyRepeats: Attack = {
  name: 'lock-key-repeats',
  what: '200 release messages of 255 lock keys each, all of them known',
  victim: 'relay2',
  async strike(mallory) {
    const peer = await mallory.peer(['relay2'])
    const known = await needed('locks were opened', 60_000, async () => {
      const keys: { message: Uint8Array; lockKey: Uint8Array }[] = []
      const ask = ReleasesRequest.encode({ from: 0n })
      for await (const bytes of peer.request(peer.peers()[0]!, mallory.streams.releases, ask, { timeoutMs: 10_000 })) {
        const { message, lockKey } = ReleasedKey.decode(bytes)
        keys.push({ message, lockKey })
      }
      return keys.length >= 2 && keys
    })
    const [one, other] = known
    await pause(2_000)
    await mallory.begin()
    // Which of the two stands where is what makes each message another.
    const message = (at: number) =>
      Array.from({ length: repeats }, (_, place) => (place < 16 && (at >> place) & 1 ? other! : one!))
    for (let at = 0; at < 200; at++) {
      const release = Release.encode({ TAG: 'lockKeys', data: { keys: message(at) } })
      await mallory.tell(peer, mallory.topics.releases, release)
      await pause(20)
    }
    await pause(mallory.seconds * 1_000)
  },
}
