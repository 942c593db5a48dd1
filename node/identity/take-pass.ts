/** Taking a pass for a pseudonym: at which tier, under which of our keys, proven and handed to the outbox. */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Context } from '../../protocol/context.ts'
import { tierOf } from '../../protocol/reputation.ts'
import type { Meta } from '../../protocol/state.ts'
import { type Choice, passesSeen, tierToTake } from './anonymity-set.ts'
import type { Standing } from './due.ts'
import { keysOf, type Self, type Traced } from './history.ts'
import type { Own, Wallet } from '../keys/wallet.ts'
import type { Store } from '../ledger/store.ts'
import type { Logger } from '../logger.ts'
import type { Outbox } from '../mailbox/outbox.ts'
import { nearest, passFeeMax, type PassesOf } from './passes.ts'
import { provePass, shortKey } from './renewal.ts'
import type { Proofs } from '../seams.ts'

type Options = {
  readonly node: {
    readonly context: Pick<Context, 'rules'>
    readonly store: Store
    readonly seams: { readonly proofs: Proofs }
  }
  readonly wallet: Pick<Wallet, 'find'>
  readonly outbox: Pick<Outbox, 'act'>
  readonly self: Self
  readonly passesOf: PassesOf
  readonly choiceIn: ChoiceIn
  readonly logger: Logger
}

/** Gives the function that proves a pass and hands it to the outbox. */
export function createTakePass({ node, wallet, outbox, self, passesOf, choiceIn, logger }: Options) {
  const { context, store, seams } = node
  const { rules } = context

  return async ({ meta, traced, at }: Standing, own: Own, signal: AbortSignal): Promise<void> => {
    const { tier } = await choiceIn(meta, traced)
    const slot = nearest((await passesOf(meta)).slots, own)
    if (slot === undefined) return
    const action = await provePass(
      { store, rules, proofs: seams.proofs, self, traced, at, signal },
      { pseudonym: own.address, slot, tier, feeMax: passFeeMax(rules, meta.passes) },
    )
    // It may have been retired while the pass was being proven.
    if (wallet.find(own.address)?.retired) return
    await outbox.act(own, action)
    logger.info({ epoch: at.epoch, tier, key: shortKey(action.data.epochKey) }, 'took a pass')
  }
}

/** At which tier passes of an epoch are taken. */
export type ChoiceIn = (meta: Pick<Meta, 'epoch'>, traced: Pick<Traced, 'hidden'>) => Promise<Choice>

/** Chooses by the passes of the epoch before that are not ours, so that one pass hides among `hideAmong`. */
export function createChoice({
  context: { rules },
  store,
  self,
  hideAmong,
}: {
  readonly context: Pick<Context, 'rules'>
  readonly store: Pick<Store, 'disk'>
  readonly self: Self
  readonly hideAmong: number
}): ChoiceIn {
  return async ({ epoch }, { hidden }) => {
    const ours = new Set(keysOf(self, epoch - 1).map(bytesToHex))
    const others = (await passesSeen(store, epoch - 1)).filter(({ epochKey }) => !ours.has(bytesToHex(epochKey)))
    return tierToTake(others, { reached: tierOf(rules, hidden), hideAmong })
  }
}
