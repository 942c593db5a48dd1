/**
 * Stamps of ours, with nothing on disk that could be lost: the secret of each comes from the recovery phrase by its number,
 * the ledger shows by its leaf that it was bought, and by its nullifier that it was redeemed.
 */
import { networkField, noteOf, stampLeaf, stampNullifierOf } from '../protocol/identity.ts'
import { decodeRecord, fieldKey, nodeKey, tables } from '../protocol/state.ts'
import { type ActionOf, SignedOp } from '../protocol/wire.ts'
import type { Cabinet } from './cabinet.ts'
import type { Node } from './node.ts'
import type { Order, Outbox } from './outbox.ts'
import { Refusal, type Stamp } from './service.ts'
import { keyIn, rangeOf } from './store.ts'
import type { Own, Wallet } from './wallet.ts'

/** Where numbers end: so many in a row that were never used. No more purchases than that are on their way at a time. */
const gap = 5
/** How many numbers further are watched for at a time. */
const stride = 16

/** A stamp that is on the ledger: its number, and the place of its leaf in the tree of stamps. */
export type Bought = { readonly number: number; readonly denomination: bigint; readonly leaf: number }

type NoteOf = (number: number) => Promise<string | undefined>

export type Stamps = ReturnType<typeof createStamps>

export function createStamps({
  node,
  wallet,
  cabinet,
  outbox,
}: {
  node: Node
  wallet: Wallet
  cabinet: Cabinet
  outbox: Outbox
}) {
  const { context, store, pending, replica, sales, seams } = node
  const { rules } = context
  const network = networkField(context.network)
  /** Leaves that would be ours, by what they are; those below `watched` numbers are in it. */
  const wanted = new Map<bigint, Omit<Bought, 'leaf'>>()
  const numbers = new Map<bigint, number>()
  const bought = new Map<number, Bought>()
  let watched = 0
  let seen = 0
  let turn: Promise<unknown> = Promise.resolve()

  function inTurn<T>(task: () => Promise<T>): Promise<T> {
    const next = turn.then(task)
    turn = next.catch(() => undefined)
    return next
  }

  /** One above the highest number that is on the ledger. */
  const ended = (): number => Math.max(-1, ...bought.keys()) + 1

  function watch(end: number): void {
    for (; watched < end; watched++) {
      const note = noteOf(wallet.stampSecret(watched))
      numbers.set(note, watched)
      for (const denomination of rules.identity.stamps)
        wanted.set(stampLeaf(denomination, note), { number: watched, denomination })
    }
  }

  /** Read the leaves that came since; and all of them again for numbers that were not watched for, until a gap of unused ones. */
  const look = (): Promise<void> =>
    inTurn(async () => {
      while (ended() + gap > watched || (await leavesCame())) {
        if (ended() + gap > watched) {
          watch(ended() + gap + stride)
          seen = 0
        }
        await readLeaves()
      }
    })

  const table = Uint8Array.of(tables.nodes.number)
  const leafKey = (index: number): Uint8Array => keyIn('state', table, nodeKey('stamps', { level: 0, index }))
  const leavesEnd = rangeOf('state', table, nodeKey('stamps', { level: 0, index: 0 }).subarray(0, 2)).lt

  const leavesCame = async (): Promise<boolean> => (await store.get(leafKey(seen))) !== undefined

  async function readLeaves(): Promise<void> {
    for await (const bytes of store.disk.values({ gte: leafKey(seen), lt: leavesEnd })) {
      const ours = wanted.get(decodeRecord('nodes', bytes).node)
      // Of two leaves of one secret only one can be redeemed: it is the same whichever it is.
      if (ours) bought.set(ours.number, { ...ours, leaf: seen })
      seen++
    }
  }

  /** What is bought, and by number what may still come to be: a batch that settles it meanwhile makes it the one or the other. */
  async function survey(): Promise<ReadonlyMap<number, bigint>> {
    await look()
    const open = await onTheirWay()
    await look()
    for (const number of bought.keys()) open.delete(number)
    return open
  }

  /** Purchases of ours that may still be settled. An op that was given up may be in a batch for as long as it could be. */
  async function onTheirWay(): Promise<Map<number, bigint>> {
    const open = new Map<number, bigint>()
    // Those of other devices of ours too.
    for (const { op } of pending.list()) {
      const number = op.action.TAG === 'stampBuy' ? numbers.get(op.action.data.note) : undefined
      if (op.action.TAG === 'stampBuy' && number !== undefined) open.set(number, op.action.data.denomination)
    }
    for await (const { number, first } of cabinet.purchases()) {
      const denomination = bought.has(number) ? undefined : await openDenomination(first)
      if (denomination === undefined) await cabinet.write([cabinet.dropPurchase(number)])
      else open.set(number, denomination)
    }
    return open
  }

  /** What a purchase is worth that may still be settled, in whichever form it was signed; nothing where it cannot be. */
  async function openDenomination(first: Uint8Array): Promise<bigint | undefined> {
    for (const id of await cabinet.forms(first)) {
      const outgoing = await cabinet.outgoing(id)
      if (!outgoing) continue
      const { op } = SignedOp.decode(outgoing.bytes)
      const isOver =
        Number(op.expiry) + rules.clockSkewMs < seams.clock.now() || (await store.outcome(id)) !== undefined
      if (op.action.TAG === 'stampBuy' && (outgoing.state === 'submitted' || !isOver))
        return op.action.data.denomination
    }
    return undefined
  }

  async function isRedeemed(number: number): Promise<boolean> {
    const key = fieldKey(nullifierOf(number))
    return (await replica.view([{ table: 'nullifiers', key }])).read('nullifiers', key) !== undefined
  }

  const nullifierOf = (number: number): bigint => stampNullifierOf(wallet.stampSecret(number), network)

  async function stampOf({ number, denomination }: Bought, noteOf: NoteOf): Promise<Stamp> {
    const state = (await isRedeemed(number)) ? 'redeemed' : 'held'
    return {
      number,
      denomination: String(denomination),
      state,
      note: (state === 'held' && (await noteOf(number))) || '',
      setSize: sales.of(denomination),
    }
  }

  return {
    nullifierOf,
    isRedeemed,
    /** A stamp that is on the ledger; nothing where it is not. */
    async find(number: number): Promise<Bought | undefined> {
      await look()
      return bought.get(number)
    },
    /** Whether a purchase is on the ledger already, made by another device of ours. A second one would be lost: they have one nullifier. */
    async isBought({ note }: ActionOf<'stampBuy'>): Promise<boolean> {
      await look()
      const number = numbers.get(note)
      return number !== undefined && bought.has(number)
    },
    /** All of ours. `noteOf` says what is to become of one that is held. */
    async list(noteOf: NoteOf): Promise<Stamp[]> {
      const open = await survey()
      const held = await Promise.all([...bought.values()].map((stamp) => stampOf(stamp, noteOf)))
      const coming = [...open].map(
        ([number, denomination]): Stamp => ({
          number,
          denomination: String(denomination),
          state: 'on its way',
          note: 'it is settled with one of the next batches',
          setSize: sales.of(denomination),
        }),
      )
      return [...held, ...coming].sort((a, b) => a.number - b.number)
    },
    /** Buy a stamp under a number that is not used. Throws Refusal. */
    async buy(own: Own, denomination: bigint) {
      if (!node.synced())
        throw new Refusal('not-ready', 'This node is catching up, and cannot tell yet which of your stamps are bought.')
      // In the turn in which it is signed, so that no two purchases take one number.
      const make = async (): Promise<Order> => {
        const open = await survey()
        if (open.size >= gap)
          throw new Refusal('not-ready', `${open.size} stamps are on their way already. Wait until they are settled.`)
        const number = Math.max(ended(), ...[...open.keys()].map((used) => used + 1))
        return {
          action: { TAG: 'stampBuy', data: { denomination, note: noteOf(wallet.stampSecret(number)) } },
          alongside: (first) => [cabinet.putPurchase({ number, first })],
        }
      }
      return (await outbox.submit(own, make)).outgoing
    },
  }
}
