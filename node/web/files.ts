/**
 * The files of the page. It is made of modules that a browser loads one by one, as they stand: nothing is built. In a
 * checkout they are TypeScript, whose types Node strips as it does for itself; in the package they are JavaScript.
 */
import { readFile } from 'node:fs/promises'
import { findPackageJSON, stripTypeScriptTypes } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(import.meta.url)
/** What code of ours ends with: `.ts` in a checkout, `.js` in the package. */
const ending = extname(here)
const root = join(dirname(here), '../..')

/** What a browser is sent: its text, and what kind it is. */
export type File = { readonly kind: string; readonly text: string }

/** Packages that the page is made of, or that the protocol is. Each is served file by file, as it is installed. */
const packages: ReadonlySet<string> = new Set([
  'preact',
  'htm',
  'dompurify',
  'micro-packed',
  '@noble/curves',
  '@noble/hashes',
  '@scure/base',
])

const code = (path: string): string => `/code/${path}${ending}`

/** Where the page begins. */
export const mainPath: string = code('node/web/page/main')

/**
 * Where each name leads that modules import by. Two files of the protocol stand on what only Node has, and on a package
 * that is no module; the page has its own in their place, so that it verifies receipts by all the others as they are.
 */
export const importMap: string = JSON.stringify({
  imports: {
    preact: '/packages/preact/dist/preact.mjs',
    'preact/hooks': '/packages/preact/hooks/dist/hooks.mjs',
    htm: '/packages/htm/dist/htm.module.js',
    dompurify: '/packages/dompurify/dist/purify.es.mjs',
    'micro-packed': '/packages/micro-packed/index.js',
    '@scure/base': '/packages/@scure/base/index.js',
    '@noble/curves/': '/packages/@noble/curves/',
    '@noble/hashes/': '/packages/@noble/hashes/',
    [code('protocol/signature')]: code('node/web/page/receipt/signature'),
    [code('protocol/poseidon')]: code('node/web/page/receipt/poseidon'),
  },
})

/** A segment begins with no dot, so that no path leads out of its folder. */
const codePath = /^(?:protocol|node)(?:\/\w[\w-]*)+\.[jt]s$/
const packagePath = /^((?:@\w[\w-]*\/)?\w[\w-]*)\/((?:\w[\w.-]*\/)*\w[\w.-]*\.m?js)$/

/** Code of this program, fit for a browser. Nothing where there is no such file. */
export async function codeFile(path: string): Promise<File | undefined> {
  if (!codePath.test(path) || extname(path) !== ending) return undefined
  const text = await textOf(join(root, path))
  return text === undefined ? undefined : script(ending === '.ts' ? stripTypeScriptTypes(text) : text)
}

/** A file of one of the packages. Nothing where there is none, or it is of another package. */
export async function packageFile(path: string): Promise<File | undefined> {
  const [, name = '', rest = ''] = packagePath.exec(path) ?? []
  const manifest = packages.has(name) ? findPackageJSON(name, import.meta.url) : undefined
  const text = manifest && (await textOf(join(dirname(manifest), rest)))
  return text === undefined ? undefined : script(text)
}

/** How the page looks, and the picture in the tab. */
export const looks: Readonly<Record<string, string>> = { 'style.css': 'text/css', 'icon.svg': 'image/svg+xml' }

/** A file of `looks`. */
export async function lookFile(name: string): Promise<File> {
  return { kind: looks[name]!, text: await readFile(join(dirname(here), 'page', name), 'utf8') }
}

const script = (text: string): File => ({ kind: 'text/javascript', text })

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
