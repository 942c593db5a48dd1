/**
 * What puts batches in one order for all. Making, checking and writing them is the replica's, which all anchors share: it
 * makes a batch, an anchor has that put in order and says to take it or to drop it; what somebody else put in order is
 * replayed. Only what is final is on disk, and tells whoever listens to the replica.
 */

/** Where an operation stands that is in order, and not for good: whatever put it there may still take it away. */
export type Standing = { readonly height: bigint }

export type Anchor = {
  /** Put what waits in order, where this node may, and take what was put in order. Done again and again. */
  readonly round: (() => Promise<void>) | undefined
  /** Whether this node has everything that is final, as far as it can know. */
  synced(): boolean
  /** Operations in order and not final yet, each by its id in hex. They wait on until they are. */
  settling(): ReadonlyMap<string, Standing>
}
