/**
 * `npm run ceremony -- new|contribute|beacon|verify`: make proving keys that nobody can forge with unless all contributors
 * conspire. `circuits/README.md` says how, from an empty folder to a network.
 */
import { curves } from 'snarkjs'
import { runCeremony } from './ceremony-commands.ts'
import { compile } from './compile.ts'
import { sayTo } from './say.ts'

const say = sayTo(process.stderr)

async function parts() {
  say.step('Compiling the circuits')
  return { pass: await compile('pass'), renew: await compile('renew'), stamp: await compile('stamp') }
}

try {
  const isDone = await runCeremony(process.argv.slice(2), { parts, say, print: (text) => console.log(text) })
  if (!isDone) process.exitCode = 2
} catch (error) {
  say.end()
  const { code, message } = error as NodeJS.ErrnoException
  console.error(code === 'ENOSPC' ? `The disk is full (${message}). Make room, and run it again; it goes on.` : message)
  process.exitCode = 1
}
say.end()
// Its threads would keep the process alive.
await (await curves.getCurveFromName('bn128')).terminate()
