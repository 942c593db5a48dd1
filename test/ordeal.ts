/**
 * What a simulated network goes through, by a seed: partitions, crashes, a host that is away, a stranger who lies; while
 * its people go on. And what has to be there afterwards, however it was.
 */
import { createHash } from 'node:crypto'
import { bytesToHex } from '@noble/hashes/utils.js'
import { seededRandom } from '../node/seeded-random.ts'
import { equalBytes } from '../protocol/codec.ts'
import { Outcome } from '../protocol/batch.ts'
import { SignedOp } from '../protocol/wire.ts'
import { type Book, createDeeds, drawing, type Fate, markOf } from './deeds.ts'
import { createBraggart, createMallory } from './mallory.ts'
import { headOf, personOf, type World } from './simulation.ts'

/** How likely each is in a turn, in percent. */
export type Chances = {
  readonly cut: number
  readonly heal: number
  readonly crash: number
  /** In the middle of something, at a write to disk. */
  readonly crashInside: number
  readonly hostAway: number
  readonly mallory: number
}

/** Go through so many turns of one to three seconds; says what was done. Throws what no node may do. */
export async function undergo(
  world: World,
  seed: string,
  { turns, chances }: { turns: number; chances: Chances },
): Promise<Book> {
  const { simulation, file, names } = world
  const key = createHash('sha256').update(`ordeal ${seed}`).digest()
  const { number, pick, percent } = drawing(seededRandom(key, 'faults'))
  const deeds = createDeeds(world, seededRandom(key, 'deeds'))
  const { lines } = deeds.book
  const note = (line: string) => void lines.push(`${simulation.now() % 1e8} ${line}`)
  const { context } = world.at('host').node
  const mallory = createMallory({
    ...simulation.join('mallory'),
    id: context.network,
    shards: file.rules.mailShards,
  })
  createBraggart(simulation.join('braggart'))
  /** Who is down, and until when. */
  const away = new Map<string, number>()
  let isCut = false

  function goAway(name: string, ms: number): void {
    away.set(name, simulation.now() + ms)
    note(`${name} is away for ${ms} ms`)
  }

  for (let turn = 0; turn < turns; turn++) {
    for (const name of names.filter((name) => !world.isUp(name))) {
      if (!away.has(name)) goAway(name, number(500, 8_000))
      if (away.get(name)! > simulation.now()) continue
      away.delete(name)
      await world.start(name)
      note(`${name} is back`)
    }
    const up = names.filter((name) => name !== 'host' && world.isUp(name))
    if (isCut ? percent(chances.heal) : percent(chances.cut)) {
      isCut = !isCut
      const side = names.filter(() => percent(40))
      if (isCut) simulation.cut(side)
      else simulation.heal()
      note(isCut ? `${side} are cut off` : 'the network is whole')
    }
    if (percent(chances.crash)) {
      const name = pick(up)
      world.crash(name)
      goAway(name, number(100, 12_000))
    }
    if (percent(chances.crashInside)) {
      const name = pick([...up, ...(world.isUp('host') ? ['host'] : [])])
      world.crashAfter(name, number(0, 5))
    }
    if (world.isUp('host') && percent(chances.hostAway)) {
      world.crash('host')
      goAway('host', number(2_000, 45_000))
    }
    if (percent(chances.mallory)) {
      const trick = pick(mallory.tricks)
      note(`mallory tries ${trick}: ${(await mallory.play(trick)) ? 'done' : 'with nothing'}`)
    }
    for (let more = number(0, 2); more > 0; more--) await deeds.next()
    await world.pass(number(1_000, 3_000))
  }
  simulation.heal()
  for (const name of names) {
    if (!world.isUp(name)) await world.start(name)
    world.crashAfter(name, Number.POSITIVE_INFINITY)
  }
  note('the network is whole, and everybody is up')
  return deeds.book
}

/** Let it come to rest: everybody has everything, and everything has happened. Says what is still missing after `limitMs`. */
export async function rest(world: World, book: Book, limitMs: number): Promise<string[]> {
  const isQuiet = async () => {
    const nodes = world.names.map(world.at)
    if (new Set(nodes.map(headOf)).size > 1 || nodes.some(({ node }) => node.pending.size > 0)) return false
    return (await shortfalls(world, book)).length === 0
  }
  await world.until('everything is settled and read', isQuiet, limitMs).catch(() => undefined)
  return shortfalls(world, book)
}

