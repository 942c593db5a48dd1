/**
 * Which peers know that an op of ours is ours, while it waits. Nobody else is shown that it waits here, or is served its
 * envelope; and until a peer brings it back, it is asked for like any op that is not here: what a node never asks for would
 * be seen to be its own.
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import type { Incoming } from '../../protocol/doorway.ts'
import type { Pending } from './pending.ts'
import type { Waiting } from './waiting-ops.ts'

/** An op of ours: the peers that were given it, whether everybody may know of it, and whether a peer has brought it back. */
type OwnOp = { readonly given: Set<string>; isPublic: boolean; isBack: boolean }

export type OwnOps = ReturnType<typeof createOwnOps>

export function createOwnOps(pending: Pick<Pending, 'has'>) {
  const byId = new Map<string, OwnOp>()
  /** Our own sends, by the ids of the messages that they pay for. */
  const byMessage = new Map<string, OwnOp>()

  const find = (id: Uint8Array): OwnOp | undefined => byId.get(bytesToHex(id))
  const mayKnow = (own: OwnOp | undefined, peer: string): boolean =>
    own !== undefined && (own.isPublic || own.given.has(peer))

  function add({ id, message }: Pick<Incoming, 'id' | 'message'>): OwnOp {
    const own = { given: new Set<string>(), isPublic: false, isBack: false }
    byId.set(bytesToHex(id), own)
    if (message) byMessage.set(bytesToHex(message), own)
    return own
  }

  return {
    /** An op goes to a peer. */
    gave: (incoming: Pick<Incoming, 'id' | 'message'>, peer: string): void =>
      void (find(incoming.id) ?? add(incoming)).given.add(peer),
    /** An op goes to everybody. */
    published(incoming: Pick<Incoming, 'id' | 'message'>): void {
      const own = find(incoming.id) ?? add(incoming)
      own.isPublic = true
      own.isBack = true
    },
    /** A peer says that it has an op. */
    seen(id: Uint8Array, from: string): void {
      const own = find(id)
      if (own && !own.given.has(from)) own.isPublic = true
    },
    /** A peer brings an op. Whether it is one of ours, and brought back for the first time: from now on it is like any other. */
    cameBack(id: Uint8Array): boolean {
      const own = find(id)
      const isFirst = own !== undefined && !own.isBack
      if (own) own.isPublic = own.isBack = true
      return isFirst
    },
    /** Whether an op is ours, and no peer has brought it back. */
    isOut: (id: Uint8Array): boolean => find(id)?.isBack === false,
    /** Whether a peer that asks may see that an op waits here. */
    isShown: ({ id, from }: Pick<Waiting, 'id' | 'from'>, peer: string): boolean =>
      from !== undefined || mayKnow(find(id), peer),
    /** Whether a peer that asks may have the envelope of a message that waits, where an op of ours pays for it. */
    isServed: (message: Uint8Array, peer: string): boolean => {
      const own = byMessage.get(bytesToHex(message))
      return own === undefined || mayKnow(own, peer)
    },
    /** Forget ops that wait no more. */
    forget(): void {
      for (const [id, own] of byId) {
        if (pending.has(hexToBytes(id))) continue
        byId.delete(id)
        for (const [message, other] of byMessage) if (other === own) byMessage.delete(message)
      }
    },
  }
}
