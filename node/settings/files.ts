/** Files that a home must hold. */
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** The text of a file in a home. Throws an Error that names the home and says what to do where there is none. */
export function homeFile(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new Error(`${dirname(path)} is not ready. ${otherwise}`, { cause })
  }
}
