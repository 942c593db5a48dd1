#!/usr/bin/env node
// Starts the command line. Plain JavaScript that an old Node can read too, so that it can say which one is needed.
import { realpathSync } from 'node:fs'
import module from 'node:module'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const needed = { major: 22, minor: 18 }
const project = fileURLToPath(new URL('..', import.meta.url))

/**
 * What a daemon's heap is started with; a running one cannot be told any more. Envelopes and frames live for moments, and
 * V8 lets the space for what is young grow for them, and the other one to several times of what is alive in it before it
 * collects. With 8 MiB for the one and a fifth more for the other a daemon under attack stays 60 to 150 MB smaller, for a
 * tenth more of its time in the collector.
 */
const heap = ['--max-semi-space-size=8', '--heap-growing-percent=20']

/** In a checkout a daemon strips the types of the page, by what Node calls an experiment; nobody who starts one needs to hear of it. */
const quiet = '--disable-warning=ExperimentalWarning'

/** For glibc, which gives each thread memory of its own that it does not give back: two of them for all, and not eight a processor. */
const memory = { MALLOC_ARENA_MAX: '2' }

if (isNewEnough(process.versions.node)) start()
else restart()

function start() {
  // What is written here is its owner’s alone, whatever the shell says: data, logs, keys, what is saved. Threads and children inherit it.
  process.umask(0o077)
  if (process.argv[2] === 'daemon' && process.execve && process.platform !== 'win32') withHeap()
  const caches = cachesOfPerson()
  if (caches && !process.env.NODE_COMPILE_CACHE) module.enableCompileCache(join(caches, 'bmail'))
  import('./main.ts')
    .then(({ main }) => main(process.argv.slice(2)))
    .then((code) => {
      process.exitCode = code
    })
}

/**
 * A folder of one's own: a cache in a shared one could be somebody else's program. Without a cache, as where nobody knows of
 * such a folder (no HOME, and no account), it is only slower.
 */
function cachesOfPerson() {
  if (process.env.XDG_CACHE_HOME) return process.env.XDG_CACHE_HOME
  try {
    return isAbsolute(homedir()) && join(homedir(), '.cache')
  } catch {
    return undefined
  }
}

/** Become the same process with that heap, under the same process id and with the same streams. */
function withHeap() {
  if (process.execArgv.some((flag) => flag.startsWith(heap[0].split('=')[0]))) return
  const { execPath, execArgv, argv, env } = process
  process.execve(execPath, [execPath, ...heap, quiet, ...execArgv, ...argv.slice(1)], { ...memory, ...env })
}

/** Run again under the Node that was installed with the project, if there is one. */
function restart() {
  const program = join(project, 'node_modules', '.bin', 'node')
  let found
  try {
    found = realpathSync(program)
  } catch {
    return refuse() // none was installed
  }
  if (found === realpathSync(process.execPath)) return refuse()
  import('node:child_process').then(({ spawn }) => {
    const child = spawn(program, process.argv.slice(1), { stdio: 'inherit' })
    for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'])
      process.on(signal, () => {
        // A terminal tells both of us of an interrupt.
        if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
      })
    child.on('error', refuse)
    child.on('exit', (code, signal) => {
      process.exitCode = code === null ? 128 + (signal === 'SIGINT' ? 2 : 15) : code
    })
  })
}

function refuse() {
  const sentence =
    `bmail needs Node ${needed.major}.${needed.minor} or newer, and this is Node ${process.versions.node}. ` +
    'Install a newer one (https://nodejs.org has it), or run `npm ci` in a checkout of the project, which brings one along.'
  if (process.argv.includes('--json')) console.log(JSON.stringify({ error: { code: 'node-old', sentence } }))
  else console.error(sentence)
  process.exitCode = 1
}

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > needed.major || (major === needed.major && minor >= needed.minor)
}
