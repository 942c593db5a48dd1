/** Small files that a person names: a network, a card, a receipt. */
import { door } from '../node/daemon/door.ts'
import { CommandError } from './errors.ts'

/** The bytes of one. Throws a sentence where there is none, or no file stands there; a pipe is not waited for. */
export async function namedFile(path: string): Promise<Buffer> {
  const { smallFile } = await door.files()
  const bytes = smallFile(path, 'Name another, or save what is meant in one.')
  if (bytes) return bytes
  throw new CommandError('file', `${path} cannot be read. Check its path and permissions.`)
}
