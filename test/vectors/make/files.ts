/** The files of vectors, each with what makes it. */
import { wireVersion } from '../../../protocol/version.ts'
import { batchVectors, networkVectors, receiptVectors } from './batches.ts'
import { feeVectors, priceVectors, reputationVectors } from './fees.ts'
import { gossipVectors } from './gossip.ts'
import { accountsVectors, hashVectors, merkleVectors } from './hashes.ts'
import { ledgerVectors } from './ledger.ts'
import { operationVectors } from './operations.ts'
import type { Json } from './plain.ts'
import { identityVectors, statementVectors, treeVectors, verdictVectors } from './proofs.ts'
import { recordVectors } from './records.ts'
import { refusedVectors } from './refused.ts'
import { envelopeVectors, lockVectors } from './sealed.ts'

/** In the order in which they build on each other. */
export const files: Readonly<Record<string, () => Json>> = {
  network: networkVectors,
  hashes: hashVectors,
  operations: () => ({ operations: operationVectors() }),
  records: () => ({ records: recordVectors() }),
  merkle: () => ({ trees: merkleVectors() }),
  accounts: accountsVectors,
  envelopes: () => ({ envelope: envelopeVectors(), lock: lockVectors() }),
  gossip: gossipVectors,
  identities: () => ({ identity: identityVectors(), ...statementVectors() }),
  trees: () => ({ ...treeVectors(), verdicts: verdictVectors() }),
  fees: feeVectors,
  prices: priceVectors,
  reputation: reputationVectors,
  batches: () => ({ batches: batchVectors(), ...receiptVectors() }),
  ledger: ledgerVectors,
  refused: refusedVectors,
}

/** A file as this program makes it. */
export const made = (name: string): Json => ({ wire: wireVersion, ...(files[name]!() as object) })
