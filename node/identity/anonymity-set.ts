/**
 * Among how many a pass hides, and at which tier it is taken. Whoever looks on sees its tier and the checkpoint that it
 * names, so it hides among the passes of its epoch that have both in common with it, and among no others.
 */
import * as P from 'micro-packed'
import { bytesToHex } from '@noble/hashes/utils.js'
import { decodeRecord, type Reference, tables } from '../../protocol/state.ts'
import { keyIn, rangeOf, type Store } from '../ledger/store.ts'

/** One pass of an epoch as everybody sees it. */
export type ListedPass = { readonly epochKey: Uint8Array; readonly tier: number; readonly checkpoint: number }

/** The same with whose it is, by address in hex, and with what verdicts brought it so far. */
export type OwnedPass = ListedPass & {
  readonly pseudonym: string
  readonly positive: bigint
  readonly negative: bigint
}

/** Every pass of an epoch, in the order of keys. */
export async function passesSeen(store: Pick<Store, 'disk'>, epoch: number): Promise<ListedPass[]> {
  const prefix = [Uint8Array.of(tables.epochKeys.number), P.U32BE.encode(epoch)]
  const begins = keyIn('state', ...prefix).length
  const seen: ListedPass[] = []
  for await (const [key, bytes] of store.disk.iterator(rangeOf('state', ...prefix)))
    seen.push({ epochKey: (key as Uint8Array).slice(begins), ...decodeRecord('epochKeys', bytes) })
  return seen
}

/** Every pass of an epoch with its pseudonym, in the order of keys. */
export async function passesOwned(store: Pick<Store, 'disk' | 'fetch'>, epoch: number): Promise<OwnedPass[]> {
  const listed = await passesSeen(store, epoch)
  const view = await store.fetch(listed.map(({ epochKey: key }): Reference => ({ table: 'passes', key })))
  return listed.map((pass) => {
    const { pseudonym, positive, negative } = view.read('passes', pass.epochKey)!
    return { ...pass, pseudonym: bytesToHex(pseudonym), positive, negative }
  })
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
  /** The best tier that is looked at: that our score reaches, and the habit of the pseudonym allows. */
  readonly reached: number
  /** How many stood at that one behind one checkpoint and had earned it for everybody to see. */
  readonly crowd: number
  /** Whether these were enough. */
  readonly isOpen: boolean
  /** The best tier that the pseudonym's own verdicts reach, for everybody to see. */
  readonly earned: number
}

/** A pass of the epoch before, with the best tier that its pseudonym's own verdicts reach. */
export type Earner = Omit<ListedPass, 'epochKey'> & { readonly earned: number }

/**
 * At which tier to take a pass for a pseudonym. `before` are all passes of the epoch before, ours among them: everybody has
 * to count the same passes, or somebody who counts one more would go up alone. The pass is taken at the best tier that our
 * score reaches and that the pseudonym may show, or at tier 0 if there is none. It may show
 *
 * - a tier that it has `earned` by itself. Everybody can see in the log that it could, so this says nothing new, and it
 *   needs no others beside it. This is how a tier begins;
 * - any other tier, once at least `hideAmong` pseudonyms that earned it showed it behind one checkpoint. Pseudonyms that
 *   showed it without having earned it are not counted, because they hide nobody: their owners are looked for among the
 *   owners of those that earned it. The pseudonym goes up to such a tier only in an epoch that was drawn for it
 *   (`stepsUp`), or else stays at the tier of its last pass (`shown`). Otherwise everybody would see it go up together with
 *   the name that earned the tier.
 *
 * With a `hideAmong` of 1 it may show whatever the score reaches.
 */
export function tierToTake(
  before: readonly Earner[],
  {
    reached,
    earned,
    shown,
    stepsUp,
    hideAmong,
  }: {
    readonly reached: number
    readonly earned: number
    readonly shown: number
    readonly stepsUp: boolean
    readonly hideAmong: number
  },
): Choice {
  const crowdAt = (tier: number): number =>
    anonymitySetOf(
      before.filter((pass) => pass.earned >= tier),
      tier,
    )
  const isOpen = (tier: number): boolean => hideAmong === 1 || crowdAt(tier) >= hideAmong
  const isNear = (tier: number): boolean => hideAmong === 1 || stepsUp || tier <= shown
  let tier = reached
  while (tier > earned && tier > 0 && !(isNear(tier) && isOpen(tier))) tier--
  return { tier, reached, crowd: crowdAt(reached), isOpen: isOpen(reached), earned }
}
