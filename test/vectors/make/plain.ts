/** How values stand in the vectors' JSON: bytes in hex, amounts and field elements in decimal, nothing as null. */
import { bytesToHex } from '@noble/hashes/utils.js'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

export function plain(value: unknown): Json {
  if (value === undefined || value === null) return null
  if (value instanceof Uint8Array) return bytesToHex(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]))
  throw new Error(`a vector holds no ${typeof value}`)
}

/** That something of the specification has no example, and where one is to be written. */
export class Unexampled extends Error {}

/** The examples of an operation or a table, of which there must be one. */
export function examplesOf<Name extends string, Example>(
  name: Name,
  examples: Readonly<Partial<Record<Name, readonly Example[]>>>,
  file: string,
): readonly Example[] {
  const some = examples[name] ?? []
  if (some.length === 0) throw new Unexampled(`\`${name}\` has no example in ${file}`)
  return some
}
