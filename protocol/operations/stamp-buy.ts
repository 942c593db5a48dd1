/** Buying a stamp: a note of a fixed denomination that is redeemed elsewhere, and nobody can tell where. */
import * as P from 'micro-packed'
import { appendTo, hasRoom } from '../checkpoint.ts'
import { U64 } from '../codec.ts'
import type { Context } from '../context.ts'
import { type Deed, touchesOfDeed } from '../custody.ts'
import { Field } from '../field.ts'
import { stampLeaf } from '../identity.ts'
import { type Done, movesNothing, none, type Operation, type OpHead } from '../operation.ts'
import { no, type Result, yes } from '../reason.ts'
import { type Draft, fieldKey, treeKey } from '../state.ts'

const StampBuy = P.struct({ denomination: U64, note: Field })
type StampBuy = P.UnwrapCoder<typeof StampBuy>

const deedOf = ({ denomination, note }: StampBuy): Deed => ({ kind: 'stamp-buy', denomination, note })

/** Turn money into a stamp: custody keeps the note (two stamps of one note have one nullifier). Refuses: tree-full. */
function apply(draft: Draft, _context: Context, _head: OpHead, buy: StampBuy): Result<Done> {
  const { denomination, note } = buy
  if (!hasRoom(draft, 'stamps')) return no('tree-full')
  draft.write('stampLeaves', fieldKey(note), { leaf: appendTo(draft, 'stamps', stampLeaf(denomination, note)) })
  return yes({ ...movesNothing, deed: deedOf(buy) })
}

/** The row of `stampBuy`. */
export const stampBuy: Operation<StampBuy> = {
  number: 12,
  codec: StampBuy,
  author: {
    kind: 'account',
    burnsInclusion: true,
    firstKey: none,
    nextKey: none,
    costMax: (_rules, { denomination }) => denomination,
  },
  form: () => yes(undefined),
  agreement: none,
  touches: (_context, { account }, data) => [
    { table: 'stampLeaves', key: fieldKey(data.note) },
    ...touchesOfDeed(deedOf(data), account),
    { table: 'trees', key: treeKey('stamps') },
  ],
  apply,
  statement: undefined,
  epoch: none,
  message: none,
  registers: none,
  endsWith: none,
}
