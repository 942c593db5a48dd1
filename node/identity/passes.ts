/** Which of our pseudonyms take a pass in an epoch: those that want one (`habits.ts`), and an identity has only a few. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { balanceOf } from '../../protocol/account.ts'
import { slotCount } from '../../protocol/identity.ts'
import type { Context } from '../../protocol/context.ts'
import { passFeeAt } from '../../protocol/pass.ts'
import { type Held, longestHold } from '../../protocol/firm.ts'
import type { Rules } from '../../protocol/rules.ts'
import type { Meta, Reference } from '../../protocol/state.ts'
import { verdictKeysMax } from '../../protocol/verdict-tree.ts'
import type { Cabinet } from '../mailbox/cabinet.ts'
import { opsOnTheirWay } from '../mailbox/outbox.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Pending } from '../peers/pending.ts'
import { isWanted, type Want, wantOf } from './habits.ts'
import { keysOf, type Self, type Traced } from './history.ts'
import type { Own, Wallet } from '../keys/wallet.ts'
import type { PassFee } from '../habit.ts'
import type { Outlook } from './outlook.ts'
import type { Choices } from './choices.ts'

/** Why a pseudonym takes no pass: it wants none; the score does not reach the tier that it shows; it has not what one may burn. */
export type Rest = Want | 'tier' | 'funds'

/** The passes of an epoch that are still to come. */
type Passes = {
  /** Pseudonyms that are to take one: first those for which it was asked, then the others in their order. */
  readonly next: readonly Own[]
  /** Pseudonyms that want one and get none, because no slot is left. */
  readonly without: readonly Own[]
  /** Those who take none, and why. */
  readonly resting: ReadonlyMap<Own, Rest>
  /** Whether some are on their way. */
  readonly areComing: boolean
  /** Slots that nothing was taken with yet. */
  readonly slots: readonly number[]
}

/** Says which passes of an epoch are still to come. */
export type PassesOf = (meta: Pick<Meta, 'epoch'> & Asked, traced: Pick<Traced, 'hidden'>) => Promise<Passes>

type Options = {
  readonly node: {
    readonly context: Pick<Context, 'rules'>
    readonly replica: Pick<Replica, 'view'>
    readonly pending: Pick<Pending, 'list'>
  }
  readonly wallet: Pick<Wallet, 'own' | 'find' | 'habitKey'>
  readonly cabinet: Pick<Cabinet, 'openOutgoing' | 'usedIn'>
  readonly outlook: Pick<Outlook, 'plan'>
  readonly choices: Pick<Choices, 'forPseudonym'>
  readonly self: Self
}

export function createPasses({ node, wallet, cabinet, outlook, choices, self }: Options): PassesOf {
  const { context, replica, pending } = node
  /** Our keys of the latest epoch, kept because they are needed after every batch and cost four Poseidon hashes. */
  let known: { readonly epoch: number; readonly keys: Uint8Array[] } | undefined

  /** Passes of ours that are on their way. */
  async function comingIn(epoch: number): Promise<{ readonly account: string; readonly key: string }[]> {
    return (await opsOnTheirWay({ pending, cabinet })).flatMap(({ account, action }) =>
      action.TAG === 'pass' && action.data.epoch === epoch && wallet.find(account)
        ? [{ account: bytesToHex(account), key: bytesToHex(action.data.epochKey) }]
        : [],
    )
  }

  async function wantIn(epoch: number, own: Own): Promise<Want> {
    const usedIn = await cabinet.usedIn(own.address)
    const plan = outlook.plan()
    const isAsked = plan.epoch === epoch && plan.asked.has(own.text)
    return wantOf({ key: wallet.habitKey, own }, { epoch, usedIn, isAsked })
  }

  /** Why a pseudonym rests in an epoch; nothing where it wants a pass. */
  async function restOf(meta: Pick<Meta, 'epoch'>, traced: Pick<Traced, 'hidden'>, own: Own) {
    const want = await wantIn(meta.epoch, own)
    if (!isWanted(want)) return want
    return (await choices.forPseudonym(meta, traced, own)) ? undefined : 'tier'
  }

  /**
   * A pseudonym can have a pass if it is registered, not retired, and has what a pass may burn. Of those that want one the
   * ones that it was asked for get the slots that are left, and then the others, in the order of pseudonyms.
   */
  return async (meta, traced) => {
    const { epoch, passes } = meta
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
    const burn = passBurn(context.rules, meta)
    const isRegistered = ({ address }: Own): boolean => view.read('accounts', address)?.signingKey !== undefined
    const canPay = ({ address }: Own): boolean => balanceOf(context.rules, view.read('accounts', address)!) >= burn
    const hasOne = ({ address }: Own): boolean =>
      view.read('passOf', address)?.epoch === epoch || coming.some(({ account }) => account === bytesToHex(address))
    const isFree = (slot: number): boolean =>
      !view.read('passes', keys[slot]!) && coming.every(({ key }) => key !== bytesToHex(keys[slot]!))
    const slots = Array.from({ length: slotCount }, (_, slot) => slot).filter(isFree)
    const room = passes < verdictKeysMax ? slots.length : 0
    const lacking = all.filter((own) => isRegistered(own) && !hasOne(own))
    const resting = new Map<Own, Rest>()
    for (const own of lacking) {
      const rest = (await restOf(meta, traced, own)) ?? (canPay(own) ? undefined : 'funds')
      if (rest) resting.set(own, rest)
    }
    const { asked } = outlook.plan()
    const wanting = lacking
      .filter((own) => !resting.has(own))
      .toSorted((a, b) => Number(asked.has(b.text)) - Number(asked.has(a.text)))
    const next = wanting.slice(0, room)
    const without = wanting.slice(room)
    return { next, without, resting, areComing: coming.length > 0, slots }
  }
}

/** What the fee of a pass is asked by. */
type Asked = Held & Pick<Meta, 'time'>

/** What we sign that a pass burns: what is asked at the latest, however many others take theirs meanwhile. */
export const passBurn = (rules: Rules, meta: Asked): bigint => passFeeAt(rules, meta, longestHold(rules, meta.time))

/** The same as people and programs read it. */
export function passFeeView(rules: Rules, meta: Asked): PassFee {
  const { passStep } = rules.identity
  const { passes: taken, time } = meta
  const [now, most] = [passFeeAt(rules, meta, time), passBurn(rules, meta)].map(String) as [string, string]
  return { now, most, taken, doublesAt: (Math.floor(taken / passStep) + 1) * passStep }
}

/** The free slot that is nearest to a pseudonym's own, so that two devices of ours choose alike where they can. */
export function nearest(slots: readonly number[], { index }: Pick<Own, 'index'>): number | undefined {
  const distance = (slot: number): number => (slot - (index % slotCount) + slotCount) % slotCount
  return slots.toSorted((a, b) => distance(a) - distance(b))[0]
}
