/** What the own side of an attacker is bounded by: nothing. */
import { systemClock } from '../../node/daemon/system.ts'
import { createBans } from '../../node/network/bans.ts'

export const unbounded = {
  bans: createBans(systemClock),
  meter: { spend: () => undefined, waitMs: () => 0 },
  clock: systemClock,
}
