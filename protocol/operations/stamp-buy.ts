/** Buying a stamp: a note of a fixed denomination that is redeemed elsewhere, and nobody can tell where. */
import * as P from 'micro-packed'
import { hasRoom } from '../checkpoint.ts'
import { type Asked, burnsInclusion, noLines, none, type Operation } from '../operation.ts'
import { no, type Result, yes } from '../reason.ts'
import type { Draft } from '../state.ts'

const Mail = P.struct({})
type StampBuy = { readonly denomination: bigint; readonly note: bigint }

/**
 * Turn money into a stamp: custody keeps the note (two stamps of one note have one nullifier), and whatever it keeps gets a
 * leaf (`appendStamp`). Refuses: tree-full.
 */
const apply = (draft: Draft): Result<Asked> => (hasRoom(draft, 'stamps') ? yes({}) : no('tree-full'))

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
  touches: () => [],
  apply,
  statement: undefined,
  epoch: none,
  message: none,
  registers: none,
  endsWith: none,
}
