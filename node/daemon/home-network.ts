/** The real network, as the settings of a home want it. */
import type { Logger } from '../logger.ts'
import { peerOf } from '../network/connections.ts'
import { createNetwork, type Libp2pNetwork } from '../network/libp2p.ts'
import type { NetworkOptions } from '../network/network-options.ts'
import type { Config } from '../settings/config.ts'
import { peerIdOf } from './peer-id.ts'
import { systemClock } from './system.ts'

/** Open it. `seed` is what others know this node by. Throws where it cannot listen, or an address makes no sense. */
export async function openNetwork(
  { listen, announce, peers, mdns, allowColocated }: Config,
  { seed, random, log }: Pick<NetworkOptions, 'seed' | 'random'> & { readonly log: Logger },
): Promise<Libp2pNetwork> {
  const self = await peerIdOf(seed)
  const stray = announce.find((address) => (peerOf(address) ?? self) !== self)
  if (stray !== undefined)
    throw new Error(
      `announce names another node: ${stray} ends with a peer id that is not this node’s, which is ${self}. Correct it, or leave the end from /p2p/ on out.`,
    )
  return createNetwork({
    seed,
    listen,
    announce,
    keep: peers,
    prefix: '/bmail',
    ...(mdns ? { mdnsService: '_bmail._udp.local' } : {}),
    colocated: allowColocated ? colocatedWith([...peers, ...listen]) : [],
    limits: allowColocated ? { inboundConnectionThreshold: 1_000 } : {},
    clock: systemClock,
    random,
    log,
  })
}

/** Where peers may share an address: the loopback of a testnet, and the addresses that the peers were given by. */
function colocatedWith(addresses: readonly string[]): string[] {
  const hosts = addresses.flatMap((address) => /^\/ip[46]\/([^/]+)/.exec(address)?.[1] ?? [])
  return [...new Set(['127.0.0.1', '::1', ...hosts])]
}
