/** Small changes of what is asked before something is done: each check left out, and each behind the next one. */
import type { Mutation } from './mutations.ts'
import { lineOf, type Source, type Span, textOf } from './scan.ts'

/** Where rules, encodings, and what light clients and readers are shown are checked: there nothing becomes of an op. */
const outside = /\/(?:faults|rules|signature|address|codec|shamir|lock|accounts|merkle|receipt|state)\.ts$/

/** A condition on which something is refused: a statement of its own, over one line or two. */
const check = /^( +)if \([^\n]*\)(?:\n\1 {2}| )return (?:no\([^\n]*|\w+)$/gm

type Check = Span & { readonly indent: string }

const checksIn = ({ code }: Source): Check[] =>
  [...code.matchAll(check)].map(({ index, 0: text, 1: indent }) => ({
    start: index,
    end: index + text.length,
    indent: indent!,
  }))

const asked = (
  sources: readonly Source[],
  find: (source: Source, checks: readonly Check[]) => Mutation[],
): Mutation[] => sources.filter(({ path }) => !outside.test(path)).flatMap((source) => find(source, checksIn(source)))

const shortOf = (source: Source, span: Span): string => {
  const line = textOf(source, span).replace(/\s+/g, ' ').trim()
  return line.length > 60 ? `…${line.slice(-59)}` : line
}

/** Nothing is asked. */
export const refusals = (sources: readonly Source[]): Mutation[] =>
  asked(sources, (source, checks) =>
    checks.map((span) => ({
      kind: 'refusals',
      path: source.path,
      line: lineOf(source, span.start + span.indent.length),
      change: `without ${shortOf(source, span)}`,
      edits: [{ start: span.start, end: span.end, path: source.path, text: '' }],
    })),
  )

/** The next check of the block comes first, so that its reason wins where both hold. */
export const precedence = (sources: readonly Source[]): Mutation[] =>
  asked(sources, (source, checks) =>
    checks.slice(1).flatMap((next, at) => {
      const one = checks[at]!
      if (one.indent !== next.indent || endsBlock(source, one, next)) return []
      return [
        {
          kind: 'precedence',
          path: source.path,
          line: lineOf(source, one.start + one.indent.length),
          change: `behind ${shortOf(source, next)}`,
          edits: [
            { start: one.start, end: one.end, path: source.path, text: '' },
            { start: next.end, end: next.end, path: source.path, text: `\n${textOf(source, one)}` },
          ],
        },
      ]
    }),
  )

/** Whether a block ends between two checks. */
const endsBlock = ({ code }: Source, one: Check, next: Check): boolean =>
  code
    .slice(one.end, next.start)
    .split('\n')
    .some((line) => line.trim() !== '' && line.search(/\S/) < one.indent.length)
