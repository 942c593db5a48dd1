/** Buying a stamp: a note of a fixed denomination that is redeemed elsewhere, and nobody can tell where. */
import * as P from 'micro-packed'
import { appendTo, hasRoom } from '../checkpoint.ts'
import type { Context } from '../context.ts'
import { stampLeaf } from '../identity.ts'
import { type Asked, burnsInclusion, noLines, none, type Operation, type OpHead } from '../operation.ts'
import { no, type Result, type Shortcoming, yes } from '../reason.ts'
import { type Draft, fieldKey, treeKey } from '../state.ts'

const Mail = P.struct({})
type StampBuy = { readonly denomination: bigint; readonly note: bigint }

/** Turn money into a stamp: custody keeps the note (two stamps of one note have one nullifier). Refuses: tree-full. */
function apply(
  draft: Draft,
  _context: Context,
  _head: OpHead,
  { denomination, note }: StampBuy,
): Result<Asked, Shortcoming> {
  if (!hasRoom(draft, 'stamps')) return no('tree-full')
  draft.write('stampLeaves', fieldKey(note), { leaf: appendTo(draft, 'stamps', stampLeaf(denomination, note)) })
  return yes({})
}

/** The row of `stampBuy`. */
export const stampBuy: Operation<StampBuy, object, StampBuy> = {
  number: 12,
  mail: Mail,
  deed: ({ denomination, note }) => ({ denomination, note }),
  lines: noLines,
  read: ({ lines, deed }) => (lines.length === 0 ? deed : undefined),
  burns: burnsInclusion,
  author: { kind: 'account' },
  form: () => yes(undefined),
  agreement: none,
  touches: (_context, _head, { note }) => [
    { table: 'stampLeaves', key: fieldKey(note) },
    { table: 'trees', key: treeKey('stamps') },
  ],
  apply,
  statement: undefined,
  epoch: none,
  message: none,
  endsWith: none,
}
