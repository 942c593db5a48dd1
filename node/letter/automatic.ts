/** Whether a program wrote a message, as it says itself: RFC 3834, RFC 2919, RFC 2369, and what older programs write. */
import { fieldsOf } from './fields.ts'

const telling =
  /^(auto-submitted|precedence|x-(mail-)?auto-?(reply|respond|responder)|x-vacation|list-(id|help|unsubscribe|subscribe|post|owner|archive))$/

/**
 * Whether a message says that nobody wrote it by hand for its recipients: it answers by itself, is sent in bulk, or comes
 * from a list. What is no message at all says nothing.
 */
export const isAutomatic = (bytes: Uint8Array): boolean =>
  fieldsOf(bytes, telling)
    .toString('latin1')
    .replace(/\r?\n[ \t]+/g, ' ')
    .split('\n')
    .some(saysSo)

function saysSo(line: string): boolean {
  const at = line.indexOf(':')
  if (at < 0) return false
  const name = line.slice(0, at).trim().toLowerCase()
  // Comments (in brackets) and parameters (behind a semicolon) stand beside the word.
  const word = line
    .slice(at + 1)
    .replace(/\([^()]*\)/g, ' ')
    .split(';')[0]!
    .trim()
    .toLowerCase()
  if (name === 'precedence') return word === 'bulk' || word === 'junk' || word === 'list'
  return word !== 'no' || name.startsWith('list-')
}
