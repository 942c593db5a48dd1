/** Running the command line as people do: as a process of its own, here before an API over a mailbox in memory. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Test } from 'tap'
import { writeConfig } from '../../node/settings/config.ts'
import { writeApiFile } from '../../node/settings/home.ts'
import { servePage } from './page-fixture.ts'
import { patienceMs } from './patience.ts'
import { createServiceFixture, type ServiceFixture } from './service-fixture.ts'

export const program = join(import.meta.dirname, '../..', 'cli', 'bmail.js')

/** `bmail up` that waits until it is ready for as long as a test does: what it does by itself ends early on a busy machine. */
export const upPatiently: readonly string[] = ['up', '--timeout', String(Math.floor(patienceMs / 1_000))]

type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string; json(): never }

type How = {
  readonly home?: string
  readonly input?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  /** Arguments of Node itself. */
  readonly node?: readonly string[]
  readonly program?: string
}

/** Run a command to its end. Nobody sits at a terminal. */
export function bmail(args: readonly string[], how: How = {}): Promise<Ran> {
  const child = start(args, how)
  child.stdin!.on('error', () => {}) // a command that refuses does not read on
  child.stdin!.end(how.input ?? '')
  const read = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name]!.setEncoding('utf8').on('data', (chunk) => {
      read[name] += chunk
    })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, ...read, json: () => JSON.parse(read.stdout) as never }))
  })
}

function start(args: readonly string[], { home, env, node = [], program: file = program }: How): ChildProcess {
  const { PATH = '', HOME = '', NODE_COMPILE_CACHE = '' } = process.env
  return spawn(process.execPath, [...node, file, ...args, ...(home === undefined ? [] : ['--home', home])], {
    // No BMAIL_ variable of whoever runs the tests, and no options for Node of the test runner.
    env: { PATH, HOME, ...(NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE }), ...env },
    stdio: 'pipe',
  })
}

/** A home whose daemon is this process, with a mailbox in memory. */
export async function mailboxHome(t: Test): Promise<{ home: string; service: ServiceFixture; run: typeof bmail }> {
  const home = t.testdir({})
  const service = createServiceFixture()
  const { port, token, close } = await servePage(service)
  writeConfig(home, { role: 'personal' })
  writeApiFile(home, { port, token, pid: process.pid })
  t.teardown(close)
  return { home, service, run: (args, how = {}) => bmail(args, { home, ...how }) }
}

/** Run a command at a terminal (a real one, of Python’s `pty`), typing something; resolves to its exit code and all that stood on the screen. */
export async function atTerminal(home: string, args: readonly string[], { typed = '' } = {}) {
  const command = [process.execPath, program, ...args, '--home', home]
  const { PATH = '', HOME = '' } = process.env
  const child = spawn('python3', ['-c', terminal, ...command], { env: { PATH, HOME }, stdio: 'pipe' })
  let screen = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    screen += chunk
    if (typed && screen.includes('[y/N]')) child.stdin.end(typed)
  })
  const [code] = await once(child, 'close')
  return { code, screen }
}

/** Waits for the end of the command, and not of what is typed. */
const terminal = 'import os,pty,sys;sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))'
