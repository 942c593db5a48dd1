/** What the system lacks is told from damage by codes: the words differ between libraries, and name folders. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { failureOf } from '../../../node/api/errors.ts'
import { isLack } from '../../../node/ledger/disk.ts'

const failed = (code: string, message: string, cause?: Error) =>
  Object.assign(new Error(message, cause && { cause }), { code })

test('what is lacking is told by codes, and by trying where there is none', async (t) => {
  const well = join(t.testdir({}), 'data')
  mkdirSync(well)
  for (const code of ['ENOSPC', 'EDQUOT', 'EFBIG', 'EACCES', 'EROFS', 'EMFILE', 'ENOMEM']) {
    t.equal(await isLack(failed(code, 'Kein Platz'), well), true, code)
    t.equal(await isLack(new Error('It failed.', { cause: failed(code, '') }), well), true, `${code} behind another`)
  }
  const words = failed('LEVEL_IO_ERROR', 'IO error: /srv/data/000003.log: Permission denied')
  t.equal(await isLack(words, well), false, 'words alone decide nothing')
  t.equal(await isLack(words, '/sys'), true, 'nobody can write there, in whatever words')
  t.equal(await isLack(failed('LEVEL_CORRUPTION', 'No space left on device'), '/sys'), false, 'damage is damage')
})

test('a disk that takes nothing is answered with what to do, and without its folders', async (t) => {
  for (const code of ['LEVEL_IO_ERROR', 'LEVEL_DATABASE_NOT_OPEN']) {
    const { status, body } = failureOf(failed(code, 'IO error: /srv/ada/data/000003.log: No space left on device'))
    t.match(
      { status, ...body },
      { status: 503, error: { code: 'disk-failing', sentence: /takes nothing.*Free some space/ } },
    )
    t.notMatch(body.error.sentence, /IO error|srv/)
  }
})
