/** The files of vectors, each with what makes it, which is loaded only where it is asked for. */
import { wireVersion } from '../../../protocol/version.ts'
import type { Json } from './plain.ts'

/** In the order in which they build on each other. */
export const files: Readonly<Record<string, () => Promise<Json>>> = {
  lists: async () => (await import('./lists.ts')).listVectors(),
  network: async () => (await import('./batches.ts')).networkVectors(),
  hashes: async () => (await import('./hashes.ts')).hashVectors(),
  operations: async () => ({ operations: (await import('./operations.ts')).operationVectors() }),
  records: async () => ({ records: (await import('./records.ts')).recordVectors() }),
  merkle: async () => ({ trees: (await import('./hashes.ts')).merkleVectors() }),
  accounts: async () => (await import('./hashes.ts')).accountsVectors(),
  envelopes: async () => {
    const { envelopeVectors, lockVectors } = await import('./sealed.ts')
    return { envelope: envelopeVectors(), lock: lockVectors() }
  },
  gossip: async () => (await import('./gossip.ts')).gossipVectors(),
  identities: async () => {
    const { identityVectors, statementVectors } = await import('./proofs.ts')
    return { identity: identityVectors(), ...statementVectors() }
  },
  trees: async () => {
    const { treeVectors, verdictVectors } = await import('./proofs.ts')
    return { ...treeVectors(), verdicts: verdictVectors() }
  },
  fees: async () => (await import('./fees.ts')).feeVectors(),
  prices: async () => (await import('./fees.ts')).priceVectors(),
  reputation: async () => (await import('./fees.ts')).reputationVectors(),
  batches: async () => {
    const { batchVectors, receiptVectors } = await import('./batches.ts')
    const { openingVectors } = await import('./openings.ts')
    return { batches: batchVectors(), ...receiptVectors(), openings: openingVectors() }
  },
  ledger: async () => (await import('./ledger.ts')).ledgerVectors(),
  custody: async () => (await import('./custody.ts')).custodyVectors(),
  refused: async () => (await import('./refused.ts')).refusedVectors(),
}

/** A file as this program makes it. */
export const made = async (name: string): Promise<Json> => ({
  wire: wireVersion,
  ...((await files[name]!()) as object),
})
