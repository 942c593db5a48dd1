/** A recipient's permission for one sender to write without paying them: a mutual contact, where both give it. */
import { credit } from './account.ts'
import type { Draft, Records } from './state.ts'

/** End a grant that is due: what is left of its allowance goes back to the granter. */
export function endGrant(draft: Draft, key: Uint8Array): void {
  const grant = draft.read('grants', key)!
  credit(draft, key.subarray(0, 20), grant.allowance)
  draft.write('grants', key, undefined)
}

/** Whether a grant exists and covers its part of a message by its own payer's rule. */
export const allowanceCovers = (grant: Records['grants'], paid: bigint): boolean =>
  grant.payer === 'recipient' && grant.allowance >= paid
