/**
 * What a simulated network goes through, by a seed: partitions, crashes, a host that is away, a stranger who lies; while
 * its people go on. And what has to be there afterwards, however it was.
 */
import { createHash } from 'node:crypto'
import { seededRandom } from '../../node/simulated/seeded-random.ts'
import { type Book, createDeeds } from './deeds.ts'
import { drawing } from './drawing.ts'
import { createBraggart, createMallory } from './mallory.ts'
import { shortfalls } from './shortfalls.ts'
import { createWorld, headOf, type Plan, type World } from './simulation.ts'

/** How likely each is in a turn, in percent. */
type Chances = {
  readonly cut: number
  readonly heal: number
  readonly crash: number
  /** In the middle of something, at a write to disk. */
  readonly crashInside: number
  readonly hostAway: number
  readonly mallory: number
}

const chancesUsual: Chances = { cut: 12, heal: 20, crash: 12, crashInside: 15, hostAway: 5, mallory: 40 }
const names = 'ada,ada 2,bob,cyd,dan,eve,fay,gil,hal,ida,jon,kim,lea,max,ned,oda'.split(',')
const restMs = 150_000

/** A small network, drawn by its seed: how many there are of everybody, and how slow and lossy their network is. */
function planOf(seed: string): Plan {
  const { number, pick } = drawing(seededRandom(createHash('sha256').update(seed).digest(), 'plan'))
  const keepers = number(1, 4)
  return {
    relays: number(2, 4),
    keepers,
    threshold: number(1, keepers),
    people: names.slice(0, number(4, 7)),
    network: { delayMs: { least: 5, most: pick([50, 200, 1_500]) }, lossBasisPoints: pick([0, 200, 1_000]) },
  }
}

/** As many as a simulation has to bear. */
export const largePlan: Plan = {
  relays: 4,
  keepers: 3,
  threshold: 2,
  people: names,
  network: { delayMs: { least: 10, most: 200 }, lossBasisPoints: 100 },
}

/** Found a network, put it through its ordeal, and let it rest. `faults` says what is wrong then; nothing should be. */
export async function survive(
  seed: string,
  { turns, plan = planOf(seed) }: { readonly turns: number; readonly plan?: Plan },
): Promise<{ readonly world: World; readonly book: Book; readonly faults: readonly string[] }> {
  try {
    const world = await createWorld(seed, plan)
    await world.registered()
    const book = await undergo(world, seed, { turns, chances: chancesUsual })
    const faults = await rest(world, book, restMs)
    return { world, book, faults: [...faults, ...(await world.audit())] }
  } catch (cause) {
    throw new Error(`Seed ${seed} failed: ${(cause as Error).message}`, { cause })
  }
}

/** Go through so many turns of one to three seconds; says what was done. Throws what no node may do. */
async function undergo(
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
      if (!away.has(name)) {
        note(`${name} has crashed at a write`)
        goAway(name, number(500, 8_000))
      }
      if (away.get(name)! > simulation.now()) continue
      away.delete(name)
      await world.start(name)
      note(`${name} is back`)
    }
    if (isCut ? percent(chances.heal) : percent(chances.cut)) {
      isCut = !isCut
      const side = names.filter(() => percent(40))
      if (isCut) simulation.cut(side)
      else simulation.heal()
      note(isCut ? `${side} are cut off` : 'the network is whole')
    }
    if (percent(chances.crash)) {
      const name = pick(names.filter((name) => name !== 'host' && world.isUp(name)))
      world.crash(name)
      goAway(name, percent(70) ? number(100, 10_000) : number(20_000, 60_000))
    }
    if (percent(chances.crashInside)) {
      const name = pick(names.filter(world.isUp))
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
async function rest(world: World, book: Book, limitMs: number): Promise<string[]> {
  const isQuiet = async () => {
    const nodes = world.names.map(world.at)
    if (new Set(nodes.map(headOf)).size > 1 || nodes.some(({ node }) => node.pending.size > 0)) return false
    return (await shortfalls(world, book)).length === 0
  }
  await world.until('everything is settled and read', isQuiet, limitMs).catch(() => undefined)
  return shortfalls(world, book)
}
