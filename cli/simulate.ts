/** `bmail simulate`: replays who wrote to whom and when, and shows what honest people, spammers and attackers come to. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import type { Attack } from '../node/simulation/attack.ts'
import type { Study } from '../node/simulation/study.ts'
import type { Summary } from '../node/simulation/summary.ts'
import type { Trace } from '../node/simulation/trace.ts'
import type { Coin } from '../protocol/rules.ts'
import { type Act, type Answer, type Invocation, examples } from './command.ts'
import { CommandError, UsageError } from './errors.ts'
import { presetNamed } from './preset.ts'
import { facts, grouped, say, table } from './print.ts'

type Options = {
  readonly trace?: string
  readonly made?: string
  readonly attack: readonly string[]
  readonly sensitivity: boolean
  readonly seed: string
  readonly out?: string
  readonly preset: string
}

/** Real traffic, where a folder of it stands beside the checkout. */
const usualTrace = new URL('../../shared/traces/college-msg.txt', import.meta.url)

export function configure(command: Command, act: Act): void {
  command
    .option('--trace <file>', 'lines of `sender recipient unix-seconds` (else a small one is made)')
    .option(
      '--made <kind>',
      'make a trace: small, or half-silent, in which half of letters go to people who never answer',
    )
    .option(
      '--attack <file>',
      'beside the library, try the attack of this module, a program that runs with your rights (repeatable)',
      (file: string, files: readonly string[]) => [...files, file],
      [],
    )
    .option('--no-sensitivity', 'leave out the replays in which people act otherwise, which take eight times as long')
    .option('--seed <text>', 'same seed, same outcome', '1')
    .option('--preset <preset>', 'the numbers of the rules', 'personal')
    .option('--out <file>', 'write a report with plots to this HTML file')
    .addHelpText(
      'after',
      examples('bmail simulate --trace messages.txt --out report.html', 'bmail simulate --seed 7 --json'),
    )
    .action(
      act(async (context, options: Options): Promise<Answer> => {
        const numbers = await presetNamed(options.preset)
        const { studyOf } = await import('../node/simulation/study.ts')
        const { summarize } = await import('../node/simulation/summary.ts')
        const report = options.out ? await import('../node/simulation/report.ts').catch(withoutPlots) : undefined
        const trace = await traceOf(options)
        const attacks = await attacksOf(options)
        say(
          context,
          `${grouped(String(trace.messages.length))} messages among ${grouped(String(trace.people))} people.`,
        )
        const isThorough = options.sensitivity
        const study = studyOf({ trace, numbers, seed: options.seed, attacks, isThorough, progress: progressOf() })
        const summary = summarize(study.outcome, study)
        if (report) writeReport(context, resolve(options.out!), report.reportOf(study, summary))
        return { value: summary, text: () => textOf(summary, study, numbers.coin) }
      }),
    )
}

/** The file that was named, or the trace that is to be made; else real traffic where there is some, else a small one. */
async function traceOf({ trace: file, made, seed }: Options): Promise<Trace> {
  const { halfSilentTrace, parseTrace, smallTrace } = await import('../node/simulation/trace.ts')
  const makers: Readonly<Record<string, (seed: string) => Trace>> = {
    small: smallTrace,
    'half-silent': halfSilentTrace,
  }
  if (made !== undefined) {
    if (file) throw new UsageError('--trace and --made are two traces. Give one of them.')
    const make = Object.hasOwn(makers, made) ? makers[made] : undefined
    if (!make) throw new UsageError(`--made is one of ${Object.keys(makers).join(', ')}.`)
    return make(seed)
  }
  const path = file ?? (existsSync(usualTrace) ? usualTrace : undefined)
  if (path) return parseTrace(basename(file ?? usualTrace.pathname), readTrace(path))
  return smallTrace(seed)
}

/** The library, and the attacks of the modules that were named. */
async function attacksOf({ attack: files }: Options): Promise<Attack[]> {
  const { library } = await import('../node/simulation/attacks.ts')
  const attacks = Array.from(library)
  for (const file of files) {
    const attack = await attackIn(file)
    if (attacks.some(({ name }) => name === attack.name))
      throw new CommandError(
        'attack',
        `There are two attacks by the name ${attack.name}. Give that of ${file} another.`,
      )
    attacks.push(attack)
  }
  return attacks
}

