/** What mail programs may spend: on a letter, and within 24 hours. Counted before it is spent, so that a crash forgets nothing. */
import type { Clock } from '../seams.ts'
import type { Store } from './store.ts'

type Spent = { readonly key: string; readonly at: number; readonly amount: string }

export type Spending = {
  /** What was spent within 24 hours, without what stands under some keys. */
  within(without: ReadonlySet<string>): bigint
  /** Count an amount under a key, in place of what stood there; 0 forgets it. */
  count(key: string, amount: bigint): Promise<void>
}

const dayMs = 24 * 60 * 60 * 1_000

/** What a store remembers. */
export async function openSpending({
  store,
  clock,
}: {
  readonly store: Store
  readonly clock: Pick<Clock, 'now'>
}): Promise<Spending> {
  let spent = (await store.read<readonly Spent[]>('spent')) ?? []
  const recent = (): readonly Spent[] => spent.filter(({ at }) => at > clock.now() - dayMs)
  return {
    within: (without) => recent().reduce((sum, { key, amount }) => (without.has(key) ? sum : sum + BigInt(amount)), 0n),
    async count(key, amount) {
      const others = recent().filter((one) => one.key !== key)
      spent = amount === 0n ? others : [...others, { key, at: clock.now(), amount: String(amount) }]
      await store.write([{ key: 'spent', value: spent }])
    },
  }
}
