// Slow: daemons in processes, and what befalls them.
/** Troubles as they are brought about in running daemons, and what people and programs are told of them. */
import { execFile, execFileSync, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { test } from 'tap'
import { openDisk } from '../../node/ledger/disk.ts'
import { keyIn } from '../../node/ledger/store.ts'
import { loadConfig } from '../../node/settings/config.ts'
import { pathsOf, readApiFile } from '../../node/settings/home.ts'
import { bmail, program, upPatiently } from '../kit/command.ts'
import { copyOfProgram } from '../kit/copied-program.ts'
import { until } from '../kit/patience.ts'
import { base64Of, createProcesses, type Daemon, letterIn, readable, registered } from '../kit/processes.ts'
import { hasTrouble, isOver, readyz, withMetrics } from '../kit/troubles.ts'

const plan = {
  people: ['alice', 'bob'],
  relays: 1,
  keepers: ['relay1'],
  threshold: 1,
  funds: 1_000_000_000n,
  // The numbers of a network that people use.
  preset: 'personal',
  settings: withMetrics,
} as const

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
    const { code, stdout } = await bmail(upPatiently, { home: daemon.home })
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
  const network = await createProcesses(t, { ...plan, keepsRunner: false })
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
  await hasTrouble(t, alice, 'catching-up', /does not have everything yet/)
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
  await hasTrouble(t, alice, 'clock-apart', /says 2019-01-01 .* which is \d,\d{3} days behind/)
  const said = await bmail(['send', '--to', to!, '--text', 'in 2019', '--yes'], { home: alice.home })
  t.equal(said.code, 1)
  t.match(said.stderr, /This machine’s clock says 2019-/)
  setClock(alice, 0)
  await isOver(alice, 'clock-apart')

  // An hour ahead: a batch as it is announced says so, or a peer that told of it before it was announced.
  setClock(alice, 3_600_000)
  await bob.api.transfer({ to: from!, amount: '1' })
  await hasTrouble(t, alice, 'clock-apart', /which is 60 min ahead of the (batches|clocks of its peers)/)
  await t.rejects(alice.api.send(letter('too late')), refused)
  setClock(alice, 0)
  await isOver(alice, 'clock-apart')
  await until('everybody is ready', async () => (await readyz(alice)).body.ready && (await readyz(host)).body.ready)
})

/** Change a setting in a home whose daemon is down. */
function set({ home }: Daemon, name: string, values: string | readonly string[]): void {
  const path = pathsOf(home).config
  const lines = readFileSync(path, 'utf8').split('\n')
  const others = lines.filter((line) => !line.startsWith(`${name} = `))
  writeFileSync(path, [...others, `${name} = ${JSON.stringify(values)}`, ''].join('\n'))
}

test('addresses that cannot work, and too few descriptors', async (t) => {
  const network = await createProcesses(t, { ...plan, relays: 2 })
  const [host, alice] = ['relay1', 'alice'].map(network.daemon) as [Daemon, Daemon]
  const config = await loadConfig({ home: alice.home, env: {} })
  const [first, second] = config.peers as [string, string]
  const idOf = (address: string) => address.split('/p2p/')[1]!

  // What cannot work at all is refused at the start.
  for (const [flag, address, why] of [
    ['--peers', '/ip4/127.0.0.1/udp/4420/quic-v1', /nodes speak TCP, and nothing else/],
    ['--peers', '/ip4/127.0.0.1/tcp/4420/p2p/12D3KooWnobody', /--peers must hold multiaddrs/],
    ['--announce', '/ip4/0.0.0.0/tcp/4420', /names no machine that others could dial/],
    ['--announce', '/dns4/relay.example/tcp/0', /nobody listens on port 0/],
    ['--announce', `/dns4/relay.example/tcp/4420/p2p/${idOf(second)}`, /announce names another node/],
  ] as const) {
    const { code, stderr } = await bmail(['daemon', flag, address], { home: host.home })
    t.equal(code, 1, address)
    t.match(stderr, why)
  }

  // What may work another day is told: another node's peer id, and names that are not found.
  set(host, 'announce', ['/dns4/relay.bmail.invalid/tcp/4420'])
  await host.start()
  await hasTrouble(t, host, 'host-alone', /nobody is connected to it/)
  await hasTrouble(t, host, 'announce-unresolved', /told to dial \/dns4\/relay\.bmail\.invalid\/tcp\/4420/)
  await hasTrouble(t, host, 'peer-unreachable', /nothing listens there/)
  const wrong = first.replace(idOf(first), idOf(second))
  set(alice, 'peers', [wrong, '/dns4/other.bmail.invalid/tcp/4420', first])
  const up = ['-c', 'ulimit -n 300 && exec "$0" "$@"', process.execPath, program, ...upPatiently, '--home', alice.home]
  const { stdout } = await promisify(execFile)('bash', up)
  t.teardown(() => bmail(['down'], { home: alice.home }))
  t.match(stdout, /^state +ready, with trouble$/m)
  const running = { ...alice, log: () => logOf(pathsOf(alice.home).log) }
  await hasTrouble(t, running, 'peer-unreachable', /another node answers there than the peer id says/)
  await hasTrouble(t, running, 'peer-unreachable', /other\.bmail\.invalid\/tcp\/4420 \(the name is not found\)/)
  await hasTrouble(t, running, 'few-connections', /takes 161 connections instead of 300/)
  await isOver(host, 'host-alone')

  await bmail(['down'], { home: alice.home })
  set(alice, 'peers', [first])
  await alice.start()
  await until('nothing is left', async () => (await alice.api.status()).troubles.length === 0)
})

