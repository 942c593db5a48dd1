/**
 * Among how many a pass hides. Whoever looks on sees its tier and the checkpoint that it names, so it hides among the
 * passes of its epoch that have both in common with it, and among no others.
 */
import * as P from 'micro-packed'
import { decodeRecord, tables } from '../../protocol/state.ts'
import { keyIn, rangeOf, type Store } from '../ledger/store.ts'

/** One pass of an epoch as everybody sees it. */
export type ListedPass = { readonly epochKey: Uint8Array; readonly tier: number; readonly checkpoint: number }

/** Every pass of an epoch, in the order of keys. */
export async function passesSeen(store: Pick<Store, 'disk'>, epoch: number): Promise<ListedPass[]> {
  const prefix = [Uint8Array.of(tables.epochKeys.number), P.U32BE.encode(epoch)]
  const begins = keyIn('state', ...prefix).length
  const seen: ListedPass[] = []
  for await (const [key, bytes] of store.disk.iterator(rangeOf('state', ...prefix)))
    seen.push({ epochKey: (key as Uint8Array).slice(begins), ...decodeRecord('epochKeys', bytes) })
  return seen
}

/**
 * Among how many a pass of a tier hides: so many passes of that tier name one checkpoint. `named` are the checkpoints that
 * our own passes name; where these are several, the smallest set counts. Where we have no pass yet, it is the largest set
 * that there is: among so many we would hide at best.
 */
export function anonymitySetOf(
  passes: readonly Omit<ListedPass, 'epochKey'>[],
  tier: number,
  named: readonly number[] = [],
): number {
  const sizes = new Map<number, number>(named.map((checkpoint) => [checkpoint, 0]))
  for (const { checkpoint } of passes.filter((pass) => pass.tier === tier))
    if (named.length === 0 || sizes.has(checkpoint)) sizes.set(checkpoint, (sizes.get(checkpoint) ?? 0) + 1)
  return named.length > 0 ? Math.min(...sizes.values()) : Math.max(0, ...sizes.values())
}

/** At which tier a pass is taken, and why. */
export type Choice = {
  readonly tier: number
  /** The best tier that our score reaches. */
  readonly reached: number
  /** Among how many we would hide at that one, ourselves counted. */
  readonly crowd: number
}

/**
 * At which tier to take a pass. `others` are the passes of the epoch before that are not ours. A tier is safe if at least
 * `hideAmong` would have stood behind one checkpoint with it then, ourselves counted. Of the tiers that our score reaches
 * the best one that is safe is taken, and tier 0 where none is.
 */
export function tierToTake(
  others: readonly Omit<ListedPass, 'epochKey'>[],
  { reached, hideAmong }: { readonly reached: number; readonly hideAmong: number },
): Choice {
  const crowdAt = (tier: number): number => anonymitySetOf(others, tier) + 1
  let tier = reached
  while (tier > 0 && crowdAt(tier) < hideAmong) tier--
  return { tier, reached, crowd: crowdAt(reached) }
}
