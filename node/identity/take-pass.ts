/** Taking a pass for a pseudonym: at which tier, under which of our keys, proven and handed to the outbox. */
import type { Context } from '../../protocol/context.ts'
import { checkpointKey, metaKey, metaOf, type Reference } from '../../protocol/state.ts'
import { passesSeen } from './anonymity-set.ts'
import type { Choices } from './choices.ts'
import type { Situation } from './due.ts'
import type { Self } from './history.ts'
import type { Own, Wallet } from '../keys/wallet.ts'
import type { Checkpoint } from './latest-checkpoint.ts'
import type { Store } from '../ledger/store.ts'
import type { Logger } from '../logger.ts'
import type { Outbox } from '../mailbox/outbox.ts'
import { nearest, passBurn, type PassesOf } from './passes.ts'
import { provePass, shortKey } from './renewal.ts'
import type { Clock, Proofs } from '../seams.ts'

type Options = {
  readonly node: {
    readonly context: Pick<Context, 'rules'>
    readonly store: Store
    readonly seams: { readonly proofs: Proofs; readonly clock: Pick<Clock, 'now'> }
  }
  readonly wallet: Pick<Wallet, 'find'>
  readonly outbox: Pick<Outbox, 'act'>
  readonly self: Self
  readonly passesOf: PassesOf
  readonly choices: Pick<Choices, 'forPseudonym'>
  readonly logger: Logger
}

export type TakePass = ReturnType<typeof createTakePass>

/** Gives the function that proves a pass and hands it to the outbox, and how long proving took the last time. */
export function createTakePass({ node, wallet, outbox, self, passesOf, choices, logger }: Options) {
  const { context, store, seams } = node
  const { rules } = context
  let tookMs: number | undefined

  async function take({ meta, traced, at }: Situation, own: Own, signal: AbortSignal): Promise<void> {
    const choice = await choices.forPseudonym(meta, traced, own)
    const slot = nearest((await passesOf(meta, traced)).slots, own)
    if (slot === undefined || !choice) return
    const { tier } = choice
    const named = await fullestCheckpoint(store, { meta, traced, at, tier })
    const begun = seams.clock.now()
    const action = await provePass(
      { store, rules, proofs: seams.proofs, self, traced, at: named, signal },
      { pseudonym: own.address, slot, tier },
    )
    tookMs = seams.clock.now() - begun
    // Others took theirs while it was being proven.
    const now = metaOf(await store.fetch([{ table: 'meta', key: metaKey }]))
    const amounts = { burn: passBurn(rules, now), share: undefined, lines: [] }
    // It may have been retired while the pass was being proven.
    if (wallet.find(own.address)?.retired) return
    await outbox.act(own, action, amounts)
    logger.debug({ epoch: at.epoch, tier, key: shortKey(action.data.epochKey) }, 'took a pass')
  }

  return { take, tookMs: () => tookMs }
}

/**
 * The checkpoint that a pass names: of those behind which our leaf stands, the one that most passes of its tier name
 * already, and the latest where several do. So a pass that is taken late, because somebody asks for it, hides among those
 * that were taken in time.
 */
async function fullestCheckpoint(
  store: Pick<Store, 'disk' | 'fetch'>,
  { meta, traced, at, tier }: Situation & { readonly tier: number },
): Promise<Checkpoint> {
  const sizes = new Map<number, number>()
  for (const pass of await passesSeen(store, meta.epoch))
    if (pass.tier === tier) sizes.set(pass.checkpoint, (sizes.get(pass.checkpoint) ?? 0) + 1)
  const names = Array.from({ length: at.checkpoint }, (_, checkpoint) => ({ epoch: at.epoch, checkpoint }))
  const view = await store.fetch(names.map((name): Reference => ({ table: 'checkpoints', key: checkpointKey(name) })))
  let best = at
  for (const name of names.toReversed()) {
    const roots = view.read('checkpoints', checkpointKey(name))
    const isFuller = (sizes.get(name.checkpoint) ?? 0) > (sizes.get(best.checkpoint) ?? 0)
    if (roots && isFuller && traced.leaf < roots.identities) best = { ...name, roots }
  }
  return best
}
