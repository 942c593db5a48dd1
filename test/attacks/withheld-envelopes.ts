/** Sends whose envelopes are too large to travel along, and are never given to whoever asks for them. */
import { Mail, shardOf } from '../../protocol/gossip.ts'
import type { Attack } from './attack.ts'
import { random } from './mallory.ts'
import { pause } from './measure.ts'

const count = 96
const never = new Promise<never>(() => undefined)

export const withheldEnvelopes: Attack = {
  name: 'withheld-envelopes',
  what: '96 sends of 64 KiB from as many accounts, whose envelopes never come',
  victim: 'relay2',
  async strike(mallory) {
    const accounts = await mallory.accounts(count)
    const peer = await mallory.peer(['relay2'], (own) =>
      own.serve(mallory.streams.envelopes, async function* () {
        yield await never
      }),
    )
    const [, reader] = mallory.people
    const topic = mallory.topics.mail(shardOf(reader!, mallory.file.rules.mailShards))
    await pause(2_000)
    await mallory.begin()
    for (const by of accounts) {
      const data = {
        recipients: [reader!],
        envelopeHash: random(32),
        sizeClass: 6,
        lifetimeDays: 30,
        keeperSet: mallory.file.rules.keepers.version,
        epochKey: undefined,
        automatic: false,
      }
      const op = mallory.op(by, { TAG: 'send', data }, { each: 10n ** 9n })
      await mallory.tell(peer, topic, Mail.encode({ op, envelope: undefined }))
    }
    await pause(mallory.seconds * 1_000)
  },
}
