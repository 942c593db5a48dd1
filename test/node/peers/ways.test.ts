// Slow: it plays the days of whole daemons through, several times over.
/**
 * What starts at a person's daemon goes by the way of its pseudonym, at a moment of its own: every frame that reaches any
 * peer is written down, and no peer is shown two pseudonyms of one daemon more often than chance has it. Each thing that was
 * once done otherwise is done so again beside the code of today, and the same test finds it.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { test } from 'tap'
import { createWays } from '../../../node/peers/ways.ts'
import type { Mailbox } from '../../../node/daemon/mailbox.ts'
import type { Handler, Network } from '../../../node/seams.ts'
import { seededRandom } from '../../../node/simulated/seeded-random.ts'
import { Given, ShardRequest, shardOf, streamsOf, Taken } from '../../../protocol/gossip.ts'
import { drawing } from '../../kit/drawing.ts'
import { type Kind, pairsIn, type Shown, shownIn } from '../../kit/shown.ts'
import { type Alive, createWorld, type World } from '../../kit/simulation.ts'
import { plants as leaks, type Plant as Leak } from '../../observers/plants.ts'
import { type Recording, tapped } from '../../observers/tap.ts'
import type { Device } from '../../observers/world.ts'
import '../../kit/patience.ts'

const relays = ['relay1', 'relay2', 'relay3', 'relay4']
const people = ['ada', 'bob', 'cyd', 'dan', 'eve']
const epochMs = 48_000
const epochs = 3
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
const oldWays = {
  ops: { networkOf: givesAll('first') },
  registrations: leaking(leaks.registersAtOnce),
  retries: { networkOf: givesAll('again') },
  promises: leaking(leaks.asksForAllPromises),
  'lock keys': leaking(leaks.releasesOwnAtOnce),
  shards: { begin: pullsTogether },
} as const satisfies Partial<Record<Kind, Plant>>

/** A relay's network in which each op that is given is lost the first time, though it is said to be taken. */
function losing(network: Network, lost: Set<string>): Network {
  return {
    ...network,
    serve(protocol, handler, serving) {
      const losesFirst: Handler = async function* (request, from) {
        const given = protocol.startsWith('give') ? Given.decode(request).mails.map(bytesToHex) : []
        const isLost = given.some((mail) => !lost.has(mail))
        for (const mail of given) lost.add(mail)
        if (isLost) yield Taken.encode(given.map(() => true))
        else yield* handler(request, from)
      }
      network.serve(protocol, losesFirst, serving)
    },
  }
}

/** What is done beside the code of today, and to relays. */
type Circumstances = { readonly plants: readonly Plant[]; readonly isLosing?: true }

type Live = (
  world: World,
  drawn: ReturnType<typeof drawing>,
  all: { readonly start: (name: string) => Promise<void>; readonly addresses: ReadonlyMap<string, readonly string[]> },
) => Promise<void>

/** Days of people with three pseudonyms each; `live` is what happens in an epoch. */
async function days(seed: string, { plants, isLosing }: Circumstances, live: Live): Promise<Shown[]> {
  const recordings = new Map<string, Recording>(relays.map((name) => [name, { frames: [], comings: [] }]))
  const lost = new Set<string>()
  const world = await createWorld(seed, {
    relays: relays.length,
    keepers: 2,
    threshold: 2,
    people,
    pseudonyms: 3,
    relaysKnown: relays.length,
    changes: { epochMs: BigInt(epochMs) },
    networkOf(name, { network: own, clock }) {
      const recording = recordings.get(name)
      if (!recording && !people.includes(name)) return own
      if (!recording) return plants.reduce((sofar, plant) => plant.networkOf?.(sofar, clock.monotonic) ?? sofar, own)
      const noted = tapped(own, { now: clock.monotonic }, recording)
      return isLosing ? losing(noted, lost) : noted
    },
  })
  const begin = async (name: string): Promise<void> => {
    for (const plant of plants) await plant.begin?.(world.at(name))
  }
  for (const name of people) await begin(name)
  const own = people.map((name) => [name, world.at(name).wallet!.own] as const)
  const owners = new Map(own.flatMap(([name, all]) => all.map(({ address }) => [bytesToHex(address), name])))
  const addresses = new Map(own.map(([name, all]) => [name, all.map(({ text }) => text)]))
  const start = async (name: string): Promise<void> => {
    await world.start(name)
    await begin(name)
  }
  // Locks are not opened by keepers, so senders have to.
  world.crash('keeper2')
  const drawn = drawing(seededRandom(new Uint8Array(32), seed))
  for (let epoch = 1; epoch <= epochs; epoch++) {
    await world.pass(startMs + epoch * epochMs + 4_000 - world.simulation.now())
    await live(world, drawn, { start, addresses })
  }
  await world.pass(startMs + (epochs + 1) * epochMs - world.simulation.now())
  const { store, context } = world.at('host').node
  const ops: Uint8Array[] = []
  for await (const batch of store.batches(1n)) ops.push(...batch.ops)
  return shownIn({ network: context.network, recordings, owners, ops })
}

