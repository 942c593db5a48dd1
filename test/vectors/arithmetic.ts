/** Small changes of what is counted: how something is rounded, compared, and bounded, and every number by one. */
import { type Mutation, matches, replaced } from './mutations.ts'
import { endsOf, operandAfter, operandBefore, partsIn, type Source, type Span, textOf } from './scan.ts'

/** Where nothing is counted that nodes must count alike: what checks rules, signatures and addresses, and what is told to peers. */
const outside =
  /\/(?:faults|signature|address|gossip|codec|field|hash|shamir|doorway|lock|envelope|version|words|reason|receipt|rules|context|wire|operations|touches|assert)\.ts$/

/**
 * Lines of which nothing is counted: what holds whatever anybody sends, types, how much memory is kept, and orders of bytes,
 * which are turned elsewhere and have no equals.
 */
const idle = /^(?:assert\(|type )|\b(?:bytes\.length|grown)\b|\bcompareBytes\(\w+, \w+\) < 0/

const counted = (sources: readonly Source[], find: (source: Source) => readonly Mutation[]): Mutation[] =>
  sources
    .filter(({ path }) => !outside.test(path))
    .flatMap(find)
    .filter(({ line }) => !idle.test(line))

/** A piece replaced, with what stands beside it, because a line may have others of its kind. */
function inside(kind: string, source: Source, { start, end }: Span, text: string): Mutation {
  const [before, after] = [source.text.slice(0, start), source.text.slice(end)]
  const [left, right] = [/[^\n]{0,12}$/.exec(before)![0].trimStart(), /^[^\n]{0,8}/.exec(after)![0].trimEnd()]
  const change = `${left}‹${textOf(source, { start, end })}›${right} → ‹${text}›`
  return { ...replaced(kind, source, { start, end }, text), change }
}

/** Up for down, and down for up. */
export const rounding = (sources: readonly Source[]): Mutation[] =>
  counted(sources, (source) => [
    ...endsOf(source, /(?<![\w.])divideUp\(/g).map((at) => {
      const [amount, divisor] = partsIn(source, at - 1)
      const span = { start: at - 'divideUp('.length, end: partsIn(source, at - 1).at(-1)!.end + 1 }
      return replaced('rounding', source, span, `((${textOf(source, amount!)}) / (${textOf(source, divisor!)}))`)
    }),
    ...matches(source, / \/ /g).flatMap((span) => {
      const amount = operandBefore(source, span.start)
      const divisor = operandAfter(source, span.end)
      const [a, b] = [textOf(source, amount), textOf(source, divisor)]
      if (/Math\.\w+\($/.test(source.code.slice(0, amount.start)) || a === '(amount + divisor - 1n)') return []
      return [replaced('rounding', source, { start: amount.start, end: divisor.end }, `((${a} + ${b} - 1n) / ${b})`)]
    }),
    ...matches(source, /\bMath\.(?:floor|ceil)\b/g).map((span) =>
      replaced('rounding', source, span, textOf(source, span) === 'Math.floor' ? 'Math.ceil' : 'Math.floor'),
    ),
  ])

const turned: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' }
const shifted: Readonly<Record<string, string>> = { '<': '<=', '<=': '<', '>': '>=', '>=': '>' }

/** With what is equal on the other side; of two values the other one, where the comparison takes the less or the greater. */
export const comparisons = (sources: readonly Source[]): Mutation[] =>
  counted(sources, (source) => [
    ...matches(source, /(?<= )[<>]=?(?= )/g).map((span) => {
      const sign = textOf(source, span)
      return inside('comparisons', source, span, (choosesOne(source, span.start) ? turned : shifted)[sign]!)
    }),
    ...matches(source, /\bMath\.(?:min|max)\b/g).map((span) =>
      inside('comparisons', source, span, textOf(source, span) === 'Math.min' ? 'Math.max' : 'Math.min'),
    ),
  ])

/** Whether a comparison only chooses between its own sides, so that it does not matter where equals go. */
function choosesOne(source: Source, at: number): boolean {
  const left = textOf(source, operandBefore(source, at - 1))
  const rest = source.code.slice(source.code.indexOf(' ', at) + 1)
  const chosen = /^(\S+)\s+\? (\S+(?: - \S+)?)\s+: (\S+?)[,)]*(?=\s|$)(?! [-+*/])(?: ([<>]=?))?/.exec(rest)
  if (!chosen) return false
  const [, right, first, second] = chosen
  const sides = [left, right]
  if (first === `${left} - ${right}`) return second === '0n'
  return sides.includes(first!) && sides.includes(second!)
}

/** One that is added or taken away, and then is not. */
export const ones = (sources: readonly Source[]): Mutation[] =>
  counted(sources, (source) => matches(source, / [-+] 1n?\b/g).map((span) => inside('ones', source, span, '')))

/** Every number by one. What numbers rows and words have is swapped elsewhere. */
export const constants = (sources: readonly Source[]): Mutation[] =>
  counted(sources, (source) =>
    matches(
      source,
      /(?<![\w.'])(?<!number: )(?<!\? -(?=1 : 1)|\? -1 : (?=1))(?<!\bP\.bytes\()(?<! [-+] (?=1n?\b))\d[\d_]*n?\b/g,
    ).map((span) => {
      const text = textOf(source, span)
      const more = BigInt(text.replaceAll('_', '').replace('n', '')) + 1n
      return inside('constants', source, span, `${more}${text.endsWith('n') ? 'n' : ''}`)
    }),
  )
