/** What people do on the network: each turns into an op, is settled or refused, and is written into the books. */
import { equalBytes } from '../../protocol/codec.ts'
import { fieldOf } from '../../protocol/field.ts'
import { hash } from '../../protocol/hash.ts'
import { pairIn, pairKey } from '../../protocol/pair.ts'
import { grantKey } from '../../protocol/state.ts'
import type { Verdict } from '../../protocol/words.ts'
import { type Books, honest, type Kind, type SimulatedLetter } from './books.ts'
import { type Identity, type Person, passOf } from './person.ts'
import type { World } from './world.ts'

export type Post = {
  /** Write under a pass where there is an identity. Nothing where it was refused. */
  readonly send: (letter: { from: Person; to: Person; kind: Kind }) => SimulatedLetter | undefined
  readonly judge: (letter: SimulatedLetter, verdict: Verdict) => void
  readonly enrol: (person: Person, identity: Identity) => void
  readonly grant: (parties: { granter: Person; sender: Person }) => void
  readonly revoke: (parties: { granter: Person; sender: Person }) => void
  readonly hasGrant: (parties: { granter: Person; sender: Person }) => boolean
  readonly transfer: (parties: { from: Person; to: Person }, amount: bigint) => void
  /** How many messages each of two ever wrote to the other. */
  readonly exchanged: (me: Person, other: Person) => { mine: number; theirs: number }
}

export function createPost(world: World, books: Books, monthNow: () => number): Post {
  const { rules } = world
  let envelopes = 0
  const spend = (person: Person) => books.spent(person, { amount: rules.inclusionFee, month: monthNow() })
  return {
    send({ from, to, kind }) {
      const envelopeHash = new Uint8Array(32)
      new DataView(envelopeHash.buffer).setUint32(0, ++envelopes)
      const epochKey = passOf(world, from)
      const applied = world.submit(from.address, {
        TAG: 'send',
        data: {
          recipients: [to.address],
          envelopeHash,
          sizeClass: 0,
          lifetimeDays: 30,
          keeperSet: 1,
          epochKey,
          automatic: false,
        },
      })
      if (applied.kind !== 'settled') {
        if (from.side === honest) books.refused({ month: monthNow(), reason: applied.reason })
        return undefined
      }
      const { message, basePrice, lines } = applied.sent!
      const line = lines[0]!
      const isMine = line.payer === 'sender'
      const letter: SimulatedLetter = {
        id: message,
        from,
        to,
        fromKey: epochKey,
        kind,
        epoch: world.meta().epoch,
        basePrice,
        fee: isMine ? line.paid : 0n,
        burned: isMine ? line.burned : 0n,
      }
      books.sent(letter, { credit: line.credit, month: monthNow() })
      return letter
    },
    judge(letter, verdict) {
      // Who comes back after weeks finds that it is too late, and says nothing.
      if (world.meta().epoch > letter.epoch + rules.ackWindowEpochs) return
      const epochKey = passOf(world, letter.to)
      const { from, fromKey } = letter
      const applied = world.submit(letter.to.address, {
        TAG: 'ack',
        data: { message: letter.id, sender: from.address, senderKey: fromKey, verdict, epochKey, giveBack: 0n },
      })
      if (applied.kind !== 'settled' || !fromKey) return
      for (const change of applied.changes)
        if (change.table === 'passes' && equalBytes(change.key, fromKey))
          books.judged(letter, {
            positive: change.after!.positive - change.before!.positive,
            negative: change.after!.negative - change.before!.negative,
          })
    },
    enrol(person, identity) {
      const commitment = fieldOf(hash('address', new TextEncoder().encode(`identity ${identity.name}`)))
      const { kind } = world.submit(person.address, { TAG: 'enroll', data: { commitment } })
      if (kind === 'settled') person.identity = identity
    },
    grant({ granter, sender }) {
      const data = { sender: sender.address, payer: 'sender', allowance: 0n } as const
      if (world.submit(granter.address, { TAG: 'grant', data }).kind === 'settled') spend(granter)
    },
    revoke({ granter, sender }) {
      const data = { sender: sender.address }
      if (world.submit(granter.address, { TAG: 'revoke', data }).kind === 'settled') spend(granter)
    },
    hasGrant({ granter, sender }) {
      const grant = world.view.read('grants', grantKey({ granter: granter.address, sender: sender.address }))
      return grant !== undefined && grant.endsAt === undefined
    },
    transfer(parties, amount) {
      const { from, to } = parties
      const { kind } = world.submit(from.address, { TAG: 'transfer', data: { to: to.address, amount } })
      if (kind !== 'settled') return
      books.transferred(parties, amount)
      books.spent(from, { amount: amount + rules.inclusionFee, month: monthNow() })
    },
    exchanged(me, other) {
      const pair = world.view.read('pairs', pairKey(me.address, other.address))
      const seen = { epoch: world.meta().epoch, me: me.address, other: other.address }
      const { mine, theirs } = pairIn(rules, pair, seen)
      return { mine: mine.messages, theirs: theirs.messages }
    },
  }
}
