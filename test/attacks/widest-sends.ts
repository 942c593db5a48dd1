/** The largest thing that can be paid for: a hundred recipients, 256 KiB, and an envelope that nobody can open. */
import { IdsRequest, Mail, shardOf, Stored } from '../../protocol/gossip.ts'
import {
  bodyOverheadBytes,
  Envelope,
  envelopeHash,
  messageId,
  recipientsLimit,
  shareBytes,
  sizeClassLimit,
  unitBytes,
  wrapBytes,
} from '../../protocol/envelope.ts'
import { equalBytes } from '../../protocol/codec.ts'
import type { Attack } from './attack.ts'
import { type Mallory, random } from './mallory.ts'
import { pause } from './measure.ts'

const count = 12

export const widestSends: Attack = {
  name: 'widest-sends',
  what: '12 sends to 100 recipients each, at 256 KiB, paid for',
  victim: 'relay2',
  async strike(mallory) {
    const accounts = await mallory.accounts(count + recipientsLimit, 8n * 10n ** 12n)
    const [senders, readers] = [accounts.slice(0, count), accounts.slice(count)]
    const held: { readonly message: Uint8Array; readonly envelope: Uint8Array }[] = []
    const peer = await mallory.peer(['relay2'], (own) =>
      own.serve(mallory.streams.envelopes, async function* (request) {
        for (const id of IdsRequest.decode(request).ids)
          for (const stored of held) if (equalBytes(stored.message, id)) yield Stored.encode(stored)
      }),
    )
    const recipients = readers.map(({ address }) => address)
    const { mailShards, keepers } = mallory.file.rules
    const shards = new Set(recipients.map((address) => shardOf(address, mailShards)))
    await pause(2_000)
    await mallory.begin()
    for (const by of senders) {
      const envelope = unopenable(mallory)
      const hash = envelopeHash(mallory.id, envelope)
      const data = {
        recipients,
        envelopeHash: hash,
        sizeClass: sizeClassLimit,
        lifetimeDays: 30,
        keeperSet: keepers.version,
        epochKey: undefined,
        automatic: false,
      }
      const sender = by.address
      held.push({ message: messageId({ network: mallory.id, sender, recipients, envelopeHash: hash }), envelope })
      const op = mallory.op(by, { TAG: 'send', data }, { each: 5n * 10n ** 9n })
      for (const shard of shards)
        await mallory.tell(peer, mallory.topics.mail(shard), Mail.encode({ op, envelope: undefined }))
      await pause(300)
    }
    await pause(mallory.seconds * 1_000)
  },
}

/** An envelope of the right form, and nothing in it. */
function unopenable({ file }: Mallory): Uint8Array {
  const { version, threshold, members } = file.rules.keepers
  return Envelope.encode({
    sizeClass: sizeClassLimit,
    keeperSet: version,
    threshold,
    lockKeyHash: random(32),
    shares: members.map(() => ({ hash: random(32), enc: random(32), ciphertext: random(shareBytes + 16) })),
    lockedWraps: random((recipientsLimit + 1) * wrapBytes + 16),
    body: random((unitBytes << sizeClassLimit) + bodyOverheadBytes),
  })
}
