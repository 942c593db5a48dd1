/** Making an identity known: its commitment becomes a leaf, once, and what it costs is burned. */
import * as P from 'micro-packed'
import { appendTo, hasRoom } from '../checkpoint.ts'
import type { Context } from '../context.ts'
import { Field } from '../field.ts'
import { firstLeaf } from '../identity.ts'
import { type Asked, noLines, none, type Operation, type OpHead, readMail } from '../operation.ts'
import { no, type Result, type Shortcoming, yes } from '../reason.ts'
import { type Draft, fieldKey, treeKey } from '../state.ts'

/** Who pays stands beside the commitment, so one pays from an address that is used for nothing else. */
const Enroll = P.struct({ commitment: Field })
type Enroll = P.UnwrapCoder<typeof Enroll>

/** Enrol an identity. Refuses: enrolled-already, tree-full. */
function apply(draft: Draft, _context: Context, _head: OpHead, { commitment }: Enroll): Result<Asked, Shortcoming> {
  if (draft.read('enrolments', fieldKey(commitment))) return no('enrolled-already')
  if (!hasRoom(draft, 'identities')) return no('tree-full')
  draft.write('enrolments', fieldKey(commitment), { leaf: appendTo(draft, 'identities', firstLeaf(commitment)) })
  return yes({})
}

/** The row of `enroll`. */
export const enroll: Operation<Enroll> = {
  number: 10,
  mail: Enroll,
  deed: none,
  lines: noLines,
  read: readMail,
  burns: ({ identity, inclusionFee }) => identity.enrolFee + inclusionFee,
  author: { kind: 'account' },
  form: () => yes(undefined),
  agreement: none,
  touches: (_context, _head, { commitment }) => [
    { table: 'enrolments', key: fieldKey(commitment) },
    { table: 'trees', key: treeKey('identities') },
  ],
  apply,
  statement: undefined,
  epoch: none,
  message: none,
  endsWith: none,
}
