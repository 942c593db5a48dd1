/**
 * The list of tables of a LevelDB database, its MANIFEST (`db/version_edit.cc` there): a log of what came and what went. A
 * table that it does not name is of nothing: of a write that was under way when the disk was full or the power went.
 */
import { recordsIn } from './log.ts'
import { varint } from './varint.ts'

/** What may stand in a record, by its tag: numbers, and texts that are led by their length. Only tables matter here. */
const fields: Readonly<Record<number, readonly ('number' | 'text')[]>> = {
  1: ['text'],
  2: ['number'],
  3: ['number'],
  4: ['number'],
  5: ['number', 'text'],
  // Level, table.
  6: ['number', 'number'],
  // Level, table, bytes, first and last name.
  7: ['number', 'number', 'number', 'text', 'text'],
  9: ['number'],
}
const wentTag = 6
const cameTag = 7

/** The numbers of the tables in use; nothing where the list is damaged, or has what is not known here. */
export function tablesIn(list: Uint8Array): ReadonlySet<number> | undefined {
  const tables = new Set<number>()
  try {
    for (const record of recordsIn(list) ?? [Uint8Array.of(0)])
      for (let at = 0; at < record.length; ) {
        const { tag, numbers, next } = fieldAt(record, at)
        if (tag === wentTag) tables.delete(numbers[1]!)
        if (tag === cameTag) tables.add(numbers[1]!)
        at = next
      }
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
  return tables
}

function fieldAt(record: Uint8Array, from: number): { tag: number; numbers: number[]; next: number } {
  const { value: tag, next: start } = varint(record, from)
  const numbers: number[] = []
  let at = start
  for (const kind of fields[tag] ?? []) {
    const { value, next } = varint(record, at)
    if (kind === 'number') numbers.push(value)
    at = kind === 'number' ? next : next + value
  }
  if (!fields[tag] || at > record.length) throw new RangeError('is no record of a list')
  return { tag, numbers, next: at }
}
