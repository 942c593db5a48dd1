/** Many strangers: handshakes that are begun and left, and connections from many addresses at once. */
import net from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { said } from '../kit/muxer-frames.ts'
import type { Attack } from './attack.ts'
import { comeFrom, connectPeer } from './mallory.ts'
import { pause } from './measure.ts'

export const halfHandshakes: Attack = {
  name: 'half-handshakes',
  what: 'TLS begun and left again, 15 a second from each of 20 addresses',
  victim: 'relay2',
  async strike(mallory) {
    const words = Buffer.concat([said('/multistream/1.0.0'), said('/tls/1.0.0')])
    await mallory.begin()
    await mallory.keepAt(15, () => {
      for (let host = 1; host <= 20; host++) {
        comeFrom(`127.0.3.${host}`)
        const socket = net.connect(placeOf(mallory.addresses.relay2!), () => socket.write(words))
        socket.on('error', () => undefined)
        setTimeout(() => socket.destroy(), 400)
      }
    })
  },
}

export const manyAddresses: Attack = {
  name: 'many-addresses',
  what: '240 peers from as many addresses, that stay',
  victim: 'relay2',
  async strike(mallory) {
    await mallory.begin()
    const until = Date.now() + mallory.seconds * 1_000
    const peers: Awaited<ReturnType<typeof connectPeer>>[] = []
    for (let host = 1; host <= 240 && Date.now() < until; host++) {
      comeFrom(`127.0.4.${host}`)
      peers.push(await connectPeer([mallory.addresses.relay2!]))
    }
    await pause(Math.max(0, until - Date.now()))
    await Promise.all(peers.map((peer) => peer.close()))
  },
}

/** Where a relay listens, as sockets have it. */
export function placeOf(address: string): { readonly host: string; readonly port: number } {
  const values = new Map(
    multiaddr(address)
      .getComponents()
      .map(({ name, value }) => [name, value]),
  )
  return { host: values.get('ip4')!, port: Number(values.get('tcp')) }
}
