/** A host that signs two batches at one height: whoever sees both stops, shows both, and forgets neither. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { type Test, test } from 'tap'
import { readSecret } from '../../node/daemon/secrets.ts'
import { systemClock } from '../../node/daemon/system.ts'
import { sign } from '../../node/keys/sign.ts'
import { createNetwork, type Libp2pNetwork } from '../../node/network/libp2p.ts'
import type { Status } from '../../node/service.ts'
import { headerHash } from '../../protocol/batch.ts'
import { genesisHeader } from '../../protocol/genesis.ts'
import { CompactBatch, Hello, streamsOf, topicsOf } from '../../protocol/gossip.ts'
import { type Genesis, networkId } from '../../protocol/rules.ts'
import { random } from '../kit/nodes.ts'
import { patienceMs, until } from '../kit/patience.ts'
import { agreed, createProcesses, type Daemon, registered } from '../kit/processes.ts'
import { hasTrouble, readyz, withMetrics } from '../kit/troubles.ts'

test('a host that signs two batches at one height', async (t) => {
  const plan = { relays: 2, people: ['alice', 'bob'], keepers: ['relay1'], threshold: 1, funds: 1_000_000n }
  const network = await createProcesses(t, { ...plan, settings: withMetrics })
  const [host, relay, alice, bob] = ['relay1', 'relay2', 'alice', 'bob'].map(network.daemon) as [
    Daemon,
    Daemon,
    Daemon,
    Daemon,
  ]
  await network.start('relay1', 'relay2', 'alice', 'bob')
  await registered(alice, bob)
  const { height } = await agreed(host, relay, alice, bob)

  const hostKey = readSecret(host.home, 'host')!
  const { rules, genesis } = network.testnet.file
  const id = networkId(rules, genesis)
  const liar = await rawPeer(t, await relay.api.status())
  const { head } = await hello(liar, (await relay.api.status()).peerId, id, genesis)
  const header = { ...head.header, time: head.header.time + 1n }
  const second = { header, signature: sign(headerHash(header), hostKey) }
  const topic = topicsOf(id).batches
  liar.subscribe(topic, async () => 'ignore')
  const ids = () => Array.from({ length: header.opCount }, () => random(32))
  await until('the relay has seen both', async () => {
    await liar.publish(topic, CompactBatch.encode({ sealed: second, ops: ids() }))
    return (await relay.api.status()).halted
  })

  const hashes = { first: bytesToHex(headerHash(head.header)), second: bytesToHex(headerHash(header)) }
  const why = `The host signed two different batches at height ${height}.`
  for (const daemon of [relay, host, alice, bob]) {
    t.match(await until(`${daemon.name} stops`, async () => (await daemon.api.status()).halted), why)
    t.strictSame((await daemon.api.network()).evidence, [{ height, ...hashes }], 'and shows the evidence')
  }
  await hasTrouble(t, relay, 'halted', new RegExp(`^${why}`))
  t.match(await readyz(relay), { status: 503, body: { ready: false, reason: /no honest host does/ } })
  const [reader] = await bob.api.pseudonyms()
  const letter = { to: [reader!.address], raw: Buffer.from('Subject: too late\r\n\r\n').toString('base64') }
  await t.rejects(alice.api.send(letter), { code: 'halted', message: why }, 'nothing more is sent')

  await relay.kill()
  await relay.start()
  t.match((await relay.api.status()).halted, why, 'nor is it forgotten')
  t.equal((await relay.api.network()).evidence.length, 1)
})

/** A peer of a daemon that is no node. */
async function rawPeer(t: Test, { addresses, peerId }: Status): Promise<Libp2pNetwork> {
  const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined }
  const peer = await createNetwork({
    seed: random(32),
    listen: [],
    announce: [],
    keep: [addresses[0]!],
    prefix: '/bmail',
    colocated: ['127.0.0.1'],
    clock: systemClock,
    random,
    log: quiet,
  })
  t.teardown(() => peer.close())
  await until('the stranger is connected', () => peer.peers().includes(peerId))
  return peer
}

/** What a peer says of itself when it is greeted by somebody who knows no more than the beginning. */
async function hello(from: Libp2pNetwork, peer: string, network: Uint8Array, genesis: Genesis) {
  const header = genesisHeader({ network, genesis }, { accountsRoot: random(32), chain: random(32) })
  const greeting = Hello.encode({ network, head: { header, signature: new Uint8Array(64) }, time: 0n })
  for await (const bytes of from.request(peer, streamsOf(network).hello, greeting, { timeoutMs: patienceMs }))
    return Hello.decode(bytes)
  throw new Error('the peer said nothing')
}
