/**
 * A pass that somebody asks for, because a letter is to be written or judged under a pseudonym that has none: it is taken at
 * that moment, and says no more than the letter does that comes after it.
 */
import type { Context } from '../../protocol/context.ts'
import { modeOf, slotCount } from '../../protocol/identity.ts'
import type { Meta } from '../../protocol/state.ts'
import { amountText } from '../amount.ts'
import type { Outlook, Sight } from './outlook.ts'
import { type PassesOf, passFeeView } from './passes.ts'
import type { Proving } from './proving.ts'
import type { TakePass } from './take-pass.ts'
import type { Own } from '../keys/wallet.ts'
import { latestCheckpoint } from './latest-checkpoint.ts'
import type { Replica } from '../ledger/replica.ts'
import { accountOf } from '../mailbox/signing.ts'
import type { Clock } from '../seams.ts'
import type { PassTaking } from '../habit.ts'
import { Refusal, refusalOf } from '../service.ts'

type Options = {
  readonly node: {
    readonly context: Pick<Context, 'rules'>
    readonly replica: Pick<Replica, 'view'>
    readonly seams: { readonly clock: Pick<Clock, 'now'> }
  }
  readonly outlook: Pick<Outlook, 'look'>
  readonly passesOf: PassesOf
  readonly proving: Pick<Proving, 'what'>
  readonly takePass: Pick<TakePass, 'tookMs'>
}

/** Gives the function that puts the wish into the plan of the epoch, and says where it stands. Throws Refusal. */
export function createAsking({ node, outlook, passesOf, proving, takePass }: Options) {
  const { context, replica, seams } = node
  const { rules } = context

  /** When the next checkpoint is taken, if anything was renewed since the last one. */
  function nextCheckpointAt({ committedAt, epochEnd, checkpoint }: Meta): number {
    const [begun, end] = [Number(committedAt), Number(epochEnd)]
    return Math.ceil(begun + ((end - begun) * (checkpoint + 1)) / rules.identity.checkpoints)
  }

  async function passIn(own: Own, epoch: number): Promise<boolean> {
    const key = own.address
    return (await replica.view([{ table: 'passOf', key }])).read('passOf', key)?.epoch === epoch
  }

  async function refuse(own: Own): Promise<void> {
    const { label } = own
    if (own.retired)
      throw new Refusal(
        'bad-request',
        `“${label}” is retired: no pass is taken for it any more. Name another pseudonym.`,
      )
    const account = await accountOf(replica, own.address)
    if (!account?.signingKey)
      throw new Refusal('not-registered', `“${label}” is not registered, so it can have no pass. Register it first.`)
  }

  /** What there is to wait for before a pass can be proven; nothing where it can be proven now. */
  async function laterBy({ meta, traced, plan }: Sight & { traced: NonNullable<Sight['traced']> }) {
    if (modeOf(traced.hidden, meta.epoch)) {
      const at = plan.renewal?.nullifier === traced.nullifier ? Math.round(plan.renewal.at) : null
      const note =
        'Your identity is renewed first in this epoch, at a moment drawn at random, and the pass can be proven after the checkpoint that follows.'
      return { state: 'later', note, at } as const
    }
    const at = await latestCheckpoint(replica, meta)
    if (at && traced.leaf < at.roots.identities) return undefined
    const note = 'Your identity is renewed, and the pass can be proven after the next checkpoint.'
    return { state: 'later', note, at: meta.committedAt === 0n ? null : nextCheckpointAt(meta) } as const
  }

  const takes = (): string => {
    const tookMs = takePass.tookMs()
    return tookMs ? `about ${Math.ceil(tookMs / 1_000)} s, as the last one did` : 'some seconds'
  }

  return async (own: Own): Promise<PassTaking> => {
    const sight = await outlook.look()
    const { meta, traced, plan } = sight
    if (!traced)
      throw new Refusal('not-ready', 'You are not enrolled, and passes are for those who are. See `bmail reputation`.')
    await refuse(own)
    if (await passIn(own, meta.epoch))
      return { state: 'taken', note: `“${own.label}” has its pass of epoch ${meta.epoch}.`, at: null }
    plan.asked.add(own.text)
    const fee = passFeeView(rules, meta)
    const burnsText = `It burns ${amountText(fee.most, rules.coin)}.`
    const { next, without, resting, slots } = await passesOf(meta, traced)
    if (resting.get(own) === 'tier')
      throw new Refusal(
        'not-ready',
        `“${own.label}” shows tier ${own.habit.tier} and no other, and your score does not reach it. Change that with \`bmail pseudonym habit\`.`,
      )
    if (resting.get(own) === 'funds')
      throw new Refusal(
        'funds-short',
        `“${own.label}” has not the ${amountText(fee.most, rules.coin)} beside its reserve that a pass burns in this epoch. Fund it.`,
      )
    if (without.includes(own)) throw slots.length === 0 ? noSlots() : refusalOf('epoch-full')
    const later = await laterBy({ ...sight, traced })
    if (later) return { ...later, note: `${later.note} ${burnsText}` }
    if (next.includes(own))
      plan.passAt.set(own.text, Math.min(plan.passAt.get(own.text) ?? Infinity, seams.clock.now()))
    const what = proving.what()
    const first = what && what !== passName(own) ? ` ${what} is proven first.` : ''
    return {
      state: 'coming',
      note: `Proving a pass takes ${takes()}, and then it waits for a batch.${first} ${burnsText}`,
      at: null,
    }
  }
}

/** What the task of taking a pass is called. */
export const passName = ({ label }: Pick<Own, 'label'>): string => `a pass for “${label}”`

const noSlots = (): Refusal =>
  new Refusal(
    'not-ready',
    `An identity has ${slotCount} passes in an epoch, and yours are taken. Write under a pseudonym that has one, without one, or in the next epoch.`,
  )
