/** The files that a browser loads for the page, found as it finds them: by what each imports, through the map of names. */
import type * as files from '../../node/web/files.ts'
import { readSource } from './source.ts'

type Served = Pick<typeof files, 'codeFile' | 'packageFile' | 'importMap' | 'mainPath'>

/** Every file by its path with its size in bytes, those that come later only (by `import()`) apart, and what there is not. */
export async function pageFiles({ codeFile, packageFile, importMap, mainPath }: Served) {
  const { imports } = JSON.parse(importMap) as { imports: Readonly<Record<string, string>> }
  const found = { first: new Map<string, number>(), later: new Map<string, number>(), missing: [] as string[] }

  const mapped = (name: string, from: string): string => {
    const path = name.startsWith('.') ? new URL(name, `http://page${from}`).pathname : name
    const prefix = Object.keys(imports).find((one) => one.endsWith('/') && path.startsWith(one))
    return imports[path] ?? (prefix ? `${imports[prefix]}${path.slice(prefix.length)}` : path)
  }
  async function load(path: string, into: Map<string, number>): Promise<void> {
    if (found.first.has(path) || found.later.has(path)) return
    const [, place, rest] = /^\/(code|packages)\/(.*)$/.exec(path) ?? []
    const file = rest === undefined ? undefined : await (place === 'code' ? codeFile : packageFile)(rest)
    if (!file) return void found.missing.push(path)
    into.set(path, Buffer.byteLength(file.text))
    const later = new Set([...file.text.matchAll(/\bimport\(\s*'([^']+)'/g)].map(([, name]) => name!))
    const { modules } = place === 'code' ? readSource(file.text) : { modules: packaged(file.text) }
    for (const name of modules) await load(mapped(name, path), later.has(name) ? found.later : into)
  }
  await load(mainPath, found.first)
  return found
}

/** What a file of a package imports; those are written by tools, with comments that look like code. */
const packaged = (text: string): readonly string[] =>
  [...text.matchAll(/\b(?:from|import)\s*["']((?:\.|@noble\/|@scure\/|preact|htm)[^"']*)["']/g)].map(
    ([, name]) => name!,
  )
