/** What people do on the network: each turns into an op, is settled or refused, and is written into the books. */
import { equalBytes } from '../../protocol/codec.ts'
import { fieldOf } from '../../protocol/field.ts'
import { hash } from '../../protocol/hash.ts'
import type { Applied } from '../../protocol/ledger.ts'
import type { Action } from '../../protocol/operations.ts'
import { pairIn, pairKey } from '../../protocol/pair.ts'
import { newReader } from '../../protocol/reader.ts'
import { grantKey, type Records } from '../../protocol/state.ts'
import type { Verdict } from '../../protocol/words.ts'
import type { Books, Kind, SimulatedLetter } from './books.ts'
import { createIdentity, type Person, passOf } from './person.ts'
import type { World } from './world.ts'

/** A letter that somebody wants to send: 1 KiB for 30 days, where nothing else is said. */
type Posted = {
  readonly from: Person
  readonly to: Person
  readonly kind: Kind
  readonly sizeClass?: number
  readonly lifetimeDays?: number
  /** Written by a program, and said to be: it answers nothing. */
  readonly automatic?: boolean
  /** What it may cost at most; above that it is not sent, and that is no refusal. */
  readonly most?: bigint
}

type Grant = { readonly granter: Person; readonly sender: Person }

export type Post = {
  /** Write under a pass where there is an identity. Nothing where it was refused. */
  readonly send: (letter: Posted) => SimulatedLetter | undefined
  /** What a letter would cost now, all in all. Nothing where it would be refused. */
  readonly price: (letter: Posted) => bigint | undefined
  /** Say what a letter was worth, and perhaps give back some of what it brought. Returns what that did to its sender's key. */
  readonly judge: (letter: SimulatedLetter, verdict: Verdict, giveBack?: bigint) => Weight
  /** Whether a letter can still be judged. */
  readonly isOpen: (letter: SimulatedLetter) => boolean
  readonly giveBack: (letter: SimulatedLetter, amount: bigint) => void
  /** Pay for an enrolment: one identity, behind the address that pays and others of the same side. */
  readonly enrol: (payer: Person, ...others: readonly Person[]) => void
  readonly grant: (parties: Grant) => void
  readonly revoke: (parties: Grant) => void
  readonly hasGrant: (parties: Grant) => boolean
  readonly policy: (person: Person, demands: { readonly leastTier: number; readonly leastFee: bigint }) => void
  readonly transfer: (parties: { readonly from: Person; readonly to: Person }, amount: bigint) => void
  /** How many messages each of two ever wrote to the other. */
  readonly exchanged: (me: Person, other: Person) => { mine: number; theirs: number }
  /** What somebody did with strangers' letters, as it stands at their address. */
  readonly record: (person: Person) => Records['readers']
}

/** What a verdict gave and took, as scores. */
type Weight = { readonly positive: bigint; readonly negative: bigint }

