/**
 * What the log says of everybody's standing. Verdicts are public, and which epoch keys are a pseudonym's, too: so everybody
 * can see what each pseudonym earned by itself, and nobody what stands behind it besides.
 */
import { decay, tierOf } from '../../protocol/reputation.ts'
import type { Rules } from '../../protocol/rules.ts'
import type { Store } from '../ledger/store.ts'
import { type Earner, type OwnedPass, passesOwned } from './anonymity-set.ts'

/** How many epochs are looked back: what is older is worth a fifteenth, and would not open a tier. */
const lookBack = 26

/** What can be seen when an epoch begins. */
type PublicStanding = {
  /** The best tier that each pseudonym's own verdicts reach, by address in hex; 0 where it is not in here. */
  readonly earned: ReadonlyMap<string, number>
  /** The passes of the epoch before, each with the tier that its pseudonym has earned. */
  readonly before: readonly (OwnedPass & Earner)[]
}

/**
 * What can be seen at the beginning of an epoch: it does not change any more while that lasts. As a renewal in it would,
 * it counts the verdicts up to the epoch before last, a tenth less for each epoch since the one after it.
 */
export async function publicStanding(
  store: Pick<Store, 'disk' | 'fetch'>,
  rules: Rules,
  epoch: number,
): Promise<PublicStanding> {
  let sums = new Map<string, { positive: bigint; negative: bigint }>()
  for (let of = Math.max(1, epoch - 1 - lookBack); of <= epoch - 2; of++) {
    for (const { pseudonym, positive, negative } of await passesOwned(store, of)) {
      const sum = sums.get(pseudonym)
      sums.set(pseudonym, {
        positive: (sum?.positive ?? 0n) + positive,
        negative: (sum?.negative ?? 0n) + negative,
      })
    }
    sums = new Map([...sums].map(([pseudonym, sum]) => [pseudonym, decay(rules, sum, 1)]))
  }
  const earned = new Map([...sums].map(([pseudonym, sum]) => [pseudonym, tierOf(rules, sum)]))
  const passes = epoch > 1 ? await passesOwned(store, epoch - 1) : []
  return { earned, before: passes.map((pass) => ({ ...pass, earned: earned.get(pass.pseudonym) ?? 0 })) }
}
