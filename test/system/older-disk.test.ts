// Slow: daemons as processes.
/**
 * A host whose disk is older than what it signed: it takes its batches back from whoever heard them, and makes no others at
 * their heights, however long nobody comes, and also where its own mail waits.
 */
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { cpSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { readSecret } from '../../node/daemon/secrets.ts'
import { localPlaces } from '../../node/daemon/testnet.ts'
import { writeConfig } from '../../node/settings/config.ts'
import { until } from '../kit/patience.ts'
import { agreed, base64Of, createProcesses, type Daemon, letterIn, readable, registered } from '../kit/processes.ts'

/** What every daemon has here. */
const settings = { mdns: false, allowColocated: true, apiListen: '127.0.0.1:0', metricsListen: '' } as const

/** A person who is the host and dials nobody, a relay and another person who dial it. */
async function begin(t: Test) {
  const people = ['alice', 'bob']
  const plan = { relays: 1, people, keepers: ['relay1', 'bob'], threshold: 2, funds: 1_000_000_000n }
  const network = await createProcesses(t, plan)
  const [relay, host, reader] = ['relay1', 'alice', 'bob'].map(network.daemon) as [Daemon, Daemon, Daemon]
  renameSync(join(relay.home, 'host.key'), join(host.home, 'host.key'))
  const [place] = await localPlaces({ relays: 1, people: [] })
  const listen = place!.listen!
  const peerKey = await generateKeyPairFromSeed('Ed25519', readSecret(host.home, 'peer')!)
  const peers = [`${listen}/p2p/${peerIdFromPrivateKey(peerKey)}`]
  const personal = { ...settings, role: 'personal', passphraseFile: 'passphrase' } as const
  writeConfig(host.home, { ...personal, listen: [listen], peers: [] })
  writeConfig(reader.home, { ...personal, listen: [], peers })
  writeConfig(relay.home, { ...settings, role: 'relay', listen: [], peers })
  await network.start('relay1', 'alice', 'bob')
  await registered(host, reader)
  return { network, relay, host, reader }
}

async function post(from: Daemon, to: string): Promise<string> {
  const raw = base64Of('Subject: one\r\n\r\nof several')
  return (await from.api.send({ to: [to], raw, insist: true, refuseAbove: '2000000' })).message.id
}

test('a host restored from an older disk', async (t) => {
  const { network, relay, host, reader } = await begin(t)
  const to = (await reader.api.pseudonyms())[0]!.address
  await letterIn(reader, 'inbox', await post(host, to), readable)
  t.equal(await host.stop(), 0)
  const [data, older] = [join(host.home, 'data'), join(network.folder, 'older')]
  cpSync(data, older, { recursive: true })
  await host.start()
  await agreed(host, relay, reader)
  for (let at = 0; at < 6; at++) await letterIn(reader, 'inbox', await post(host, to), readable)
  const { height } = await agreed(host, relay, reader)
  const restore = () => {
    rmSync(data, { recursive: true })
    cpSync(older, data, { recursive: true })
  }

  let waiting = ''
  await t.test('with nobody there, it signs nothing and says why', async (t) => {
    for (const daemon of [host, relay, reader]) await daemon.kill()
    restore()
    await host.start()
    const before = await host.api.status()
    t.ok(Number(before.height) < Number(height))
    await until('it says why', () => host.log().some(({ trouble }) => trouble === 'clock-unconfirmed'))
    t.equal(before.synced, false, 'and does not say that it is ready')
    waiting = await post(host, to)
    t.match(await host.api.status(), { height: before.height, pendingOps: 1 })
  })

  await t.test('it goes on where it was when its peers come back', async (t) => {
    await network.start('relay1', 'bob')
    await letterIn(reader, 'inbox', waiting, readable)
    const after = await agreed(host, relay, reader)
    t.ok(Number(after.height) > Number(height))
    for (const { api } of [host, relay, reader])
      t.equal((await api.status()).halted, null, 'nobody has seen two batches at one height')
  })

  await t.test('also where a letter waits before anybody has dialled it', async (t) => {
    await host.kill()
    restore()
    await host.start()
    await letterIn(reader, 'inbox', await post(host, to), readable)
    await agreed(host, relay, reader)
    for (const { api } of [host, relay, reader]) t.equal((await api.status()).halted, null)
  })
})
