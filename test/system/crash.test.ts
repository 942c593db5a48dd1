/** What daemons go through: killed under load, torn writes, a full disk, newcomers. Nothing settled is lost or doubled. */
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { bmail } from '../kit/command.ts'
import { audit, killUnderLoad, post as postTo } from '../kit/kills.ts'
import { until } from '../kit/patience.ts'
import { agreed, createProcesses, type Daemon, letterIn, readable, registered } from '../kit/processes.ts'
import { hasTrouble, isOver, withMetrics } from '../kit/troubles.ts'

const small = { people: ['alice', 'bob'], threshold: 2, funds: 1_000_000_000n } as const
const heightOf = async ({ api }: Daemon): Promise<number> => Number((await api.status()).height)

async function post(from: Daemon, to: Daemon): Promise<string> {
  const [reader] = await to.api.pseudonyms()
  return postTo(from, reader!.address)
}

/** The height at which a daemon found itself when it last started. */
const openedAt = (daemon: Daemon): number =>
  Number(daemon.log().findLast(({ msg }) => msg === 'the node is open')!.height)

/** A host, a second relay, and two people who are registered, in processes of their own. */
async function begin(t: Test, more: Pick<Parameters<typeof createProcesses>[1], 'elsewhere' | 'settings'> = {}) {
  const network = await createProcesses(t, { ...small, relays: 2, keepers: ['relay1', 'relay2', 'bob'], ...more })
  const [host, relay2, alice, bob] = ['relay1', 'relay2', 'alice', 'bob'].map(network.daemon)
  await network.start('relay1', 'relay2', 'alice', 'bob')
  await registered(alice!, bob!)
  return { network, host: host!, relay2: relay2!, alice: alice!, bob: bob! }
}

// A batch or two between kills; `npm run kills` has more of both.
test('daemons of every role that are killed under load', (t) => killUnderLoad(t, { kills: 5, seed: 1, deedsMax: 8 }))

/** Cut off the end of the newest log file of a database, as a machine that loses power may leave it. */
function tear(home: string): number {
  const data = join(home, 'data')
  const logs = readdirSync(data).filter((name) => /^\d+\.log$/.test(name))
  const newest = join(data, logs.sort().at(-1)!)
  const { size } = statSync(newest)
  const kept = Math.floor(size * 0.6)
  truncateSync(newest, kept)
  return size - kept
}

test('torn writes, and a newcomer', async (t) => {
  const { network, host, relay2, alice, bob } = await begin(t)
  for (let at = 0; at < 8; at++) await letterIn(bob, 'inbox', await post(alice, bob), readable)
  const before = await agreed(host, relay2, alice, bob)

  await t.test('a relay loses the end of its log', async (t) => {
    await relay2.kill()
    t.ok(tear(relay2.home) > 0)
    await relay2.start()
    t.ok(openedAt(relay2) < Number(before.height), `it opens at ${openedAt(relay2)} of ${before.height}`)
    t.strictSame(await agreed(host, relay2, alice, bob), before, 'and fetches the rest')
  })

  await t.test('the host loses the end of its log, and takes it back from those who heard it', async (t) => {
    await host.kill()
    t.ok(tear(host.home) > 0)
    const waiting = await post(alice, bob)
    await host.start()
    t.ok(openedAt(host) < Number(before.height), `it opens at ${openedAt(host)} of ${before.height}`)
    await letterIn(bob, 'inbox', waiting, readable)
    const after = await agreed(host, relay2, alice, bob)
    t.ok(Number(after.height) > Number(before.height))
    for (const { api } of [host, relay2, alice, bob])
      t.equal((await api.status()).halted, null, 'nobody has seen two batches at one height')
  })

  await t.test('a relay with an empty folder replays everything to the same root', async (t) => {
    const late = await network.newcomer({ name: 'late', role: 'relay' })
    await late.start()
    const all = await agreed(host, relay2, alice, bob, late)
    t.equal((await late.api.status()).stateRoot, all.stateRoot)
    await until('it has every envelope', async () => {
      const [theirs, ours] = await Promise.all([host.api.status(), late.api.status()])
      return theirs.envelopes === ours.envelopes && ours.envelopes > 0
    })
    await audit(t, network, [host, relay2, alice, bob, late])
  })
})

