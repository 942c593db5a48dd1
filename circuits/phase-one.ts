/**
 * The first phase of a set-up: powers of tau, which serve every circuit up to a size. Take a public file, which hundreds
 * contributed to; those made here have one contributor, and are for development.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, copyFileSync, existsSync, openSync, readSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { curves, powersOfTau } from 'snarkjs'
import type { Say } from './say.ts'
import { hashFile, type Step } from './set-up.ts'
import { refuseTorn } from './torn.ts'

/** The file of a ceremony's folder that holds the powers. */
export const powersFile = (folder: string): string => join(folder, 'powers.ptau')

/** Where powers come from that were made here. */
export const madeHere = 'made for this set-up, one contributor'

/**
 * Copy a file of powers, prepared for phase 2, into a ceremony's folder, after holding it against the BLAKE2b that was
 * published for it, and against its own contributions. Throws where either does not fit.
 */
export async function takePowers(
  folder: string,
  { file, blake2b, origin, say }: { file: string; blake2b: string; origin: string; say: Say },
): Promise<Step> {
  if (!existsSync(file)) throw new Error(`There is no ${file}. Give the path of the file of powers to --ptau.`)
  say.step(`Holding ${file} against its BLAKE2b`)
  const hash = await hashFile(file, 'blake2b512')
  if (hash !== blake2b.toLowerCase())
    throw new Error(`${file} has the BLAKE2b ${hash}, not ${blake2b}. It is another file, whatever its name.`)
  await verifyPowers(file, say)
  const target = powersFile(folder)
  copyFileSync(file, `${target}.part`)
  renameSync(`${target}.part`, target)
  return stepOf(target, origin)
}

/** Make powers here, 2 to `power` of them, with one contribution from this machine's randomness. Goes on where it stopped. */
export async function makePowers(folder: string, { power, say }: { power: number; say: Say }): Promise<Step> {
  const files = ['begun', 'contributed', 'closed'].map((name) => join(folder, `powers.${name}.ptau`))
  const [begun, contributed, closed] = files as [string, string, string]
  const { logger } = say
  const secret = (bytes: number) => randomBytes(bytes).toString('hex')
  const steps: readonly [file: string, what: string, make: (to: string) => Promise<unknown>][] = [
    [begun, 'Beginning', async (to) => powersOfTau.newAccumulator(await bn254(), power, to, logger)],
    [contributed, 'Contributing to', (to) => powersOfTau.contribute(begun, to, 'one contributor', secret(64), logger)],
    [closed, 'Closing', (to) => powersOfTau.beacon(contributed, to, 'a random number', secret(32), 10, logger)],
    [powersFile(folder), 'Preparing', (to) => powersOfTau.preparePhase2(closed, to, logger)],
  ]
  for (const [file, what, make] of steps) {
    if (existsSync(file)) {
      refuseOtherPower(file, power)
      continue
    }
    say.step(`${what} powers of tau (2^${power})`)
    await make(`${file}.part`)
    refuseTorn(`${file}.part`)
    renameSync(`${file}.part`, file)
  }
  await verifyPowers(powersFile(folder), say)
  return stepOf(powersFile(folder), madeHere)
}

/** Throw where a file that was begun earlier has another number of powers than this run wants. */
export function refuseOtherPower(file: string, power: number): void {
  const bytes = Buffer.alloc(64)
  const descriptor = openSync(file, 'r')
  readSync(descriptor, bytes)
  closeSync(descriptor)
  // 12 bytes, the section that is the header (12), the length of the modulus (4), the modulus (32), and the power.
  const found = bytes.readUInt32LE(60)
  if (found !== power)
    throw new Error(`${file} was begun with --power ${found}. Go on with that, or name another --folder.`)
}

/** Check every power and contribution of a file. Throws where one is wrong. */
export async function verifyPowers(file: string, say: Say): Promise<void> {
  say.step(`Verifying the powers of tau in ${file}`)
  if (!(await powersOfTau.verify(file, say.logger)))
    throw new Error(`${file} is no valid powers of tau: ${say.complaint()}. Get it again, from somebody else.`)
}

const bn254 = () => curves.getCurveFromName('bn128')

async function stepOf(file: string, origin: string): Promise<Step> {
  return { kind: 'powers', origin, sha256: await hashFile(file, 'sha256'), blake2b: await hashFile(file, 'blake2b512') }
}
