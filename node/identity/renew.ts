/** Renewing our identity: proven, gossiped, and with it the endorsement that its owner wishes to give. */
import type { Context } from '../../protocol/context.ts'
import { modeOf } from '../../protocol/identity.ts'
import type { Reason } from '../../protocol/reason.ts'
import { submitAnonymous } from './anonymous.ts'
import type { Situation } from './due.ts'
import type { Self, Traced } from './history.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Store } from '../ledger/store.ts'
import type { Logger } from '../logger.ts'
import type { Cabinet, Wish } from '../mailbox/cabinet.ts'
import type { Node } from '../peers/node.ts'
import { proveRenewal } from './renewal.ts'
import type { Proofs } from '../seams.ts'
import { sentences } from '../sentences.ts'

/** Refusals that say that another device of ours did the same: nothing is lost, and nothing is left to do. */
const doneElsewhere: ReadonlySet<Reason> = new Set(['nullifier-used', 'nullifier-pending'])

type Options = {
  readonly node: {
    readonly context: Pick<Context, 'rules'>
    readonly store: Store
    readonly replica: Pick<Replica, 'view'>
    readonly seams: { readonly proofs: Proofs }
    readonly submit: Node['submit']
  }
  readonly cabinet: Pick<Cabinet, 'endorsement' | 'putEndorsement' | 'write'>
  readonly self: Self
  readonly logger: Logger
}

/** Gives the function that proves a renewal and hands it to the network. That throws where no renewal comes of it. */
export function createRenew({ node, cabinet, self, logger }: Options) {
  const { context, store, replica, seams } = node
  const { rules } = context

  /** What we wish to endorse with a renewal of this state: nothing that was given already, or that nobody would gather. */
  async function wishFor({ foldings }: Traced, epoch: number): Promise<Wish | undefined> {
    const wish = await cabinet.endorsement()
    if (!wish) return undefined
    const { target: key, amount, provenFor } = wish
    const isGiven = foldings.some(({ nullifier, endorsed }) => nullifier === provenFor && endorsed === amount)
    const pass = (await replica.view([{ table: 'passes', key }])).read('passes', key)
    const isLate = !pass || epoch > pass.epoch + rules.ackWindowEpochs
    if (!isGiven && !isLate) return wish
    await dropWish(isGiven ? undefined : 'the pass that it was meant for gathers no more')
    return undefined
  }

  async function dropWish(why: string | undefined): Promise<void> {
    if (why) logger.warn({ why }, 'an endorsement was not given')
    await cabinet.write([cabinet.putEndorsement(undefined)])
  }

  return async ({ traced, at }: Situation, signal: AbortSignal): Promise<void> => {
    const { epoch } = at
    const mode = modeOf(traced.hidden, epoch)
    const wish = mode === 'renew' ? await wishFor(traced, epoch) : undefined
    const renewal = await proveRenewal({ store, rules, proofs: seams.proofs, self, traced, at, signal }, wish)
    // On disk before it leaves, so that it is known later whether it was given with this renewal.
    if (wish && renewal.endorsement)
      await cabinet.write([cabinet.putEndorsement({ ...wish, provenFor: traced.nullifier })])
    else if (wish) await dropWish('the score does not allow it any more')
    const submitted = await submitAnonymous(node.submit, {
      rules: context.rules,
      action: { TAG: 'renew', data: renewal },
    })
    // The epoch may have closed while it was being proven: then it is proven again.
    if (!submitted.ok && !doneElsewhere.has(submitted.reason)) throw new Error(sentences[submitted.reason])
    if (!submitted.ok) return logger.debug({ epoch, mode }, 'another device renewed the identity')
    logger.debug({ epoch, mode, endorsed: Number(renewal.endorsement?.amount ?? 0n) }, 'renewed the identity')
  }
}
