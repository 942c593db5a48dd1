/** Which versions of a protocol peers speak, by what they say themselves as they connect (libp2p identify). */
import type { Libp2pNode } from './libp2p-node.ts'

/**
 * For each connected peer that has said what it speaks: the versions of a protocol whose names are `name`, a slash and the
 * version, with or without more behind another slash. Whole numbers; none where it does not speak it at all.
 */
export async function versionsSpoken(
  libp2p: Pick<Libp2pNode, 'getPeers' | 'peerStore'>,
  name: string,
): Promise<readonly (readonly number[])[]> {
  // A peer that leaves while we ask is not known any more.
  const known = await Promise.all(libp2p.getPeers().map((peer) => libp2p.peerStore.get(peer).catch(() => undefined)))
  return known.flatMap((peer) => (peer && peer.protocols.length > 0 ? [versionsAmong(peer.protocols, name)] : []))
}

function versionsAmong(protocols: readonly string[], name: string): number[] {
  const behind = protocols.filter((protocol) => protocol.startsWith(`${name}/`)).map((it) => it.slice(name.length + 1))
  return behind.map((rest) => rest.split('/')[0]!).flatMap((text) => (/^\d{1,3}$/.test(text) ? [Number(text)] : []))
}