/** Somebody writes a letter under each pseudonym. */
async function writeUnderAll(
  mailbox: Mailbox,
  { from, to }: { readonly from: readonly string[]; readonly to: () => string },
): Promise<void> {
  const raw = Buffer.from('Subject: a letter\r\n\r\nwords\r\n').toString('base64')
  for (const one of from) await mailbox.send({ from: one, to: [to()], raw })
}

/** The host is away for a while, two people are, and one stops right after writing where nobody heard it. */
const usual: Live = async (world, { pick }, { start, addresses }) => {
  const [first, ...others] = people.map(
    (_, at, all) => all[((at + world.simulation.now() / epochMs) % all.length) | 0]!,
  )
  const [second, last] = others as [string, string]
  const write = (name: string) =>
    writeUnderAll(world.at(name).mailbox!, {
      from: addresses.get(name)!,
      to: () => pick(addresses.get(pick(people.filter((other) => other !== name)))!),
    })
  for (const away of [first!, second]) world.crash(away)
  world.simulation.cut(['host'])
  for (const name of people) if (world.isUp(name)) await write(name)
  await world.pass(7_000)
  world.simulation.heal()
  await world.pass(4_000)
  for (const away of [first!, second]) await start(away)
  world.simulation.cut([last])
  await write(last)
  await world.pass(300)
  world.crash(last)
  world.simulation.heal()
  await world.pass(500)
  await start(last)
}

/** Everybody writes under each pseudonym. */
const writing: Live = async (world, { pick }, { addresses }) => {
  for (const name of people)
    await writeUnderAll(world.at(name).mailbox!, {
      from: addresses.get(name)!,
      to: () => pick(addresses.get(name === 'ada' ? 'bob' : 'ada')!),
    })
}

/** By chance two pseudonyms have one way of as many as there are relays. */
const chance = 1 / relays.length
/**
 * The most of some pairs that share a peer by chance; the limit is passed once in 700 times. Two pseudonyms are a pair in each
 * epoch, and share their way in all of them or in none.
 */
function mostShared(kind: Kind, pairs: number): number {
  const alike = kind === 'registrations' ? 1 : epochs
  return pairs * chance + 3 * Math.sqrt(pairs * alike * chance * (1 - chance))
}
/** Of moments drawn from seconds, a few come together by chance. */
const mostTogether = 0.25

const epochOf = (timeMs: number): number => Math.floor((timeMs - startMs) / epochMs)

/** What is wrong with how often pairs were shown to one peer, or at one moment; what a person begins has their own moment. */
function faults(shown: readonly Shown[], kind: Kind): string[] {
  const { pairs, shared, together } = pairsIn(shown, kind, epochOf)
  return [
    ...(shared > mostShared(kind, pairs) ? [`${kind}: ${shared} of ${pairs} pairs shown to one peer`] : []),
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
  const shown = await days('ways', { plants: [] }, usual)
  for (const kind of [...inUse, 'envelopes'] as const) {
    t.comment(seen(shown, kind))
    if (kind !== 'envelopes') t.ok(pairsIn(shown, kind, epochOf).pairs >= 8, `${kind} were seen`)
    t.strictSame(faults(shown, kind), [])
  }
})

test('ways: each in the old way is found', async (t) => {
  const shown = await days('ways', { plants: inUse.map((kind) => oldWays[kind]) }, usual)
  for (const kind of inUse) {
    t.comment(seen(shown, kind))
    t.not(faults(shown, kind).length, 0, kind)
  }
})

test('ways: an op that got lost goes to the next peer in the order of its pseudonym', async (t) => {
  const shown = await days('ways, losses', { plants: [], isLosing: true }, writing)
  t.comment(seen(shown, 'retries'))
  t.ok(pairsIn(shown, 'retries', epochOf).pairs >= 8, 'ops were tried again')
  t.strictSame(faults(shown, 'retries'), [])
})

test('ways: retries in the old way are found', async (t) => {
  const shown = await days('ways, losses', { plants: [oldWays.retries], isLosing: true }, writing)
  t.comment(seen(shown, 'retries'))
  t.not(faults(shown, 'retries').length, 0)
})

test('ways: a peer that comes or goes moves nothing but its own share, and each key has other ways', (t) => {
  const lanes = Array.from({ length: 400 }, (_, at) => `lane ${at}`)
  const waysOf = (key: number, peers: readonly string[]) => {
    const ways = createWays({ key: new Uint8Array(32).fill(key), network: { peers: () => peers } })
    return lanes.map((lane) => ways.first(lane))
  }
  const all = waysOf(1, relays)
  for (const relay of relays) t.ok(Math.abs(all.filter((way) => way === relay).length - 100) < 40, relay)
  const without = waysOf(1, relays.slice(1))
  t.ok(all.every((way, at) => way === 'relay1' || way === without[at]))
  const other = waysOf(2, relays)
  const same = all.filter((way, at) => way === other[at]).length
  t.ok(Math.abs(same - 100) < 40, `${same} of 400 are as before`)
  t.strictSame(
    waysOf(1, []),
    lanes.map(() => undefined),
  )
  t.end()
})
