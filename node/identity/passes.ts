/** Which of our pseudonyms take a pass in an epoch: an identity has a few, and there may be more pseudonyms. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { balanceOf } from '../../protocol/account.ts'
import { slotCount } from '../../protocol/identity.ts'
import type { Context } from '../../protocol/context.ts'
import { passFee } from '../../protocol/pass.ts'
import type { Rules } from '../../protocol/rules.ts'
import type { Meta, Reference } from '../../protocol/state.ts'
import { verdictKeysMax } from '../../protocol/verdict-tree.ts'
import type { Cabinet } from '../mailbox/cabinet.ts'
import { opsOnTheirWay } from '../mailbox/outbox.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Pending } from '../peers/pending.ts'
import { keysOf, type Self } from './history.ts'
import type { Own, Wallet } from '../keys/wallet.ts'

/** The passes of an epoch that are still to come. */
type Passes = {
  /** Those who are to take one, in the order of pseudonyms. */
  readonly next: readonly Own[]
  /** Those who could use one, and get none. */
  readonly without: readonly Own[]
  /** Whether some are on their way. */
  readonly areComing: boolean
  /** Slots that nothing was taken with yet. */
  readonly slots: readonly number[]
}

/** Says which passes of an epoch are still to come. */
export type PassesOf = (meta: Pick<Meta, 'epoch' | 'passes'>) => Promise<Passes>

type Options = {
  readonly node: {
    readonly context: Pick<Context, 'rules'>
    readonly replica: Pick<Replica, 'view'>
    readonly pending: Pick<Pending, 'list'>
  }
  readonly wallet: Pick<Wallet, 'own' | 'find'>
  readonly cabinet: Pick<Cabinet, 'openOutgoing'>
  readonly self: Self
}

export function createPasses({ node: { context, replica, pending }, wallet, cabinet, self }: Options): PassesOf {
  /** Those of the latest epoch: looked at after every batch, and they cost four hashes in the field each time. */
  let known: { readonly epoch: number; readonly keys: Uint8Array[] } | undefined

  /** Passes of ours that are on their way. */
  async function comingIn(epoch: number): Promise<{ readonly account: string; readonly key: string }[]> {
    return (await opsOnTheirWay({ pending, cabinet })).flatMap(({ account, action }) =>
      action.TAG === 'pass' && action.data.epoch === epoch && wallet.find(account)
        ? [{ account: bytesToHex(account), key: bytesToHex(action.data.epochKey) }]
        : [],
    )
  }

  /**
   * A pseudonym takes part if it is registered, not retired, and has what a pass may cost. The first of those get the
   * slots, in the order of pseudonyms.
   */
  return async ({ epoch, passes }) => {
    known = known?.epoch === epoch ? known : { epoch, keys: keysOf(self, epoch) }
    const { keys } = known
    const all = wallet.own.filter(({ retired }) => !retired)
    const view = await replica.view([
      ...keys.map((key): Reference => ({ table: 'passes', key })),
      ...all.flatMap(({ address: key }): Reference[] => [
        { table: 'accounts', key },
        { table: 'passOf', key },
      ]),
    ])
    const coming = await comingIn(epoch)
    const feeMax = passFeeMax(context.rules, passes)
    const canAct = ({ address }: Own): boolean => {
      const account = view.read('accounts', address)
      return account?.signingKey !== undefined && balanceOf(context.rules, account) >= feeMax
    }
    const hasOne = ({ address }: Own): boolean =>
      view.read('passOf', address)?.epoch === epoch || coming.some(({ account }) => account === bytesToHex(address))
    const isFree = (slot: number): boolean =>
      !view.read('passes', keys[slot]!) && coming.every(({ key }) => key !== bytesToHex(keys[slot]!))
    const slots = Array.from({ length: slotCount }, (_, slot) => slot).filter(isFree)
    const room = passes < verdictKeysMax ? slots.length : 0
    const acting = all.filter(canAct)
    const next = acting
      .slice(0, slotCount)
      .filter((own) => !hasOne(own))
      .slice(0, room)
    const without = acting.filter((own) => !hasOne(own) && !next.includes(own))
    return { next, without, areComing: coming.length > 0, slots }
  }
}

/** What we sign as the most that a pass may burn, after so many in its epoch: others may take theirs meanwhile. */
export const passFeeMax = (rules: Rules, taken: number): bigint => passFee(rules, taken + rules.identity.passStep)

/** The free slot that is nearest to a pseudonym's own, so that two devices of ours choose alike where they can. */
export function nearest(slots: readonly number[], { index }: Pick<Own, 'index'>): number | undefined {
  const distance = (slot: number): number => (slot - (index % slotCount) + slotCount) % slotCount
  return slots.toSorted((a, b) => distance(a) - distance(b))[0]
}
