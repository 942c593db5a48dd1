/**
 * A peer that means harm, by the script that measures it: one attack, for a few seconds, between daemons with production
 * settings. What it costs is not judged here; `npm run attacks` tries a dozen, and prints that.
 */
// Slow: a network of processes, for half a minute
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { test } from 'tap'
import '../kit/patience.ts'

const script = join(import.meta.dirname, '../attacks/main.ts')
/** Honest nodes set against each other: the worst that was found. */
const chosen = ['rekey-split']

test('under attack nobody honest is banned, and no letter is lost', async (t) => {
  const words = [script, '--json', '--seconds', '3', '--only', chosen.join(',')]
  // It ends with 1 where somebody was banned or something lost; what that was stands in what it told.
  const { stdout, stderr } = await promisify(execFile)(process.execPath, words).catch((error) => error)
  const { attacks } = JSON.parse(stdout.trimEnd().split('\n').at(-1) || '{"attacks":[]}')
  t.strictSame(
    attacks.map(({ name }: { name: string }) => name),
    chosen,
    stdout ? 'it was tried' : stderr.slice(-2_000),
  )
  for (const { name, honestBanned, lost, letters, attackerCpuMs } of attacks) {
    t.strictSame({ honestBanned, lost }, { honestBanned: 0, lost: 0 }, `${name}${honestBanned + lost ? stderr : ''}`)
    t.ok(letters > 0, `${name}: honest people wrote meanwhile`)
    t.ok(attackerCpuMs > 0, `${name}: and somebody attacked them`)
  }
})
