/**
 * The page that shows how an operation is added, as steps that can be followed to the letter in a copy of this repository,
 * and what looks at such a copy.
 */
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import '../kit/patience.ts'

const repository = join(import.meta.dirname, '../..')

/** A step of the page: a file, whole or changed, or a command. */
type Step = { readonly name: string; readonly apply: (copy: string) => Promise<void> }

/** All of them, in the page's order. */
export const steps: readonly Step[] = stepsOf(readFileSync(join(repository, 'CONTRIBUTING.md'), 'utf8'))

/** The reader in another language; where there is no Python, nobody can miss it. */
export const hasPython = spawnSync('python3', ['--version']).status === 0

/** What looks at a copy. Of the commands' test it is what goes through every route; the others try none of the page's. */
const checks = {
  'the compiler': { args: ['node_modules/typescript/bin/tsc', '--noEmit', '-p', '.'] },
  'the vectors': { args: ['test/vectors/main.ts'] },
  'the specification': { args: ['test/protocol/specification.test.ts'] },
  'the rules of the house': { args: ['test/style.test.ts'] },
  'the ledger’s test': { args: ['test/protocol/ledger.test.ts'] },
  'the reader in Python': { args: ['test/vectors/read.py'] },
  'the API’s description': { args: ['test/node/api/openapi.test.ts'] },
  'the commands’ test': { args: ['test/cli/commands.test.ts'], grep: '/^operations name what was asked for/' },
} satisfies Record<string, Check>

/** A program, and which of its tests, where not all of them. */
type Check = { readonly args: readonly string[]; readonly grep?: string }
export type Checker = keyof typeof checks

/** Everybody who looks at a copy and can here. */
export const checkers = (Object.keys(checks) as Checker[]).filter((by) => hasPython || by !== 'the reader in Python')

/** Let one of them look; no code but 0 is a yes. */
export const look = (copy: string, by: Checker): Promise<Ran> => run(copy, checks[by])

/** How a program ended, and what it said where it failed. */
type Ran = { readonly code: number | null; readonly said: string }

/** Follow the page and use what comes out. Whether it works: else nothing that is left out of it shows anything. */
export async function works(t: Test): Promise<boolean> {
  const copy = copyOf(t)
  for (const step of steps) await step.apply(copy)
  for (const by of checkers) t.strictSame(await look(copy, by), { code: 0, said: '' }, by)
  if (!hasPython) t.pass('the reader in Python', { skip: 'no python3 here' })
  writeFileSync(join(copy, 'test/contributing/forfeit.test.ts'), lived)
  t.strictSame(await run(copy, { args: ['test/contributing/forfeit.test.ts'] }), { code: 0, said: '' }, 'people use it')
  return t.passing()
}

/** Follow the page but for one step; the step that cannot be followed then, or the copy that comes out. */
export async function without(t: Test, leftOut: string): Promise<{ stuckAt: string } | { copy: string }> {
  const copy = copyOf(t)
  for (const { name, apply } of steps) {
    if (name === leftOut) continue
    try {
      await apply(copy)
    } catch {
      return { stuckAt: name }
    }
  }
  return { copy }
}

/** Somebody destroys money through a whole daemon. */
const lived = `
import { test } from 'tap'
import { createWorld } from '../kit/nodes.ts'
import { until } from '../kit/patience.ts'

test('money is given up', async (t) => {
  const world = await createWorld(t, { people: ['ada'], keepers: 1, threshold: 1, changes: { batchIntervalMs: 20 } })
  await world.start('host', { hosts: true, keeps: 0 })
  const { mailbox, node } = await world.start('ada', { reads: world.person('ada') })
  await until('ada is registered', async () => (await mailbox.pseudonyms())[0].registered)
  const held = async () => BigInt((await mailbox.pseudonyms())[0].balance)
  const before = await held()
  const { opId } = await mailbox.forfeit({ amount: '1000' })
  await until('it is settled', async () => (await mailbox.operation({ opId })).state === 'settled')
  t.equal(before - (await held()), 1000n + node.replica.context.rules.inclusionFee)
  await t.rejects(mailbox.forfeit({ amount: String(before) }), { code: 'reserve-short' }, 'the reserve stays')
})
`

