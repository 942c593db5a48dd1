/**
 * The first hop of a person's own operations: each is given to one peer, the way of its pseudonym (`ways.ts`), or of the
 * nullifier of an op that is nobody's; that peer gossips it. Gossip of our own would show it to all peers. With a single
 * peer there is nothing to choose. Ops that come while a peer is being given others wait for the next turn and go together,
 * because a stream costs more than an op.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Incoming } from '../../protocol/doorway.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Moments } from '../moments.ts'
import type { Clock } from '../seams.ts'
import type { Ask } from './ask.ts'
import type { OwnOps } from './own-ops.ts'
import type { Pending } from './pending.ts'
import type { Publisher } from './publisher.ts'
import type { Ways } from './ways.ts'

/** How much goes in one stream: ops, and bytes with their envelopes. */
const opsMax = 64
const bytesMax = 512 * 1024
/**
 * How long we wait, after giving an op to a peer, until somebody else brings it or it is settled; and how many batches may
 * pass without it (the first of them was perhaps made before the op reached the host). After that the next peer is tried,
 * and the wait is doubled, up to a maximum.
 */
const echoFirstMs = 3_000
const echoMaxMs = 48_000
const batchesWithout = 2n
/** Lost ops are tried anew within this time; the ops of each lane at a moment of their own. */
const againMs = 2_000

/** An op of ours on its way out, the peers that were tried, and how long it is waited for once it went away. */
type Outgoing = { readonly incoming: Incoming; readonly tried: readonly string[]; readonly echoMs: number }

/** What one peer is being given: what is on its way to it, and what goes in the next turn. */
type Queue = { given: readonly Outgoing[]; readonly next: Outgoing[] }

/** An op of ours that others should have by now, and when and at which height it went away. */
type Sent = Outgoing & { readonly at: number; readonly height: bigint }

type Options = {
  readonly ask: Pick<Ask, 'give'>
  readonly relay: Pick<Publisher, 'mailOf' | 'publishOp'>
  readonly replica: Pick<Replica, 'head'>
  readonly pending: Pick<Pending, 'has'>
  readonly ways: Ways
  readonly ownOps: Pick<OwnOps, 'forget' | 'gave' | 'published'>
  readonly moments: Pick<Moments, 'draw'>
  readonly clock: Pick<Clock, 'now'>
  /** Do something soon; a failure ends nothing. */
  readonly later: (what: string, task: () => Promise<void>) => void
}

export type FirstHop = ReturnType<typeof createFirstHop>

export function createFirstHop({ ask, relay, replica, pending, ways, ownOps, moments, clock, later }: Options) {
  /** The queue of each peer that is being given ops. */
  const queues = new Map<string, Queue>()
  /** By id: what went away, until it is heard of from others or waits no more. */
  const sent = new Map<string, Sent>()

  const height = (): bigint => replica.head.sealed.header.height
  const has = (queue: Queue | undefined, lane: string): boolean =>
    queue !== undefined && [...queue.given, ...queue.next].some(({ incoming }) => incoming.lane === lane)

  /** Bring an op to the next peer that was not tried; after all of them to everybody: better seen than lost. */
  async function forward(outgoing: Outgoing): Promise<void> {
    const { incoming, tried } = outgoing
    const { lane } = incoming
    // What builds on an op that is on its way goes the same way behind it, whoever is first in line by now.
    const [behind] = [...queues].find(([peer, queue]) => has(queue, lane) && !tried.includes(peer)) ?? []
    const peer = behind ?? ways.first(lane, tried)
    // Where nobody is connected, the next who is must not hear of all that waited meanwhile.
    if (peer === undefined && tried.length === 0) return wentAway({ ...outgoing, echoMs: echoFirstMs })
    if (peer === undefined) return publish(outgoing)
    const queue = queues.get(peer)
    if (queue) queue.next.push(outgoing)
    else {
      queues.set(peer, { given: [], next: [outgoing] })
      later('give an operation to a peer', () => drain(peer))
    }
  }

  /** Gossip takes the same bytes once; where they get lost, peers are tried anew. */
  function publish(outgoing: Outgoing): Promise<void> {
    const { incoming } = outgoing
    ownOps.published(incoming)
    wentAway({ ...outgoing, tried: [] })
    return relay.publishOp(incoming)
  }

  /** Look after an op that went away. */
  function wentAway(outgoing: Outgoing): void {
    sent.set(bytesToHex(outgoing.incoming.id), { ...outgoing, at: clock.now(), height: height() })
  }

  /** Give a peer what is in its queue, as much at a time as fits, until the queue is empty. */
  async function drain(peer: string): Promise<void> {
    const queue = queues.get(peer)!
    try {
      while (queue.next.length > 0) {
        const mails = await mailsOf(queue.next.slice(0, opsMax))
        queue.given = queue.next.splice(0, mails.length)
        for (const { incoming } of queue.given) ownOps.gave(incoming, peer)
        const answers = await ask.give(peer, mails).catch(() => undefined)
        // Whoever does not answer is not waited for again by those behind.
        if (!answers) queue.given = [...queue.given, ...queue.next.splice(0)]
        for (const [at, { tried, ...rest }] of queue.given.entries()) {
          const outgoing = { ...rest, tried: [...tried, peer] }
          if (answers?.[at]) wentAway(outgoing)
          // As tasks of their own: one that cannot be gossiped must not keep those behind it from this peer.
          else later('give an operation to a peer', () => forward(outgoing))
        }
      }
    } finally {
      queues.delete(peer)
    }
  }

  /** As many from the front as go together. */
  async function mailsOf(front: readonly Outgoing[]): Promise<Uint8Array[]> {
    const mails: Uint8Array[] = []
    let bytes = 0
    for (const { incoming } of front) {
      const mail = await relay.mailOf(incoming)
      bytes += mail.length
      if (mails.length > 0 && bytes > bytesMax) break
      mails.push(mail)
    }
    return mails
  }

  const isLost = ({ at, echoMs, height: before }: Sent): boolean =>
    at + echoMs <= clock.now() || before + batchesWithout <= height()

  /** Try others for the ops of a lane that got lost. */
  async function tryOthers(lane: string): Promise<void> {
    for (const [name, one] of sent) {
      const { at, height, ...outgoing } = one
      const { incoming, echoMs } = outgoing
      if (incoming.lane !== lane || !isLost(one)) continue
      sent.delete(name)
      if (pending.has(incoming.id)) await forward({ ...outgoing, echoMs: Math.min(2 * echoMs, echoMaxMs) })
    }
  }

  return {
    /** Send an op of ours on its way. It waits in our own pool already; where it gets lost, whoever asks us finds it there. */
    send: (incoming: Incoming): Promise<void> => forward({ incoming, tried: [], echoMs: echoFirstMs }),
    /** A peer has an op. Where it is one of ours, and not the one that we gave it to, then it is under way. */
    heard(id: Uint8Array, from: string): void {
      const name = bytesToHex(id)
      const one = sent.get(name)
      if (!one || one.tried.includes(from)) return
      sent.delete(name)
    },
    /** Look for what went away and was not heard of since; others are tried for it, soon. */
    async again(): Promise<void> {
      ownOps.forget()
      for (const [name, one] of sent) {
        const { incoming } = one
        if (!pending.has(incoming.id)) sent.delete(name)
        else if (isLost(one)) moments.draw(`again ${incoming.lane}`, { toMs: againMs }, () => tryOthers(incoming.lane))
      }
    },
  }
}
