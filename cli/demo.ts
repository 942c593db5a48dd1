/**
 * `npm run demo`: real daemons, sockets and disks, in a folder that is gone afterwards. The first act sends a letter; the
 * second (`--act reputation`) shows one reputation behind two pseudonyms. `--json` ends with one line for programs, and
 * `--log FILE` writes genesis and batches for `test/vectors/balances.py`, which follows every balance by operations alone.
 */
import { parseArgs } from 'node:util'
import { playLetter } from './demo-letter.ts'
import { playReputation } from './demo-reputation.ts'
import { openStage } from './stage.ts'

const { values: flags } = parseArgs({
  options: {
    act: { type: 'string', default: 'letter' },
    json: { type: 'boolean', default: false },
    message: { type: 'string' },
    log: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
})

if (flags.act !== 'letter' && flags.act !== 'reputation') {
  console.error(`There is no act “${flags.act}”. Choose one of: letter, reputation.`)
  process.exit(2)
}
const stage = openStage({ isJson: flags.json, keep: flags.keep })
try {
  const result = await (flags.act === 'letter' ? playLetter(stage, flags.message) : playReputation(stage))
  if (flags.log !== undefined) await stage.writeLog(flags.log)
  stage.say('everything held')
  if (flags.json) console.log(JSON.stringify(result))
} catch (error) {
  console.error((error as Error).message, (error as Error).cause ?? '')
  process.exitCode = 1
} finally {
  await stage.close()
}
