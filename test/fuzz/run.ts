/**
 * One run of a fuzzer: what was found before is tried first, then inputs drawn from a seed, until enough were tried. What
 * shows something new is kept beside this file, in `corpus`, and what should not be is kept there with its seed.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Draw, drawFrom } from './draw.ts'

/** One input: what it is for, and what it says, as the fuzzer writes inputs down. */
export type Input = { readonly target: string; readonly input: string }
/** An input at which something happened that must not, what that was, and the seed of the run. */
type Finding = Input & { readonly what: string; readonly seed: number }

export type Fuzzer = {
  readonly name: string
  /** How many inputs are tried at one time, where each waits for more than it calculates. */
  readonly atOnce: number
  /** The next input, from draws; `corpus` is what is known of a target. */
  next(draw: Draw, corpus: (target: string) => readonly string[]): Input
  /** Try it. Resolves to what it showed, in a word or two that are the same where the same happened. Throws where it must not be. */
  attempt(input: Input): Promise<string>
  /** Look at the whole once more, when all was tried. Throws where something is wrong. */
  after(): Promise<void>
}

type Summary = {
  readonly tried: number
  readonly byTarget: Readonly<Record<string, number>>
  /** How many different things were shown. */
  readonly shown: number
  readonly findings: readonly Finding[]
}

const folder = join(import.meta.dirname, 'corpus')
/** Kept of each thing that inputs show, and how long an input may be, as it is written down. */
const keptEach = 2
const keptLength = 4_096

/** Run it. `isEnough` is asked before each input; `keeps` says whether the corpus is written. */
export async function run(
  fuzzer: Fuzzer,
  { seed, isEnough, keeps }: { seed: number; isEnough: (tried: number) => boolean; keeps: boolean },
): Promise<Summary> {
  const known = readCorpus(fuzzer.name)
  const byTarget: Record<string, number> = {}
  const shown = new Map<string, Input[]>()
  const findings: Finding[] = []
  const draw = drawFrom(seed)
  const inputsOf = Map.groupBy(known, ({ target }) => target)
  const corpus = (target: string) => (inputsOf.get(target) ?? []).map(({ input }) => input)
  let strays: unknown[] = []
  const onStray = (error: unknown) => void strays.push(error)
  process.on('unhandledRejection', onStray)
  process.on('uncaughtException', onStray)

  async function attempt(input: Input): Promise<void> {
    byTarget[input.target] = (byTarget[input.target] ?? 0) + 1
    try {
      const what = `${input.target} ${await fuzzer.attempt(input)}`
      const same = shown.get(what)
      if (!same) shown.set(what, [input])
      else if (same.length < keptEach) same.push(input)
      if (strays.length > 0) throw strays[0]
    } catch (error) {
      strays = []
      findings.push({ ...input, what: (error as Error).message ?? String(error), seed })
    }
  }

  let tried = 0
  for (const input of known) await attempt(input)
  for (tried = known.length; !isEnough(tried); tried += fuzzer.atOnce) {
    const inputs = Array.from({ length: fuzzer.atOnce }, () => fuzzer.next(draw, corpus))
    await Promise.all(inputs.map(attempt))
  }
  await fuzzer.after().catch((error: Error) => {
    findings.push({ target: 'all', input: '', what: error.message, seed })
  })
  process.off('unhandledRejection', onStray)
  process.off('uncaughtException', onStray)
  if (keeps) writeCorpus(fuzzer.name, [...shown.values()].flat(), findings)
  return { tried, byTarget, shown: shown.size, findings }
}

/** What earlier runs kept: inputs that show something, and those that found something. */
function readCorpus(name: string): Input[] {
  const kept = [`${name}.jsonl`, `${name}-findings.jsonl`].flatMap((file): Input[] =>
    entriesOf<Input>(join(folder, file)),
  )
  return kept.map(({ target, input }) => ({ target, input }))
}

function writeCorpus(name: string, inputs: readonly Input[], findings: readonly Finding[]): void {
  mkdirSync(folder, { recursive: true })
  const small = inputs.filter(({ input }) => input.length <= keptLength)
  small.sort((a, b) => (a.target === b.target ? 0 : a.target < b.target ? -1 : 1))
  writeFileSync(join(folder, `${name}.jsonl`), lines(small))
  const file = join(folder, `${name}-findings.jsonl`)
  if (findings.length === 0) return
  const before = entriesOf<Finding>(file)
  const fresh = findings.filter(
    ({ input, target }) => !before.some((one) => one.input === input && one.target === target),
  )
  writeFileSync(file, lines([...before, ...fresh.slice(0, 50)]))
}

/** An entry a line, so that what a run adds can be read as a change. */
const lines = (entries: readonly object[]): string => entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')

/** The entries of a file; none where there is no such file. */
function entriesOf<T extends Input>(file: string): T[] {
  if (!existsSync(file)) return []
  const text = readFileSync(file, 'utf8')
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

/** Wait for something, and say so where it takes longer than anything may. */
export async function withinMs<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
