/** The set-up whose keys come with this program. What it is worth follows from its transcript, in `circuits/artifacts/set-up.json`. */
import { readFileSync } from 'node:fs'
import { hexToBytes } from '@noble/hashes/utils.js'
import { parseSetUp } from './set-up-record.ts'

const own = parseSetUp(readFileSync(new URL('../../circuits/artifacts/set-up.json', import.meta.url), 'utf8'))

/** Its id (32 bytes): what the rules of a new network name. */
export const ownSetUp: Uint8Array = hexToBytes(own.id)

/** What it has of each circuit: the constraints of this program's sources by their SHA-256, and files that came of them. */
export const ownCircuits = own.circuits
