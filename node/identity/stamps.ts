/**
 * Stamps of ours, with nothing on disk that could be lost: the secret of each comes from the recovery phrase by its number,
 * the ledger shows by its note that it was bought, and by its nullifier that it was redeemed.
 */
import { networkField, noteOf, stampNullifierOf } from '../../protocol/identity.ts'
import { fieldKey, type Records } from '../../protocol/state.ts'
import type { Action } from '../../protocol/operations.ts'
import { SignedOp } from '../../protocol/wire.ts'
import type { Cabinet } from '../mailbox/cabinet.ts'
import type { Node } from '../peers/node.ts'
import type { Order, Outbox } from '../mailbox/outbox.ts'
import { Refusal, type Stamp } from '../service.ts'
import type { Own, Wallet } from '../keys/wallet.ts'

/** Where numbers end: so many in a row that were never used. No more purchases than that are on their way at a time. */
const gap = 5

/** A stamp that is on the ledger: its number, what it is worth, and the place of its leaf in the tree of stamps. */
export type Bought = Records['notes'] & { readonly number: number }

/** Says what is to become of a stamp that is held; nothing where nothing is. */
type Fate = (number: number) => Promise<string | undefined>

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
  const { context, pending, replica, sales } = node
  const network = networkField(context.network)
  /** Notes by their numbers, as far as they were needed, and the numbers by their notes. */
  const notes: bigint[] = []
  const numbers = new Map<bigint, number>()
  /** What is known to be on the ledger: it stays there. */
  const bought = new Map<number, Bought>()
  /** One above the highest of those. */
  let end = 0

  function noteAt(number: number): bigint {
    for (let next = notes.length; next <= number; next++) {
      notes.push(noteOf(wallet.stampSecret(next)))
      numbers.set(notes[next]!, next)
    }
    return notes[number]!
  }

  /** Look for every number on the ledger, until so many in a row are not there. */
  async function look(): Promise<void> {
    for (let number = 0; number < end + gap; number++) {
      if (bought.has(number)) continue
      const key = fieldKey(noteAt(number))
      const record = (await replica.view([{ table: 'notes', key }])).read('notes', key)
      if (!record) continue
      bought.set(number, { number, ...record })
      end = Math.max(end, number + 1)
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

  /** Purchases that may still be settled: ours, and those of other devices of ours that wait here. */
  async function onTheirWay(): Promise<Map<number, bigint>> {
    const open = new Map<number, bigint>()
    const note = (action: Action): void => {
      const number = action.TAG === 'stampBuy' ? numbers.get(action.data.note) : undefined
      if (action.TAG === 'stampBuy' && number !== undefined) open.set(number, action.data.denomination)
    }
    for (const { op } of pending.list()) note(op.action)
    for await (const { bytes } of cabinet.openOutgoing()) note(SignedOp.decode(bytes).op.action)
    return open
  }

  async function isRedeemed(number: number): Promise<boolean> {
    const key = fieldKey(nullifierOf(number))
    return (await replica.view([{ table: 'nullifiers', key }])).read('nullifiers', key) !== undefined
  }

  const nullifierOf = (number: number): bigint => stampNullifierOf(wallet.stampSecret(number), network)

  async function stampOf({ number, denomination }: Bought, fateOf: Fate): Promise<Stamp> {
    const state = (await isRedeemed(number)) ? 'redeemed' : 'held'
    return {
      number,
      denomination: String(denomination),
      state,
      note: (state === 'held' && (await fateOf(number))) || '',
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
    /** All of ours. */
    async list(fateOf: Fate): Promise<Stamp[]> {
      const open = await survey()
      const held = await Promise.all([...bought.values()].map((stamp) => stampOf(stamp, fateOf)))
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
      // In the turn in which it is signed, so that no two purchases of this device take one number. Where another device
      // took it in the same moment, the ledger refuses the second, and its sentence says to buy again.
      const make = async (): Promise<Order> => {
        const open = await survey()
        if (open.size >= gap)
          throw new Refusal('not-ready', `${open.size} stamps are on their way already. Wait until they are settled.`)
        let number = end
        while (open.has(number)) number++
        return { action: { TAG: 'stampBuy', data: { denomination, note: noteAt(number) } } }
      }
      return (await outbox.submit(own, make)).outgoing
    },
  }
}
