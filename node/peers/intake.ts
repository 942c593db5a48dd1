/**
 * Taking in an op with its envelope, whichever way it came: gossiped, given by a peer that wants it gossiped, or asked
 * for. A send is taken only together with its envelope, because whoever hears of the send from us asks us for that.
 */
import { decodeStrict, equalBytes } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import { type Incoming, readOp } from '../../protocol/doorway.ts'
import { inlineEnvelopeBytesMax, Mail } from '../../protocol/gossip.ts'
import { no, type Result, yes } from '../../protocol/reason.ts'
import type { Envelopes } from '../envelopes/envelopes.ts'
import type { PeerBudget } from './peer-budget.ts'
import type { Pending } from './pending.ts'

/** An op out of a Mail, with its envelope where that came along. */
type Received = { readonly incoming: Incoming; readonly envelope: Uint8Array | undefined }

type Options = {
  readonly context: Context
  readonly pending: Pick<Pending, 'add'>
  readonly envelopes: Pick<Envelopes, 'check' | 'hold' | 'holds'>
  readonly budget: PeerBudget
  /** Ask a peer for the envelope of a message that is too large to travel with its op. */
  readonly pull: (peer: string, message: Uint8Array) => Promise<Uint8Array | undefined>
  readonly publishOp: (incoming: Incoming) => Promise<void>
}

export type Intake = ReturnType<typeof createIntake>

export function createIntake({ context, pending, envelopes, budget, pull, publishOp }: Options) {
  function read(data: Uint8Array): Result<Received> {
    const mail = decodeStrict(Mail, data)
    if (!mail.ok) return mail
    const incoming = readOp(mail.value.op, context)
    return incoming.ok ? yes({ incoming: incoming.value, envelope: mail.value.envelope }) : incoming
  }

  /** Take in an op. That a send can be paid for is found out before its envelope, where it is large, is asked for. */
  async function take({ incoming, envelope }: Received, from: string): Promise<Result<'new' | 'known'>> {
    const { op, message } = incoming
    if (!message) return envelope ? no('malformed') : pending.add(incoming, from)
    if (envelope && envelope.length > inlineEnvelopeBytesMax) return no('too-large')
    const fits = envelope ? envelopes.check(op, envelope) : yes(undefined)
    if (!fits.ok) return fits
    const taken = await pending.add(incoming, from)
    if (!taken.ok || envelopes.holds(message)) return taken
    const held = await holdEnvelope(incoming, message, { along: envelope, from })
    return held.ok ? taken : held
  }

  /** Hold the envelope that came along, checked by now, or the one that its bringer has. */
  async function holdEnvelope(
    { op }: Incoming,
    message: Uint8Array,
    { along, from }: { readonly along: Uint8Array | undefined; readonly from: string },
  ): Promise<Result<unknown>> {
    const envelope = along ?? (await pull(from, message))
    if (!envelope) return no('envelope-missing')
    const fits = along ? yes(undefined) : envelopes.check(op, envelope)
    if (!fits.ok) return fits
    return envelopes.hold(message, envelope) ? fits : no('queue-full')
  }

  /** Take an op in, and gossip it where it is new here. Says whether it waits here now. */
  async function takeOver(received: Received, from: string): Promise<boolean> {
    const taken = await take(received, from)
    if (taken.ok && taken.value === 'new') await publishOp(received.incoming)
    return taken.ok
  }

  /** Take what a peer gives us. What is not taken counts against the peer. */
  async function takeOne(received: Received, from: string): Promise<boolean> {
    const isTaken = await takeOver(received, from)
    if (!isTaken) budget.spend(from)
    return isTaken
  }

  return {
    read,
    take,
    /** Take a Mail that we asked a peer for. */
    async takeAgain(data: Uint8Array, from: string): Promise<void> {
      const received = read(data)
      if (received.ok) await takeOver(received.value, from)
    },
    /** Take Mails that nobody asked for; says which of their ops wait here now. */
    takeGiven(mails: readonly Uint8Array[], from: string): Promise<boolean[]> {
      // Ops of one account build on each other, so they go one after the other. All others go at once, for the disk's sake.
      const lanes = new Map<string, Promise<boolean>>()
      return Promise.all(
        mails.map((data) => {
          const received = budget.isSpent(from) ? no('queue-full') : read(data)
          if (!received.ok) {
            budget.spend(from)
            return false
          }
          const { lane } = received.value.incoming
          const taken = Promise.resolve(lanes.get(lane)).then(() => takeOne(received.value, from))
          lanes.set(lane, taken)
          return taken
        }),
      )
    },
  }
}

/** Messages that wait without their envelope: it could not be had when their op came. */
export const withoutEnvelope = (pending: Pick<Pending, 'list'>, envelopes: Pick<Envelopes, 'holds'>): Uint8Array[] =>
  pending.list().flatMap(({ message }) => (message && !envelopes.holds(message) ? [message] : []))

/** Hold the envelope of a waiting message that came late, if it is the one that its op names. */
export function holdLate(
  {
    pending,
    envelopes,
  }: { readonly pending: Pick<Pending, 'list'>; readonly envelopes: Pick<Envelopes, 'check' | 'hold'> },
  { message, envelope }: { readonly message: Uint8Array; readonly envelope: Uint8Array },
): void {
  const waiting = pending.list().find((other) => other.message && equalBytes(other.message, message))
  if (waiting && envelopes.check(waiting.op, envelope).ok) envelopes.hold(message, envelope)
}
