// Slow: daemons as processes.
/** A host whose log ends below what it signed, and no peer has the rest: it says so, and goes on at its owner's word alone. */
import { test } from 'tap'
import { openDisk } from '../../node/ledger/disk.ts'
import { keyIn } from '../../node/ledger/store.ts'
import { U64 } from '../../protocol/codec.ts'
import { bmail } from '../kit/command.ts'
import { agreed, base64Of, createProcesses, type Daemon, letterIn, readable, registered } from '../kit/processes.ts'
import { hasTrouble, isOver, withMetrics } from '../kit/troubles.ts'

test('batches that were signed and that nobody has any more', async (t) => {
  const plan = { relays: 1, people: ['alice', 'bob'], keepers: ['relay1'], threshold: 1, funds: 1_000_000_000n }
  const network = await createProcesses(t, { ...plan, preset: 'personal', settings: withMetrics })
  const [host, alice, bob] = ['relay1', 'alice', 'bob'].map(network.daemon) as [Daemon, Daemon, Daemon]
  await network.start('relay1', 'alice', 'bob')
  await registered(alice, bob)
  const { height } = await agreed(host, alice, bob)
  await host.stop()
  const disk = await openDisk(host.home)
  await disk.put(keyIn('signed'), U64.encode(BigInt(height) + 2n))
  await disk.close()

  await host.start()
  const said = new RegExp(
    `its log ends with batch ${height}, it signed up to ${BigInt(height) + 2n}, and .*does not have|has them`,
  )
  await hasTrouble(t, host, 'batches-lost', said)
  const [to] = await bob.api.pseudonyms()
  const { message } = await alice.api.send({ to: [to!.address], raw: base64Of('Subject: one\r\n\r\none') })
  const clockOnly = await bmail(['confirm-clock', '--yes'], { home: host.home })
  t.equal(clockOnly.code, 0)
  t.equal((await host.api.status()).height, height, 'who confirms the clock has not given them up')
  const unasked = await bmail(['confirm-clock', '--lost'], { home: host.home, input: '' })
  t.match(unasked, {
    code: 1,
    stderr: /signed anew, with other content.*holds both against the host, and stops for good/,
  })
  t.equal((await bmail(['confirm-clock', '--lost', '--yes'], { home: host.home })).code, 0)
  await isOver(host, 'batches-lost')
  await letterIn(bob, 'inbox', message.id, readable)
  await agreed(host, alice, bob)
  for (const { api } of [host, alice, bob]) t.equal((await api.status()).halted, null)

  await host.stop()
  await host.start()
  await agreed(host, alice, bob)
  t.notOk(
    (await host.api.status()).troubles.some(({ name }) => name === 'batches-lost'),
    'also after a restart',
  )
})
