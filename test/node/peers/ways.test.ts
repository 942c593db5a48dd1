// Slow: it plays the days of whole daemons through, several times over.
/**
 * What starts at a person's daemon goes by the way of its pseudonym, at a moment of its own: every frame that reaches any
 * peer is written down, and no peer is shown two pseudonyms of one daemon more often than chance has it. Each thing that was
 * once done otherwise is done so again beside the code of today, and the same test finds it.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { test } from 'tap'
import { createWays } from '../../../node/peers/ways.ts'
import type { Network } from '../../../node/seams.ts'
import { seededRandom } from '../../../node/simulated/seeded-random.ts'
import { ShardRequest, shardOf, streamsOf } from '../../../protocol/gossip.ts'
import { drawing } from '../../kit/drawing.ts'
import { type Kind, pairsIn, type Shown, shownIn } from '../../kit/shown.ts'
import { type Alive, createWorld, type Plan, type World } from '../../kit/simulation.ts'
import { plants as leaks, type Plant as Leak } from '../../observers/plants.ts'
import { type Recording, tapped } from '../../observers/tap.ts'
import type { Device } from '../../observers/world.ts'
import '../../kit/patience.ts'

const relays = ['relay1', 'relay2', 'relay3', 'relay4']
const people = ['ada', 'bob', 'cyd', 'dan', 'eve']
const epochMs = 60_000
const epochs = Number(process.env.EPOCHS ?? 6)
const startMs = 1_800_000_000_000

/** What a daemon does besides, or has instead of its network. */
type Plant = {
  readonly begin?: (device: Alive) => unknown
  readonly networkOf?: (network: Network, now: () => number) => Network
}

/** What is given to a peer is given to all; of retries, only what was given before. */
const givesAll =
  (isOnly: 'first' | 'again') =>
  (network: Network, now: () => number): Network => {
    const given = new Map<string, number>()
    return {
      ...network,
      async *request(peer, protocol, request, options) {
        const first = given.get(bytesToHex(request)) ?? now()
        given.set(bytesToHex(request), first)
        const isAgain = first < now()
        if (protocol.startsWith('give') && isAgain === (isOnly === 'again'))
          for (const other of network.peers())
            if (other !== peer) await drained(network.request(other, protocol, request, options))
        yield* network.request(peer, protocol, request, options)
      },
    }
  }

/** The shards of all pseudonyms were asked of one peer after the other, in one moment. */
function pullsTogether({ node, wallet }: Alive): void {
  const { clock, network } = node.seams
  const { shard: protocol } = streamsOf(node.context.network)
  clock.every(2_000, async () => {
    if ((await node.envelopes.missing(1)).length === 0) return
    for (const peer of network.peers())
      for (const { address } of wallet!.own) {
        const shard = shardOf(address, node.context.rules.mailShards)
        await drained(network.request(peer, protocol, ShardRequest.encode({ shard, from: 0n }), { timeoutMs: 1_000 }))
      }
  })
}

async function drained(frames: AsyncIterable<unknown>): Promise<void> {
  try {
    for await (const _ of frames);
  } catch {
    // It went.
  }
}

/** A leak of the observers' tests. */
const leaking = ({ begin }: Leak): Plant => ({ begin: (device) => begin?.(device as unknown as Device) })

/** The old way of each kind, as it once was. */
const oldWays: Readonly<Record<Kind, Plant>> = {
  ops: { networkOf: givesAll('first') },
  registrations: leaking(leaks.registersAtOnce),
  retries: { networkOf: givesAll('again') },
  promises: leaking(leaks.asksForAllPromises),
  'lock keys': leaking(leaks.releasesOwnAtOnce),
  envelopes: {},
  shards: { begin: pullsTogether },
}

/** Days of people with three pseudonyms each; `live` is what happens in an epoch. */
async function days(
  seed: string,
  { plant, network }: { readonly plant: Plant; readonly network?: Plan['network'] },
  live: (world: World, drawn: ReturnType<typeof drawing>, start: (name: string) => Promise<void>) => Promise<void>,
): Promise<Shown[]> {
  const recordings = new Map<string, Recording>(relays.map((name) => [name, { frames: [], comings: [] }]))
  const world = await createWorld(seed, {
    relays: relays.length,
    keepers: 2,
    threshold: 2,
    people,
    pseudonyms: 3,
    relaysKnown: relays.length,
    changes: { epochMs: BigInt(epochMs) },
    ...(network && { network }),
    networkOf(name, { network: own, clock }) {
      const recording = recordings.get(name)
      if (recording) return tapped(own, { now: clock.monotonic }, recording)
      return people.includes(name) ? (plant.networkOf?.(own, clock.monotonic) ?? own) : own
    },
  })
  const begin = (name: string) => plant.begin?.(world.at(name))
  for (const name of people) await begin(name)
  const owners = new Map(
    people.flatMap((name) => world.at(name).wallet!.own.map(({ address }) => [bytesToHex(address), name] as const)),
  )
  // Locks are not opened by keepers, so senders have to.
  world.crash('keeper2')
  const drawn = drawing(seededRandom(new Uint8Array(32), seed))
  for (let epoch = 1; epoch <= epochs; epoch++) {
    await world.pass(startMs + epoch * epochMs + 4_000 - world.simulation.now())
    await live(world, drawn, async (name) => {
      await world.start(name)
      await begin(name)
    })
  }
  await world.pass(startMs + (epochs + 1) * epochMs - world.simulation.now())
  const { store, context } = world.at('host').node
  const ops: Uint8Array[] = []
  for await (const batch of store.batches(1n)) ops.push(...batch.ops)
  return shownIn({ network: context.network, recordings, owners, ops })
}

