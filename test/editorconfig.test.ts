/** What editors are told is what biome formats, and how the files are. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, matchesGlob, sep } from 'node:path'
import { test } from 'tap'

const root = join(import.meta.dirname, '..')

type Settings = Readonly<Record<string, string>>

/** Sections in order: a pattern, and what it sets. Lines before the first are of no file. */
const sections: readonly { readonly pattern: string; readonly settings: Settings }[] = read('.editorconfig')
  .split(/^\[(?=.*\]$)/m)
  .slice(1)
  .map((section) => {
    const [head = '', ...lines] = section.split('\n')
    const settings = lines.filter((line) => /^\w/.test(line)).map((line) => line.split(' = ') as [string, string])
    return { pattern: head.slice(0, -1), settings: Object.fromEntries(settings) }
  })

/** What holds for a file; a pattern without a folder is for any. */
const settingsOf = (path: string): Settings =>
  Object.assign(
    {},
    ...sections
      .filter(({ pattern }) => matchesGlob(path, pattern.includes('/') ? pattern : `**/${pattern}`))
      .map(({ settings }) => settings),
  )

test('editorconfig: TypeScript is indented and cut as biome does it', async (t) => {
  const { formatter } = JSON.parse(read('biome.json')) as {
    formatter: { indentStyle: string; indentWidth: number; lineWidth: number }
  }
  t.match(settingsOf('node/seams.ts'), {
    indent_style: formatter.indentStyle,
    indent_size: String(formatter.indentWidth),
    max_line_length: String(formatter.lineWidth),
  })
  t.match(settingsOf('test/vectors/read.py'), { indent_size: '4' })
  t.match(settingsOf('circuits/artifacts/pass.vkey.json'), { end_of_line: 'unset' })
})

test('editorconfig: every file is as editors are told', async (t) => {
  const wrong = filesUnder('.').flatMap((path) => {
    const text = readFileSync(join(root, path), 'latin1')
    const settings = settingsOf(path)
    const faults = {
      'ends of lines': settings.end_of_line === 'lf' && text.includes('\r'),
      'the last line': settings.insert_final_newline === 'true' && text !== '' && !text.endsWith('\n'),
      'blanks at ends of lines': settings.trim_trailing_whitespace === 'true' && /[ \t]$/m.test(text),
      tabs: settings.indent_style === 'space' && /^ *\t/m.test(text),
      indentation:
        isIndentedBy(Number(settings.indent_size), path) && hasOtherIndents(text, Number(settings.indent_size)),
    }
    return Object.entries(faults).flatMap(([what, is]) => (is ? [`${path}: ${what}`] : []))
  })
  t.strictSame(wrong, [])
})

/** Formats in which nothing but structure is indented: no comments with a star, no text in strings. */
const isIndentedBy = (size: number, path: string): boolean => size > 0 && /\.(json|circom)$/.test(path)

const hasOtherIndents = (text: string, size: number): boolean =>
  [...text.matchAll(/^( +)[^ ]/gm)].some(([, blanks]) => blanks!.length % size !== 0)

/** Our folders and the files beside them, without what is made or pinned. */
function filesUnder(folder: string): string[] {
  const ours = /^(protocol|node|cli|circuits|test|\.ci)(\/|$)(?!build|artifacts)/
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name).split(sep).join('/')
    if (entry.isDirectory()) return ours.test(path) && entry.name !== '.tap' ? filesUnder(path) : []
    return entry.isFile() && entry.name !== '.git' && !path.endsWith('.log') ? [path] : []
  })
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}
