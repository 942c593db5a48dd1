/**
 * Small changes of the specification, each of which makes another network of it. They are found in the sources by their
 * shape, so that what is added is changed as well: here those of bytes, in `arithmetic.ts` those of numbers, in `checks.ts`
 * those of what is asked.
 */
import { closing, endsOf, lineOf, partsIn, type Source, type Span, textOf } from './scan.ts'

/** A piece of a file, and what stands in its place. */
type Edit = Span & { readonly path: string; readonly text: string }
/** One change: what kind it is, the line that it is in, and what becomes what. */
export type Mutation = {
  readonly kind: string
  readonly path: string
  readonly line: string
  readonly change: string
  readonly edits: readonly Edit[]
}

/** One piece of a source replaced. */
export const replaced = (kind: string, source: Source, span: Span, text: string): Mutation => ({
  kind,
  path: source.path,
  line: lineOf(source, span.start),
  change: `${short(textOf(source, span))} → ${short(text)}`,
  edits: [{ ...span, path: source.path, text }],
})

/** Two pieces in each other's places, which may be in two sources; nothing where they are alike. */
function swapped(kind: string, [one, a]: readonly [Source, Span], [two, b]: readonly [Source, Span]): Mutation[] {
  const [first, second] = [textOf(one, a), textOf(two, b)]
  if (first.replace(/n$/, '') === second.replace(/n$/, '')) return []
  return [
    {
      kind,
      path: one.path,
      line: lineOf(one, a.start),
      change: `${short(first)} ↔ ${short(second)}${one === two ? '' : ` of ${two.path}`}`,
      edits: [
        { ...a, path: one.path, text: second },
        { ...b, path: two.path, text: first },
      ],
    },
  ]
}

const short = (text: string): string => {
  const line = text.replace(/\s+/g, ' ')
  return line.length > 50 ? `${line.slice(0, 49)}…` : line
}

/** Each piece and the next one, swapped. */
const neighbours = (kind: string, source: Source, spans: readonly Span[]): Mutation[] =>
  spans.slice(1).flatMap((span, at) => swapped(kind, [source, spans[at]!], [source, span]))