/** Every block of the page that stands under a file's name, and every command. */
function stepsOf(page: string): Step[] {
  const blocks = [...page.matchAll(/^(?:`([^`\n]+)`\n\n)?```(\w+)\n([\s\S]*?)^```$/gm)]
  return blocks.map(([, file, language, body = '']) => {
    if (language === 'sh') return { name: body.trim(), apply: (copy) => command(copy, body.trim()) }
    if (!file) throw new Error(`a block of the page stands under no file's name: ${body.slice(0, 40)}`)
    const write = language === 'diff' ? changed : () => body
    return {
      name: file,
      apply: async (copy) => {
        const path = join(copy, file)
        mkdirSync(dirname(path), { recursive: true })
        writeFileSync(
          path,
          write(() => readFileSync(path, 'utf8'), body),
        )
      },
    }
  })
}

/** A file after a block of changes: each part, up to a line of `@@`, is found by the lines that are there already. */
function changed(read: () => string, block: string): string {
  return block.split(/^@@\n/m).reduce((text, part) => {
    const lines = part.split('\n').slice(0, -1)
    const was = lines.filter((line) => !line.startsWith('+')).map((line) => `${line.slice(1)}\n`)
    const is = lines.filter((line) => !line.startsWith('-')).map((line) => `${line.slice(1)}\n`)
    const found = text.split(was.join(''))
    if (found.length !== 2)
      throw new Error(`${found.length - 1} places have these lines, and one should:\n${was.join('')}`)
    return found.join(is.join(''))
  }, read())
}

/** What the page's commands run. */
const programs: Readonly<Record<string, string>> = {
  vectors: 'test/vectors/main.ts',
  openapi: 'test/node/api/openapi.ts',
}

async function command(copy: string, text: string): Promise<void> {
  const [, script = '', options] = /^npm run (\w+)(?: -- (.*))?$/.exec(text) ?? []
  const program = programs[script]
  if (!program) throw new Error(`the page asks for a command that this test does not know: ${text}`)
  const { code, said } = await run(copy, { args: [program, ...(options?.split(' ') ?? [])] })
  if (code !== 0) throw new Error(said)
}

/** Everything of ours but what takes long to copy, with the packages that are installed here. */
function copyOf(t: Test): string {
  const copy = mkdtempSync(join(tmpdir(), 'bmail-page-'))
  t.teardown(() => rmSync(copy, { recursive: true, force: true }))
  for (const part of ['protocol', 'node', 'cli', 'test'])
    cpSync(join(repository, part), join(copy, part), { recursive: true, filter: (path) => !path.includes('/.tap/') })
  for (const file of [
    '.taprc',
    'package.json',
    'tsconfig.json',
    'README.md',
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    'ARCHITECTURE.md',
  ])
    cpSync(join(repository, file), join(copy, file))
  for (const part of ['node_modules', 'circuits', '.ci']) symlinkSync(join(repository, part), join(copy, part))
  return copy
}

/** Run a program of Node, or of Python, in a copy; what it said where it failed. */
function run(copy: string, { args, grep }: Check): Promise<Ran> {
  const { TAP: _, ...env } = process.env
  const program = args[0]!.endsWith('.py') ? 'python3' : process.execPath
  // What the runner has every Node load before the program is put in behind our back, and the compiler does not bear it.
  const child = spawn('env', ['-u', 'NODE_OPTIONS', program, ...args], {
    cwd: copy,
    env: { ...env, ...(grep && { TAP_GREP: grep }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => {
      said = (said + part).slice(-20_000)
    })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, said: code === 0 ? '' : said }))
  })
}
