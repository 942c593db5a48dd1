/**
 * What a person's own node shows to peers that ask, beside ops that wait (`own-ops.ts`): of stored messages those in the
 * shards that it follows, as anybody does who follows them. What it keeps besides was sent from here, and only the way of
 * its sender may see that it is here.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { shardsOf } from '../../protocol/gossip.ts'
import type { Rules } from '../../protocol/rules.ts'
import { messageRecordOf } from '../ledger/settled-sends.ts'
import type { Store } from '../ledger/store.ts'
import type { OwnOps } from './own-ops.ts'
import type { Ways } from './ways.ts'

type Options = {
  readonly store: Pick<Store, 'fetch'>
  readonly rules: Pick<Rules, 'mailShards'>
  readonly follows: (shard: number) => boolean
  readonly ways: Pick<Ways, 'first'>
  readonly ownOps: Pick<OwnOps, 'isServed'>
}

/** Gives whether a peer may have the envelope, or the lock key, of a message. */
export const createShowing =
  ({ store, rules, follows, ways, ownOps }: Options) =>
  async (message: Uint8Array, peer: string): Promise<boolean> => {
    const record = await messageRecordOf(store, message)
    if (!record) return ownOps.isServed(message, peer)
    const recipients = record.recipients.map(({ address }) => address)
    if ([...shardsOf(recipients, rules.mailShards)].some(follows)) return true
    return ways.first(bytesToHex(record.sender)) === peer
  }
