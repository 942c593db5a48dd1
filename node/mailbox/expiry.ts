/**
 * When an operation of ours expires. It is signed and public, so it must not show our clock: a clock's offset is the same
 * under every pseudonym of a device, and links them for ever. Who reads the latest batch's header can compute it.
 */
import type { Context } from '../../protocol/context.ts'
import { type Action, operationOf } from '../../protocol/operations.ts'
import { passEnds } from '../../protocol/pass.ts'
import type { Rules } from '../../protocol/rules.ts'
import { type Message, type Meta, metaKey, metaOf } from '../../protocol/state.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Clock } from '../seams.ts'

/**
 * The expiry, in milliseconds since 1970, of an op that is signed when the clock says `clockMs` and the latest batch is of
 * `batchMs`. It is on a grid of half the longest expiry and lies a quarter to the whole of that ahead (that excluded, so that
 * a price holds until then), counted from the latest batch, whatever the clock says; only where there was no batch for a
 * quarter of it, from the clock less what it may be ahead.
 */
export function expiryAt(
  { expiryMaxMs, clockSkewMs }: Pick<Rules, 'expiryMaxMs' | 'clockSkewMs'>,
  { clockMs, batchMs }: { readonly clockMs: number; readonly batchMs: number },
): bigint {
  const gridMs = Math.floor(expiryMaxMs / 2)
  const isQuiet = clockMs - batchMs > expiryMaxMs / 4
  const aheadMs = Math.min(clockSkewMs, expiryMaxMs / 4)
  const publicMs = isQuiet ? clockMs - aheadMs : batchMs
  return BigInt((Math.ceil(publicMs / gridMs) + 1) * gridMs)
}

/** What an op ends with, besides its time: the pass that it is under, the epoch that its proof is of, the message that it judges. */
type EndsWith = {
  readonly epochKey?: Uint8Array | undefined
  readonly epoch?: number | undefined
  readonly judged?: Uint8Array | undefined
}

/** What an action ends with. */
export function endsWith(action: Action): EndsWith {
  const { TAG, data } = action
  return {
    epochKey: TAG === 'send' || TAG === 'ack' ? data.epochKey : undefined,
    epoch: operationOf(action).epoch(data),
    judged: TAG === 'ack' ? data.message : undefined,
  }
}

/** When the last epoch closes, at the earliest, in which a message is judged; nothing where it has. A stall leaves more time. */
function judgedUntil(
  { ackWindowEpochs, epochMs }: Rules,
  { epoch }: Pick<Message, 'epoch'>,
  now: Pick<Meta, 'epoch' | 'epochEnd'>,
): bigint | undefined {
  const left = epoch + ackWindowEpochs - now.epoch
  return left < 0 ? undefined : now.epochEnd + BigInt(left) * epochMs
}

/** When an op expires that is signed now, in milliseconds since 1970. */
type ExpiryOf = (ends?: EndsWith) => Promise<bigint>

type Node = {
  readonly context: Pick<Context, 'rules'>
  readonly replica: Pick<Replica, 'view'>
  readonly seams: { readonly clock: Pick<Clock, 'now'> }
}

/** Gives that function. What ends with something that the whole network sees expires right before that, at the latest. */
export function createExpiryOf({ context: { rules }, replica, seams: { clock } }: Node): ExpiryOf {
  return async ({ epochKey, epoch, judged } = {}) => {
    const view = await replica.view([
      { table: 'meta', key: metaKey },
      ...(epochKey ? [{ table: 'passes', key: epochKey } as const] : []),
      ...(judged ? [{ table: 'messages', key: judged } as const] : []),
    ])
    const meta = metaOf(view)
    const pass = epochKey && view.read('passes', epochKey)
    const message = judged && view.read('messages', judged)
    const ends = [
      pass && passEnds(rules, pass, meta),
      epoch === meta.epoch ? meta.epochEnd : undefined,
      message && judgedUntil(rules, message, meta),
    ]
    const expiry = expiryAt(rules, { clockMs: clock.now(), batchMs: Number(meta.time) })
    return ends.reduce<bigint>((least, end) => (end !== undefined && end <= least ? end - 1n : least), expiry)
  }
}
