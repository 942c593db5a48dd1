/** Letters as they are listed: what the mailbox keeps of them, and what the ledger says of them. */
import { encodeAddress } from '../../protocol/address.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Store } from '../ledger/store.ts'
import type { Summary } from '../service.ts'
import type { Cabinet, Letter } from './cabinet.ts'
import { type GivenBack, summaryOf } from './views.ts'

export type Summaries = (letters: readonly Letter[]) => Promise<Summary[]>

type Options = {
  readonly replica: Pick<Replica, 'view'>
  readonly store: Pick<Store, 'header'>
  readonly cabinet: Pick<Cabinet, 'return'>
}

/** Gives the function that reads the ledger once for all letters. Of what came, it tells only what its own reader gave back. */
export function createSummaries({ replica, store, cabinet }: Options): Summaries {
  /** When batches with letters of ours were made, in milliseconds: what is final stays as it is. */
  const times = new Map<bigint, number>()

  async function settledAt({ height }: Letter): Promise<number | null> {
    if (height === undefined) return null
    const known = times.get(height) ?? (await store.header(height))?.header.time
    if (known === undefined) return null
    times.set(height, Number(known))
    return Number(known)
  }

  return async (letters) => {
    const view = await replica.view(letters.map(({ id }) => ({ table: 'messages', key: id }) as const))
    const due = await dueOf(cabinet, letters)
    const summaries: Summary[] = []
    for (const [at, letter] of letters.entries()) {
      const own = encodeAddress(letter.own)
      const settled = view.read('messages', letter.id)
      const given = (settled?.recipients ?? [])
        .filter(({ given }) => given > 0n)
        .map(({ address, given }): GivenBack => ({ by: encodeAddress(address), amount: String(given) }))
      const known = {
        automatic: settled?.automatic ?? false,
        settledAt: await settledAt(letter),
        goesBack: due[at]!,
        givenBack: given.filter(({ by }) => letter.folder === 'sent' || by === own),
      }
      summaries.push(summaryOf(letter, known))
    }
    return summaries
  }
}

/** When each letter goes back by itself; null where it does not, as only what came and paid can. The store reads them as one. */
const dueOf = (cabinet: Pick<Cabinet, 'return'>, letters: readonly Letter[]): Promise<readonly (number | null)[]> =>
  Promise.all(
    letters.map(async ({ id, own, folder, amount }) => {
      const due = folder === 'inbox' && amount > 0n && (await cabinet.return(id, own))
      return due ? Number(due.at) : null
    }),
  )

/**
 * The latest first, as the network settled them: what a sender says of the time moves a letter only among those of its own
 * batch. What is not settled counts by when it came or was sent.
 */
export const latestFirst = (summaries: readonly Summary[]): Summary[] =>
  summaries.toSorted(
    (a, b) => (b.settledAt ?? b.date) - (a.settledAt ?? a.date) || b.date - a.date || (a.id < b.id ? -1 : 1),
  )
