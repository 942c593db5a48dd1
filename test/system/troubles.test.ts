// Slow: daemons in processes, and what befalls them.
/** Troubles as they are brought about in running daemons, and what people and programs are told of them. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { isReady, type TroubleName } from '../../node/troubles.ts'
import { readApiFile } from '../../node/settings/home.ts'
import { bmail } from '../kit/command.ts'
import { until } from '../kit/patience.ts'
import { base64Of, createProcesses, type Daemon, letterIn, readable, registered } from '../kit/processes.ts'

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
async function hasTrouble(
  t: Test,
  daemon: Daemon,
  name: TroubleName,
  sentence: RegExp,
  { canLog = true } = {},
): Promise<void> {
  const find = async () => (await daemon.api.status()).troubles.find((one) => one.name === name)
  const trouble = (await until(`${daemon.name} has ${name}`, find, { say: () => daemon.log().slice(-5) }))!
  t.match(trouble.sentence, sentence, `${daemon.name}: ${name}`)
  const logged = () => daemon.log().some((line) => line.trouble === name && sentence.test(String(line.msg)))
  if (canLog) await until('the log says it', logged)
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

/** Let no file of a running daemon grow beyond so many bytes, as `ulimit -f` does. */
const limitFiles = ({ home }: Daemon, bytes: number | 'unlimited') =>
  execFileSync('prlimit', ['--pid', String(readApiFile(home)!.pid), `--fsize=${bytes}:unlimited`])

test('a disk that takes nothing, at a host under a limit of file size', async (t) => {
  const network = await createProcesses(t, plan)
  const [host, alice, bob] = ['relay1', 'alice', 'bob'].map(network.daemon) as [Daemon, Daemon, Daemon]
  await network.start('relay1', 'alice', 'bob')
  await registered(alice, bob)
  await until('the host is ready', async () => (await readyz(host)).body.ready)

  limitFiles(host, 512)
  await hasTrouble(t, host, 'disk-failing', /cannot be written \(.*File too large.*ulimit -f/, { canLog: false })
  const [to] = await bob.api.pseudonyms()
  const { message } = await alice.api.send({ to: [to!.address], raw: base64Of('Subject: one\r\n\r\none') })
  await hasTrouble(t, alice, 'host-silent', /the host takes nothing; its last batch is of 20/)

  limitFiles(host, 'unlimited')
  await isOver(host, 'disk-failing')
  await letterIn(bob, 'inbox', message.id, readable)
  await isOver(alice, 'host-silent')
  await until('the host is ready again', async () => (await readyz(host)).body.ready)
})

const shiftedClock = ['--import', join(import.meta.dirname, '../kit/shifted-clock.js')]
const setClock = ({ home }: Daemon, shiftMs: number) => writeFileSync(`${home}.clock-shift`, String(shiftMs))

test('a clock that is wrong, by little or by years, backwards or forwards', async (t) => {
  const network = await createProcesses(t, { ...plan, nodeOptions: shiftedClock })
  const [host, alice, bob] = ['relay1', 'alice', 'bob'].map(network.daemon) as [Daemon, Daemon, Daemon]
  await network.start('relay1', 'alice', 'bob')
  await registered(alice, bob)
  const [from, to] = await Promise.all([alice, bob].map(async ({ api }) => (await api.pseudonyms())[0]!.address))
  const letter = (text: string) => ({ to: [to!], raw: base64Of(`Subject: ${text}\r\n\r\n${text}`) })
  const refused = { code: 'clock-apart', message: /This machine’s clock says 20.* Nothing was signed\./ }

  // A batch that is 45 s ahead of alice is not taken by her, and her clock is known to be behind from then on.
  setClock(alice, -45_000)
  await bob.api.transfer({ to: from!, amount: '1' })
  await hasTrouble(t, alice, 'clock-apart', /which is (4\d s) behind the batches/)
  await t.rejects(alice.api.send(letter('too early')), refused)
  t.match((await bmail(['inbox'], { home: alice.home })).stdout, /^clock-apart: This machine/)
  t.match(await alice.api.doctor(), [{ check: 'clock-apart', ok: false }])

  setClock(alice, 0)
  await isOver(alice, 'clock-apart')
  const { message } = await alice.api.send(letter('in time'))
  await letterIn(bob, 'inbox', message.id, readable)

  // Years back, at a start: what is on its own disk says so.
  await alice.stop()
  setClock(alice, Date.parse('2019-01-01') - Date.now())
  await alice.start()
  await hasTrouble(t, alice, 'clock-apart', /says 2019-01-01T.* which is \d,\d{3} days behind/)
  const said = await bmail(['send', '--to', to!, '--text', 'in 2019', '--yes'], { home: alice.home })
  t.equal(said.code, 1)
  t.match(said.stderr, /This machine’s clock says 2019-/)
  setClock(alice, 0)
  await isOver(alice, 'clock-apart')

  // An hour ahead: a batch as it is announced says so.
  setClock(alice, 3_600_000)
  await bob.api.transfer({ to: from!, amount: '1' })
  await hasTrouble(t, alice, 'clock-apart', /which is 60 min ahead of the batches/)
  await t.rejects(alice.api.send(letter('too late')), refused)
  setClock(alice, 0)
  await isOver(alice, 'clock-apart')
  await until('everybody is ready', async () => (await readyz(alice)).body.ready && (await readyz(host)).body.ready)
})