export function createPost(world: World, books: Books, monthNow: () => number): Post {
  const { rules } = world
  let envelopes = 0

  /** Do something and see what it took out of its author's funds. */
  function settle(person: Person, action: Action): { applied: Applied; paid: bigint } {
    const before = world.fundsOf(person)
    const applied = world.submit(person.address, action)
    return { applied, paid: before - world.fundsOf(person) }
  }
  /** Do something whose price is nobody's letter. Returns whether it settled. */
  function act(person: Person, action: Action, { but = 0n }: { but?: bigint } = {}): boolean {
    const { applied, paid } = settle(person, action)
    if (applied.kind === 'settled') books.spent(person, { amount: paid - but, month: monthNow() })
    return applied.kind === 'settled'
  }
  function pass(person: Person): Uint8Array | undefined {
    const before = world.fundsOf(person)
    const key = passOf(world, person)
    const paid = before - world.fundsOf(person)
    if (paid > 0n) books.spent(person, { amount: paid, month: monthNow() })
    return key
  }
  function actionOf({ from, to, sizeClass = 0, lifetimeDays = 30, automatic = false }: Posted): SendAction {
    const envelopeHash = new Uint8Array(32)
    new DataView(envelopeHash.buffer).setUint32(0, ++envelopes)
    const mail = { envelopeHash, sizeClass, lifetimeDays, keeperSet: 1, epochKey: pass(from), automatic }
    return { TAG: 'send', data: { ...mail, recipients: [to.address] } }
  }
  const isOpen = ({ epoch }: SimulatedLetter) => world.meta().epoch <= epoch + rules.ackWindowEpochs

  return {
    send(posted) {
      const { from, to, kind, most } = posted
      const action = actionOf(posted)
      if (most !== undefined && (world.asks(from.address, action) ?? most) > most) return undefined
      const isFirst = world.view.read('pairs', pairKey(from.address, to.address)) === undefined
      const { applied, paid } = settle(from, action)
      if (applied.kind !== 'settled') {
        if (kind === 'letter') books.refused({ month: monthNow(), reason: applied.reason })
        return undefined
      }
      const { message, basePrice, lines } = applied.sent!
      const line = lines[0]!
      const isMine = line.payer === 'sender'
      const letter: SimulatedLetter = {
        id: message,
        from,
        to,
        fromKey: action.data.epochKey,
        kind,
        automatic: action.data.automatic,
        isFirst,
        epoch: world.meta().epoch,
        basePrice,
        fee: isMine ? line.paid : 0n,
        burned: isMine ? line.burned : 0n,
        credit: line.credit,
        paid,
      }
      books.sent(letter, { month: monthNow() })
      return letter
    },
    price: (posted) => world.asks(posted.from.address, actionOf(posted)),
    judge(letter, verdict, giveBack = 0n) {
      // Who comes back after weeks finds that it is too late, and says nothing.
      if (!isOpen(letter)) return nothing
      const { id, from, fromKey, to } = letter
      const data = { message: id, sender: from.address, senderKey: fromKey, verdict, epochKey: pass(to), giveBack }
      const { applied, paid } = settle(to, { TAG: 'ack', data })
      if (applied.kind !== 'settled') return nothing
      books.spent(to, { amount: paid - giveBack, month: monthNow() })
      if (giveBack > 0n) books.gave(letter, { amount: giveBack, month: monthNow() })
      const change = applied.changes.find(({ table, key }) => table === 'passes' && fromKey && equalBytes(key, fromKey))
      const weight = change?.table === 'passes' ? weightOf(change.before!, change.after!) : nothing
      books.judged(letter, { ...weight, verdict })
      return weight
    },
    isOpen,
    giveBack(letter, amount) {
      const data = { message: letter.id, sender: letter.from.address, amount }
      if (act(letter.to, { TAG: 'giveBack', data }, { but: amount })) books.gave(letter, { amount, month: monthNow() })
    },
    enrol(payer, ...others) {
      const commitment = fieldOf(hash('address', new TextEncoder().encode(`identity ${payer.name}`)))
      if (!act(payer, { TAG: 'enroll', data: { commitment } })) return
      const identity = createIdentity(payer.name)
      for (const person of [payer, ...others]) person.identity = identity
    },
    grant({ granter, sender }) {
      act(granter, { TAG: 'grant', data: { sender: sender.address, payer: 'sender', allowance: 0n } })
    },
    revoke({ granter, sender }) {
      act(granter, { TAG: 'revoke', data: { sender: sender.address } })
    },
    hasGrant({ granter, sender }) {
      const grant = world.view.read('grants', grantKey({ granter: granter.address, sender: sender.address }))
      return grant !== undefined && grant.endsAt === undefined
    },
    policy(person, { leastTier, leastFee }) {
      act(person, { TAG: 'policy', data: { leastTier, leastFee } })
    },
    transfer(parties, amount) {
      const { from, to } = parties
      if (act(from, { TAG: 'transfer', data: { to: to.address, amount } })) books.transferred(parties, amount)
    },
    exchanged(me, other) {
      const pair = world.view.read('pairs', pairKey(me.address, other.address))
      const seen = { epoch: world.meta().epoch, me: me.address, other: other.address }
      const { mine, theirs } = pairIn(rules, pair, seen)
      return { mine: mine.messages, theirs: theirs.messages }
    },
    record: ({ address }) => world.view.read('readers', address) ?? newReader,
  }
}

type SendAction = Extract<Action, { readonly TAG: 'send' }>

const nothing: Weight = { positive: 0n, negative: 0n }
const weightOf = (before: Weight, after: Weight): Weight => ({
  positive: after.positive - before.positive,
  negative: after.negative - before.negative,
})
