/** What happens in a node, as metrics and log lines. */
import { performance } from 'node:perf_hooks'
import type { Logger } from '../logger.ts'
import type { ClockWatch } from './clock-watch.ts'
import type { Metrics } from './metrics.ts'
import type { Node, Observer } from '../peers/node.ts'
import type { ProofStats } from '../proofs/verify.ts'
import { type Trouble, troubleNames } from '../troubles.ts'

/** An observer that counts into metrics, and logs what an operator has to know. */
export function createObserver(metrics: Metrics, logger: Logger, { heard }: Pick<ClockWatch, 'heard'>): Observer {
  let lastMs: number | undefined
  return {
    onAnswer(topic, answer, reason) {
      metrics.gossip.inc({ topic, answer })
      if (answer === 'reject') logger.info({ topic, reason }, 'a peer sent something that nobody honest sends')
    },
    onHeader: heard,
    onSettled({ header, ops, applied }) {
      heard(header, 'told')
      for (const [index, result] of applied.entries()) {
        const { op } = ops[index]!
        if (result.kind === 'settled' && op) metrics.opsSettled.inc({ action: op.action.TAG })
        if (result.kind !== 'settled') metrics.opsRefused.inc({ reason: result.reason })
      }
      metrics.height.set(Number(header.height))
      metrics.epoch.set(header.epoch)
      const now = performance.now()
      if (lastMs !== undefined) metrics.batchIntervalSeconds.observe((now - lastMs) / 1_000)
      lastMs = now
    },
    onOmitted: (_opId, reason) => metrics.opsOmitted.inc({ reason }),
    onDiskFailure: (error) =>
      logger.error({ err: error }, 'the disk does not take a batch; it is tried again every second'),
  }
}

/** What is counted by looking. */
export async function updateGauges(
  metrics: Metrics,
  { node, proofs, troubles }: { node: Node; proofs: ProofStats; troubles: readonly Trouble[] },
): Promise<void> {
  metrics.height.set(Number(node.replica.head.sealed.header.height))
  metrics.epoch.set(node.replica.head.sealed.header.epoch)
  metrics.peers.set(node.seams.network.peers().length)
  metrics.pendingOps.set(node.pending.size)
  metrics.envelopes.set(node.envelopes.count)
  metrics.uncollectedOps.set(node.uncollected())
  metrics.halted.set(node.replica.halted ? 1 : 0)
  metrics.proofs.set({ result: 'held' }, proofs.held)
  metrics.proofs.set({ result: 'failed' }, proofs.failed)
  metrics.proofs.set({ result: 'remembered' }, proofs.remembered)
  metrics.proofsWaiting.set(proofs.waiting)
  for (const name of troubleNames) metrics.trouble.set({ name }, troubles.some((one) => one.name === name) ? 1 : 0)
}
