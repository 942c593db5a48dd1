/** What follows on a batch that became final: counts, envelopes and locks of its messages, and what need not wait any more. */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { SettledBatch } from '../ledger/batch-steps.ts'
import type { Sales } from '../ledger/sales.ts'
import { settledSendsOf } from '../ledger/settled-sends.ts'
import type { Logger } from '../logger.ts'
import type { Envelopes } from '../envelopes/envelopes.ts'
import type { Keeper } from '../envelopes/keeper.ts'
import type { KeeperWatch } from '../envelopes/keeper-watch.ts'
import type { Lanes } from './lanes.ts'
import type { Pending } from './pending.ts'
import type { Releases } from '../envelopes/releases.ts'
import type { Schedule } from './schedule.ts'
import type { Waiting } from './waiting-ops.ts'

type Options = {
  readonly sales: Pick<Sales, 'settled'>
  readonly envelopes: Pick<Envelopes, 'drop' | 'settled'>
  readonly pending: Pick<Pending, 'settle' | 'settleNext'>
  readonly lanes: Pick<Lanes, 'settled'>
  readonly releases: Pick<Releases, 'settled'>
  readonly keeper: Pick<Keeper, 'settled'> | undefined
  readonly keeperWatch: Pick<KeeperWatch, 'settled'>
  readonly onSettled: (settled: SettledBatch) => void
  readonly later: Schedule['later']
  readonly logger: Pick<Logger, 'debug'>
}

/** The listener for final batches. The batch and everything written with it is on disk by now. */
export function createFollowUp(options: Options): (settled: SettledBatch) => Promise<void> {
  const { sales, envelopes, pending, lanes, releases, keeper, keeperWatch, onSettled, later, logger } = options
  return async (settled) => {
    const sends = settledSendsOf(settled)
    const { height, stateRoot } = settled.header
    sales.settled(settled)
    envelopes.settled(sends)
    dropEnvelopesOf(envelopes, pending.settle(settled))
    lanes.settled(settled)
    onSettled(settled)
    dropEnvelopesOf(envelopes, await pending.settleNext(settled))
    const root = bytesToHex(stateRoot).slice(0, 16)
    logger.debug({ height: Number(height), ops: settled.ops.length, root }, 'a batch is final')
    if (sends.length === 0) return
    keeperWatch.settled(Number(settled.header.time))
    await releases.settled(sends, height)
    if (keeper) later('release shares', () => keeper.settled(sends))
  }
}

/** Drop the envelopes of ops that wait no longer. Those that were settled are on disk by then. */
export function dropEnvelopesOf(envelopes: Pick<Envelopes, 'drop'>, gone: readonly Waiting[]): void {
  for (const { message } of gone) if (message) envelopes.drop(message)
}
