// Slow: it plays whole networks through.
/**
 * Whole networks from a seed. A seed that fails is replayed by itself, with its story:
 * `SEED=… node test/system/simulation.test.ts`.
 */
import { type Test, test } from 'tap'
import { examine } from '../../node/daemon/doctor.ts'
import { createStore, keyIn } from '../../node/ledger/store.ts'
import { encodeAddress } from '../../protocol/address.ts'
import { encodeRecord, tables } from '../../protocol/state.ts'
import { createMallory } from '../kit/mallory.ts'
import { largePlan, survive } from '../kit/ordeal.ts'
import { shortfalls } from '../kit/shortfalls.ts'
import { createWorld, headOf, type Plan, type World } from '../kit/simulation.ts'

const replayed = process.env.SEED
const seeds = replayed === undefined ? ['one', 'two', 'three', 'four'] : [replayed]
const rest = { skip: replayed !== undefined && 'a seed is replayed' }
const small: Plan = { relays: 2, keepers: 1, threshold: 1, people: ['ada', 'bob'] }
/** No epoch closes by itself, so that no batch is made where nobody wants anything. */
const idle: Plan = { ...small, changes: { epochMs: 604_800_000n } }

const lines: string[] = []
const said = new Map<string, number>()
let sendings = 0

for (const seed of seeds)
  test(`seed ${seed}: whatever happens, nothing is lost, doubled, or another on another node`, async (t) => {
    const { world, book, faults } = await survive(seed, { turns: 20 })
    if (replayed !== undefined) for (const line of book.lines) t.comment(line)
    t.strictSame(faults, [], `nothing is wrong; SEED=${seed} replays it`, { story: book.lines })
    sendings += book.sendings.length
    lines.push(...book.lines)
    for (const [sentence, times] of world.said) said.set(sentence, (said.get(sentence) ?? 0) + times)
  })

test('the seeds go through everything', rest, async (t) => {
  for (const what of [
    /sends letter \d+ to \w+,\w+,\w+/,
    /calls \w+ (value|abstain|spam|abuse)/,
    /transfers/,
    /grants/,
    /policys/,
    /refuses/,
    /has crashed at a write/,
    /are cut off/,
    /host is away/,
    /mallory tries .*: done/,
  ])
    t.ok(
      lines.some((line) => what.test(line)),
      String(what),
    )
  const again = said.get('signed an operation again: its nonce was gone, or its time or its price is another') ?? 0
  t.ok(again > 0, 'some ops were signed again')
  t.ok(sendings > 5 * seeds.length, 'there was mail')
})

test('24 nodes come through', rest, async (t) => {
  const { world, book, faults } = await survive('large', { turns: 15, plan: largePlan })
  t.equal(world.names.length, 24)
  t.strictSame(faults, [], 'nothing is wrong', { story: book.lines })
})

test('one seed is one run, in every delivery and every batch', rest, async (t) => {
  const run = async (seed: string) => {
    const { world, book, faults } = await survive(seed, { turns: 8, plan: small })
    t.strictSame(faults, [])
    return { trace: world.trace(), lines: book.lines }
  }
  const [one, again, other] = [await run('again'), await run('again'), await run('another')]
  t.strictSame(again, one)
  t.not(other.trace, one.trace)
})

test('too few keepers: what is settled stays closed until one returns', rest, async (t) => {
  const world = await begun(t, 'keepers', { ...small, keepers: 3, threshold: 2 })
  const inbox = () => letterOf(world, 'bob', 'inbox')
  world.crash('keeper2')
  world.crash('keeper3')
  await send(world, 'ada', 'bob', 'not before a keeper is back')
  // The sender kept the lock key: with her there, no keeper would be needed.
  await world.simulation.runUntil(() => world.at('host').node.pending.list().length > 0, { limitMs: 10_000 })
  world.crash('ada')
  await world.until('it is settled', async () => (await inbox())?.state === 'settled', 10_000)
  await world.pass(30_000)
  t.match(await inbox(), { state: 'settled', note: /keepers unavailable: 1 of the 2 shares/ })
  t.equal(await readBy(world, 'bob'), undefined)
  await world.start('keeper2')
  await world.until('it is open', async () => (await inbox())?.state === 'released', 20_000)
  t.match(await readBy(world, 'bob'), 'not before a keeper is back')
  await world.start('ada')
  await world.until('ada knows', async () => (await letterOf(world, 'ada', 'sent'))?.state === 'released', 20_000)
  t.strictSame(await world.audit(), [])
})

test('no keeper at all: the sender opens the lock of its own message', rest, async (t) => {
  const world = await begun(t, 'no keeper', small)
  world.crash('keeper1')
  await send(world, 'ada', 'bob', 'opened by its sender')
  await world.until('it is open', async () => (await letterOf(world, 'bob', 'inbox'))?.state === 'released', 20_000)
  t.match(await readBy(world, 'bob'), 'opened by its sender')
})

