/** `bmail up`: start the daemon in the background if none answers, wait until it is ready, show how it is. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, renameSync, statSync } from 'node:fs'
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
    .option('--timeout <seconds>', 'how long to wait until it is ready', '30')
    .addHelpText('after', examples('bmail up', 'bmail up --peers /dns4/relay.example/tcp/4420/p2p/12D3…'))
    .action(
      act(async (context, options: SettingFlags & { timeout: string }) => {
        const timeoutMs = timeoutMsOf(options.timeout)
        const flags = settingsIn(options)
        const isRunning = await isUp(context.home)
        const { isOurs, status } = await withProgress(context, 'starting the daemon', async (told) => {
          const isOurs = !isRunning && (await start(context, flags, { timeoutMs, told })) === 'ours'
          return { isOurs, status: await ready(context.home, { timeoutMs, told }) }
        })
        if (isRunning && Object.keys(flags).some((name) => name !== 'passphraseFile')) say(context, unheeded)
        if (!status.ready && !status.halted) say(context, 'It is up, and not ready yet.')
        const api = connect(context.home)
        const own = await ownOf(api, status)
        const setUp = (await door.setUps()).setUpOf(context.home, (await api.network()).file)
        if (setUp.caution !== null) say(context, setUp.caution)
        return { value: { started: isOurs, ...status, setUp }, text: () => statusText(status, own) }
      }),
    )
}

const unheeded =
  'It was up already, with the settings that it was started with; those given now are not heeded. For them, `bmail down` first.'

/** Start a daemon; says whose answers then, because another `up` may be faster. */
async function start(
  context: Invocation,
  flags: SettingFlags,
  { timeoutMs, told }: Patience,
): Promise<'ours' | 'another'> {
  const { home, env } = context
  const paths = pathsOf(home)
  if (!existsSync(paths.config))
    throw new CommandError('no-home', `There is no b-mail home in ${home} yet. Make one with \`bmail init\`.`)
  const config = await loadConfig({ home, flags, env })
  guardHome(home)
  const passphrase =
    config.role === 'relay' ? undefined : await knownPassphrase({ context, flags, file: config.passphraseFile })
  putAside(paths.log)
  const from = existsSync(paths.log) ? statSync(paths.log).size : 0
  const child = launch(config, flags, passphrase)
  const whose = await answering(home, {
    child,
    timeoutMs,
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
  const log = openSync(pathsOf(home).log, 'a', 0o600)
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

type Patience = {
  /** How long one is waited for that was faster than ours, and one that fetches while nothing comes. */
  readonly timeoutMs: number
  readonly told: (what: string) => void
}

type Starting = Patience & {
  readonly child: ChildProcess
  readonly logged: () => string
}

/** Wait until a daemon answers; says whether it is ours. */
async function answering(home: string, { child, timeoutMs, told, logged }: Starting): Promise<'ours' | 'another'> {
  const ended = new Promise<'ended'>((resolve) => {
    child.once('error', () => resolve('ended'))
    child.once('exit', () => resolve('ended'))
  })
  let fetching = { last: '', sinceMs: Date.now() }
  // No deadline: unlocking takes as long as it takes, and a daemon that cannot start ends. But peers may never come.
  for (;;) {
    const isOver = (await Promise.race([ended, delay(pollMs)])) === 'ended'
    if (isOver && child.exitCode === heldExitCode) return another(home, timeoutMs)
    if (await isUp(home)) return readApiFile(home)?.pid === child.pid ? 'ours' : another(home, timeoutMs)
    if (isOver) {
      const said = /^bmail: (.+)$/m.exec(logged())?.[1]
      throw new CommandError('daemon-failed', said ?? `The daemon ended at once. ${pathsOf(home).log} says more.`)
    }
    const last = fetchingIn(logged())
    if (last === undefined) continue
    told(last)
    if (last !== fetching.last && !last.startsWith('waiting')) fetching = { last, sinceMs: Date.now() }
    if (!/^(waiting|fetching)/.test(last) || Date.now() - fetching.sinceMs < timeoutMs) continue
    child.kill()
    await ended
    throw new CommandError(
      'set-up-missing',
      `The daemon cannot start without the set-up of the network’s proofs, and nothing of it came for ${timeoutMs / 1000} s. It was ${last}`,
    )
  }
}

/** What the daemon said last of the set-up that it lacks. */
function fetchingIn(log: string): string | undefined {
  const lines = log.split('\n').filter((line) => line.includes('"part":"set-up"') && line.endsWith('}'))
  const last = lines.at(-1)
  return last === undefined ? undefined : String(JSON.parse(last).msg)
}

/** Wait for the daemon of somebody who was faster: it has the home before it answers. */
async function another(home: string, timeoutMs: number): Promise<'another'> {
  for (const deadlineMs = Date.now() + timeoutMs; !(await isUp(home)); await delay(pollMs))
    if (Date.now() > deadlineMs)
      throw new CommandError(
        heldCode,
        `Another process has the home in ${home} (a daemon that starts, or \`bmail doctor\`), and has not answered within ${timeoutMs / 1000} s. Try again when it is done; ${pathsOf(home).log} says more.`,
      )
  return 'another'
}

/** How the daemon is, once it does its work, or when the time is over. */
async function ready(
  home: string,
  { timeoutMs, told }: { timeoutMs: number; told: (what: string) => void },
): Promise<Status> {
  for (const deadlineMs = Date.now() + timeoutMs; ; ) {
    const status = await connect(home).status()
    if (status.ready || status.halted || Date.now() > deadlineMs) return status
    told(`it is up, and waits until it is ready (${status.troubles[0]?.name ?? 'starting'})`)
    await delay(pollMs)
  }
}
