/** What our identity has to do now, by its plan: a renewal first, and once that is settled a pass for each pseudonym. */
import type { Context } from '../../protocol/context.ts'
import { modeOf } from '../../protocol/identity.ts'
import type { Meta } from '../../protocol/state.ts'
import { passName } from './asking.ts'
import type { Traced } from './history.ts'
import type { Own } from '../keys/wallet.ts'
import { type Checkpoint, latestCheckpoint } from './latest-checkpoint.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Sight } from './outlook.ts'
import type { PassesOf } from './passes.ts'
import type { Pending } from '../peers/pending.ts'
import type { Clock, Random } from '../seams.ts'
import { againAfter, type Course, isFarOff, passMoment, renewalMoment } from './timing.ts'

/** Something to prove now. */
export type ProvingTask = {
  readonly what: string
  readonly run: (signal: AbortSignal) => Promise<void>
  /** Plan it for later. */
  readonly postpone: (until: number) => void
}

/** A task; or nothing until a moment, or until a batch comes before it. */
type Due = { readonly task: ProvingTask } | { readonly task: undefined; readonly until: number }

/** Our identity in an epoch, and the checkpoint behind which its leaf stands. */
export type Situation = { readonly meta: Meta; readonly traced: Traced; readonly at: Checkpoint }

type Options = {
  readonly node: {
    readonly context: Pick<Context, 'rules'>
    readonly replica: Pick<Replica, 'view'>
    readonly pending: Pick<Pending, 'list'>
    readonly seams: { readonly clock: Pick<Clock, 'now'>; readonly random: Random }
  }
  readonly passesOf: PassesOf
  readonly renew: (situation: Situation, signal: AbortSignal) => Promise<void>
  readonly takePass: (situation: Situation, own: Own, signal: AbortSignal) => Promise<void>
}

/** Gives the function that says what is due at a look. Moments that are not in the plan yet are drawn and put there. */
export function createDue({ node, passesOf, renew, takePass }: Options) {
  const { rules } = node.context
  const { clock, random } = node.seams

  const courseOf = ({ committedAt, epochEnd }: Meta): Course => ({
    committedAt: Number(committedAt),
    epochEnd: Number(epochEnd),
    checkpoints: rules.identity.checkpoints,
  })

  function renewalDue(plan: Sight['plan'], situation: Situation): Due {
    const { nullifier } = situation.traced
    // While one renewal waits to be settled, no moment is drawn for the next. It is drawn once the settlement is seen, so
    // the time between the two is random, and does not show that both are of one identity.
    if (isRenewing(node.pending, situation.traced)) return nothingUntil(Number.POSITIVE_INFINITY)
    const [course, now] = [courseOf(situation.meta), clock.now()]
    if (plan.renewal?.nullifier !== nullifier || isFarOff(plan.renewal.at, course, now))
      plan.renewal = { nullifier, at: renewalMoment(course, now, random) }
    const { at: moment } = plan.renewal
    if (now < moment) return nothingUntil(moment)
    const postpone = (at: number): void => {
      plan.renewal = { nullifier, at }
    }
    return { task: { what: 'a renewal', run: (signal) => renew(situation, signal), postpone } }
  }

  async function passDue({ passAt }: Sight['plan'], situation: Situation): Promise<Due> {
    const { next, areComing } = await passesOf(situation.meta, situation.traced)
    // A pass on its way may be refused, and then it is due again. The outbox sees that and tells nobody, so look again soon.
    let until = areComing ? clock.now() + againAfter(1) : Number.POSITIVE_INFINITY
    for (const own of next) {
      const [course, now, drawn] = [courseOf(situation.meta), clock.now(), passAt.get(own.text)]
      const isDrawn = drawn !== undefined && !isFarOff(drawn, course, now)
      const moment = isDrawn ? drawn : passMoment(course, now, random)
      passAt.set(own.text, moment)
      if (now < moment) {
        until = Math.min(until, moment)
        continue
      }
      const postpone = (at: number): void => void passAt.set(own.text, at)
      return { task: { what: passName(own), run: (signal) => takePass(situation, own, signal), postpone } }
    }
    return nothingUntil(until)
  }

  return async ({ meta, traced, plan }: Sight): Promise<Due> => {
    const at = traced && (await latestCheckpoint(node.replica, meta))
    if (!at || traced.leaf >= at.roots.identities) return nothingUntil(Number.POSITIVE_INFINITY)
    const situation = { meta, traced, at }
    return modeOf(traced.hidden, meta.epoch) ? renewalDue(plan, situation) : passDue(plan, situation)
  }
}

/** Whether a renewal of this state waits to be settled. */
export const isRenewing = (pending: Pick<Pending, 'list'>, { nullifier }: Pick<Traced, 'nullifier'>): boolean =>
  pending.list().some(({ op: { action } }) => action.TAG === 'renew' && action.data.nullifier === nullifier)

const nothingUntil = (until: number): Due => ({ task: undefined, until })
