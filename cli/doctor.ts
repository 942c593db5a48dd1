/** `bmail doctor`: check everything stored, by the daemon or without it, and mend what can be mended. */
import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import type { Finding } from '../node/service.ts'
import { connect, isUp } from './client.ts'
import { type Act, type Answer, type Invocation, examples } from './command.ts'
import { CommandError } from './errors.ts'
import { say, table } from './print.ts'
import { withProgress } from './progress.ts'

const { pathsOf } = await door.home()
const { loadConfig, strayVariables } = await door.settings()
const { exposures } = await door.modes()

const exitCodes = `
Exit codes:
  0  all is well, or was mended
  1  something is damaged that --repair mends; or it could not look, and says why
  2  it was called in a way that it does not know
  3  something is wrong that it cannot mend here, and says what to do
  4  another process has the home, a daemon that starts or another doctor

What --repair replaces is set aside beside it, under a name with “damaged” and the date; nothing is removed.`

export function configure(command: Command, act: Act): void {
  command
    .option('--repair', 'mend what is wrong; the daemon must be down')
    .addHelpText('after', exitCodes)
    .addHelpText('after', examples('bmail doctor', 'bmail down && bmail doctor --repair && bmail up'))
    .action(
      act(async (context, options: { repair?: true }): Promise<Answer> => {
        const { home } = context
        if (!existsSync(pathsOf(home).config))
          throw new CommandError('no-home', `There is no b-mail home in ${home} yet. Make one with \`bmail init\`.`)
        const isRunning = await isUp(home)
        if (isRunning && options.repair)
          throw new CommandError('daemon-up', 'Repairs need the daemon to be down. Stop it first with `bmail down`.')
        const stored = isRunning ? await byDaemon(context) : await withoutDaemon(context, options)
        const findings = [...(await surroundings(context)), ...stored]
        return { value: findings, text: () => findingsText(findings, !options.repair), exitCode: exitCodeOf(findings) }
      }),
    )
}

function exitCodeOf(findings: readonly Finding[]): 0 | 1 | 3 {
  const bad = findings.filter(({ ok }) => !ok)
  if (bad.length === 0) return 0
  return bad.some(({ mendable }) => mendable) ? 1 : 3
}

/** What a daemon does not see: its settings, and who else could read its keys. */
async function surroundings({ home, env }: Invocation): Promise<Finding[]> {
  const { settings, keystore } = await loadConfig({ home, env }).then(
    ({ role }) => ({ settings: '', keystore: role === 'personal' ? missing(pathsOf(home).keystore) : '' }),
    (error: Error) => ({ settings: error.message, keystore: '' }),
  )
  const strays = strayVariables(env)
  const open = exposures(home)
  const findings = [
    ...(keystore === '' ? [] : [{ check: 'keystore', ok: false, detail: keystore }]),
    { check: 'settings', ok: settings === '', detail: settings || 'can be used' },
    {
      check: 'environment',
      ok: strays.length === 0,
      detail: strays.length === 0 ? 'has no stray variables' : `${strays.join(', ')}: no setting of b-mail`,
    },
    {
      check: 'permissions',
      ok: open.length === 0,
      detail: open.length === 0 ? 'keys are for their owner only' : open.join(' '),
    },
  ]
  return findings.map((finding) => ({ ...finding, mendable: false }))
}

/** That a person’s keystore is not there; empty where it is, whatever is in it. */
const missing = (path: string): string =>
  existsSync(path)
    ? ''
    : `${path} is not there, and without it there is no mailbox. Restore it from a copy, or the mailbox from its recovery phrase with \`bmail init\` in an empty home.`

/** The findings of the daemon on what it stores, and our own on its files, which the daemon does not look at. */
async function byDaemon(context: Invocation): Promise<readonly Finding[]> {
  const { home } = context
  const { lookAtFiles } = await door.repair()
  const { files, disk } = await withProgress(context, 'looking at the files', (told) => lookAtFiles({ home, told }))
  // On a full disk the daemon waits for room in the middle of a batch, and would answer only after that.
  if (!disk.ok) return [files, disk]
  const stored = await withProgress(context, 'the daemon looks at what it has', () => connect(home).doctor())
  return [files, disk, ...stored]
}

async function withoutDaemon(context: Invocation, { repair }: { repair?: true }): Promise<readonly Finding[]> {
  say(context, 'No daemon answers; the doctor looks at what is stored.')
  const { repairHome } = await door.repair()
  const { home } = context
  return withProgress(context, 'opening the database', (told) =>
    repairHome({ home, how: repair ? 'mend' : 'look', told }),
  )
}

async function findingsText(findings: readonly Finding[], canRepair: boolean): Promise<string> {
  const shown = await table(
    ['', 'check', ''],
    findings.map(({ check, ok, detail }) => [ok ? 'good' : 'BAD', check, detail]),
  )
  const mendable = findings.filter(({ ok, mendable }) => !ok && mendable).map(({ check }) => check)
  if (mendable.length === 0 || !canRepair) return shown
  return `${shown}\n\n\`bmail doctor --repair\` mends ${mendable.join(', ')}, while the daemon is down.`
}
