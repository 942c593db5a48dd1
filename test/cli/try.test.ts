/** A network of one's own that loses a daemon: it is told at once, with what that daemon said last, and nothing is left. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { test } from 'tap'
import { readApiFile } from '../../node/settings/home.ts'
import { bmail, program } from '../kit/command.ts'

/** Has the daemon of Alice end as it begins. */
const ending = `data:text/javascript,${encodeURIComponent(`
  if (process.argv.includes('daemon') && process.argv.at(-1).endsWith('alice')) {
    process.stderr.write('first line\\nthe disk is on fire\\n')
    process.exit(7)
  }
`)}`

test('try: a daemon that ends while the network comes up is told at once', async (t) => {
  const folder = t.testdir({})
  const { code, json } = await bmail(['try', '--json'], { env: { TMPDIR: folder, NODE_OPTIONS: `--import=${ending}` } })
  t.equal(code, 1)
  t.match(json(), {
    error: {
      code: 'daemon-failed',
      sentence:
        /^The network did not come up, and nothing of it is left\. The daemon of alice ended by itself, by exit code 7\. It said last:\n(?:.*\n)*the disk is on fire$/,
    },
  })
  t.strictSame(readdirSync(folder), [])
})

test('try: a daemon that ends later takes the network with it, and that is told', async (t) => {
  const folder = t.testdir({})
  const child = spawn(process.execPath, [program, 'try', '--json'], {
    env: { PATH: process.env.PATH, HOME: folder, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGTERM'))
  const ended = once(child, 'close')
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (said += text))
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), ended])
  const { people } = JSON.parse(line) as { people: readonly { name: string; home: string }[] }
  const [alice, bob] = ['alice', 'bob'].map((who) => readApiFile(people.find(({ name }) => name === who)!.home)!.pid)
  process.kill(bob!, 'SIGKILL')
  t.strictSame(await ended, [1, null])
  t.match(said, /^bmail: The daemon of bob ended by itself, by SIGKILL\. It said /m)
  t.strictSame(
    readdirSync(folder).filter((name) => name.startsWith('bmail-stage-')),
    [],
    'nothing is left',
  )
  t.throws(() => process.kill(alice!, 0), { code: 'ESRCH' }, 'nor is anybody')
})
