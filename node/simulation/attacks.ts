/**
 * The library of attacks: what those do who want something from the network other than to write letters. Each is a side
 * of its own, with money of its own, and works once a day. A new one is an object as `attack.ts` has it, and a line here.
 */
import type { Attack } from './attack.ts'
import { burst, reputationBuyer, tierBuyer, washRing } from './attacks/bought.ts'
import {
  freshPasses,
  hastyWhitewasher,
  manyAccounts,
  oneAccount,
  unwantedNewsletter,
  whitewasher,
} from './attacks/cold.ts'
import {
  automaticAnswers,
  baitInbox,
  launderer,
  lureAndSpam,
  sleepingList,
  toAnswerers,
  toGivers,
} from './attacks/lures.ts'
import { fakeProfile, flagExtortion, forgedProfile, raisedPolicy, withheldVerdicts } from './attacks/readers.ts'
import { automaticLures, patientFriend, patientFriendByRecord, profileThatSpams } from './attacks/talks.ts'

/** Everything that is tried on people. What is tried on the network itself is in `pressures.ts`. */
export const library: readonly Attack[] = [
  oneAccount,
  manyAccounts,
  freshPasses,
  whitewasher,
  hastyWhitewasher,
  unwantedNewsletter,
  washRing,
  reputationBuyer,
  tierBuyer,
  burst,
  flagExtortion,
  withheldVerdicts,
  raisedPolicy,
  launderer,
  baitInbox,
  lureAndSpam,
  automaticAnswers,
  sleepingList,
  toAnswerers,
  toGivers,
  automaticLures,
  patientFriend,
  patientFriendByRecord,
  fakeProfile,
  forgedProfile,
  profileThatSpams,
]
