/**
 * Lock keys on their way to everybody: a person's node hands one in at the way of the pseudonym that sent the message, and
 * that peer gossips it. Gossip of our own would show all peers which messages were sent from here.
 */
import { Release } from '../../protocol/gossip.ts'
import type { Releases } from '../envelopes/releases.ts'
import type { Ask } from './ask.ts'
import { costs, type PeerBudget } from './peer-budget.ts'
import type { Publisher } from './publisher.ts'
import type { Ways } from './ways.ts'

/** The key of one of our locks; `lane` is that of its sender, and `tries` how often it was handed in before. */
type OwnKey = {
  readonly message: Uint8Array
  readonly lockKey: Uint8Array
  readonly lane: string
  readonly tries: number
}

/** Says whether there was anybody to hand it to. What came of it is seen by whether the lock opens. */
export type HandIn = (key: OwnKey) => Promise<boolean>

/** How often the same peer is asked before it is the next one's turn. */
const triesOfPeer = 2

/** Gives what hands in a lock key; a node without ways gossips it. */
export const createHandIn =
  (
    ways: Pick<Ways, 'order'> | undefined,
    { ask, relay }: { readonly ask: Pick<Ask, 'give'>; readonly relay: Pick<Publisher, 'publishRelease'> },
  ): HandIn =>
  async ({ message, lockKey, lane, tries }) => {
    const release: Release = { TAG: 'lockKeys', data: { keys: [{ message, lockKey }] } }
    if (!ways) {
      await relay.publishRelease(release)
      return true
    }
    const order = ways.order(lane)
    const peer = order[Math.floor(tries / triesOfPeer) % order.length]
    if (peer !== undefined) await ask.give(peer, [Release.encode(release)]).catch(() => undefined)
    return peer !== undefined
  }

type TakingOptions = {
  readonly releases: Pick<Releases, 'take'>
  readonly budget: Pick<PeerBudget, 'spend'>
  readonly publish: (release: Uint8Array) => Promise<void>
}

/** Gives what takes lock keys that a peer hands in, and gossips those that are news. Says whether they were. */
export const createTakeKeys =
  ({ releases, budget, publish }: TakingOptions) =>
  async (release: Release, from: string): Promise<boolean> => {
    if (release.TAG !== 'lockKeys') {
      budget.spend(from)
      return false
    }
    const { answer, looks, echoes } = await releases.take(release)
    budget.spend(from, looks * costs.release + echoes * costs.echo)
    if (answer === 'accept') await publish(Release.encode(release))
    return answer === 'accept'
  }
