/** What the life of our identity is at, told to whoever shows it. */
import { modeOf } from '../../protocol/identity.ts'
import type { Meta } from '../../protocol/state.ts'
import type { Choice } from './anonymity-set.ts'
import { isRenewing } from './due.ts'
import type { Traced } from './history.ts'
import type { Own } from '../keys/wallet.ts'
import type { Failure, Outlook } from './outlook.ts'
import type { PassesOf } from './passes.ts'
import type { Pending } from '../peers/pending.ts'
import type { Proving } from './proving.ts'
import type { ChoiceIn } from './take-pass.ts'

export type LifeProgress = {
  readonly meta: Meta
  readonly traced: Traced | undefined
  /** At which tier passes are taken; undefined before the renewal of the epoch. */
  readonly choice: Choice | undefined
  /** What the daemon will do by itself, and when; undefined where it waits for a checkpoint. */
  readonly next: readonly { readonly what: string; readonly at: number | undefined }[]
  /** Pseudonyms that get no pass in this epoch. */
  readonly without: readonly Own[]
  /** The epoch whose renewal takes along an endorsement that somebody asks for at this moment. */
  readonly endorsesIn: number
  /** What is being proven now. */
  readonly proving: string | undefined
  /** What came to nothing the last time, and why, until something succeeds. */
  readonly failure: Failure | undefined
}

type Options = {
  readonly pending: Pick<Pending, 'list'>
  readonly outlook: Pick<Outlook, 'look'>
  readonly proving: Pick<Proving, 'what'>
  readonly passesOf: PassesOf
  readonly choiceIn: ChoiceIn
}

/** Gives the function that looks and tells. */
export function createProgress({ pending, outlook, proving, passesOf, choiceIn }: Options) {
  return async (): Promise<LifeProgress> => {
    const { meta, traced, plan } = await outlook.look()
    const thisEpoch = meta.epoch
    const nextEpoch = thisEpoch + 1
    const shared = { meta, traced, proving: proving.what(), failure: plan.failure }
    if (!traced) return { ...shared, choice: undefined, next: [], without: [], endorsesIn: nextEpoch }
    const mode = modeOf(traced.hidden, thisEpoch)
    const { next, without } = await passesOf(meta)
    if (!mode) {
      const steps = next.map(({ label, text }) => ({ what: `take a pass for “${label}”`, at: plan.passAt.get(text) }))
      const choice = await choiceIn(meta, traced)
      return { ...shared, choice, next: steps, without, endorsesIn: nextEpoch }
    }
    const isBegun = mode === 'renew' && (proving.what() !== undefined || isRenewing(pending, traced))
    const at = plan.renewal?.nullifier === traced.nullifier ? plan.renewal.at : undefined
    const endorsesIn = isBegun ? nextEpoch : thisEpoch
    return { ...shared, choice: undefined, next: [{ what: 'renew', at }], without, endorsesIn }
  }
}
