/**
 * Taking in an op with its envelope, whichever way it came: gossiped, given by a peer that wants it gossiped, or asked
 * for. A send is taken only together with its envelope, because whoever hears of the send from us asks us for that.
 */
import { decodeStrict, equalBytes } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import { type Incoming, readOp } from '../../protocol/doorway.ts'
import { inlineEnvelopeBytesMax, Mail, Release } from '../../protocol/gossip.ts'
import { no, type Result, yes } from '../../protocol/reason.ts'
import type { Envelopes } from '../envelopes/envelopes.ts'
import type { StepAside } from '../seams.ts'
import type { Taken } from './aside.ts'
import type { Lanes } from './lanes.ts'
import type { PeerBudget } from './peer-budget.ts'
import type { Pending } from './pending.ts'

/** An op out of a Mail, with its envelope where that came along. */
type Received = { readonly incoming: Incoming; readonly envelope: Uint8Array | undefined }

/** Who brought an op, and how to wait for the ops before it and for its envelope. */
type Bringer = { readonly from: string; readonly forOps: StepAside; readonly forEnvelope: StepAside }

type Options = {
  readonly context: Context
  readonly lanes: Pick<Lanes, 'enter' | 'isAside'>
  readonly pending: Pick<Pending, 'get' | 'remove'>
  readonly envelopes: Pick<Envelopes, 'check' | 'get' | 'hold' | 'holds'>
  readonly budget: PeerBudget
  /** Ask a peer for the envelope of a message that is too large to travel with its op; nothing where it does not come. */
  readonly pull: (peer: string, message: Uint8Array) => Promise<Uint8Array | undefined>
  readonly publishOp: (incoming: Incoming) => Promise<void>
  /** Take lock keys that a peer hands in. Says whether they were news. */
  readonly takeKeys: (release: Release, from: string) => Promise<boolean>
}

export type Intake = ReturnType<typeof createIntake>

export function createIntake({ context, lanes, pending, envelopes, budget, pull, publishOp, takeKeys }: Options) {
  function read(data: Uint8Array): Result<Received> {
    const mail = decodeStrict(Mail, data)
    if (!mail.ok) return mail
    const incoming = readOp(mail.value.op, context)
    return incoming.ok ? yes({ incoming: incoming.value, envelope: mail.value.envelope }) : incoming
  }

  /** Take in an op. That a send can be paid for is found out before its envelope, where it is large, is asked for. */
  async function take({ incoming, envelope }: Received, by: Bringer): Promise<Taken> {
    const { op, message } = incoming
    const bringer = { from: by.from, stepAside: by.forOps }
    if (!message) return envelope ? no('malformed') : lanes.enter(incoming, bringer)
    if (envelope && envelope.length > inlineEnvelopeBytesMax) return no('too-large')
    const fits = envelope ? envelopes.check(op, envelope) : yes(undefined)
    if (!fits.ok) return fits
    const taken = await lanes.enter(incoming, bringer)
    if (!taken.ok) return taken
    const held = await holdEnvelope(incoming, message, { along: envelope, by })
    if (held.ok) return taken
    // It comes again from whoever has its envelope. As it is, nobody could settle it, and it would fill the queue.
    const waiting = pending.get(incoming.id)
    if (waiting?.from === by.from) pending.remove(waiting)
    return held
  }

  /**
   * Hold the envelope that came along, checked by now, or the one that its bringer has. A pulled envelope
   * was sent by this peer alone, so a wrong one is treated as no answer, and not as a fault of the message, which others
   * brought too.
   */
  async function holdEnvelope(
    { op }: Incoming,
    message: Uint8Array,
    { along, by: { from, forEnvelope } }: { readonly along: Uint8Array | undefined; readonly by: Bringer },
  ): Promise<Result<unknown>> {
    if (along) return envelopes.hold(message, along) ? yes(undefined) : no('queue-full')
    // One that is here was perhaps held against another op of the same message, which said another size of it.
    if (envelopes.holds(message)) return fitting(op, await envelopes.get(message))
    const pulled = fitting(op, await forEnvelope(() => pull(from, message)))
    if (pulled.ok) return envelopes.hold(message, pulled.value) ? pulled : no('queue-full')
    // Another peer brought it meanwhile.
    return envelopes.holds(message) ? fitting(op, await envelopes.get(message)) : pulled
  }

  const fitting = (op: Incoming['op'], envelope: Uint8Array | undefined): Result<Uint8Array> =>
    envelope && envelopes.check(op, envelope).ok ? yes(envelope) : no('envelope-missing')

  /** Take an op in, and gossip it where it is new here. Says whether it waits here now. */
  async function takeOver(received: Received, by: Bringer): Promise<boolean> {
    const taken = await take(received, by)
    if (taken.ok && taken.value === 'new') await publishOp(received.incoming)
    return taken.ok
  }

  /**
   * Take an op that a peer gave or answered, and say whether it waits here. One that waits for those before it does so
   * behind the answer: the peer waits for that, and brings the one that is missing perhaps only then.
   */
  function takeFrom(received: Received, from: string): Promise<boolean> {
    if (lanes.isAside(received.incoming)) return Promise.resolve(true)
    const { promise: isAside, resolve } = Promise.withResolvers<boolean>()
    const forOps: StepAside = (wait) => {
      resolve(true)
      return wait()
    }
    return Promise.race([takeOver(received, { from, forOps, forEnvelope: (wait) => wait() }), isAside])
  }

  /**
   * Take what a peer gives us: a Mail, or a Release, which no Mail can be taken for: its first byte is its number, and that
   * of a Mail is 0, of a length. What is not taken counts against the peer.
   */
  async function takeOne(data: Uint8Array, from: string): Promise<boolean> {
    const release = decodeStrict(Release, data)
    if (release.ok) return takeKeys(release.value, from)
    const received = read(data)
    const isTaken = received.ok && (await takeFrom(received.value, from))
    if (!isTaken) budget.spend(from)
    return isTaken
  }

  return {
    read,
    take,
    /** Take a Mail that we asked a peer for. */
    async takeAgain(data: Uint8Array, from: string): Promise<void> {
      const received = read(data)
      if (received.ok) await takeFrom(received.value, from)
    },
    /**
     * Take what nobody asked for; says which ops wait here now, and which lock keys were news. All go at once, for the
     * disk's sake; ops of one account are in one lane.
     */
    takeGiven: (mails: readonly Uint8Array[], from: string): Promise<boolean[]> =>
      Promise.all(
        mails.map(async (data) => {
          if (!budget.isSpent(from)) return takeOne(data, from)
          budget.spend(from)
          return false
        }),
      ),
  }
}

/**
 * Whether an op is here with all that it needs: a send with its envelope. Only such an op is put into a batch, so that
 * nobody pays for what nobody can deliver; and only such an op is shown to peers, who would ask for its envelope in vain and
 * hold that against us.
 */
export const isWhole =
  (envelopes: Pick<Envelopes, 'holds'>) =>
  ({ message }: Pick<Incoming, 'message'>): boolean =>
    !message || envelopes.holds(message)

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
