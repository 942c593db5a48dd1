/** A preset of rules, by its name. */
import { door } from '../node/daemon/door.ts'
import type { Numbers } from '../node/settings/presets.ts'
import { UsageError } from './errors.ts'

/** The numbers of a preset. Throws UsageError where there is none by that name. */
export async function presetNamed(name: string): Promise<Numbers> {
  const { presets } = await door.presets()
  const numbers = Object.hasOwn(presets, name) ? presets[name] : undefined
  if (!numbers) throw new UsageError(`--preset is one of ${Object.keys(presets).join(', ')}.`)
  return numbers
}
