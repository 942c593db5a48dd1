/** At which tier a pass is taken for each of our pseudonyms: by what everybody could see when the epoch began, and by its habit. */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Context } from '../../protocol/context.ts'
import { tierOf } from '../../protocol/reputation.ts'
import type { Meta } from '../../protocol/state.ts'
import { type Choice, tierToTake } from './anonymity-set.ts'
import { publicStanding } from './earned.ts'
import { stepsUp } from './habits.ts'
import type { Traced } from './history.ts'
import type { Own } from '../keys/wallet.ts'
import type { Store } from '../ledger/store.ts'

export type Choices = ReturnType<typeof createChoices>

/** Knows nothing yet. `hideAmong` is how many a pass is to hide among, its owner counted. */
export function createChoices({
  context: { rules },
  store,
  habitKey,
  hideAmong,
}: {
  readonly context: Pick<Context, 'rules'>
  readonly store: Pick<Store, 'disk' | 'fetch'>
  readonly habitKey: Uint8Array
  readonly hideAmong: number
}) {
  /** What could be seen when the latest epoch that was asked about began; it does not change during that epoch. */
  let known: { readonly epoch: number; readonly seen: ReturnType<typeof publicStanding> } | undefined

  function seen({ epoch }: Pick<Meta, 'epoch'>): ReturnType<typeof publicStanding> {
    if (known?.epoch === epoch) return known.seen
    const looking = { epoch, seen: publicStanding(store, rules, epoch) }
    known = looking
    // What could not be read is read again the next time.
    looking.seen.catch(() => {
      if (known === looking) known = undefined
    })
    return looking.seen
  }

  /** The tier of a pseudonym's latest pass, of whichever epoch; 0 before its first. */
  async function shownBy(address: Uint8Array): Promise<number> {
    const latest = (await store.fetch([{ table: 'passOf', key: address }])).read('passOf', address)
    if (!latest) return 0
    const { epochKey: key } = latest
    return (await store.fetch([{ table: 'passes', key }])).read('passes', key)?.tier ?? 0
  }

  return {
    /** For a pseudonym that has shown and earned nothing yet and has the usual habit, in an epoch that was not drawn for it. */
    async forAny(meta: Pick<Meta, 'epoch'>, { hidden }: Pick<Traced, 'hidden'>): Promise<Choice> {
      const { before } = await seen(meta)
      return tierToTake(before, { reached: tierOf(rules, hidden), earned: 0, shown: 0, stepsUp: false, hideAmong })
    },
    /** For one of ours; nothing where it shows a tier and no other, and our score does not reach that. */
    async forPseudonym(
      meta: Pick<Meta, 'epoch'>,
      { hidden }: Pick<Traced, 'hidden'>,
      own: Pick<Own, 'address' | 'habit'>,
    ): Promise<Choice | undefined> {
      const { address, habit } = own
      const { before, earned: all } = await seen(meta)
      const reached = tierOf(rules, hidden)
      const earned = all.get(bytesToHex(address)) ?? 0
      const steps = stepsUp({ key: habitKey, own }, meta.epoch)
      const by = { earned, shown: await shownBy(address), stepsUp: steps, hideAmong }
      if (habit.show === 'best') return tierToTake(before, { ...by, reached })
      if (habit.show === 'at-most') return tierToTake(before, { ...by, reached: Math.min(reached, habit.tier) })
      // Its owner said so, however few stand there.
      return reached < habit.tier ? undefined : tierToTake(before, { ...by, reached: habit.tier, hideAmong: 1 })
    },
  }
}
