/** A network as it runs for people: nothing is colocated, and every limit is the default. */
import { randomBytes } from 'node:crypto'
import { systemClock } from '../../node/daemon/system.ts'
import { createNetwork, type Libp2pNetwork } from '../../node/network/libp2p.ts'
import type { NetworkOptions } from '../../node/network/network-options.ts'

/** Start one under a new name, listening on loopback. */
export const productionNetwork = (options: Partial<NetworkOptions> = {}): Promise<Libp2pNetwork> =>
  createNetwork({
    seed: randomBytes(32),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    announce: [],
    keep: [],
    prefix: '/bmail/test',
    clock: systemClock,
    random: (length) => randomBytes(length),
    log: { debug() {}, info() {}, warn() {} },
    ...options,
  })
