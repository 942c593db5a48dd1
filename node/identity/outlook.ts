/**
 * Looking at the ledger for our identity: where it stands, in which epoch, and the plan of that epoch. The plan is in
 * memory only; after a restart its moments are drawn anew.
 */
import type { Context } from '../../protocol/context.ts'
import { metaKey, metaOf, type Meta } from '../../protocol/state.ts'
import { type Self, traceIdentity, type Traced } from './history.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Store } from '../ledger/store.ts'

/** What came to nothing the last time, why, and how many times in a row. */
export type Failure = { readonly what: string; readonly why: string; readonly times: number }

/** What is to be done in an epoch and when, and what failed in it last. */
type Plan = {
  readonly epoch: number
  /** When to renew, and the nullifier of the state that it uses up: for another state it is planned anew. */
  renewal?: { readonly nullifier: bigint; readonly at: number }
  /** When to take the pass of a pseudonym, by its address as text. */
  readonly passAt: Map<string, number>
  /** Pseudonyms that somebody asked a pass for, by their addresses as texts. */
  readonly asked: Set<string>
  failure?: Failure | undefined
}

/** What was seen at one look. `traced` is nothing before we are enrolled. */
export type Sight = { readonly meta: Meta; readonly traced: Traced | undefined; readonly plan: Plan }

export type Outlook = ReturnType<typeof createOutlook>

type Options = {
  readonly context: Pick<Context, 'rules'>
  readonly store: Pick<Store, 'fetch'>
  readonly replica: Pick<Replica, 'view'>
  readonly self: Self
}

export function createOutlook({ context: { rules }, store, replica, self }: Options) {
  let traced: Traced | undefined
  let plan: Plan = planOf(0)

  return {
    async look(): Promise<Sight> {
      const meta = metaOf(await replica.view([{ table: 'meta', key: metaKey }]))
      traced = await traceIdentity(store, rules, self, traced)
      // Two may look at once, and the one that began earlier may end later: the plan never goes back to an epoch before.
      if (meta.epoch > plan.epoch) plan = planOf(meta.epoch)
      return { meta, traced, plan }
    },
    /** The plan of the latest epoch that was looked at. */
    plan: (): Plan => plan,
  }
}

const planOf = (epoch: number): Plan => ({ epoch, passAt: new Map(), asked: new Set() })
