/** Why a daemon does not do its work yet, or any more: what `/readyz` says. */
import type { Logger } from '../logger.ts'
import type { Node } from '../peers/node.ts'
import type { OpenProofs } from '../proofs/proofs.ts'

export function createReadiness(logger: Pick<Logger, 'error'>) {
  let whyNoProofs: string | null = 'The node is still checking that it can verify proofs.'
  let node: Pick<Node, 'replica' | 'synced'> | undefined

  return {
    /** A sentence; null once everything works. */
    why(): string | null {
      if (!node) return 'The node is being opened.'
      if (node.replica.halted) return node.replica.halted
      if (whyNoProofs) return whyNoProofs
      return node.synced() ? null : 'The node is catching up, or has found no peer yet.'
    },
    /** The node is open; and find out whether proofs are told apart. */
    opened(opened: Pick<Node, 'replica' | 'synced'>, proofs: Pick<OpenProofs, 'check'>): void {
      node = opened
      proofs.check().then(
        () => {
          whyNoProofs = null
        },
        (error: Error) => {
          whyNoProofs = `This node cannot verify proofs: ${error.message}`
          logger.error({ err: error }, whyNoProofs)
        },
      )
    },
  }
}
