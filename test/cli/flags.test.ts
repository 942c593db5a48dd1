/** The programs that `npm run` starts: each says what its flags are, and refuses what is none in a sentence. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'

const root = join(import.meta.dirname, '../..')
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
const programs = Object.entries(scripts).flatMap(([name, line]) => {
  const [, file] = /^node (?:--no-warnings )?(\S+\.ts)$/.exec(line) ?? []
  return file === undefined ? [] : [{ name, file, source: readFileSync(join(root, file), 'utf8') }]
})
const withFlags = programs.filter(({ source }) => source.includes('flagsOf('))

/** What a program prints, and how it ends. */
function run(file: string, ...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', file, ...words], {
    cwd: root,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

test('flags: every program that has some reads them in one way', async (t) => {
  const names = withFlags.map(({ name }) => name)
  for (const name of ['attacks', 'bench', 'demo', 'flips', 'fuzz', 'kills', 'observers', 'unlinkability', 'vectors'])
    t.ok(names.includes(name), name)
  for (const { name, source } of programs) t.notMatch(source, /\bparseArgs\b/, name)
})

for (const { name, file, source } of withFlags)
  test(`flags: ${name} says what its flags are, and what is none of them`, async (t) => {
    const helped = run(file, '--help')
    t.equal(helped.status, 0)
    t.ok(helped.stdout.startsWith(`npm run ${name} -- `), helped.stdout)
    for (const [, quoted, bare] of source.matchAll(/^ +(?:'([\w-]+)'|(\w+)): \{ type: '/gm))
      t.match(helped.stdout, `--${quoted ?? bare}`)
    t.equal(helped.stderr, '')
    const refused = run(file, '--no-such-flag')
    t.equal(refused.status, 2)
    t.match(refused.stderr, '--no-such-flag')
    t.notMatch(refused.stderr, /^ +at /m)
    t.equal(refused.stdout, '')
  })

test('flags: values that cannot be are refused in a sentence', async (t) => {
  for (const [name, ...words] of [
    ['demo', '--act', 'third'],
    ['fuzz', 'nothing'],
    ['fuzz', 'decoders', '--minutes', 'soon'],
    ['fuzz', 'decoders', '--seed', '-1'],
    ['bench', '--only', 'ledger,nothing'],
    ['attacks', '--only', 'nothing'],
    ['attacks', '--seconds', '0'],
    ['flips', '--only', 'stranger'],
    ['kills', '--kills', 'all'],
    ['unlinkability', '--people', 'many'],
  ] as const) {
    const { file } = withFlags.find((one) => one.name === name)!
    const { status, stderr } = run(file, ...words)
    t.equal(status, 2, `${name} ${words.join(' ')}: ${stderr}`)
    t.notMatch(stderr, /^ +at /m)
  }
})
