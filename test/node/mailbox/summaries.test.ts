/** Letters as they are listed: what the ledger says of each, and when what it brought goes back by itself. */
import { test } from 'tap'
import { createCabinet, type Letter } from '../../../node/mailbox/cabinet.ts'
import { createSummaries } from '../../../node/mailbox/summaries.ts'
import { ada, bob, fetchedOf, genesisState } from '../../kit/fixtures.ts'
import { memoryStore } from '../../kit/memory.ts'

const bytesOf = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)

const letter = (number: number, fields: Partial<Letter> = {}): Letter => ({
  id: bytesOf(number),
  folder: 'inbox',
  state: 'opened',
  note: '',
  sender: ada.address,
  recipients: [bob.address],
  own: bob.address,
  subject: '',
  date: 1n,
  bytes: 1,
  height: undefined,
  opId: undefined,
  amount: 1n,
  verdict: undefined,
  ...fields,
})

test('summaries: when a letter goes back by itself is looked up for those that are listed, and no others', async (t) => {
  const store = memoryStore()
  const cabinet = createCabinet({ store, key: bytesOf(0), random: (length) => new Uint8Array(length) })
  const asked: Uint8Array[] = []
  const watched = {
    return(id: Uint8Array, own: Uint8Array) {
      asked.push(id)
      return cabinet.return(id, own)
    },
  }
  const view = async (references: Parameters<typeof fetchedOf>[1]) => fetchedOf(genesisState(), references)
  const summaries = createSummaries({ replica: { view }, store, cabinet: watched })
  const due = { own: bob.address, counts: false, cause: bytesOf(9), answer: undefined }
  await cabinet.write([1, 2, 3, 4].map((number) => cabinet.putReturn({ ...due, message: bytesOf(number), at: 7n })))
  const goesBack = async (...letters: readonly Letter[]) =>
    (await summaries(letters)).map((summary) => summary.goesBack)

  t.strictSame(await goesBack(letter(1)), [7])
  t.strictSame(asked.splice(0), [bytesOf(1)], 'one record for one letter, however many there are')
  t.strictSame(
    await goesBack(letter(8), letter(2), letter(3, { folder: 'sent' }), letter(4, { amount: 0n }), letter(1)),
    [null, 7, null, null, 7],
    'each has its own; what we sent, or what brought nothing, does not go back',
  )
  t.strictSame(asked, [bytesOf(8), bytesOf(2), bytesOf(1)])
})
