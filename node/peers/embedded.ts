/**
 * The embedded anchor: the log of the host that the rules name. On the host a batch is final once it is on its disk, and
 * everywhere else once it was replayed; so nothing is ever in order and not final. Batches come by gossip and from peers
 * (`sync.ts`).
 */
import type { Replica } from '../ledger/replica.ts'
import type { Anchor, Standing } from './anchor.ts'
import { createHost, type HostOptions } from './host.ts'
import type { Sync } from './sync.ts'

type Options = Omit<HostOptions, 'key'> & {
  /** The private key of `rules.hostKey`, on the one node that has it. */
  readonly hostKey: Uint8Array | undefined
  readonly replica: HostOptions['replica'] & Pick<Replica, 'halted'>
  readonly sync: Pick<Sync, 'isBehind' | 'synced'>
}

const nothing: ReadonlyMap<string, Standing> = new Map()

export function createEmbedded({ hostKey, sync, ...parts }: Options) {
  const host = hostKey && createHost({ ...parts, key: hostKey })
  return {
    host,
    // A host whose disk lost its last batches takes them back from those who heard them, and makes no others at their heights.
    round: host && (async () => (sync.isBehind() ? undefined : host.tick())),
    /** A host orders, so it has everything where nobody is further. */
    synced: () => !parts.replica.halted && (host ? !host.trouble() && !sync.isBehind() : sync.synced()),
    settling: () => nothing,
  } satisfies Anchor & { readonly host: unknown }
}
