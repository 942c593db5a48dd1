/** The set-up whose keys come with this program. What it is worth follows from its transcript, in `circuits/artifacts/set-up.json`. */
import { readFileSync } from 'node:fs'
import { hexToBytes } from '@noble/hashes/utils.js'

/** Its id (32 bytes): what the rules of a new network name. */
export const ownSetUp: Uint8Array = hexToBytes(
  JSON.parse(readFileSync(new URL('../../circuits/artifacts/set-up.json', import.meta.url), 'utf8')).id,
)
