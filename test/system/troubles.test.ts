// Slow: daemons in processes, and what befalls them.
/** Troubles as they are brought about in running daemons, and what people and programs are told of them. */
import { type Test, test } from 'tap'
import { isReady, type TroubleName } from '../../node/troubles.ts'
import { bmail } from '../kit/command.ts'
import { until } from '../kit/patience.ts'
import { createProcesses, type Daemon } from '../kit/processes.ts'

const plan = {
  people: ['alice', 'bob'],
  relays: 1,
  keepers: ['relay1'],
  threshold: 1,
  funds: 1_000_000_000n,
  // The numbers of a network that people use.
  preset: 'personal',
  settings: { metricsListen: '127.0.0.1:0' },
} as const

const metricsPort = ({ log }: Daemon) => log().findLast(({ msg }) => msg === 'the daemon is up')!.metrics

async function readyz(daemon: Daemon): Promise<{ status: number; body: { ready: boolean; reason?: string } }> {
  const response = await fetch(`http://127.0.0.1:${metricsPort(daemon)}/readyz`)
  return { status: response.status, body: (await response.json()) as { ready: boolean } }
}

const metricsOf = async (daemon: Daemon): Promise<string> =>
  (await fetch(`http://127.0.0.1:${metricsPort(daemon)}/metrics`)).text()

/** Wait until a daemon has a trouble, and hold everything that it says of it against it. */
async function hasTrouble(t: Test, daemon: Daemon, name: TroubleName, sentence: RegExp): Promise<void> {
  const find = async () => (await daemon.api.status()).troubles.find((one) => one.name === name)
  const trouble = (await until(`${daemon.name} has ${name}`, find, { say: () => daemon.log().slice(-5) }))!
  t.match(trouble.sentence, sentence, `${daemon.name}: ${name}`)
  t.match(
    daemon.log().find((line) => line.trouble === name),
    { msg: String },
    'the log says it',
  )
  const { status, body } = await readyz(daemon)
  t.equal(body.ready, isReady((await daemon.api.status()).troubles), '/readyz')
  t.equal(status, body.ready ? 200 : 503)
  if (trouble.severity !== 'hinders') t.notOk(body.ready)
  await until('the metric says it', async () => (await metricsOf(daemon)).includes(`bmail_trouble{name="${name}"} 1`))
  t.match((await bmail(['status'], { home: daemon.home })).stdout, new RegExp(`^${name} +\\d{4}-`, 'm'), 'status')
}

/** Wait until it is over. */
const isOver = (daemon: Daemon, name: TroubleName): Promise<unknown> =>
  until(`${daemon.name} is rid of ${name}`, async () =>
    (await daemon.api.status()).troubles.every((one) => one.name !== name),
  )

test('up says ready once one can be written to, and what is missing until then', async (t) => {
  const network = await createProcesses(t, plan)
  const [host, alice, bob] = ['relay1', 'alice', 'bob'].map(network.daemon) as [Daemon, Daemon, Daemon]

  await alice.start()
  await hasTrouble(t, alice, 'no-peers', /No peer is connected/)
  await hasTrouble(t, alice, 'registering', /An address of this mailbox is being registered/)
  const impatient = await bmail(['up', '--timeout', '1'], { home: alice.home })
  t.match(impatient.stdout, /^state +not ready$/m)
  t.match(impatient.stdout, /^registering /m)
  t.match((await bmail(['inbox'], { home: alice.home })).stdout, /^no-peers: No peer/)

  await host.start()
  for (const daemon of [alice, bob]) {
    await daemon.start()
    const { code, stdout } = await bmail(['up'], { home: daemon.home })
    t.equal(code, 0)
    t.match(stdout, /^state +ready$/m, `${daemon.name} is ready`)
    t.match(stdout, /^address .* registered; holds/m)
    t.same(await readyz(daemon), { status: 200, body: { ready: true, troubles: [] } })
  }
  const [to] = await bob.api.pseudonyms()
  const sent = await bmail(['send', '--to', to!.address, '--text', 'at once', '--yes'], { home: alice.home })
  t.equal(sent.code, 0, `what is ready can be written to: ${sent.stderr}`)
  t.match(await alice.api.doctor(), [{ check: 'troubles', ok: true }])

  await host.kill()
  await hasTrouble(t, alice, 'no-peers', /No peer is connected/)
  await host.start()
  await isOver(alice, 'no-peers')

  const late = await network.newcomer({ name: 'late', role: 'personal' })
  await late.start()
  await hasTrouble(t, late, 'not-registered', /Hand what `bmail whoami` prints/)
  await until('and it is ready all the same', async () => (await readyz(late)).body.ready)
})
