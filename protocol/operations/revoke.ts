/** Taking a grant back. */
import * as P from 'micro-packed'
import { equalBytes } from '../codec.ts'
import type { Context } from '../context.ts'
import { countsFrom } from '../firm.ts'
import { type Asked, burnsInclusion, noLines, none, type Operation, type OpHead } from '../operation.ts'
import { no, type Result, yes } from '../reason.ts'
import { type Draft, grantKey, metaOf } from '../state.ts'

const Mail = P.struct({})
type Revoke = { readonly sender: Uint8Array }

/**
 * Take a grant back. What is left of its allowance returns at once; the permission ends after the longest expiry, so that
 * no message that was priced before costs more because of it. Where a grant paid and did not count, what it set aside comes
 * back all the same. Refuses: grant-unknown (none that stands, and nothing set aside).
 */
function apply(draft: Draft, { rules }: Context, { account }: OpHead, { sender }: Revoke): Result<Asked> {
  const key = grantKey({ granter: account, sender })
  const grant = draft.read('grants', key)
  if (grant && grant.endsAt === undefined)
    draft.write('grants', key, { ...grant, endsAt: countsFrom(rules, metaOf(draft).time) })
  else if (!draft.read('allowances', key)) return no('grant-unknown')
  return yes({})
}

/** The row of `revoke`. */
export const revoke: Operation<Revoke, object, Revoke> = {
  number: 8,
  mail: Mail,
  deed: ({ sender }) => ({ sender }),
  lines: noLines,
  read: ({ lines, deed }) => (lines.length === 0 ? deed : undefined),
  burns: burnsInclusion,
  author: { kind: 'account' },
  form: ({ account }, { sender }) => (equalBytes(sender, account) ? no('recipient-self') : yes(undefined)),
  agreement: none,
  touches: (_context, { account: granter }, { sender }) =>
    (['grants', 'allowances'] as const).map((table) => ({ table, key: grantKey({ granter, sender }) })),
  apply,
  statement: undefined,
  epoch: none,
  message: none,
  registers: none,
  endsWith: none,
}
