/**
 * What comes from topics. Every message goes through the doorway and is held against the state; the table of answers says
 * whether it travels on, is dropped, or counts against the peer that brought it.
 */
import type * as P from 'micro-packed'
import { decodeStrict } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import { readOp } from '../../protocol/doorway.ts'
import { CompactBatch, Release, shardsOf } from '../../protocol/gossip.ts'
import { headerIsBy } from '../../protocol/receipt.ts'
import { no, type Reason, type Result, yes } from '../../protocol/reason.ts'
import { failureCosts, gossipAnswers } from '../gossip-answers.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Answer, Validator } from '../seams.ts'
import { createAnnouncements } from './announcements.ts'
import type { Intake } from './intake.ts'
import type { Lanes } from './lanes.ts'
import { costs, type PeerBudget } from './peer-budget.ts'
import type { Releases } from '../envelopes/releases.ts'

/** The kinds of topics, as answers are counted. */
type Kind = 'mail' | 'ops' | 'batches' | 'releases'
export type OnAnswer = (kind: Kind, answer: Answer, reason?: Reason) => void
export type Announced = P.UnwrapCoder<typeof CompactBatch>

/** Makes an answer of what came of a message, and counts it. */
type Judge = (kind: Kind, result: Result<unknown>, from: string) => Answer

export function createJudge({ budget, onAnswer }: { readonly budget: PeerBudget; readonly onAnswer: OnAnswer }): Judge {
  return (kind, result, from) => {
    const answer = result.ok ? 'accept' : gossipAnswers[result.reason]
    if (!result.ok && answer === 'ignore') budget.spend(from, failureCosts[result.reason])
    onAnswer(kind, answer, result.ok ? undefined : result.reason)
    return answer
  }
}

/** A validator that does not look at what a peer brings once the peer's budget is spent. */
export const withinBudget =
  (budget: Pick<PeerBudget, 'isSpent'>, validate: Validator): Validator =>
  async (data, from, stepAside) =>
    budget.isSpent(from) ? 'ignore' : validate(data, from, stepAside)

/** Ops without an envelope. */
export const opValidator =
  ({ context, lanes, judge }: { context: Context; lanes: Pick<Lanes, 'enter'>; judge: Judge }): Validator =>
  async (data, from, stepAside) => {
    const read = readOp(data, context)
    if (!read.ok) return judge('ops', read, from)
    if (read.value.op.action.TAG === 'send') return judge('ops', no('malformed'), from)
    return judge('ops', await lanes.enter(read.value, { from, stepAside }), from)
  }

type MailOptions = {
  readonly context: Pick<Context, 'rules'>
  readonly shard: number
  readonly intake: Pick<Intake, 'read' | 'take'>
  readonly judge: Judge
}

/** Sends to somebody in a shard, with their envelopes. In any other shard they would be carried for nobody. */
export const mailValidator =
  ({ context: { rules }, shard, intake, judge }: MailOptions): Validator =>
  async (data, from, stepAside) => {
    const received = intake.read(data)
    if (!received.ok) return judge('mail', received, from)
    const { action } = received.value.incoming.op
    if (action.TAG !== 'send' || !shardsOf(action.data.recipients, rules.mailShards).has(shard))
      return judge('mail', no('malformed'), from)
    const by = { from, forOps: stepAside, forEnvelope: stepAside }
    return judge('mail', await intake.take(received.value, by), from)
  }

type BatchOptions = {
  readonly replica: Pick<Replica, 'context' | 'head' | 'compare'>
  readonly judge: Judge
  readonly budget: Pick<PeerBudget, 'spend'>
  readonly onAnswer: OnAnswer
  /** Called with a batch that the host signed and that this node does not have yet. */
  readonly onAnnounced: (announced: Announced, from: string) => void
}

/** Announcements of batches. */
export function batchValidator({ replica, judge, budget, onAnswer, onAnnounced }: BatchOptions): Validator {
  const announcements = createAnnouncements()
  return async (data, from) => {
    const announced = decodeStrict(CompactBatch, data)
    if (!announced.ok) return judge('batches', announced, from)
    const { sealed, ops } = announced.value
    const { header } = sealed
    if (header.opCount !== ops.length) return judge('batches', no('malformed'), from)
    const { height } = replica.head.sealed.header
    // Whoever says again what we know costs a look into memory, and not a signature and a batch from disk.
    const isOld = header.height <= height && announcements.has(header)
    if (!isOld && !headerIsBy(replica.context, sealed)) return judge('batches', no('host-signature-wrong'), from)
    if (header.height > height) onAnnounced(announced.value, from)
    else if (!isOld) await replica.compare(sealed)
    if (!isOld && announcements.isFirst(header, height)) return judge('batches', yes(undefined), from)
    budget.spend(from, costs.op + ops.length * costs.look + (isOld ? 0 : costs.batch))
    onAnswer('batches', 'ignore')
    return 'ignore'
  }
}

type ReleaseOptions = {
  readonly releases: Pick<Releases, 'take'>
  readonly judge: Judge
  readonly budget: Pick<PeerBudget, 'spend'>
  readonly onAnswer: OnAnswer
}

/** What opens locks. */
export const releaseValidator =
  ({ releases, judge, budget, onAnswer }: ReleaseOptions): Validator =>
  async (data, from) => {
    const release = decodeStrict(Release, data)
    if (!release.ok) return judge('releases', release, from)
    const { answer, looks, echoes } = await releases.take(release.value)
    // Many open the same locks at once, and lock keys and batches overtake each other: that costs nearly nothing.
    budget.spend(from, looks * costs.release + echoes * costs.echo)
    onAnswer('releases', answer)
    return answer
  }
