/** Under which pass a pseudonym of ours writes and judges. */
import type { Context } from '../../protocol/context.ts'
import { goodPass } from '../../protocol/pass.ts'
import { metaKey, metaOf } from '../../protocol/state.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Clock } from '../seams.ts'

/** The epoch key (20 bytes) of a pseudonym's good pass, or nothing. */
export type KeyOf = (address: Uint8Array) => Promise<Uint8Array | undefined>

/** How long a pass must still be good for something to be written under it, at most: a message is a while on its way. */
const marginMsMax = 30_000

type Node = {
  readonly context: Pick<Context, 'rules'>
  readonly replica: Pick<Replica, 'view'>
  readonly seams: { readonly clock: Pick<Clock, 'now'> }
}

export function createKeyOf({ context: { rules }, replica, seams: { clock } }: Node): KeyOf {
  return async (address) => {
    const latest = (await replica.view([{ table: 'passOf', key: address }])).read('passOf', address)
    if (!latest) return undefined
    const { epochKey } = latest
    const view = await replica.view([
      { table: 'meta', key: metaKey },
      { table: 'passes', key: epochKey },
    ])
    if (!goodPass(view, rules, { epochKey, pseudonym: address })) return undefined
    const { epoch, epochStart, epochEnd } = metaOf(view)
    const goodUntil = Number(latest.epoch === epoch ? epochEnd : epochStart) + rules.reputation.passGraceMs
    const marginMs = Math.min(marginMsMax, Number(rules.epochMs) / 16)
    return clock.now() + marginMs < goodUntil ? epochKey : undefined
  }
}
