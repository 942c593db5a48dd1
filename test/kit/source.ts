/**
 * Reading TypeScript for the rules of the house: what is code in it, without strings and comments, and which modules it
 * brings in, in whatever way it names them. What cannot be read with certainty counts as wrong, so that nobody gets past a
 * rule by an unusual spelling.
 */

/** A file as the rules read it. */
export type Reading = {
  /** The code alone: comments are a space, strings and regular expressions are empty. What a template calculates stays, and so does a name in `['…']`. */
  readonly code: string
  /** Every module that it names: imported, exported from, by type, by `import()`, or as a file beside it by `new URL`. */
  readonly modules: readonly string[]
  /** The names among those that are whole programs or data: what `new URL` names. */
  readonly urls: readonly string[]
  /** Pieces of code or of text that bring in something nobody can tell by reading. */
  readonly unclear: readonly string[]
}

const opensRegExp = /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|do|else|void|await|yield))$/
/** A string that names a file of code. */
const namesCode = /(?:^|[\w./@-])\.[cm]?[jt]s$/
const hidden = [
  /\bimport\s*\((?!\s*'\d+'\s*[,)])[^)]*/g,
  /\bnew URL\((?!\s*'\d+'\s*,\s*import\.meta\.url\s*\))[^)]*import\.meta[^)]*/g,
  /\bimport\.meta\b(?!\.url\b|\.dirname\b)[.\w]*/g,
  /(?<![.\w])require\s*\([^)]*/g,
  /\bcreateRequire\b(?=\()/g,
  /(?<!\.)\bimport\s+\w+\s*=/g,
]

/** Read the text of a file. */
export function readSource(text: string): Reading {
  const strings: string[] = []
  const marked = withMarkedStrings(text, strings)
  const named = (pattern: RegExp): string[] => [...marked.matchAll(pattern)].map(([, index]) => strings[Number(index)]!)
  const urls = named(/\bnew URL\(\s*'(\d+)'\s*,\s*import\.meta\.url/g)
  const modules = [...named(/(?<![.\w])(?:from|import|import\s*\()\s*'(\d+)'/g), ...urls]
  const unclear = [
    ...hidden
      .flatMap((pattern) => [...marked.matchAll(pattern)])
      .map(([found]) => found.replace(/'(\d+)'/g, (_marked, index) => `'${strings[index]}'`)),
    ...strings.filter((string) => namesCode.test(string) && !modules.includes(string)),
    ...[...text.matchAll(/^\/\/\/\s*<reference.*$/gm)].map(([found]) => found),
  ]
  const code = marked.replace(/(\[\s*)?'(\d+)'(?=(\s*\])?)/g, (_whole, opens = '', index, closes) =>
    opens && closes && /^\w+$/.test(strings[index]!) ? `${opens}'${strings[index]}'` : `${opens}''`,
  )
  return { code, modules, urls, unclear }
}

/** The code, with the number of a string in place of each, and the strings by their numbers. */
function withMarkedStrings(text: string, strings: string[]): string {
  let code = ''
  /** For each template that is open: how many braces are, within what it calculates. */
  const braces: number[] = []
  const literal = /'(?:\\[\s\S]|[^'\\])*'|"(?:\\[\s\S]|[^"\\])*"/y
  const comment = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y
  const regExp = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/\w*/y
  const piece = /((?:\\[\s\S]|[^`\\$]|\$(?!\{))*)(`|\$\{)/y
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found) at += found[0].length
    return found
  }
  const keep = (string: string): number => strings.push(string) - 1
  /** A piece of a template, which ends it or goes on to what it calculates. */
  const template = (isFirst: boolean): void => {
    const [, string, end] = take(piece)!
    if (isFirst && end === '`') code += `'${keep(string!)}'`
    else {
      if (string) keep(string)
      code += `${isFirst ? '`' : '}'}${end}`
      if (end !== '`') braces.push(0)
    }
  }
  while (at < text.length) {
    const char = text[at]!
    if (char === "'" || char === '"') code += `'${keep(take(literal)![0].slice(1, -1))}'`
    else if (char === '/' && take(comment)) code += ' '
    else if (char === '/' && opensRegExp.test(code.trimEnd()) && take(regExp)) code += '/ /'
    else {
      at += 1
      if (char === '`') template(true)
      else if (char === '}' && braces.at(-1) === 0) {
        braces.pop()
        template(false)
      } else {
        if (braces.length > 0 && char === '{') braces[braces.length - 1]! += 1
        if (braces.length > 0 && char === '}') braces[braces.length - 1]! -= 1
        code += char
      }
    }
  }
  return code
}