async function attackIn(file: string): Promise<Attack> {
  const { href } = pathToFileURL(resolve(file))
  let module: { readonly attack?: Partial<Attack> }
  try {
    module = await import(href)
  } catch (cause) {
    throw new CommandError('attack', `The attack ${file} cannot be loaded: ${(cause as Error).message}.`, { cause })
  }
  const { name, about, members, begin } = module.attack ?? {}
  if (!name || !about || typeof members !== 'function' || typeof begin !== 'function')
    throw new CommandError(
      'attack',
      `${file} has no attack: it has to export \`attack\` with name, about, members and begin, as ARCHITECTURE.md has it.`,
    )
  return blamed(module.attack as Attack, file)
}

/** The same attack; what it throws is told as a fault of its own. */
function blamed({ begin, ...attack }: Attack, file: string): Attack {
  const run = <T>(act: () => T): T => {
    try {
      return act()
    } catch (cause) {
      if (cause instanceof CommandError) throw cause
      throw new CommandError('attack', `The attack ${file} failed: ${(cause as Error).message}.`, { cause })
    }
  }
  return {
    ...attack,
    begin(scene) {
      const work = run(() => begin(scene))
      return {
        day: (day) => run(() => work.day(day)),
        received: (letter) => run(() => work.received?.(letter)),
      }
    },
  }
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
function progressOf(): (done: number, all: number) => void {
  let told = 0
  return (done, all) => {
    const share = Math.floor((done / all) * 20)
    if (share === told) return
    told = share
    process.stderr.write(`${share * 5} % of ${grouped(String(all))} messages\n`)
  }
}

async function textOf(summary: Summary, { pressures, outcome }: Study, coin: Coin): Promise<string> {
  const { amountText } = await door.amounts()
  const sum = (value: number): string => amountText(BigInt(Math.round(value)), coin)
  const { paidPerDelivery } = await import('../node/simulation/summary.ts')
  const { honest, spam, bounds, price, sensitivity } = summary
  const figures = await facts(
    ['trace', summary.trace],
    ['messages', whole(summary.messages)],
    ['people', whole(summary.people)],
    ['a first letter', sum(summary.firstLetter)],
    ['that was valued, after giving back', sum(honest.firstLetterNet)],
    ['net a month, median', sum(honest.netMedian)],
    ['net a month, 5 % to 95 %', `${sum(honest.netP5)} to ${sum(honest.netP95)}`],
    ['an honest message, median and mean', `${sum(honest.paidMedian)} and ${sum(honest.paidMean)}`],
    ['to who ever answered', `${sum(honest.answeredMedian)} and ${sum(honest.answeredMean)}`],
    ['the cheapest spam', `${sum(spam.cheapestPaid)} a letter (${spam.cheapest})`],
    ['one that was read in time', sum(spam.paidPerRead)],
    ['one that nobody answered', sum(spam.paidPerUnanswered)],
    ['base price', `${sum(price.min)} to ${sum(price.max)}, ${sum(price.last)} at the end`],
    ['reputation within its bound', bounds.reputation ? 'yes' : 'no'],
    ['damage within its bound', bounds.damage ? 'yes' : 'no'],
    ['honest messages refused', whole(summary.refusedWrongly)],
  )
  const rows = outcome.attacks.map((item, at) => {
    const { name, spent, profit, reputation } = summary.attacks[at]!
    return [name, sum(paidPerDelivery(outcome, item)), sum(spent), sum(profit), reputation.toFixed(1)]
  })
  const tables = [
    await table(['attack', '>a letter', '>spent', '>profit', '>reputation'], rows),
    await table(
      ['on the network', '>spent', ''],
      pressures.map(({ name, spent, paid, figures }) => [
        name,
        sum(spent),
        [...(paid === undefined ? [] : [`paid: ${sum(paid)}`]), namedFigures(figures)].join(', '),
      ]),
    ),
  ]
  if (sensitivity.length > 0)
    tables.push(
      await table(
        ['people', 'cheapest spam', '>a letter', '>read', '>net 5 %', '>95 %', '>answered', '>valued first'],
        sensitivity.map((row) => [
          ...[row.habits, row.cheapest, sum(row.cheapestPaid), sum(row.paidPerRead)],
          ...[row.netP5, row.netP95, row.answeredMean, row.firstLetterNet].map(sum),
        ]),
      ),
    )
  return [figures, ...tables].join('\n\n')
}

const namedFigures = (figures: Study['pressures'][number]['figures']): string =>
  Object.entries(figures)
    .map(([name, value]) => `${name}: ${value < 100 ? value : whole(value)}`)
    .join(', ')
const whole = (value: number): string => grouped(String(Math.round(value)))
