// Slow: daemons as processes.
/** A host whose clock is a day ahead for a moment, as a process: it signs nothing by it, and goes on by itself. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { bmail } from '../kit/command.ts'
import { until } from '../kit/patience.ts'
import { agreed, base64Of, createProcesses, type Daemon, letterIn, readable, registered } from '../kit/processes.ts'

const dayMs = 86_400_000

test('a host whose clock is a day ahead for a moment', async (t) => {
  const network = await createProcesses(t, {
    relays: 2,
    people: ['alice', 'bob'],
    keepers: ['relay2', 'bob'],
    threshold: 2,
    funds: 1_000_000_000n,
    nodeOptions: ['--import', join(import.meta.dirname, '../kit/shifted-clock.js')],
  })
  const [host, relay, alice, bob] = ['relay1', 'relay2', 'alice', 'bob'].map(network.daemon) as [
    Daemon,
    Daemon,
    Daemon,
    Daemon,
  ]
  const shift = (ms: number) => writeFileSync(`${host.home}.clock-shift`, String(ms))
  // That it is over stands in the log by the same name, sooner or later.
  const troubles = () =>
    host.log().filter(({ trouble, msg }) => trouble === 'clock-ahead' && msg !== 'a trouble is over')
  await network.start('relay1', 'relay2', 'alice', 'bob')
  await registered(alice, bob)
  const to = (await bob.api.pseudonyms())[0]!.address
  const post = async () =>
    (await alice.api.send({ to: [to], raw: base64Of('Subject: one\r\n\r\nin time'), refuseAbove: '2000000' })).message
      .id
  await letterIn(bob, 'inbox', await post(), readable)
  const before = await agreed(host, relay, alice, bob)

  shift(dayMs)
  await until('it says so', () => troubles().length === 1)
  t.match(troubles()[0], { msg: /The host signs no batches: its clock says .* those of its peers .* by itself/ })
  const early = await post()
  await until('the letter waits at another', async () => (await relay.api.status()).pendingOps > 0)
  const stopped = await host.api.status()
  t.match(stopped, { height: before.height, synced: false }, 'nothing is signed')
  t.notOk(
    stopped.troubles.some(({ name }) => name === 'catching-up'),
    'and it is behind nobody',
  )

  shift(0)
  await letterIn(bob, 'inbox', early, readable)
  await letterIn(bob, 'inbox', await post(), readable)
  await agreed(host, relay, alice, bob)
  t.equal(troubles().length, 1)
  t.ok((await relay.api.status()).time <= Date.now() + 2_000, 'no time was signed that has not come')

  const confirmed = await bmail(['confirm-clock', '--yes', '--json'], { home: host.home })
  t.match(confirmed.json(), { time: Number })
  const elsewhere = await bmail(['confirm-clock', '--yes', '--json'], { home: relay.home })
  t.match(elsewhere.json(), { error: { code: 'not-found', sentence: /not the host/ } })
})

test('processes that are started with their clocks a day ahead', async (t) => {
  const network = await createProcesses(t, {
    relays: 1,
    people: ['alice', 'bob'],
    keepers: ['relay1'],
    threshold: 1,
    funds: 1_000_000_000n,
    nodeOptions: ['--import', join(import.meta.dirname, '../kit/shifted-clock.js')],
  })
  const [host, alice, bob] = ['relay1', 'alice', 'bob'].map(network.daemon) as [Daemon, Daemon, Daemon]
  const shift = ({ home }: Daemon, ms: number) => writeFileSync(`${home}.clock-shift`, String(ms))
  const troubleOf = async ({ api }: Daemon, name: string) =>
    (await api.status()).troubles.find((one) => one.name === name)?.sentence
  await network.start('relay1', 'bob')
  await registered(bob)
  const to = (await bob.api.pseudonyms())[0]!.address

  // Peers take no connection under a certificate of tomorrow; nor would a batch take what was signed for then.
  shift(alice, dayMs)
  await alice.start()
  await until('it says what may be wrong', async () =>
    /its clock \(it says 20/.test((await troubleOf(alice, 'no-peers')) ?? ''),
  )
  t.equal((await alice.api.status()).pendingOps, 0, 'and signs no registration')
  shift(alice, 0)
  await registered(alice, bob)
  const post = async () =>
    (await alice.api.send({ to: [to], raw: base64Of('Subject: one\r\n\r\nin time'), refuseAbove: '2000000' })).message
      .id
  await letterIn(bob, 'inbox', await post(), readable)

  await host.stop()
  shift(host, dayMs)
  await host.start()
  await until('the host signs nothing', () => troubleOf(host, 'clock-unconfirmed'))
  shift(host, 0)
  await letterIn(bob, 'inbox', await post(), readable)
  await agreed(host, alice, bob)
  t.ok((await host.api.status()).time <= Date.now() + 2_000, 'no time was signed that has not come')
})
