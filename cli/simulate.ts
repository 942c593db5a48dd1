/** `bmail simulate`: replays who wrote to whom and when, and shows what honest people, spammers and attackers come to. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import type { Trace } from '../node/simulation/trace.ts'
import { type Act, type Answer, type Invocation, examples } from './command.ts'
import { CommandError, UsageError } from './errors.ts'
import { facts, grouped, say, table } from './print.ts'

type Options = { readonly trace?: string; readonly seed: string; readonly out?: string; readonly preset: string }

/** Real traffic, where a folder of it stands beside the checkout. */
const usualTrace = new URL('../../shared/traces/college-msg.txt', import.meta.url)

export function configure(command: Command, act: Act): void {
  command
    .option('--trace <file>', 'lines of `sender recipient unix-seconds` (else a small one is made)')
    .option('--seed <text>', 'same seed, same outcome', '1')
    .option('--preset <preset>', 'the numbers of the rules', 'personal')
    .option('--out <file>', 'write a report with plots to this HTML file')
    .addHelpText(
      'after',
      examples('bmail simulate --trace messages.txt --out report.html', 'bmail simulate --seed 7 --json'),
    )
    .action(
      act(async (context, options: Options): Promise<Answer> => {
        const { presets } = await door.presets()
        const numbers = Object.hasOwn(presets, options.preset) ? presets[options.preset] : undefined
        if (!numbers) throw new UsageError(`--preset is one of ${Object.keys(presets).join(', ')}.`)
        const { simulate } = await import('../node/simulation/simulate.ts')
        const { summarize } = await import('../node/simulation/summary.ts')
        const report = options.out ? await import('../node/simulation/report.ts').catch(withoutPlots) : undefined
        const trace = await traceOf(options)
        say(
          context,
          `${grouped(String(trace.messages.length))} messages among ${grouped(String(trace.people))} people.`,
        )
        const outcome = simulate({ trace, numbers, seed: options.seed, progress: progressOf(trace.messages.length) })
        const summary = summarize(outcome)
        if (report) writeReport(context, resolve(options.out!), report.reportOf(outcome, summary))
        return { value: summary, text: () => textOf(summary) }
      }),
    )
}

/** The file that was named, else real traffic where there is some, else a made trace. */
async function traceOf({ trace: file, seed }: Options): Promise<Trace> {
  const { parseTrace, smallTrace } = await import('../node/simulation/trace.ts')
  const path = file ?? (existsSync(usualTrace) ? usualTrace : undefined)
  if (path) return parseTrace(basename(file ?? usualTrace.pathname), readTrace(path))
  return smallTrace(seed)
}

/** What draws the plots is as large as everything else, and comes with a checkout alone. */
function withoutPlots(cause: NodeJS.ErrnoException): never {
  if (cause.code !== 'ERR_MODULE_NOT_FOUND') throw cause
  const sentence =
    'The report needs echarts, which draws its plots and does not come with bmail. Say `npm install echarts@6` where bmail is installed, or leave out --out.'
  throw new CommandError('report', sentence, { cause })
}

function readTrace(path: string | URL): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new CommandError('trace', `The trace ${path} cannot be read: ${(cause as Error).message}.`, { cause })
  }
}

function writeReport(context: Invocation, path: string, html: string): void {
  try {
    writeFileSync(path, html)
  } catch (cause) {
    throw new CommandError('report', `The report cannot be written: ${(cause as Error).message}.`, { cause })
  }
  say(context, `The report is in ${path}.`)
}

/** A line where errors go, for each twentieth that is done. */
function progressOf(all: number): (done: number) => void {
  let told = 0
  return (done) => {
    const share = Math.floor((done / all) * 20)
    if (share === told) return
    told = share
    process.stderr.write(`${share * 5} % of ${grouped(String(all))} messages\n`)
  }
}

async function textOf(
  summary: Awaited<ReturnType<typeof import('../node/simulation/summary.ts')['summarize']>>,
): Promise<string> {
  const { honest, spam, attacks, bounds, price } = summary
  const figures = await facts(
    ['trace', summary.trace],
    ['messages', whole(summary.messages)],
    ['people', whole(summary.people)],
    ['net a month, median', whole(honest.netMedian)],
    ['net a month, 5 % to 95 %', `${whole(honest.netP5)} to ${whole(honest.netP95)}`],
    ['an honest message, median', whole(honest.paidMedian)],
    ['a cold spam message', `${whole(spam.paidPerMessage)}, ${spam.ratioToHonestMedian} times as much`],
    ['base price', `${whole(price.min)} to ${whole(price.max)}, ${whole(price.last)} at the end`],
    ['reputation within its bound', bounds.reputation ? 'yes' : 'no'],
    ['damage within its bound', bounds.damage ? 'yes' : 'no'],
    ['honest messages refused', whole(summary.refusedWrongly)],
  )
  const rows = attacks.map(({ name, spent, gained, roi, reputation }) => [
    name,
    whole(spent),
    whole(gained),
    roi.toFixed(3),
    reputation.toFixed(1),
  ])
  return `${figures}\n\n${await table(['attack', '>spent', '>gained', '>return', '>reputation'], rows)}`
}

const whole = (value: number): string => grouped(String(Math.round(value)))
