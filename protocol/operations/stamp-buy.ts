/** Buying a stamp: a note of a fixed denomination that is redeemed elsewhere, and nobody can tell where. */
import * as P from 'micro-packed'
import { balanceOf, debit, holdInStamps } from '../account.ts'
import { appendTo, hasRoom } from '../checkpoint.ts'
import { U64 } from '../codec.ts'
import type { Context } from '../context.ts'
import { Field } from '../field.ts'
import { stampLeaf } from '../identity.ts'
import { none, noSignatures, type Operation, type OpHead } from '../operation.ts'
import { no, type Result, yes } from '../reason.ts'
import { type Draft, fieldKey, treeKey } from '../state.ts'

const StampBuy = P.struct({ denomination: U64, note: Field })
type StampBuy = P.UnwrapCoder<typeof StampBuy>

/**
 * Turn money into a stamp. Refuses: denomination-unknown, note-repeated (two stamps of one note have one nullifier), tree-full,
 * funds-short.
 */
function apply(
  draft: Draft,
  { rules }: Context,
  { account }: OpHead,
  { denomination, note }: StampBuy,
): Result<undefined> {
  if (!rules.identity.stamps.includes(denomination)) return no('denomination-unknown')
  if (draft.read('notes', fieldKey(note))) return no('note-repeated')
  if (!hasRoom(draft, 'stamps')) return no('tree-full')
  if (balanceOf(rules, draft.read('accounts', account)!) < denomination) return no('funds-short')
  debit(draft, account, denomination)
  holdInStamps(draft, denomination)
  const leaf = appendTo(draft, 'stamps', stampLeaf(denomination, note))
  draft.write('notes', fieldKey(note), { leaf, denomination })
  return yes(undefined)
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
  signatures: noSignatures,
  touches: (_context, _head, { note }) => [
    { table: 'notes', key: fieldKey(note) },
    { table: 'trees', key: treeKey('stamps') },
  ],
  apply,
  statement: undefined,
  epoch: none,
  message: none,
  registers: none,
  endsWith: none,
}