test('a payment that was settled while its sender was cut off for long is not paid again', rest, async (t) => {
  const world = await begun(t, 'cut off', small)
  const before = await fundsOf(world, 'bob')
  const { opId } = await world.at('ada').mailbox!.transfer({ to: addressText(world, 'bob'), amount: '7000' })
  await world.simulation.runUntil(() => world.at('host').node.pending.size > 0, { limitMs: 10_000 })
  world.simulation.cut(['ada'])
  await world.pass(5_000)
  t.equal((await fundsOf(world, 'bob')) - before, 7_000n, 'it is settled, and ada does not know')
  world.crash('ada')
  await world.start('ada')
  await world.pass(60_000)
  world.simulation.heal()
  await world.pass(60_000)
  t.equal((await fundsOf(world, 'bob')) - before, 7_000n)
  t.match(await world.at('ada').mailbox!.operation({ opId }), { opId, state: 'settled' })
})

test('an op that expired while the host was away is signed again, where nobody else does anything', rest, async (t) => {
  const world = await begun(t, 'idle', idle)
  world.crash('host')
  const { opId } = await world.at('ada').mailbox!.transfer({ to: addressText(world, 'bob'), amount: '7000' })
  await send(world, 'bob', 'ada', 'better late')
  await world.pass(60_000)
  await world.start('host')
  const isDone = async () =>
    (await world.at('ada').mailbox!.operation({ opId })).state === 'settled' &&
    (await letterOf(world, 'ada', 'inbox'))?.state === 'released'
  await world.until('both are settled', isDone, 60_000)
  t.match(await readBy(world, 'ada'), 'better late')
})

test('a second device has what the first sent, and reads what the first acknowledged', rest, async (t) => {
  const world = await begun(t, 'devices', { ...small, people: ['ada', 'ada 2', 'bob'] })
  await send(world, 'ada', 'bob', 'from the first')
  await world.until('it is there', async () => (await letterOf(world, 'ada 2', 'sent'))?.state === 'released', 30_000)
  world.crash('ada 2')
  await send(world, 'bob', 'ada', 'to both')
  await world.until('it is open', async () => (await letterOf(world, 'ada', 'inbox'))?.state === 'released', 20_000)
  const { id } = (await letterOf(world, 'ada', 'inbox'))!
  await world.at('ada').mailbox!.ack({ id, verdict: 'value' })
  await world.pass(5_000)
  await world.start('ada 2')
  await world.until('it can be read', async () => (await readBy(world, 'ada 2')) !== undefined, 20_000)
  t.match(await readBy(world, 'ada 2'), 'to both')
  t.equal((await letterOf(world, 'ada 2', 'inbox'))?.state, 'acknowledged')
})

