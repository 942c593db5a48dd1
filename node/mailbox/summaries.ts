/** Letters as they are listed: what the mailbox keeps of them, and what the ledger says of them. */
import { encodeAddress } from '../../protocol/address.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Summary } from '../service.ts'
import type { Letter } from './cabinet.ts'
import { type GivenBack, summaryOf } from './views.ts'

export type Summaries = (letters: readonly Letter[]) => Promise<Summary[]>

/** Gives the function that reads the ledger once for all letters. Of what came, it tells only what its own reader gave back. */
export const createSummaries =
  (replica: Pick<Replica, 'view'>): Summaries =>
  async (letters) => {
    const view = await replica.view(letters.map(({ id }) => ({ table: 'messages', key: id }) as const))
    return letters.map((letter) => {
      const own = encodeAddress(letter.own)
      const settled = view.read('messages', letter.id)
      const given = (settled?.recipients ?? [])
        .filter(({ given }) => given > 0n)
        .map(({ address, given }): GivenBack => ({ by: encodeAddress(address), amount: String(given) }))
      return summaryOf(letter, {
        automatic: settled?.automatic ?? false,
        givenBack: given.filter(({ by }) => letter.folder === 'sent' || by === own),
      })
    })
  }
