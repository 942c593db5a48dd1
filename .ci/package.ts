/**
 * Builds the package that users install, by `npm pack`: `dist` is laid out as the checkout is, so that every file finds
 * every other where it finds it there, and holds JavaScript, since Node strips no types below `node_modules`.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')

rmSync(dist, { recursive: true, force: true })
const { status } = spawnSync('tsc', ['-p', 'tsconfig.package.json'], { cwd: root, stdio: 'inherit' })
if (status !== 0) throw new Error('The sources do not compile, so there is no package.')
for (const file of globSync('**/*.js', { cwd: dist })) nameJavaScript(join(dist, file))
await bundleProver()
cpSync(join(root, 'circuits/artifacts'), join(dist, 'circuits/artifacts'), { recursive: true })
// How the page looks; its code is compiled with the rest.
for (const name of ['style.css', 'icon.svg'])
  cpSync(join(root, 'node/web/page', name), join(dist, 'node/web/page', name))
cpSync(join(root, 'package.json'), join(dist, 'package.json'))
chmodSync(join(dist, 'cli/bmail.js'), 0o755)

/** Threads and children are named by URL, which the compiler leaves as it stands; imports it has rewritten itself. */
function nameJavaScript(path: string): void {
  const text = readFileSync(path, 'utf8')
  const named = text.replace(/(new URL\('\.{1,2}\/[^']+)\.ts(', import\.meta\.url\))/g, '$1.js$2')
  if (named !== text) writeFileSync(path, named)
}

/**
 * The child that proves is one file with snarkjs inside: of the 60 MB that snarkjs brings along, a proof needs less than
 * one. `web-worker` alone is installed, because a thread runs its file again.
 */
async function bundleProver(): Promise<void> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['node/proofs/prover-child.ts'],
    outfile: join(dist, 'node/proofs/prover-child.js'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22.18',
    external: ['web-worker'],
    banner: { js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);" },
    metafile: true,
  })
  const folders = Object.keys(metafile.inputs).flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? [])
  const inside = [...new Set(folders)].sort().map((folder) => licenseOf(join(root, folder)))
  writeFileSync(join(dist, 'node/proofs/prover-child.licenses.txt'), inside.join('\n'))
  rmSync(join(dist, 'node/proofs/make-proof.js')) // it is inside, and nobody else loads it
}

/** What a package is called, and under which licence it is inside; the text of the GPL is that of our own. */
function licenseOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const files = license === 'GPL-3.0' ? [] : globSync('{LICEN[CS]E,COPYING}*', { cwd: folder })
  return [`${name} ${version}, ${license}\n`, ...files.map((file) => readFileSync(join(folder, file), 'utf8'))].join(
    '\n',
  )
}