/** Everything that should have happened and has not, or has happened and should not have. */
export async function shortfalls(world: World, book: Book): Promise<string[]> {
  const faults: string[] = []
  const log = await readLog(world)
  const count = (what: string, times: number, fate: Fate) => {
    const isWell = fate === 'once' ? times === 1 : fate === 'never' ? times === 0 : times <= 1
    if (!isWell) faults.push(`${what}: settled ${times} times, and should be ${fate}`)
  }
  for (const { id, fate, from } of book.sendings) count(`message ${id} of ${from}`, log.messages.get(id) ?? 0, fate)
  for (const [mark, fate] of book.marks) count(mark, log.marks.get(mark) ?? 0, fate)
  const known = new Set(book.sendings.map(({ id }) => id))
  for (const id of log.messages.keys()) if (!known.has(id)) log.unknown.push(id)
  for (const mark of log.marks.keys()) if (!book.marks.has(mark)) log.unknown.push(mark)
  faults.push(...log.unknown.map((what) => `${what} was settled, and nobody asked for it`))
  for (const sending of book.sendings) faults.push(...(await unread(world, sending, log.messages.has(sending.id))))
  for (const { message, by, verdict, fate } of book.verdicts) {
    const key = Buffer.from(message, 'hex')
    const view = await world.at('host').node.replica.view([{ table: 'messages', key }])
    const recipients = view.read('messages', key)?.recipients ?? []
    const given = recipients.find(({ address }) => equalBytes(address, world.addressOf(by)))?.verdict
    if (given !== verdict && (fate === 'once' || given))
      faults.push(`${by} said ${verdict} of ${message}, not ${given}`)
  }
  for (const name of world.names) faults.push(...(await unfinished(world, name)))
  return faults
}

/** How often each message and each marked op was settled, by the host's log. */
async function readLog(world: World) {
  const { store } = world.at('host').node
  const messages = new Map<string, number>()
  const marks = new Map<string, number>()
  const unknown: string[] = []
  for await (const { sealed, ops } of store.batches(1n)) {
    const outcomes = (await store.outcomes(sealed.header.height))!
    for (const [index, bytes] of ops.entries()) {
      const { result } = Outcome.decode(outcomes[index]!)
      const { op } = SignedOp.decode(bytes)
      if (result.TAG !== 'settled') continue
      const mark = markOf(op.account, op.action)
      if (mark) marks.set(mark, (marks.get(mark) ?? 0) + 1)
      const message = result.data.sent && bytesToHex(result.data.sent.message)
      if (message) messages.set(message, (messages.get(message) ?? 0) + 1)
    }
  }
  return { messages, marks, unknown }
}

const readable = ['released', 'opened', 'acknowledged']

/** Whoever cannot read a message that was settled, or has to hear that it was not. */
async function unread(
  world: World,
  { id, from, to, raw }: Book['sendings'][number],
  isSettled: boolean,
): Promise<string[]> {
  const faults: string[] = []
  for (const device of world.devices) {
    const folder = personOf(device) === personOf(from) ? 'sent' : to.includes(personOf(device)) ? 'inbox' : undefined
    if (!folder) continue
    const letter = (await world.at(device).mailbox!.messages({ folder })).find((letter) => letter.id === id)
    if (!isSettled) {
      if (letter && (folder === 'inbox' || letter.state !== 'refused'))
        faults.push(`${device} has ${id} as ${letter.state}, and it is not settled`)
    } else if (!letter || !readable.includes(letter.state)) {
      faults.push(`${device} has ${id} as ${letter?.state}: ${letter?.note}`)
    } else {
      const content = await world.at(device).mailbox!.message({ id })
      // Only a person's second device may show it opened by the first; what it says is the same.
      if (!content.raw || !Buffer.from(content.raw, 'base64').equals(raw))
        faults.push(`${device} reads something else than ${from} wrote in ${id}`)
    }
  }
  return faults
}

/** What a node still waits for. */
async function unfinished(world: World, name: string): Promise<string[]> {
  const { node } = world.at(name)
  const faults: string[] = []
  const need = (what: string, times: number) => times > 0 && faults.push(`${name} has ${times} ${what}`)
  need('ops that wait', node.pending.size)
  need('envelopes missing', (await node.envelopes.missing(10)).length)
  need('locks closed', (await node.releases.closed(10)).length)
  if (!node.synced()) faults.push(`${name} takes itself to be behind`)
  return faults
}
