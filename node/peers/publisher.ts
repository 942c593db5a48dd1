/** What this node puts on topics: ops with their envelopes, batches that it made as the host, and what opens locks. */
import type { Context } from '../../protocol/context.ts'
import type { Incoming } from '../../protocol/doorway.ts'
import {
  type Batch,
  CompactBatch,
  inlineEnvelopeBytesMax,
  Mail,
  Release,
  shardsOf,
  topicsOf,
} from '../../protocol/gossip.ts'
import type { Network } from '../seams.ts'
import type { Envelopes } from '../envelopes/envelopes.ts'
import type { Releases } from '../envelopes/releases.ts'

type Options = {
  readonly context: Context
  readonly envelopes: Pick<Envelopes, 'get'>
  readonly releases: Pick<Releases, 'take'>
  readonly network: Pick<Network, 'publish'>
}

export type Publisher = ReturnType<typeof createPublisher>

export function createPublisher({ context, envelopes, releases, network }: Options) {
  const topics = topicsOf(context.network)

  /** An op as it is given to a peer: with its envelope, where that is small enough to travel along. */
  async function mailOf({ bytes, message }: Pick<Incoming, 'bytes' | 'message'>): Promise<Uint8Array> {
    const envelope = message && (await envelopes.get(message))
    const isSmall = envelope && envelope.length <= inlineEnvelopeBytesMax
    return Mail.encode({ op: bytes, envelope: isSmall ? envelope : undefined })
  }

  return {
    mailOf,
    /** Put an op on its topic, a send with its envelope on that of each shard it goes to. The envelope must be held. */
    async publishOp(incoming: Pick<Incoming, 'op' | 'bytes' | 'message'>): Promise<void> {
      const { action } = incoming.op
      if (action.TAG !== 'send') return network.publish(topics.ops, incoming.bytes)
      const mail = await mailOf(incoming)
      for (const shard of shardsOf(action.data.recipients, context.rules.mailShards))
        await network.publish(topics.mail(shard), mail)
    },
    /** Announce a batch: its header, and the ids of its ops. Whoever lacks one of the ops asks for the batch. */
    publishBatch: (batch: Batch, opIds: readonly Uint8Array[]): Promise<void> =>
      network.publish(topics.batches, CompactBatch.encode({ sealed: batch.sealed, ops: [...opIds] })),
    /** Use a release here, and publish it. */
    async publishRelease(release: Release): Promise<void> {
      await releases.take(release)
      await network.publish(topics.releases, Release.encode(release))
    },
  }
}