test('fewer keepers than open a lock', async (t) => {
  const network = await createProcesses(t, { ...plan, relays: 2, keepers: ['relay1', 'relay2'], threshold: 2 })
  const names = ['relay1', 'relay2', 'alice', 'bob'] as const
  const [host, keeper, alice, bob] = names.map(network.daemon) as [Daemon, Daemon, Daemon, Daemon]
  await network.start(...names)
  await registered(alice, bob)
  const [to] = await bob.api.pseudonyms()
  const post = async (text: string) => {
    // As often as it takes, though Bob answers none of them.
    const raw = base64Of(`Subject: ${text}\r\n\r\n${text}`)
    const { message } = await alice.api.send({ to: [to!.address], raw, insist: true })
    await letterIn(bob, 'inbox', message.id, readable)
  }
  await keeper.kill()
  await until('the host owes to nobody that it listened', async () => {
    await post('who is there')
    return (await host.api.status()).troubles.some(({ name }) => name === 'keepers-silent')
  })
  await hasTrouble(t, host, 'keepers-silent', /^1 of the 2 keepers that open a lock answer; keeper 2 did not/)
  await hasTrouble(t, bob, 'keepers-silent', /^1 of the 2 keepers/)
  await keeper.start()
  await until('the keeper answers', async () => {
    await post('here you are')
    return (await host.api.status()).troubles.every(({ name }) => name !== 'keepers-silent')
  })
  await isOver(bob, 'keepers-silent')
})

test('an address with funds, and a limit of a day that has no room for registering it', async (t) => {
  const network = await createProcesses(t, plan)
  const alice = network.daemon('alice')
  set(alice, 'spendPerDay', '10 units')
  await network.start('relay1', 'alice')
  await hasTrouble(t, alice, 'limit-reached', /spendPerDay\) has no room for registering.*raise spendPerDay/)
  await until('it does everything else', async () => (await readyz(alice)).body.ready)
  t.equal((await bmail(['up', '--timeout', '1'], { home: alice.home })).code, 0)
  await alice.stop()
  set(alice, 'spendPerDay', '100000 units')
  await alice.start()
  await registered(alice)
  await isOver(alice, 'limit-reached')
})

test('a record that cannot be read, which a round comes across', async (t) => {
  const network = await createProcesses(t, plan)
  const [host, alice] = ['relay1', 'alice'].map(network.daemon) as [Daemon, Daemon]
  await network.start('relay1', 'alice')
  await registered(alice)
  await alice.stop()
  const damage = keyIn('missing', new Uint8Array(3))
  const change = async (type: 'put' | 'del') => {
    const disk = await openDisk(alice.home)
    await (type === 'put' ? disk.put(damage, new Uint8Array()) : disk.del(damage))
    await disk.close()
  }
  await change('put')
  await alice.start()
  await hasTrouble(t, alice, 'rounds-failing', /failed the last time: catch up \(/)
  await alice.stop()
  await change('del')
  await alice.start()
  await until('nothing is left', async () => (await alice.api.status()).troubles.length === 0)
  await until('and the host is ready', async () => (await readyz(host)).body.ready)
})

test('a program whose proofs are not to be relied on', async (t) => {
  const network = await createProcesses(t, plan)
  const host = network.daemon('relay1')
  const copy = copyOfProgram(t)
  // The sample proofs hold under the keys; one that says something else does not.
  const samples = join(copy, 'circuits/artifacts/samples.json')
  const said = JSON.parse(readFileSync(samples, 'utf8'))
  said.renew.signals[0] = '1'
  writeFileSync(samples, JSON.stringify(said))
  const up = spawn(process.execPath, [join(copy, 'cli/bmail.js'), 'daemon', '--home', host.home], { stdio: 'pipe' })
  t.teardown(() => up.kill('SIGKILL'))
  let text = ''
  up.stdout.on('data', (chunk) => {
    text += chunk
  })
  const running = { ...host, log: () => linesOf(text) }
  await until('it is up', () => running.log().some(({ msg }) => msg === 'the daemon is up'))
  await hasTrouble(t, running, 'proofs-failing', /The sample proof of renew does not hold/)
})

const logOf = (path: string) => linesOf(readFileSync(path, 'utf8'))

/** What a daemon logged, without what it was about to. */
const linesOf = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