/** A letter under each pseudonym of somebody. */
async function writeUnderAll(world: World, name: string, { pick, number }: ReturnType<typeof drawing>): Promise<void> {
  const { wallet, mailbox } = world.at(name)
  const others = people.filter((other) => other !== name && world.isUp(other))
  for (const { text } of wallet!.own) {
    const to = [pick(world.at(pick(others)).wallet!.own).text]
    const raw = Buffer.from(`Subject: a letter\r\n\r\n${'x'.repeat(number(10, 500))}\r\n`).toString('base64')
    await mailbox!.send({ from: text, to, raw })
  }
}

/** The host is away for a while, one person is, and one stops right after writing where nobody heard it. */
const usual = (plant: Plant) => (seed: string) =>
  days(seed, { plant }, async (world, drawn, start) => {
    const [away, cut] = [drawn.pick(people), drawn.pick(people)]
    world.crash(away)
    world.simulation.cut(['host'])
    for (const name of people) if (world.isUp(name)) await writeUnderAll(world, name, drawn)
    await world.pass(7_000)
    world.simulation.heal()
    await world.pass(8_000)
    await start(away)
    if (away === cut) return
    world.simulation.cut([cut])
    await writeUnderAll(world, cut, drawn)
    await world.pass(300)
    world.crash(cut)
    world.simulation.heal()
    await world.pass(500)
    await start(cut)
  })

/** Most gossip is lost, so that what a peer took is not heard of again. */
const losing = (plant: Plant) => (seed: string) =>
  days(seed, { plant, network: { lossBasisPoints: 9_000 } }, async (world, drawn) => {
    for (const name of people) await writeUnderAll(world, name, drawn)
  })

/** By chance two pseudonyms have one way of as many as there are relays. */
const chance = 1 / relays.length
/** The most of some pairs that share a peer by chance; the limit is passed once in 30,000 times. */
const mostShared = (pairs: number): number => pairs * chance + 4 * Math.sqrt(pairs * chance * (1 - chance))
/** Of moments drawn from seconds, a few come together by chance. */
const mostTogether = 0.25

const epochOf = (timeMs: number): number => Math.floor((timeMs - startMs) / epochMs)

/** What is wrong with how often pairs were shown to one peer, or at one moment; what a person begins has their own moment. */
function faults(shown: readonly Shown[], kind: Kind): string[] {
  const { pairs, shared, together } = pairsIn(shown, kind, epochOf)
  return [
    ...(shared > mostShared(pairs) ? [`${kind}: ${shared} of ${pairs} pairs shown to one peer`] : []),
    ...(kind !== 'ops' && together > Math.max(3, mostTogether * pairs)
      ? [`${kind}: ${together} of ${pairs} pairs at one moment`]
      : []),
  ]
}

const seen = (shown: readonly Shown[], kind: Kind): string => {
  const { pairs, shared, together } = pairsIn(shown, kind, epochOf)
  return `${kind}: ${pairs} pairs, ${shared} shown to one peer, ${together} at one moment`
}

const inUse = ['ops', 'registrations', 'promises', 'lock keys', 'shards'] as const

test('ways: no peer is shown two pseudonyms of a daemon more often than chance has it', async (t) => {
  const shown = await usual({})('ways')
  for (const kind of inUse) {
    t.comment(seen(shown, kind))
    t.ok(pairsIn(shown, kind, epochOf).pairs >= 10, `${kind} were seen`)
    t.strictSame(faults(shown, kind), [])
  }
  t.comment(seen(shown, 'envelopes'))
  t.strictSame(faults(shown, 'envelopes'), [])
})

test('ways: nor where an op got lost on its way', async (t) => {
  const shown = await losing({})('ways, losses')
  t.comment(seen(shown, 'retries'))
  t.ok(pairsIn(shown, 'retries', epochOf).pairs >= 10, 'ops were tried again')
  t.strictSame(faults(shown, 'retries'), [])
})

for (const kind of inUse)
  test(`ways: ${kind} in the old way are found`, async (t) => {
    const shown = await usual(oldWays[kind])(`ways, ${kind}`)
    t.comment(seen(shown, kind))
    t.not(faults(shown, kind).length, 0)
  })

test('ways: retries in the old way are found', async (t) => {
  const shown = await losing(oldWays.retries)('ways, losses of old')
  t.comment(seen(shown, 'retries'))
  t.not(faults(shown, 'retries').length, 0)
})

test('ways: a peer that comes or goes moves nothing but its own share, and each key has other ways', (t) => {
  const lanes = Array.from({ length: 400 }, (_, at) => `lane ${at}`)
  const waysOf = (key: number, peers: readonly string[], epoch = 1) => {
    const replica = { head: { sealed: { header: { epoch } } } } as never
    const ways = createWays({ key: new Uint8Array(32).fill(key), replica, network: { peers: () => peers } })
    return lanes.map((lane) => ways.first(lane))
  }
  const all = waysOf(1, relays)
  for (const relay of relays) t.ok(Math.abs(all.filter((way) => way === relay).length - 100) < 40, relay)
  const without = waysOf(1, relays.slice(1))
  t.ok(all.every((way, at) => way === 'relay1' || way === without[at]))
  for (const other of [waysOf(2, relays), waysOf(1, relays, 2)]) {
    const same = all.filter((way, at) => way === other[at]).length
    t.ok(Math.abs(same - 100) < 40, `${same} of 400 are as before`)
  }
  t.strictSame(
    waysOf(1, []),
    lanes.map(() => undefined),
  )
  t.end()
})
