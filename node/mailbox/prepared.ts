/**
 * Messages that were sealed for a quote, kept for a while so that they can be sent as they are. They are in memory only: where
 * a handle has expired, the message has to be sealed again, and that is all.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Prepared } from './prepare.ts'
import type { Clock, Random } from '../seams.ts'
import type { SendRequest, WholeMessage } from '../sending.ts'
import { Refusal } from '../service.ts'

/** The most messages that are kept, the most bytes of them together, and how long each is kept. */
export const keptMax = 8
export const keptBytesMax = 32 * 1024 * 1024
export const keptMs = 600_000

export type PreparedMessages = ReturnType<typeof createPreparedMessages>

/** Keeps nothing yet. */
export function createPreparedMessages({ clock, random }: { clock: Pick<Clock, 'now'>; random: Random }) {
  /** By handle, the oldest first. */
  const kept = new Map<string, { readonly prepared: Prepared; readonly until: number }>()

  /** Forget what is past its time. */
  function expire(): void {
    for (const [handle, { until }] of kept) if (clock.now() >= until) kept.delete(handle)
  }

  const isTooMuch = (): boolean => {
    const bytes = [...kept.values()].reduce((sum, { prepared }) => sum + bytesOf(prepared), 0)
    return kept.size > keptMax || bytes > keptBytesMax
  }

  return {
    expire,
    /** Keep a message; its handle, 16 random bytes in hex. The oldest ones go where it is too much. */
    keep(prepared: Prepared): string {
      expire()
      const handle = bytesToHex(random(16))
      kept.set(handle, { prepared, until: clock.now() + keptMs })
      for (const oldest of kept.keys()) {
        if (!isTooMuch()) break
        kept.delete(oldest)
      }
      return handle
    },
    /** The message of a handle, once. */
    take(handle: string): Prepared | undefined {
      expire()
      const found = kept.get(handle)?.prepared
      kept.delete(handle)
      return found
    },
  }
}

/** What is sent: the message itself, or the handle of one that was quoted. Throws Refusal where it is both, or neither. */
export function messageOrHandle({
  prepared,
  refuseAbove: _,
  answers: __,
  giveBack: ___,
  insist: ____,
  idempotencyKey: _____,
  again: ______,
  ...message
}: SendRequest): WholeMessage | string {
  const isWhole = Object.values(message).some((value) => value !== undefined)
  if (prepared !== undefined && isWhole)
    throw new Refusal(
      'bad-request',
      'The request has a message and the handle of one. Give either the message (`to`, `raw`) or `prepared`, not both.',
    )
  if (prepared !== undefined) return prepared
  const { to, raw, ...rest } = message
  if (to === undefined || raw === undefined)
    throw new Refusal(
      'bad-request',
      'The request has no message. Give the message (`to` and `raw`), or `prepared`, the handle that its quote came with.',
    )
  return { to, raw, ...rest }
}

/** The refusal of a handle that names no prepared message. */
export const unknownHandle = (): Refusal =>
  new Refusal(
    'not-found',
    'No prepared message has this handle: it was used already, or its quote is too long ago. If the message is not among those that you sent, send the message itself.',
  )

const bytesOf = ({ packed, sealed, sealKeys }: Prepared): number =>
  packed.length + sealed.envelopeBytes.length + sealKeys.reduce((sum, key) => sum + key.length, 0)
