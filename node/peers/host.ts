/**
 * The host of the embedded anchor: orders what waits into batches, signs them, and gives its word for what it took.
 * It can delay, not forge: everybody replays what it signs.
 */
import { type Batch, type InclusionPromise, promiseHash } from '../../protocol/gossip.ts'
import type { Reason } from '../../protocol/reason.ts'
import { isAnonymous } from '../../protocol/wire.ts'
import type { Envelopes } from '../envelopes/envelopes.ts'
import { isWhole } from './intake.ts'
import type { Pending } from './pending.ts'
import type { Replica } from '../ledger/replica.ts'
import type { HostClock } from './host-clock.ts'
import { sign } from '../keys/sign.ts'

export type Host = ReturnType<typeof createHost>

export type HostOptions = {
  /** The private key of `rules.hostKey`. */
  readonly key: Uint8Array
  readonly replica: Pick<Replica, 'context' | 'head' | 'produce'>
  readonly pending: Pick<Pending, 'get' | 'list' | 'remove'>
  readonly envelopes: Pick<Envelopes, 'holds'>
  readonly hostClock: HostClock
  readonly publish: (batch: Batch, opIds: readonly Uint8Array[]) => Promise<void>
  readonly onOmitted: (opId: Uint8Array, reason: Reason) => void
}

/** Reasons that may be gone by the next batch. An op that is left out for one of them waits on. */
const passing: ReadonlySet<Reason> = new Set(['nonce-gap', 'not-registered', 'account-unknown'])

export function createHost({ key, replica, pending, envelopes, hostClock, publish, onOmitted }: HostOptions) {
  const { network, rules } = replica.context

  return {
    /** Make a batch if there is anything for it. */
    async tick(): Promise<void> {
      const now = hostClock.time()
      if (now === undefined) return
      const { time: last } = replica.head.sealed.header
      const time = BigInt(now) > last ? BigInt(now) : last
      const candidates = pending.list().filter(isWhole(envelopes))
      const produced = await replica.produce(time, candidates.slice(0, rules.batchOpsMax), (digest) =>
        sign(digest, key),
      )
      for (const { incoming, reason } of produced.omitted) {
        if (passing.has(reason)) continue
        const waiting = pending.get(incoming.id)
        if (waiting) pending.remove(waiting)
        onOmitted(incoming.id, reason)
      }
      const { made } = produced
      if (made)
        await publish(
          made.batch,
          made.settled.ops.map(({ id }) => id),
        )
    },
    /** Why it signs nothing, with what to do; nothing where it does. */
    trouble: hostClock.trouble,
    /** Its owner says that the clock is right, and that no batch was lost. */
    confirmClock: hostClock.confirm,
    /** The host's promise for an op that waits here: that it has the op, and by when the op is either in a batch or expired. */
    promise(opId: Uint8Array): InclusionPromise | undefined {
      const waiting = pending.get(opId)
      // An anonymous op has no expiry to promise by: it is good until its epoch ends, and forgotten, its sender proves it again.
      if (!waiting || isAnonymous(waiting.op.action)) return undefined
      const promised = { op: opId, byTime: waiting.op.expiry }
      return { ...promised, signature: sign(promiseHash(network, promised), key) }
    },
  }
}
