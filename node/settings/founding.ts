/** A new network out of a preset. It stands beside its file, which pages in a browser read too, and no preset is needed for that. */
import type { Genesis, Rules } from '../../protocol/rules.ts'
import { formatNetworkFile, type NetworkFile, NetworkFileError, parseNetworkFile } from './network-file.ts'
import { presets } from './presets.ts'

/** Who runs a new network, and who holds what when it begins. */
type Founding = Pick<Rules, 'name' | 'hostKey' | 'operators' | 'keepers'> & {
  readonly preset: string
  readonly genesis: Genesis
  /** Numbers that differ from the preset. */
  readonly changes?: Partial<Rules>
  /** The id of a set-up of the proofs that is not the program's own. */
  readonly setUp?: Uint8Array
}

/** A network out of a preset. Throws NetworkFileError where it could not be lived by. */
export function foundNetwork({ preset, genesis, changes, setUp, ...people }: Founding): NetworkFile {
  const numbers = presets[preset]
  if (!numbers)
    throw new NetworkFileError(`There is no preset “${preset}”. Choose one of: ${Object.keys(presets).join(', ')}.`)
  const { identity, ...rules } = { ...numbers, ...people, ...changes }
  return parseNetworkFile(
    formatNetworkFile({ rules: { ...rules, identity: { ...identity, ...(setUp && { setUp }) } }, genesis }),
  )
}
