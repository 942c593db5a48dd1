/** `bmail doctor`: check everything stored, by the daemon or without it, and mend what can be mended. */
import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import type { Finding } from '../node/service.ts'
import { connect, isUp } from './client.ts'
import { type Act, type Answer, type Invocation, examples } from './command.ts'
import { CommandError } from './errors.ts'
import { say, table } from './print.ts'

const { pathsOf } = await door.home()
const { loadConfig, strayVariables } = await door.settings()
const { exposures } = await door.modes()

export function configure(command: Command, act: Act): void {
  command
    .option('--repair', 'mend what is wrong; the daemon must be down')
    .addHelpText('after', examples('bmail doctor', 'bmail down && bmail doctor --repair && bmail up'))
    .action(
      act(async (context, options: { repair?: true }): Promise<Answer> => {
        const { home } = context
        if (!existsSync(pathsOf(home).config))
          throw new CommandError('no-home', `There is no b-mail home in ${home} yet. Make one with \`bmail init\`.`)
        const isRunning = await isUp(home)
        if (isRunning && options.repair)
          throw new CommandError('daemon-up', 'Repairs need the daemon to be down. Stop it first with `bmail down`.')
        const stored = isRunning ? await connect(home).doctor() : await withoutDaemon(context, options)
        const findings = [...(await surroundings(context)), ...stored]
        return { value: findings, text: () => findingsText(findings), isBad: findings.some(({ ok }) => !ok) }
      }),
    )
}

/** What a daemon does not see: its settings, and who else could read its keys. */
async function surroundings({ home, env }: Invocation): Promise<Finding[]> {
  const settings = await loadConfig({ home, env }).then(
    () => '',
    (error: Error) => error.message,
  )
  const strays = strayVariables(env)
  const open = exposures(home)
  return [
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
}

async function withoutDaemon(context: Invocation, { repair }: { repair?: true }): Promise<readonly Finding[]> {
  say(context, 'No daemon answers; the doctor looks at what is stored.')
  const { repairHome } = await door.repair()
  return repairHome({ home: context.home, how: repair ? 'mend' : 'look', told: (sentence) => say(context, sentence) })
}

const findingsText = (findings: readonly Finding[]): Promise<string> =>
  table(
    ['', 'check', ''],
    findings.map(({ check, ok, detail }) => [ok ? 'good' : 'BAD', check, detail]),
  )
