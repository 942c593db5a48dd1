/** Connections that do next to nothing, for as long as they are let: a byte a second on every protocol, and negotiations that stall. */
import net from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { startLibp2p } from '../../node/network/libp2p-node.ts'
import { defaultLimits } from '../../node/network/network-options.ts'
import { flagOf, frame, said } from '../kit/muxer-frames.ts'
import { unbounded } from '../kit/unbounded.ts'
import type { Attack } from './attack.ts'
import { comeFrom, type Mallory, random } from './mallory.ts'
import { pause } from './measure.ts'
import { placeOf } from './strangers.ts'
import { openWire } from './wire.ts'

/** The library's own protocols, and gossip's. */
const others = ['/ipfs/id/1.0.0', '/ipfs/id/push/1.0.0', '/ipfs/ping/1.0.0', '/meshsub/1.2.0']

const start = () => startLibp2p({ seed: random(32), listen: [], announce: [] }, defaultLimits, unbounded)
type Connection = Awaited<ReturnType<Awaited<ReturnType<typeof start>>['dial']>>
type Own = { readonly connection: Connection; close(): Promise<void> }

async function connected({ addresses }: Mallory): Promise<Own> {
  const libp2p = await start()
  const connection = await libp2p.dial(multiaddr(addresses.relay2!))
  return { connection, close: () => Promise.resolve(libp2p.stop()) }
}

export const byteASecond: Attack = {
  name: 'byte-a-second',
  what: 'every protocol twice over each of 12 connections from six addresses, a byte a second',
  victim: 'relay2',
  async strike(mallory) {
    const names = [...Object.values(mallory.streams).map((name) => `/bmail/${name}`), ...others]
    const owns: Own[] = []
    for (let at = 0; at < 12; at++) {
      comeFrom(`127.0.6.${1 + (at % 6)}`)
      owns.push(await connected(mallory))
    }
    await mallory.begin()
    const until = Date.now() + mallory.seconds * 1_000
    const trickle = async ({ connection }: Own, name: string): Promise<void> => {
      while (Date.now() < until && connection.status === 'open')
        try {
          const signal = AbortSignal.timeout(5_000)
          const stream = await connection.newStream([name], { signal, maxOutboundStreams: 64 })
          // What is announced is large enough to be waited for.
          for (const byte of [0, 0, 1, 0]) {
            stream.send(Uint8Array.of(byte))
            await pause(1_000)
          }
          while (Date.now() < until && stream.status === 'open') {
            stream.send(Uint8Array.of(7))
            await pause(1_000)
          }
        } catch {
          await pause(1_000)
        }
    }
    await Promise.all(owns.flatMap((own) => [...names, ...names].map((name) => trickle(own, name))))
    await Promise.all(owns.map((own) => own.close()))
  },
}

export const stalledTalks: Attack = {
  name: 'stalled-talks',
  what: '60 addresses that say the first words of a handshake a byte a second; 400 streams over four connections that name no protocol',
  victim: 'relay2',
  async strike(mallory) {
    const words = Buffer.concat([said('/multistream/1.0.0'), said('/tls/1.0.0')])
    await mallory.begin()
    const until = Date.now() + mallory.seconds * 1_000
    const talk = async (address: string): Promise<void> => {
      while (Date.now() < until) {
        comeFrom(address)
        const socket = net.connect(placeOf(mallory.addresses.relay2!))
        socket.on('error', () => undefined)
        for (let at = 0; at < words.length && !socket.destroyed && Date.now() < until; at++) {
          socket.write(words.subarray(at, at + 1))
          await pause(1_000)
        }
        socket.destroy()
      }
    }
    const openStreams = async (): Promise<void> => {
      comeFrom('127.0.7.200')
      const wire = await openWire(mallory.addresses.relay2!).catch(() => undefined)
      if (!wire) return
      for (let at = 0; at < 100 && wire.isOpen(); at++) {
        const stream = 1_001 + 2 * at
        const opened = [frame({ type: 'windowUpdate', flags: flagOf.syn, stream })]
        if (at % 2) opened.push(frame({ type: 'data', stream, bytes: said('/multistream/1.0.0') }))
        await wire.write(Buffer.concat(opened)).catch(() => undefined)
      }
      await pause(Math.max(0, until - Date.now()))
      await wire.close()
    }
    const talks = Array.from({ length: 60 }, (_, at) => talk(`127.0.7.${1 + at}`))
    const streams = Array.from({ length: 4 }, () => openStreams())
    await Promise.race([Promise.all([...talks, ...streams]), pause(mallory.seconds * 1_000 + 2_000)])
  },
}

export const smallProtocols: Attack = {
  name: 'small-protocols',
  what: 'pings, identify and pushes of what peers say of themselves, as fast as they go, by eight peers',
  victim: 'relay2',
  async strike(mallory) {
    const owns: Own[] = []
    for (let at = 0; at < 8; at++) {
      comeFrom(`127.0.8.${1 + (at % 4)}`)
      owns.push(await connected(mallory))
    }
    const said = random(8_000)
    await mallory.begin()
    const until = Date.now() + mallory.seconds * 1_000
    const flood = async ({ connection }: Own, name: string): Promise<void> => {
      while (Date.now() < until && connection.status === 'open')
        try {
          const signal = AbortSignal.timeout(5_000)
          const stream = await connection.newStream([name], { signal, maxOutboundStreams: 64 })
          if (name.includes('ping')) for (let at = 0; at < 100; at++) stream.send(said.subarray(0, 32))
          else if (name.includes('push')) stream.send(said)
          await pause(5)
          stream.abort(new Error('enough'))
        } catch {
          await pause(10)
        }
    }
    await Promise.all(owns.flatMap((own) => others.map((name) => flood(own, name))))
    await Promise.all(owns.map((own) => own.close()))
  },
}
