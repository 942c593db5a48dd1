/** Ops that nobody signs, because a proof speaks for them: they name no account, so nothing ties them to their maker. */
import type { Action } from '../../protocol/operations.ts'
import type { Result } from '../../protocol/reason.ts'
import type { Rules } from '../../protocol/rules.ts'
import { encodeSignedOp, type Op, plainAmounts, unsigned } from '../../protocol/wire.ts'
import { nobody } from '../../protocol/words.ts'
import type { Node } from '../peers/node.ts'

/** Gossip an op that a proof speaks for. */
export function submitAnonymous(
  submit: Node['submit'],
  { rules, action }: { readonly rules: Rules; readonly action: Action },
): Promise<Result<unknown>> {
  const op: Op = { account: nobody, nonce: 0n, expiry: 0n, ...plainAmounts(rules, action), action }
  return submit(encodeSignedOp({ op, signature: unsigned }))
}