/** The order of fields: of every struct, and of every object that is spread into one. */
export function fields(sources: readonly Source[]): Mutation[] {
  const structs = sources.flatMap((source) =>
    endsOf(source, /\bP\.struct\(\{/g).map((at) => ({ source, parts: partsIn(source, at - 1) })),
  )
  const spread = new Set(
    structs.flatMap(({ source, parts }) =>
      parts.flatMap((part) => /^\.\.\.(\w+)$/.exec(textOf(source, part))?.slice(1) ?? []),
    ),
  )
  const objects = sources.flatMap((source) =>
    [...spread].flatMap((name) =>
      endsOf(source, new RegExp(`\\bconst ${name} = \\{`, 'g')).map((at) => ({
        source,
        parts: partsIn(source, at - 1),
      })),
    ),
  )
  return [...structs, ...objects].flatMap(({ source, parts }) => neighbours('fields', source, parts))
}

/** The texts of hash tags, and which tag or domain something is hashed under. */
export function tags(sources: readonly Source[]): Mutation[] {
  const words = (pattern: RegExp) =>
    sources.flatMap((source) => endsOf(source, pattern).map((at) => ({ source, parts: partsIn(source, at - 1) })))
  const names = (pattern: RegExp) =>
    words(pattern).flatMap(({ source, parts }) => parts.map((part) => textOf(source, part).split(':')[0]!.trim()))
  const used = (pattern: RegExp, known: readonly string[]) =>
    words(pattern).flatMap(({ source, parts }) => {
      const name = parts[0] && textOf(source, parts[0]).replaceAll("'", '')
      const at = known.indexOf(name ?? '')
      return at < 0 ? [] : [replaced('tags', source, parts[0]!, `'${known[(at + 1) % known.length]}'`)]
    })
  const texts = words(/\bconst tags = \{/g).flatMap(({ source, parts }) => {
    const values = parts.map(({ start, end }) => ({ start: source.text.indexOf("'", start), end }))
    const renamed = values.map((span) => replaced('tags', source, span, textOf(source, span).replace(/\d+'$/, "9'")))
    return [...neighbours('tags', source, values), ...renamed]
  })
  return [
    ...texts,
    ...used(/(?<![\w.])hash\(/g, names(/\bconst tags = \{/g)),
    ...used(/(?<![\w.])poseidon\(/g, names(/\bconst domains = \{/g)),
  ]
}

/** The order of what is hashed, put together, or shown by a proof: arguments, and lists as they stand in a call. */
export function args(sources: readonly Source[]): Mutation[] {
  const calls = /(?<![\w.])(?:hash|poseidon|concatBytes|nodeHash|Uint8Array\.of)\(/g
  const lists = /\bsignals = \[|\(\[/g
  return sources.flatMap((source) => [
    ...endsOf(source, calls).flatMap((at) => {
      const parts = partsIn(source, at - 1)
      const isTagged = /(?:hash|poseidon)\($/.test(source.code.slice(0, at))
      return neighbours('arguments', source, isTagged ? parts.slice(1) : parts)
    }),
    ...endsOf(source, lists)
      .filter((at) => !/^\)(?:: [^=]+)? =>/.test(source.code.slice(closing(source, at - 1) + 1)))
      .flatMap((at) => neighbours('arguments', source, partsIn(source, at - 1))),
  ])
}

/** The numbers of rows and words: of tables, factors, trees, operations, variants, reasons and domains. */
export function numbers(sources: readonly Source[]): Mutation[] {
  const rows = sources.map((source) => ({ source, spans: matches(source, /(?<=\bnumber: )\d+/g) }))
  const alone = rows
    .filter(({ spans }) => spans.length === 1)
    .sort((a, b) => Number(textOf(a.source, a.spans[0]!)) - Number(textOf(b.source, b.spans[0]!)))
  return [
    ...rows.flatMap(({ source, spans }) => neighbours('numbers', source, spans)),
    ...alone
      .slice(1)
      .flatMap(({ source, spans }, at) =>
        swapped('numbers', [alone[at]!.source, alone[at]!.spans[0]!], [source, spans[0]!]),
      ),
    ...sources.flatMap((source) =>
      endsOf(source, /\{/g).flatMap((at) => {
        const parts = partsIn(source, at - 1)
        const values = parts.flatMap((part) => wordNumber(source, part))
        if (/^\s*(?:min|number): /.test(source.code.slice(at))) return []
        return values.length === parts.length ? neighbours('numbers', source, values) : []
      }),
    ),
  ]
}

/** The number in `word: 1`, `word: 1n` or `word: [1, …]`. */
function wordNumber(source: Source, { start, end }: Span): Span[] {
  const match = /^(?:\w+|'[^']*'): \[?\s*(?=(\d+n?)\s*(?:,|$))/.exec(source.code.slice(start, end))
  return match ? [{ start: start + match[0].length, end: start + match[0].length + match[1]!.length }] : []
}

/** The spans of all matches in the code. */
export const matches = ({ code }: Source, pattern: RegExp): Span[] =>
  [...code.matchAll(pattern)].map(({ index, 0: match }) => ({ start: index, end: index + match.length }))

/** In the other byte order; a single byte, which has none, as two. */
const others: Readonly<Record<string, string>> = { 'P.U8': 'P.U16BE', U64: 'P.U64LE', Time: 'P.U64LE' }

/** Widths and the order of bytes, one at a time. */
export const widths = (sources: readonly Source[]): Mutation[] =>
  sources.flatMap((source) => [
    ...matches(source, /\bP\.U\d+(?:BE)?\b(?!\w)/g).map((span) => {
      const text = textOf(source, span)
      return replaced('widths', source, span, others[text] ?? text.replace('BE', 'LE'))
    }),
    ...(source.code.includes(' P from ')
      ? matches(source, /(?<=[:(] )\b(?:U64|Time)\b(?=[,\s}])|(?<=\()(?:U64|Time)(?=[,)])|\b(?:U64|Time)(?=\.encode)/g)
      : []
    ).map((span) => replaced('widths', source, span, others[textOf(source, span)]!)),
    ...matches(source, /(?<=\bP\.bigint\(\d+, )false(?=\))/g).map((span) => replaced('widths', source, span, 'true')),
    ...matches(source, /(?<=\.setUint\d+\([^()]*)(?=\))/g).map((span) => replaced('widths', source, span, ', true')),
    ...matches(source, /(?<=\bP\.bytes\()\d+(?=\))/g).map((span) =>
      replaced('widths', source, span, String(Number(textOf(source, span)) + 1)),
    ),
  ])

/** The most and the least of every list, and the most of bytes and texts, by one. */
export const bounds = (sources: readonly Source[]): Mutation[] =>
  sources.flatMap((source) => [
    ...endsOf(source, /\blistOf\(/g).flatMap((at) => {
      const parts = partsIn(source, at - 1)
      const last = parts.at(-1)!
      if (source.code[last.start] !== '{') return []
      return partsIn(source, last.start).flatMap(({ start, end }) => byOne(source, { start: start + 5, end }))
    }),
    ...endsOf(source, /\b(?:bytesUpTo|textUpTo)\(/g).flatMap((at) =>
      byOne(source, { start: at, end: closing(source, at - 1) }),
    ),
  ])

/** One more, and one less where that is not below nothing. */
function byOne(source: Source, span: Span): Mutation[] {
  const text = textOf(source, span)
  return [
    replaced('bounds', source, span, `${text} + 1`),
    ...(text === '0' ? [] : [replaced('bounds', source, span, `${text} - 1`)]),
  ]
}

/** The other way round: what is sorted, and what is compared as bytes. */
export const orders = (sources: readonly Source[]): Mutation[] =>
  sources.flatMap((source) => [
    ...endsOf(source, /\bcompareBytes\(/g)
      .filter((at) => !source.code.slice(at).startsWith('a: '))
      .flatMap((at) => neighbours('orders', source, partsIn(source, at - 1))),
    ...matches(source, /(?<=\.sort\()\(a, b\)/g).map((span) => replaced('orders', source, span, '(b, a)')),
    ...matches(source, /\ba\[index\]! - b\[index\]!/g).map((span) =>
      replaced('orders', source, span, 'b[index]! - a[index]!'),
    ),
    ...matches(source, /\ba\.length - b\.length/g).map((span) =>
      replaced('orders', source, span, 'b.length - a.length'),
    ),
  ])
