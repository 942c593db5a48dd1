/** Letters as they are listed: what the mailbox keeps of them, and what the ledger says of them. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { encodeAddress } from '../../protocol/address.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Summary } from '../service.ts'
import type { Cabinet, Letter } from './cabinet.ts'
import { type GivenBack, summaryOf } from './views.ts'

export type Summaries = (letters: readonly Letter[]) => Promise<Summary[]>

/** Gives the function that reads the ledger once for all letters. Of what came, it tells only what its own reader gave back. */
export const createSummaries =
  (replica: Pick<Replica, 'view'>, cabinet: Pick<Cabinet, 'returns'>): Summaries =>
  async (letters) => {
    const view = await replica.view(letters.map(({ id }) => ({ table: 'messages', key: id }) as const))
    const due = await dueOf(cabinet)
    return letters.map((letter) => {
      const own = encodeAddress(letter.own)
      const settled = view.read('messages', letter.id)
      const given = (settled?.recipients ?? [])
        .filter(({ given }) => given > 0n)
        .map(({ address, given }): GivenBack => ({ by: encodeAddress(address), amount: String(given) }))
      return summaryOf(letter, {
        automatic: settled?.automatic ?? false,
        goesBack: letter.folder === 'inbox' ? (due.get(nameOf(letter)) ?? null) : null,
        givenBack: given.filter(({ by }) => letter.folder === 'sent' || by === own),
      })
    })
  }

/** When letters go back by themselves, by `nameOf`. */
async function dueOf(cabinet: Pick<Cabinet, 'returns'>): Promise<ReadonlyMap<string, number>> {
  const due = new Map<string, number>()
  for await (const { message: id, own, at } of cabinet.returns()) due.set(nameOf({ id, own }), Number(at))
  return due
}

const nameOf = ({ id, own }: Pick<Letter, 'id' | 'own'>): string => `${bytesToHex(id)} ${bytesToHex(own)}`
