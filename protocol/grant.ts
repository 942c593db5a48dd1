/** A recipient's permission for one sender to write without paying them: a mutual contact, where both give it. */
import type { Records } from './state.ts'

/** Whether a grant holds at a time: one that was taken back does until its end. */
export const grantHolds = (grant: Records['grants'] | undefined, time: bigint): grant is Records['grants'] =>
  grant !== undefined && (grant.endsAt === undefined || time < grant.endsAt)
