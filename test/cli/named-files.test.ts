/** A pipe, a device, a folder or a huge file where a command reads a small one: it says so, and waits for nobody. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { bmail } from '../kit/command.ts'

const kinds: readonly [put: (path: string) => void, said: RegExp][] = [
  [(path) => execFileSync('mkfifo', ['-m', '600', path]), /is a pipe or a device, and no file\. /],
  [(path) => symlinkSync('/dev/zero', path), /is a pipe or a device, and no file\. /],
  [(path) => mkdirSync(path), /is a folder, and no file\. /],
  [
    (path) => {
      writeFileSync(path, '', { mode: 0o600 })
      truncateSync(path, 3 * 1024 ** 3)
    },
    /has 3221225472 bytes, and what belongs there never has more/,
  ],
]

test('what is no small file', async (t) => {
  const folder = t.testdir({})
  const relay = join(folder, 'relay')
  t.equal((await bmail(['init', '--role', 'relay'], { home: relay })).code, 0)
  for (const [at, [put, said]] of kinds.entries()) {
    const [file, home] = [join(folder, `given-${at}`), join(folder, `home-${at}`)]
    put(file)
    t.equal((await bmail(['init', '--role', 'relay'], { home })).code, 0)
    put(join(home, 'network.json'))
    const commands: readonly [home: string, ...args: string[]][] = [
      [join(folder, 'new'), 'init', '--role', 'relay', '--network', file],
      [relay, 'network', file],
      [join(folder, 'new'), 'network', 'new', '--name', 'club', '--out', join(folder, 'club.json'), '--host', file],
      [relay, 'receipt', '--verify', file, '--network', file],
      [home, 'network'],
      [home, 'init', '--role', 'relay'],
    ]
    for (const [where, ...args] of commands) {
      const { code, stderr } = await bmail(args, { home: where })
      t.equal(code, 1, args.join(' '))
      t.match(stderr, said)
      const remedy = where === home ? /restore the file from a back-up/ : /Name another, or save what is meant in one/
      t.match(stderr, remedy, args.join(' '))
    }
  }
})
