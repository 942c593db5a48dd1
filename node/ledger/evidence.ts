/**
 * Evidence against the host, and how a node stops because of it. A host that signed two batches of one height, or a batch
 * that no replay leads to, has lied: the node keeps both headers, says so, and replays no more batches.
 */
import type { SealedHeader } from '../../protocol/batch.ts'
import type { Context } from '../../protocol/context.ts'
import { contradict, type Evidence } from '../../protocol/gossip.ts'
import { headerIsBy } from '../../protocol/receipt.ts'
import type { Store } from './store.ts'

type Options = { readonly context: Context; readonly store: Pick<Store, 'batch' | 'evidence' | 'keepEvidence'> }

/** Watch the host of a ledger; one that was caught before is not forgotten. */
export async function openHostWatch({ context, store }: Options) {
  const [known] = await store.evidence()
  let halted = known && sentenceOn(known)
  const listeners = new Set<(why: string) => void>()

  /** Keep evidence, and take no more batches from then on; listeners are told the first time. */
  async function halt(evidence: Evidence, why: string): Promise<void> {
    await store.keepEvidence(evidence)
    if (halted) return
    halted = why
    for (const listener of listeners) listener(why)
  }

  return {
    /** Why this node stands still, as sentences for people; nothing where it does not. */
    halted: (): string | undefined => halted,
    /** Called once, when this node begins to stand still. */
    onHalted(listener: (why: string) => void): void {
      listeners.add(listener)
    },
    /** Hold a header against ours of its height. Another one that the host signed as well is evidence. */
    async compare(sealed: SealedHeader): Promise<void> {
      const { height } = sealed.header
      const ours = await store.batch(height)
      if (!ours || height === 0n || !contradict(ours.sealed.header, sealed.header)) return
      if (!headerIsBy(context, sealed)) return
      const evidence = { first: ours.sealed, second: sealed }
      await halt(evidence, sentenceOn(evidence))
    },
    /** The host signed a batch that cannot be: its header is kept beside that of the last good one. */
    accuse: (good: SealedHeader, bad: SealedHeader, fault: string): Promise<void> =>
      halt({ first: good, second: bad }, `The host's batch ${bad.header.height} ${fault}. ${standing}`),
  }
}

const standing =
  'This node keeps it as evidence and replays nothing more; ask the operators of the network what happened.'

const sentenceOn = ({ first, second }: Evidence): string =>
  first.header.height === second.header.height
    ? `The host signed two different batches at height ${second.header.height}. ${standing}`
    : `The host's batch ${second.header.height} is not what its operations lead to. ${standing}`
