/**
 * `npm run ceremony -- new|contribute|beacon|verify`: make proving keys that nobody can forge with unless all contributors
 * conspire. The folder of a ceremony goes from one contributor to the next; `circuits/README.md` says how.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { curves } from 'snarkjs'
import { artifactsFolder } from '../node/proofs/artifacts.ts'
import type { Circuit } from '../protocol/statement.ts'
import { buildFolder, compile } from './compile.ts'
import { makePowers, powersFile, takePowers } from './phase-one.ts'
import { begin, type Ceremony, doStep, keyFile, progressOf } from './phase-two.ts'
import { release } from './release.ts'
import { sayTo } from './say.ts'
import { readSetUp } from './set-up.ts'
import { faultsOfFiles, faultsOfKeys, faultsOfProgress } from './verify-set-up.ts'

const help = `npm run ceremony -- COMMAND [OPTIONS]

  new --ptau FILE --blake2b HEX      begin, from a public file of powers of tau (2^15 or more, prepared for phase 2)
                                     whose BLAKE2b was published; ask for it in two places,
                                     and tell the record with --origin TEXT where it comes from
  new --power 15                     begin, from powers made here: for development, since they have one contributor
  contribute --name NAME             mix in a secret of this machine, and --entropy TEXT if you like; then forget it
  beacon --name NAME --value HEX     close with a number that nobody could know when it was announced,
                                     such as the hash of a block to come; writes the keys to --out
  verify [--ptau FILE]               check a ceremony that is under way, or else the released keys;
                                     for those, the powers are needed again to check more than hashes

  --folder FOLDER       of the ceremony; circuits/build/ceremony otherwise
  --out FOLDER          of the released keys; circuits/artifacts otherwise
  --iterations N        the beacon is hashed 2^N times; 10 otherwise

Whatever is interrupted goes on when it is run again.`

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    folder: { type: 'string', default: join(buildFolder, 'ceremony') },
    out: { type: 'string', default: artifactsFolder },
    ptau: { type: 'string' },
    blake2b: { type: 'string' },
    origin: { type: 'string', default: 'given by its BLAKE2b' },
    power: { type: 'string' },
    name: { type: 'string' },
    entropy: { type: 'string', default: '' },
    value: { type: 'string' },
    iterations: { type: 'string', default: '10' },
    help: { type: 'boolean', default: false },
  },
})

const commands: Readonly<Record<string, (ceremony: Ceremony) => Promise<void>>> = {
  async new(ceremony) {
    const { folder, say } = ceremony
    const { ptau, blake2b, origin, power } = values
    if ((ptau === undefined) === (power === undefined)) throw new Error('Give one of --ptau FILE and --power N.')
    await begin(ceremony, () =>
      ptau === undefined
        ? makePowers(folder, { power: Number(power), say })
        : takePowers(folder, { file: ptau, blake2b: given(blake2b, '--blake2b'), origin, say }),
    )
    say.step(`Begun in ${folder}. Give the folder to the first contributor.`)
  },
  async contribute(ceremony) {
    const name = given(values.name, '--name')
    publish(ceremony, await doStep(ceremony, { kind: 'contribution', name, entropy: `${values.entropy}.` }))
  },
  async beacon(ceremony) {
    const [name, value] = [given(values.name, '--name'), given(values.value, '--value').toLowerCase()]
    publish(ceremony, await doStep(ceremony, { kind: 'beacon', name, value, iterations: Number(values.iterations) }))
    const setUp = await release(ceremony, values.out)
    ceremony.say.step(`Closed. Set-up ${setUp.id}: ${setUp.name}.\nKeys are in ${values.out}.`)
  },
  async verify(ceremony) {
    const { folder, parts, say } = ceremony
    const hasBegun = existsSync(join(folder, 'transcript.json'))
    const progress = hasBegun ? await progressOf(ceremony) : undefined
    const powers = values.ptau ?? (existsSync(powersFile(folder)) ? powersFile(folder) : undefined)
    const faults: string[] = []
    if (progress && progress.transcript.at(-1)?.kind !== 'beacon') {
      const zkeyOf = (circuit: Circuit) => keyFile(folder, circuit, progress.transcript.length - 1)
      faults.push(...(await faultsOfProgress(progress, { parts, powers: given(powers, '--ptau'), zkeyOf, say })))
    } else {
      faults.push(...(await faultsOfFiles(values.out, parts)))
      if (powers) faults.push(...(await faultsOfKeys(values.out, { parts, powers, say })))
      say.step(`Set-up ${readSetUp(values.out).id}: ${readSetUp(values.out).name}.`)
    }
    if (faults.length > 0) throw new Error(faults.join('\n'))
    if (powers) say.step('Everything follows: sources, powers, contributions, keys.')
    else say.step('Files are as the record says. Give --ptau FILE to check that the keys follow from the powers.')
  },
}

function given(value: string | undefined, option: string): string {
  if (!value) throw new Error(`Give ${option}; --help says what it is.`)
  return value
}

function publish({ say }: Ceremony, hashes: Readonly<Record<string, string>>): void {
  say.step('Publish these hashes where the others find them, so that nobody can take your step out again:')
  for (const [circuit, hash] of Object.entries(hashes)) say.step(`  ${circuit.padEnd(6)} ${hash}`)
}

const command = commands[positionals[0] ?? '']
if (!command || values.help) {
  console.log(help)
  process.exitCode = values.help ? 0 : 2
} else {
  try {
    const parts = { pass: await compile('pass'), renew: await compile('renew'), stamp: await compile('stamp') }
    await command({ folder: values.folder, parts, say: sayTo(process.stderr) })
  } catch (error) {
    console.error((error as Error).message)
    process.exitCode = 1
  }
  // Its threads would keep the process alive.
  await (await curves.getCurveFromName('bn128')).terminate()
}
