/** `bmail up`: start the daemon in the background if none answers, wait until it is ready, show how it is. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, constants, existsSync, openSync, readFileSync, renameSync, statSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import type { Status } from '../node/service.ts'
import type { Config, SettingName } from '../node/settings/config.ts'
import { connect, isUp } from './client.ts'
import { type Act, type Invocation, examples } from './command.ts'
import { CommandError, heldCode, heldExitCode } from './errors.ts'
import { knownPassphrase } from './passphrase.ts'
import { say } from './print.ts'
import { withProgress } from './progress.ts'
import { type SettingFlags, settingOptions, settingsIn } from './settings.ts'
import { ownOf, statusText } from './status.ts'
import { timeoutMsOf } from './wait.ts'

const { pathsOf, readApiFile } = await door.home()
const { flagOf, loadConfig } = await door.settings()
const { guardHome } = await door.modes()

const pollMs = 100
/** A log larger than this is put aside when a daemon starts. */
const logBytesMax = 16 * 1024 * 1024

export function configure(command: Command, act: Act): void {
  settingOptions(command)
    .option('--timeout <seconds>', 'how long to wait until it is ready, unlocking counted in', '60')
    .addHelpText('after', examples('bmail up', 'bmail up --peers /dns4/relay.example/tcp/4420/p2p/12D3…'))
    .action(
      act(async (context, options: SettingFlags & { timeout: string }) => {
        const timeoutMs = timeoutMsOf(options.timeout)
        const flags = settingsIn(options)
        const isRunning = await isUp(context.home)
        const { isOurs, status } = await withProgress(context, 'starting the daemon', async (told) => {
          const deadline = deadlineOf(timeoutMs)
          const isOurs = !isRunning && (await start(context, flags, { deadline, told })) === 'ours'
          return { isOurs, status: await ready(context.home, { deadline, told }) }
        })
        if (isRunning && Object.keys(flags).some((name) => name !== 'passphraseFile')) say(context, unheeded)
        if (!status.ready && !status.halted) say(context, 'It is up, and not ready yet.')
        const api = connect(context.home)
        const own = await ownOf(api, status)
        const setUp = (await door.setUps()).setUpOf(context.home, (await api.network()).file)
        if (setUp.caution !== null) say(context, setUp.caution)
        return { value: { started: isOurs, ...status, setUp }, text: () => statusText(context, status, own) }
      }),
    )
}

const unheeded =
  'It was up already, with the settings that it was started with; those given now are not heeded. For them, `bmail down` first.'

/** Until when the whole of it is waited for. What a person needs to type the passphrase does not count. */
type Deadline = { readonly timeoutMs: number; atMs: number }
const deadlineOf = (timeoutMs: number): Deadline => ({ timeoutMs, atMs: Date.now() + timeoutMs })

/** Start a daemon; says whose answers then, because another `up` may be faster. */
async function start(
  context: Invocation,
  flags: SettingFlags,
  { deadline, told }: Patience,
): Promise<'ours' | 'another'> {
  const { home, env } = context
  const paths = pathsOf(home)
  if (!existsSync(paths.config))
    throw new CommandError('no-home', `There is no b-mail home in ${home} yet. Make one with \`bmail init\`.`)
  const config = await loadConfig({ home, flags, env })
  guardHome(home)
  const passphrase =
    config.role === 'relay' ? undefined : await knownPassphrase({ context, flags, file: config.passphraseFile })
  deadline.atMs = Date.now() + deadline.timeoutMs
  putAside(paths.log)
  const from = existsSync(paths.log) ? statSync(paths.log).size : 0
  const child = launch(config, flags, passphrase)
  const whose = await answering(home, {
    child,
    deadline,
    told,
    logged: () => readFileSync(paths.log).subarray(from).toString('utf8'),
  })
  child.unref()
  return whose
}