test('a node whose disk was changed behind its back stands still as soon as it matters', rest, async (t) => {
  const world = await begun(t, 'changed', small)
  await enrich(world, 'relay1', 'bob')
  t.match(await world.audit(), [/^relay1, state: /], 'the books are those of the log, which is whole')
  await world.at('bob').mailbox!.transfer({ to: addressText(world, 'ada'), amount: '1' })
  await world.until('relay1 stands still', () => world.at('relay1').node.replica.halted !== undefined, 10_000)
  await world.pass(2_000)
  const others = world.names.filter((name) => name !== 'relay1')
  t.equal(new Set(others.map((name) => headOf(world.at(name)))).size, 1, 'the others go on')
  t.strictSame(
    others.filter((name) => world.at(name).node.replica.halted),
    [],
  )
  t.match((await world.audit()).join('\n'), /relay1 stands still: The host's batch 2 commits to another state/)

  const { store, context, genesis, seams } = world.at('relay1').node
  const { clock, proofs } = seams
  const { cure } = await examine({ store, context, genesis, clock, proofs, keepsAll: false, progress: () => undefined })
  world.crash('relay1')
  await createStore(world.disks.get('relay1')!).write(cure)
  await world.start('relay1')
  await world.until('it is where the others are', () => agree(world), 20_000)
  t.strictSame(await world.audit(), [], 'and once it is mended, it goes on')
})

test('a host whose disk was changed convinces nobody', rest, async (t) => {
  const world = await begun(t, 'host changed', small)
  const before = await fundsOf(world, 'ada')
  await enrich(world, 'host', 'bob')
  await world.at('bob').mailbox!.transfer({ to: addressText(world, 'ada'), amount: '1' })
  const others = world.names.filter((name) => name !== 'host')
  const isStill = (name: string) => world.at(name).node.replica.halted !== undefined
  await world.until('everybody else stands still', () => others.every(isStill), 10_000)
  t.equal(await fundsOf(world, 'ada'), before)
  t.equal((await world.audit()).filter((fault) => /stands still/.test(fault)).length, others.length)
})

test('a host that comes back with an old disk orders nothing until it has what was ordered since', rest, async (t) => {
  const world = await begun(t, 'old disk', small)
  const { simulation, file, disks } = world
  const disk = disks.get('host')!
  const old = await disk.iterator().all()
  // A stranger who knows how far the network is, and gives nothing of it away.
  const { network: id } = world.at('host').node.context
  createMallory({ ...simulation.join('mallory'), id, shards: file.rules.mailShards })
  for (const amount of ['1', '2', '3']) {
    await world.at('bob').mailbox!.transfer({ to: addressText(world, 'ada'), amount })
    await world.pass(5_000)
  }
  world.crash('host')
  const height = world.at('relay1').node.replica.head.sealed.header.height
  await disk.clear()
  await disk.batch(old.map(([key, value]) => ({ type: 'put', key, value })))
  await world.start('host')
  simulation.cut(world.names.slice(1), ['host'])
  await world.pass(130_000)
  t.ok(world.at('host').node.replica.head.sealed.header.height < height, 'an epoch has closed, and it made no batch')
  simulation.heal()
  await world.at('bob').mailbox!.transfer({ to: addressText(world, 'ada'), amount: '4' })
  const isSettled = () => world.at('relay1').node.replica.head.sealed.header.height > height && agree(world)
  await world.until('everybody goes on', isSettled, 30_000)
  t.strictSame(await world.audit(), [])
})

test('what is missing, and what should not be there, is told', rest, async (t) => {
  const { world, book, faults } = await survive('told', { turns: 6, plan: small })
  t.strictSame(faults, [])
  const sending = book.sendings[0]!
  const other = { ...book, sendings: [...book.sendings.slice(1), { ...sending, id: 'ab'.repeat(32) }] }
  const told = (await shortfalls(world, other)).join('\n')
  t.match(told, /message abab\w+ of \w+: settled 0 times, and should be once/)
  t.match(told, new RegExp(`${sending.id} was settled, and nobody asked for it`))
  const words = { ...book, sendings: [{ ...sending, raw: Buffer.from('other words') }, ...book.sendings.slice(1)] }
  t.match((await shortfalls(world, words)).join('\n'), /reads something else than/)
  const never = { ...book, sendings: [{ ...sending, fate: 'never' as const }, ...book.sendings.slice(1)] }
  t.match((await shortfalls(world, never)).join('\n'), /settled 1 times, and should be never/)
})

const agree = ({ names, at }: World): boolean => new Set(names.map((name) => headOf(at(name)))).size === 1

const addressText = (world: World, device: string) => encodeAddress(world.addressOf(device))

async function begun(t: Test, seed: string, plan: Plan): Promise<World> {
  const world = await createWorld(seed, plan)
  await world.registered()
  // A batch that is on its way has come by then, wherever between two batches that was.
  await world.pass(600)
  t.strictSame(await world.audit(), [], 'it begins well')
  return world
}

async function send(world: World, from: string, to: string, words: string): Promise<void> {
  const raw = Buffer.from(`Subject: a letter\r\n\r\n${words}\r\n`).toString('base64')
  await world.at(from).mailbox!.send({ to: [addressText(world, to)], raw })
}

async function letterOf(world: World, device: string, folder: 'inbox' | 'sent') {
  return (await world.at(device).mailbox!.messages({ folder }))[0]
}

/** What somebody reads in the letter that came; nothing where it is closed. */
async function readBy(world: World, device: string): Promise<string | undefined> {
  const letter = await letterOf(world, device, 'inbox')
  const { raw } = letter ? await world.at(device).mailbox!.message({ id: letter.id }) : { raw: null }
  return raw === null ? undefined : Buffer.from(raw, 'base64').toString()
}

/** By the ledger of a relay. */
async function fundsOf(world: World, device: string): Promise<bigint> {
  const key = world.addressOf(device)
  return (await world.at('relay1').node.replica.view([{ table: 'accounts', key }])).read('accounts', key)!.funds
}

/** Write more money than there is into one node's disk. */
async function enrich(world: World, name: string, device: string): Promise<void> {
  const address = world.addressOf(device)
  const view = await world.at(name).node.replica.view([{ table: 'accounts', key: address }])
  const account = view.read('accounts', address)!
  const key = keyIn('state', Uint8Array.of(tables.accounts.number), address)
  await world.disks.get(name)!.put(key, encodeRecord('accounts', { ...account, funds: account.funds + 1n }))
}
