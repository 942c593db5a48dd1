/** What the life of our identity is at, told to whoever shows it. */
import { modeOf } from '../../protocol/identity.ts'
import type { Meta } from '../../protocol/state.ts'
import type { Choice } from './anonymity-set.ts'
import type { Choices } from './choices.ts'
import { isRenewing } from './due.ts'
import type { Traced } from './history.ts'
import type { Own, Wallet } from '../keys/wallet.ts'
import type { Failure, Outlook } from './outlook.ts'
import type { PassesOf, Rest } from './passes.ts'
import type { Pending } from '../peers/pending.ts'
import type { Proving } from './proving.ts'

export type LifeProgress = {
  readonly meta: Meta
  readonly traced: Traced | undefined
  /** At which tier passes are taken where a pseudonym has earned nothing by itself; undefined before the renewal of the epoch. */
  readonly choice: Choice | undefined
  /** The same for each pseudonym that is not retired, where it shows any. */
  readonly choices: ReadonlyMap<Own, Choice>
  /** What the daemon will do by itself, and when; undefined where it waits for a checkpoint. */
  readonly next: readonly { readonly what: string; readonly at: number | undefined }[]
  /** Pseudonyms that want a pass and get none in this epoch. */
  readonly without: readonly Own[]
  /** Pseudonyms that take none, and why. */
  readonly resting: ReadonlyMap<Own, Rest>
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
  readonly choices: Choices
  readonly wallet: Pick<Wallet, 'own'>
}

/** Gives the function that looks and tells. */
export function createProgress({ pending, outlook, proving, passesOf, choices, wallet }: Options) {
  return async (): Promise<LifeProgress> => {
    const { meta, traced, plan } = await outlook.look()
    const thisEpoch = meta.epoch
    const nextEpoch = thisEpoch + 1
    const shared = { meta, traced, proving: proving.what(), failure: plan.failure }
    const none = { choice: undefined, choices: new Map<Own, Choice>(), next: [], without: [], resting: new Map() }
    if (!traced) return { ...shared, ...none, endorsesIn: nextEpoch }
    const mode = modeOf(traced.hidden, thisEpoch)
    const { next, without, resting } = await passesOf(meta, traced)
    if (!mode) {
      const steps = next.map(({ label, text }) => ({ what: `take a pass for “${label}”`, at: plan.passAt.get(text) }))
      const chosen = new Map<Own, Choice>()
      for (const own of wallet.own.filter(({ retired }) => !retired)) {
        const choice = await choices.forPseudonym(meta, traced, own)
        if (choice) chosen.set(own, choice)
      }
      const choice = await choices.forAny(meta, traced)
      return { ...shared, choice, choices: chosen, next: steps, without, resting, endorsesIn: nextEpoch }
    }
    const isBegun = mode === 'renew' && (proving.what() !== undefined || isRenewing(pending, traced))
    const at = plan.renewal?.nullifier === traced.nullifier ? plan.renewal.at : undefined
    const endorsesIn = isBegun ? nextEpoch : thisEpoch
    return { ...shared, ...none, next: [{ what: 'renew', at }], without, resting, endorsesIn }
  }
}
