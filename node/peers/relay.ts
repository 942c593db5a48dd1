/** Gossip, put together: which topics this node takes part in, what looks at what comes from them, and what it puts on them. */
import { topicsOf } from '../../protocol/gossip.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Network, Validator } from '../seams.ts'
import type { Envelopes } from '../envelopes/envelopes.ts'
import { createTakeKeys } from './handing-in.ts'
import { createIntake } from './intake.ts'
import type { Lanes } from './lanes.ts'
import type { PeerBudget } from './peer-budget.ts'
import type { Pending } from './pending.ts'
import { createPublisher } from './publisher.ts'
import type { Releases } from '../envelopes/releases.ts'
import {
  type Announced,
  batchValidator,
  createJudge,
  mailValidator,
  type OnAnswer,
  opValidator,
  releaseValidator,
  withinBudget,
} from './validators.ts'

export type Relay = ReturnType<typeof createRelay>

type Options = {
  readonly replica: Pick<Replica, 'context' | 'head' | 'compare'>
  readonly lanes: Pick<Lanes, 'enter' | 'isAside'>
  readonly pending: Pick<Pending, 'get' | 'remove'>
  readonly envelopes: Pick<Envelopes, 'check' | 'get' | 'hold' | 'holds'>
  readonly releases: Pick<Releases, 'take'>
  readonly network: Pick<Network, 'publish' | 'subscribe'>
  /** What peers' gossip may cost. */
  readonly budget: PeerBudget
  readonly follows: (shard: number) => boolean
  /** Ask a peer for the envelope of a message that is too large to travel with its op; nothing where it does not come. */
  readonly pull: (peer: string, message: Uint8Array) => Promise<Uint8Array | undefined>
  /** Called with a batch that the host signed and that this node does not have yet. */
  readonly onAnnounced: (announced: Announced, from: string) => void
  readonly onAnswer: OnAnswer
}

export function createRelay(options: Options) {
  const { replica, lanes, pending, envelopes, releases, network, budget, follows, pull, onAnnounced, onAnswer } =
    options
  const { context } = replica
  const topics = topicsOf(context.network)
  const followed = new Set<number>()
  const judge = createJudge({ budget, onAnswer })
  const publisher = createPublisher({ context, envelopes, releases, network })
  const { publishOp } = publisher
  const { takeAgain, takeGiven, ...intake } = createIntake({
    context,
    lanes,
    pending,
    envelopes,
    budget,
    pull,
    publishOp,
    takeKeys: createTakeKeys({ releases, budget, publish: (release) => network.publish(topics.releases, release) }),
  })

  /** Take part in a topic; whoever has spent its budget is not heard, neither now nor behind what waits already. */
  const follow = (topic: string, validate: Validator): void =>
    network.subscribe(topic, withinBudget(budget, validate), (peer) => !budget.isSpent(peer))

  /** Take part in the mail of every shard that this node keeps now and did not keep before. */
  function followShards(): void {
    for (let shard = 0; shard < context.rules.mailShards; shard++) {
      if (!follows(shard) || followed.has(shard)) continue
      followed.add(shard)
      follow(topics.mail(shard), mailValidator({ context, shard, intake, judge }))
    }
  }

  return {
    ...publisher,
    takeAgain,
    takeGiven,
    followShards,
    /** Take part in every topic of the network. Once. */
    subscribe(): void {
      followShards()
      follow(topics.ops, opValidator({ context, lanes, judge }))
      follow(topics.batches, batchValidator({ replica, judge, budget, onAnswer, onAnnounced }))
      follow(topics.releases, releaseValidator({ releases, judge, budget, onAnswer }))
    },
  }
}
