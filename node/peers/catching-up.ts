/** Catching up with the ledger: batches that gossip did not bring are fetched from whoever is further, and replayed. */
import type { Incoming } from '../../protocol/doorway.ts'
import type { Batch } from '../../protocol/gossip.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Logger } from '../logger.ts'
import type { Network, Random } from '../seams.ts'
import type { Ask } from './ask.ts'
import { askInTurn, shuffled } from './ask-in-turn.ts'
import { foreignBanMs, type PeerHeights } from './peer-heights.ts'
import type { Pending } from './pending.ts'
import type { Announced } from './validators.ts'

type Options = {
  readonly replica: Pick<Replica, 'accept' | 'halted' | 'head'>
  readonly pending: Pick<Pending, 'get'>
  readonly peers: Pick<PeerHeights, 'ahead' | 'forget' | 'hasReached' | 'heights'>
  readonly ask: Pick<Ask, 'log'>
  readonly network: Pick<Network, 'disconnect'>
  readonly random: Random
  readonly logger: Pick<Logger, 'debug' | 'warn'>
}

export function createCatchingUp({ replica, pending, peers, ask, network, random, logger }: Options) {
  const height = (): bigint => replica.head.sealed.header.height
  let underWay: Promise<void> | undefined

  /** Fetch and replay until nobody is further than we are. Whoever asks meanwhile waits for the same. */
  function catchUp(): Promise<void> {
    underWay ??= catchUpOnce().finally(() => {
      underWay = undefined
    })
    return underWay
  }

  async function catchUpOnce(): Promise<void> {
    for (let before = -1n; before !== height() && !replica.halted; ) {
      before = height()
      const ahead = shuffled(peers.ahead(before), random)
      await askInTurn(logger, { peers: ahead, what: 'batches' }, async (peer) => {
        for await (const batch of ask.log(peer, height() + 1n)) if (!(await isTaken(peer, batch))) return 'more'
        // Whoever withholds what it has must not keep us from asking others.
        return height() >= (peers.heights.get(peer) ?? 0n) ? 'done' : 'more'
      })
    }
  }

  async function isTaken(peer: string, batch: Batch): Promise<boolean> {
    const taken = await replica.accept(batch)
    if (taken === 'final' || taken === 'stale') return true
    if (taken === 'early')
      logger.warn({ peer }, 'a batch lies further ahead than this machine’s clock allows; check the clock')
    if (taken === 'malformed' || taken === 'not-signed') {
      peers.forget(peer)
      await network.disconnect(peer, { why: `it sent a batch that is ${taken}`, banMs: foreignBanMs })
    }
    return false
  }

  return {
    catchUp,
    /** A batch was announced: make it out of what waits here, or fetch it. */
    async announced({ sealed, ops }: Announced, from: string): Promise<void> {
      const theirs = sealed.header.height
      peers.hasReached(from, theirs)
      const waiting = ops.map((id) => pending.get(id))
      if (theirs === height() + 1n && waiting.every((op) => op !== undefined)) {
        const bytes = (waiting as Incoming[]).map((op) => op.bytes)
        if ((await replica.accept({ sealed, ops: bytes })) === 'final') return
      }
      await catchUp()
    },
  }
}
