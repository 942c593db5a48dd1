/** Numbers in the flags of programs. */
import { refuseFlags } from '../../cli/flags.ts'

/** A number above 0, whole or not. Anything else ends the process with a sentence. */
export function numberIn(flag: string, text: string): number {
  const number = Number(text)
  return number > 0 && Number.isFinite(number) ? number : refuseFlags(`${flag} takes a number above 0, not “${text}”.`)
}

/** A whole number from 0 to 2^32 − 1, from which something is drawn. Anything else ends the process with a sentence. */
export function seedIn(flag: string, text: string): number {
  const seed = Number(text)
  const isSeed = text.trim() !== '' && Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32
  return isSeed ? seed : refuseFlags(`${flag} takes a whole number from 0 to ${2 ** 32 - 1}, not “${text}”.`)
}

/** Some of the names that there are, with commas between; all where none are given. Another ends the process with a sentence. */
export function namesIn(flag: string, text: string | undefined, known: readonly string[]): readonly string[] {
  const names = text?.split(',') ?? known
  const wrong = names.find((name) => !known.includes(name))
  return wrong === undefined ? names : refuseFlags(`${flag} does not know “${wrong}”. There are: ${known.join(', ')}.`)
}
