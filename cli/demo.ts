/**
 * `npm run demo`: real daemons, sockets and disks, in a folder that is gone afterwards. The first act sends a letter; the
 * second shows one reputation behind two pseudonyms. By its log `test/vectors/balances.py` follows every balance by
 * operations alone.
 */
import { flagsOf, refuseFlags } from './flags.ts'
import { playLetter } from './demo-letter.ts'
import { playReputation } from './demo-reputation.ts'
import { openStage } from './stage.ts'

const help = `npm run demo -- [OPTIONS]

  --act letter|reputation   a letter, which takes twenty seconds; or one reputation behind two pseudonyms, which takes minutes
  --message FILE            the message that is sent in the first act (message/rfc822); else one with an attachment
  --json                    end with one line of JSON
  --log FILE                write where the network began and every batch, for test/vectors/balances.py
  --keep                    leave the folder of the network`

const { values: flags } = flagsOf(help, {
  options: {
    act: { type: 'string', default: 'letter' },
    json: { type: 'boolean', default: false },
    message: { type: 'string' },
    log: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
})

if (flags.act !== 'letter' && flags.act !== 'reputation')
  refuseFlags(`There is no act “${flags.act}”. Choose one of: letter, reputation.`)
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