/** A file system of 64 MiB of its own, or why there is none. */
function smallDisk(t: Test): { path: string } | { why: string } {
  const path = mkdtempSync(join(tmpdir(), 'bmail-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', path], { stdio: 'pipe' })
  } catch (error) {
    rmSync(path, { recursive: true })
    return { why: `no file system can be mounted here: ${(error as Error).message.split('\n')[0]}` }
  }
  t.teardown(() => {
    execFileSync('umount', ['-l', path])
    rmSync(path, { recursive: true })
  })
  return { path }
}

/** Write until there is no room left; says what to remove to have it back. */
function fill(folder: string): string {
  const ballast = join(folder, 'ballast')
  const file = openSync(ballast, 'w')
  for (let sizeBytes = 1024 * 1024; sizeBytes >= 1; )
    try {
      writeSync(file, new Uint8Array(sizeBytes))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      sizeBytes = Math.floor(sizeBytes / 2)
    }
  closeSync(file)
  return ballast
}

test('a full disk at the host', async (t) => {
  const [disk, logs] = [smallDisk(t), smallDisk(t)]
  if ('why' in disk) return t.plan(0, disk.why)
  if ('why' in logs) return t.plan(0, logs.why)
  const home = join(disk.path, 'relay1')
  // What it logs lies on a disk of its own, which is filled later.
  symlinkSync(join(logs.path, 'relay1.log'), `${home}.log`)
  const { network, host, relay2, alice, bob } = await begin(t, { elsewhere: { relay1: home }, settings: withMetrics })
  const sent = [await post(alice, bob)]
  await letterIn(bob, 'inbox', sent[0]!, readable)
  const before = await agreed(host, relay2)

  // It stands still while its disk is filled, so that it writes and frees nothing meanwhile.
  host.signal('SIGSTOP')
  const ballast = fill(disk.path)
  host.signal('SIGCONT')
  for (let at = 0; at < 6; at++) sent.push(await post(alice, bob))
  await until('the host cannot write', () =>
    host.log().some(({ msg }) => String(msg).startsWith('the disk does not take a batch')),
  )
  await hasTrouble(t, host, 'disk-failing', /cannot be written .*(No space left|less than 16 MiB).* Free some space/)
  await hasTrouble(t, host, 'disk-low', /has \d+ MiB of 64 MiB left, and below 32 MiB it is soon full/)
  const logged = fill(logs.path)
  sent.push(await post(alice, bob))
  await until('it hears of operations, and settles none', async () => (await host.api.status()).pendingOps > 0)
  const during = await heightOf(host)
  t.ok(during - Number(before.height) < 6, 'it does not go on as if nothing were')
  t.ok(host.isRunning(), 'and waits')

  const { code, stdout } = await bmail(['doctor', '--json'], { home })
  t.equal(code, 3, 'the doctor has something that it cannot mend')
  t.match(JSON.parse(stdout), [
    { check: 'settings' },
    {},
    {},
    { check: 'files', ok: true },
    { check: 'disk', ok: false },
  ])
  await host.kill()
  const repaired = await bmail(['doctor', '--repair', '--json'], { home })
  t.equal(repaired.code, 3, 'also without its daemon')
  t.match(JSON.parse(repaired.stdout).at(-1), { check: 'disk', detail: /less than 16 MiB left. Free some space/ })

  for (const path of [ballast, logged]) rmSync(path)
  await host.start()
  for (const name of ['disk-failing', 'disk-low'] as const) await isOver(host, name)
  for (const id of sent) await letterIn(bob, 'inbox', id, readable)
  const { height } = await agreed(host, relay2, alice, bob)
  await host.kill()
  await host.start()
  t.equal(openedAt(host), Number(height), 'what was written after the failure is there after a crash')
  const after = await post(alice, bob)
  await letterIn(bob, 'inbox', after, readable)
  for (const { api } of [host, relay2]) t.equal((await api.status()).halted, null)
  const [books] = await audit(t, network, [host, relay2, alice, bob])
  t.strictSame(new Set(books!.settled), new Set([...sent, after]), 'nothing that was settled is lost')
})
