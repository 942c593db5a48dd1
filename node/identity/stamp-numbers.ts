/**
 * The numbers of our stamps: which are bought, and which are free. The secret of a stamp comes from the recovery phrase by
 * its number, and the ledger shows by its note whether it was bought.
 */
import { noteOf } from '../../protocol/identity.ts'
import { fieldKey, type Records } from '../../protocol/state.ts'
import type { Wallet } from '../keys/wallet.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Cabinet } from '../mailbox/cabinet.ts'
import { opsOnTheirWay } from '../mailbox/outbox.ts'
import type { Pending } from '../peers/pending.ts'

/** Where numbers end: so many in a row that were never used. No more purchases than that are on their way at a time. */
export const gap = 5

/** A stamp that is on the ledger: its number, what it is worth, and the place of its leaf in the tree of stamps. */
export type Bought = Records['notes'] & Records['stampLeaves'] & { readonly number: number }

type Options = {
  readonly replica: Pick<Replica, 'view'>
  readonly pending: Pick<Pending, 'list'>
  readonly wallet: Pick<Wallet, 'stampSecret'>
  readonly cabinet: Pick<Cabinet, 'openOutgoing'>
}

export function createStampNumbers({ replica, pending, wallet, cabinet }: Options) {
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
      const view = await replica.view([
        { table: 'notes', key },
        { table: 'stampLeaves', key },
      ])
      const [note, place] = [view.read('notes', key), view.read('stampLeaves', key)]
      if (!note || !place) continue
      bought.set(number, { number, ...note, ...place })
      end = Math.max(end, number + 1)
    }
  }

  /** Purchases that may still be settled: ours, and those of other devices of ours that wait here. */
  async function onTheirWay(): Promise<Map<number, bigint>> {
    const open = new Map<number, bigint>()
    for (const { action } of await opsOnTheirWay({ pending, cabinet })) {
      if (action.TAG !== 'stampBuy') continue
      const number = numbers.get(action.data.note)
      if (number !== undefined) open.set(number, action.data.denomination)
    }
    return open
  }

  return {
    noteAt,
    /** A stamp that is on the ledger; nothing where it is not. */
    async find(number: number): Promise<Bought | undefined> {
      await look()
      return bought.get(number)
    },
    /** All that are bought, and by number what the purchases are worth that are on their way. */
    async survey(): Promise<{ readonly held: readonly Bought[]; readonly open: ReadonlyMap<number, bigint> }> {
      await look()
      const open = await onTheirWay()
      // A batch may have settled some meanwhile: looked at again, each of them is either bought or on its way.
      await look()
      for (const number of bought.keys()) open.delete(number)
      return { held: [...bought.values()], open }
    },
    /** The lowest number above all that are bought that is not on its way. */
    free(open: ReadonlyMap<number, bigint>): number {
      let number = end
      while (open.has(number)) number++
      return number
    },
  }
}
