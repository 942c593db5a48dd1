/** How a mailbox's records lie on disk is pinned for every format, and records of an older format are still read. */
import { test } from 'tap'
import { storeFormat } from '../../../node/ledger/store.ts'
import { cabinetOf, emptyCabinet, kinds, layoutNow, layoutOf } from './layouts.ts'

/** The first format that was written down. */
const firstPinned = 3

test('layouts: every kind of record that a cabinet writes has one here', async (t) => {
  const puts = Object.keys(emptyCabinet().cabinet).filter((name) => name.startsWith('put'))
  t.strictSame(new Set(Object.keys(kinds).map((name) => name.split(',')[0])), new Set(puts))
})

test('layouts: whoever changes one raises the format of the store', async (t) => {
  const pinned = layoutOf(storeFormat)
  t.ok(pinned, `format ${storeFormat} is written down; \`node test/node/mailbox/layouts.ts\` does it`)
  t.strictSame(await layoutNow(), pinned, 'raise `storeFormat`, and add a row to node/daemon/migrations.ts')
})

test('layouts: what any format left is read by this program', async (t) => {
  for (let format = firstPinned; format <= storeFormat; format++)
    for (const [name, records] of Object.entries(layoutOf(format)!))
      t.strictSame(await kinds[name]!.read(await cabinetOf(format, records)), kinds[name]!.is, `${name} of ${format}`)
})
