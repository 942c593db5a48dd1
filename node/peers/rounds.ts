/** What a node does again and again by itself. */
import type { Envelopes } from '../envelopes/envelopes.ts'
import type { Keeper } from '../envelopes/keeper.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Anchor } from './anchor.ts'
import type { FirstHop } from './first-hop.ts'
import { dropEnvelopesOf } from './follow-up.ts'
import type { InclusionPromises } from './inclusion-promises.ts'
import type { Pending } from './pending.ts'
import type { Schedule } from './schedule.ts'
import type { Sync } from './sync.ts'

/** How often a node asks for what gossip did not bring. */
const roundMs = 2_000
const keeperAgainMs = 10_000
/** How often a person's node looks after what it sent. */
const echoRoundMs = 1_000
/** The most messages for which a keeper releases its shares again at a time. */
const releasedAgainMax = 50
const pruneMs = 60_000

type Options = {
  readonly every: Schedule['every']
  readonly replica: Pick<Replica, 'context' | 'head'>
  readonly pending: Pick<Pending, 'expire'>
  readonly envelopes: Envelopes
  readonly sync: Pick<Sync, 'round'>
  readonly anchor: Pick<Anchor, 'round'>
  readonly keeper: Pick<Keeper, 'again'> | undefined
  readonly firstHop: Pick<FirstHop, 'again'> | undefined
  readonly inclusionPromises: Pick<InclusionPromises, 'round'>
}

export function startRounds({ every, sync, anchor, keeper, firstHop, ...parts }: Options): void {
  const { replica, pending, envelopes, inclusionPromises } = parts
  const { batchIntervalMs } = replica.context.rules
  if (anchor.round) every(batchIntervalMs, 'make a batch', anchor.round)
  if (keeper) every(keeperAgainMs, 'release shares again', () => keeper.again(releasedAgainMax))
  every(roundMs, 'catch up', sync.round)
  every(roundMs, 'forget what expired', async () => dropEnvelopesOf(envelopes, pending.expire()))
  if (firstHop) every(echoRoundMs, 'send what got lost again', firstHop.again)
  every(batchIntervalMs * 2, 'ask for the host’s word', inclusionPromises.round)
  // By the ledger’s time: what was dropped by a clock that was ahead would not come back.
  every(pruneMs, 'drop envelopes past their lifetime', () => envelopes.prune(replica.head.sealed.header.time))
}
