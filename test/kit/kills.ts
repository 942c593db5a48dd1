/**
 * Daemons of every role, killed at moments drawn from a seed while letters are written, judged and settled. In the end
 * everybody stands at one root, the books balance, and nothing that was answered for is lost, or there twice.
 */
import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import { seededRandom } from '../../node/simulated/seeded-random.ts'
import { type Books, booksOf, complaints, isConserved, isUnique } from './books.ts'
import { until } from './patience.ts'
import { agreed, base64Of, createProcesses, type Daemon, type Processes, readable, registered } from './processes.ts'

/** Send one message; says its id. Letters that pile up while the host is away make each other dearer than a quote foresaw. */
export async function post(from: Daemon, to: string): Promise<string> {
  const raw = base64Of(Buffer.concat([Buffer.from('Subject: one of many\r\n\r\n'), randomBytes(500)]))
  return (await from.api.send({ to: [to], raw, insist: true, refuseAbove: '2000000' })).message.id
}

/** Stop everybody and look into every store: all the same, all conserved, nothing twice. */
export async function audit(t: Test, network: Processes, daemons: readonly Daemon[]): Promise<Books[]> {
  const { height, stateRoot } = await agreed(...daemons)
  for (const daemon of daemons) t.equal(await daemon.stop(), 0, `${daemon.name} stops by itself`)
  const all: Books[] = []
  for (const { name, home } of daemons) {
    const books = await booksOf(home, network.testnet.file)
    t.match(books, { stateRoot, height: BigInt(height) }, name)
    t.ok(isConserved(books), 'nothing was made or lost')
    t.ok(isUnique(books.settled), 'no message was settled twice')
    t.ok(isUnique(books.nonces), 'no nonce was used twice')
    t.strictSame(complaints(books), [], 'the doctor finds nothing')
    all.push(books)
  }
  return all
}

/** Daemons by their names: a host, a relay, a keeper, and two people. */
const names = ['relay1', 'relay2', 'relay3', 'alice', 'bob'] as const

/** Kill daemons again and again under load. Between one kill and the next there are at most so many letters and verdicts. */
export async function killUnderLoad(
  t: Test,
  { kills, seed, deedsMax }: { kills: number; seed: number; deedsMax: number },
): Promise<void> {
  const network = await createProcesses(t, {
    people: ['alice', 'bob'],
    relays: 3,
    keepers: ['relay2', 'relay3', 'bob'],
    threshold: 2,
    funds: 1_000_000_000n,
  })
  const daemons = names.map(network.daemon)
  const [host, , , alice, bob] = daemons as [Daemon, Daemon, Daemon, Daemon, Daemon]
  await network.start(...names)
  await registered(alice, bob)
  const load = await beginLoad(alice, bob)

  const random = seededRandom(Uint8Array.of(seed & 255, (seed >>> 8) & 255, seed >>> 16), 'kills')
  const draw = (below: number): number => Buffer.from(random(4)).readUInt32BE() % below
  const counts = new Map<string, number>()
  for (let kill = 1; kill <= kills; kill++) {
    // Every role has its turn, and whether the next one comes while this one still starts is left to chance.
    const victim = daemons[(kill - 1) % daemons.length]!
    const moment = load.deeds() + draw(deedsMax)
    await until('the moment comes', () => load.deeds() >= moment)
    await victim.kill()
    counts.set(victim.name, (counts.get(victim.name) ?? 0) + 1)
    const before = Number((await height(host.isRunning() ? host : alice)) ?? 0)
    await victim.start()
    await until('the host makes batches again', async () => Number(await height(host)) > before)
    for (const { name, api } of daemons)
      t.equal((await api.status()).halted, null, `${name} goes on after kill ${kill}`)
  }
  const { sent, judged } = await load.end()
  t.comment(`${kills} kills (${[...counts].map(([name, count]) => `${name} ${count}`).join(', ')})`)
  t.comment(`${sent.length} letters answered for, ${judged.size} judged`)

  await until('every letter can be read', async () => {
    const inbox = await bob.api.messages({ folder: 'inbox' })
    const read = new Set(inbox.filter(({ state }) => readable.includes(state)).map(({ id }) => id))
    return sent.every((id) => read.has(id))
  })
  for (const opId of judged.values())
    await until('the verdict is settled', async () => (await bob.api.operation({ opId })).state === 'settled')
  // Whoever was killed before it answered may have sent all the same.
  await until('nothing is on its way', async () =>
    (await alice.api.messages({ folder: 'sent' })).every(({ state }) => state !== 'submitted'),
  )
  const written = (await alice.api.messages({ folder: 'sent' })).filter(({ state }) => state !== 'refused')
  for (const books of await audit(t, network, daemons)) {
    t.strictSame(new Set(books.settled), new Set(written.map(({ id }) => id)), 'just what was written is settled')
    t.ok(
      sent.every((id) => books.settled.includes(id)),
      'and with it all that was answered for',
    )
    const verdicts = new Set([...books.verdicts.keys()].map((name) => name.split(' ')[0]!))
    t.ok(
      [...judged.keys()].every((id) => verdicts.has(id)),
      'and every verdict is there',
    )
  }
}

const height = async ({ api }: Daemon): Promise<string | undefined> =>
  (await api.status().catch(() => undefined))?.height

/** The most letters that wait to be settled: several batches of them. */
const waitingMax = 20

/** One person writes and the other judges, until it ends. Whoever is down, or says no, is asked again. */
async function beginLoad(writer: Daemon, reader: Daemon) {
  const [own] = await reader.api.pseudonyms()
  const sent: string[] = []
  const judged = new Map<string, string>()
  let isOver = false
  const keepOn = async (deed: () => Promise<unknown>): Promise<void> => {
    while (!isOver) await until('it can be done', async () => isOver || (await deed()))
  }
  const writing = keepOn(async () => {
    const { pendingOps } = await writer.api.status()
    return pendingOps < waitingMax && sent.push(await post(writer, own!.address))
  })
  const judging = keepOn(async () => {
    const inbox = await reader.api.messages({ folder: 'inbox' })
    const unread = inbox.find(({ id, state }) => state === 'released' && !judged.has(id))
    return unread && judged.set(unread.id, (await reader.api.ack({ id: unread.id, verdict: 'value' })).opId)
  })
  await until('letters come and are judged', () => sent.length > 0 && judged.size > 0)
  return {
    deeds: (): number => sent.length + judged.size,
    async end() {
      isOver = true
      await Promise.all([writing, judging])
      return { sent, judged }
    },
  }
}