/** Put a log that has grown large aside, unless another `up` does just that. */
function putAside(log: string): void {
  try {
    if (statSync(log).size > logBytesMax) renameSync(log, `${log}.1`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** The daemon as a process of its own. The passphrase goes through a pipe: arguments and environments can be seen. */
function launch({ home }: Config, flags: SettingFlags, passphrase: string | undefined): ChildProcess {
  const program = fileURLToPath(new URL('./bmail.js', import.meta.url))
  const told = Object.entries(flags).flatMap(([name, value]) => [flagOf(name as SettingName), value])
  const piped = passphrase === undefined ? [] : ['--passphrase-stdin']
  const log = openedLog(pathsOf(home).log)
  try {
    const child = spawn(process.execPath, [program, 'daemon', '--home', home, ...told, ...piped], {
      detached: true,
      stdio: ['pipe', log, log],
    })
    child.stdin?.on('error', () => {}) // it ended before it read; its exit says why
    child.stdin?.end(passphrase === undefined ? '' : `${passphrase}\n`)
    return child
  } finally {
    closeSync(log)
  }
}

function openedLog(path: string): number {
  try {
    // A pipe in its place, which nobody reads, would be waited for.
    return openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK, 0o600)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const sentence = `${path} cannot be written (${code}), and the daemon logs there. Check the disk and who owns it, or move away what stands there.`
    throw new CommandError('file', sentence, { cause })
  }
}

/** How long it is waited, and who is told meanwhile. */
type Patience = { readonly deadline: Deadline; readonly told: (what: string) => void }

type Starting = Patience & {
  readonly child: ChildProcess
  readonly logged: () => string
}

/** Wait until a daemon answers; says whether it is ours. */
async function answering(home: string, { child, deadline, told, logged }: Starting): Promise<'ours' | 'another'> {
  const ended = new Promise<'ended'>((resolve) => {
    child.once('error', () => resolve('ended'))
    child.once('exit', () => resolve('ended'))
  })
  let fetching: string | undefined
  for (;;) {
    const isOver = (await Promise.race([ended, delay(pollMs)])) === 'ended'
    if (isOver && child.exitCode === heldExitCode) return another(home, deadline)
    if (await isUp(home)) return readApiFile(home)?.pid === child.pid ? 'ours' : another(home, deadline)
    if (isOver) {
      const said = /^bmail: (.+)$/m.exec(logged())?.[1]
      throw new CommandError('daemon-failed', said ?? `The daemon ended at once. ${pathsOf(home).log} says more.`)
    }
    const last = fetchingIn(logged())
    if (last !== undefined) told(last)
    // While the set-up of the proofs comes from peers, each piece of it has the time anew.
    if (last !== fetching && !last?.startsWith('waiting')) deadline.atMs = Date.now() + deadline.timeoutMs
    fetching = last
    if (Date.now() <= deadline.atMs) continue
    if (last !== undefined && /^(waiting|fetching)/.test(last)) {
      child.kill()
      await ended
      const sentence = `The daemon cannot start without the set-up of the network’s proofs, and nothing of it came for ${deadline.timeoutMs / 1000} s. It was ${last}`
      throw new CommandError('set-up-missing', sentence)
    }
    child.unref()
    const sentence = `The daemon has not answered within ${deadline.timeoutMs / 1000} s. It goes on starting (process ${child.pid}): say \`bmail up\` again, with a longer --timeout; ${pathsOf(home).log} says more.`
    throw new CommandError('timeout', sentence)
  }
}

/** What the daemon said last of the set-up that it lacks. */
function fetchingIn(log: string): string | undefined {
  const lines = log.split('\n').filter((line) => line.includes('"part":"set-up"') && line.endsWith('}'))
  const last = lines.at(-1)
  return last === undefined ? undefined : String(JSON.parse(last).msg)
}

/** Wait for the daemon of somebody who was faster: it has the home before it answers. */
async function another(home: string, { timeoutMs, atMs }: Deadline): Promise<'another'> {
  while (!(await isUp(home))) {
    if (Date.now() > atMs)
      throw new CommandError(
        heldCode,
        `Another process has the home in ${home} (a daemon that starts, or \`bmail doctor\`), and has not answered within ${timeoutMs / 1000} s. Try again when it is done; ${pathsOf(home).log} says more.`,
      )
    await delay(pollMs)
  }
  return 'another'
}

/** How the daemon is, once it does its work, or when the time is over. */
async function ready(
  home: string,
  { deadline, told }: { deadline: Deadline; told: (what: string) => void },
): Promise<Status> {
  for (;;) {
    const status = await connect(home).status()
    if (status.ready || status.halted || Date.now() > deadline.atMs) return status
    told(`it is up, and waits until it is ready (${status.troubles[0]?.name ?? 'starting'})`)
    await delay(pollMs)
  }
}
