/** Everything that the page is made of is served, and no more than it needs at first. */
import { test } from 'tap'
import * as files from '../../../node/web/files.ts'
import { pageFiles } from '../../kit/page-files.ts'

test('page: every file that it is made of is there', async (t) => {
  const { first, later, missing } = await pageFiles(files)
  t.strictSame(missing, [])
  for (const part of [
    '/code/node/web/page/main.ts',
    '/packages/preact/dist/preact.mjs',
    '/packages/htm/dist/htm.module.js',
  ])
    t.ok(first.has(part), part)
  t.ok(later.has('/code/node/mailbox/receipts.ts'), 'what verifies receipts comes with the first of them')
  for (const path of ['/code/protocol/signature.ts', '/code/protocol/poseidon.ts'])
    t.notOk(first.has(path) || later.has(path), `the page has its own in place of ${path}`)
  t.strictSame(
    [...first.keys(), ...later.keys()].filter((path) => /^\/code\/node\/(?!web\/)/.test(path)).sort(),
    [
      '/code/node/advice.ts',
      '/code/node/amount.ts',
      '/code/node/api/routes.ts',
      '/code/node/ledger/verified.ts',
      '/code/node/mailbox/receipts.ts',
      '/code/node/mailbox/views.ts',
      '/code/node/names.ts',
      '/code/node/pasted.ts',
      '/code/node/sentences.ts',
      '/code/node/settings/network-file.ts',
      '/code/node/settings/shape.ts',
      '/code/node/ties.ts',
    ],
    'of the node it has what is pure, and this alone',
  )
  const size = (part: ReadonlyMap<string, number>): number => [...part.values()].reduce((all, bytes) => all + bytes, 0)
  t.comment(
    `${first.size} files of ${Math.round(size(first) / 1024)} KiB at first, ${later.size} of ${Math.round(size(later) / 1024)} KiB for receipts`,
  )
})
