/**
 * What peers see of the shards that a person's daemon follows says nothing about its owner's names: in a network of few
 * shards it is the same of everybody, by topics as by what is served; where there are more, those that are drawn stay.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { test } from 'tap'
import { createFollowed } from '../../../node/peers/followed.ts'
import { createWays } from '../../../node/peers/ways.ts'
import { seededRandom } from '../../../node/simulated/seeded-random.ts'
import { ShardRequest, Stored, shardOf, streamsOf } from '../../../protocol/gossip.ts'
import { drawing } from '../../kit/drawing.ts'
import { createWorld } from '../../kit/simulation.ts'
import { featuresOf } from '../../observers/evidence.ts'
import { judge } from '../../observers/judge.ts'
import { sightsOfHomes } from '../../observers/sights.ts'
import '../../kit/patience.ts'

const people = ['ada', 'bob', 'cyd']

test('followed: of all daemons peers see the same topics, and are served the same', async (t) => {
  const topics = new Map<string, Set<string>>()
  const world = await createWorld('followed', {
    relays: 2,
    keepers: 2,
    threshold: 2,
    people,
    pseudonyms: 1,
    networkOf: (name, { network }) => ({
      ...network,
      subscribe(topic, validate, isHeard) {
        topics.set(name, (topics.get(name) ?? new Set()).add(topic))
        network.subscribe(topic, validate, isHeard)
      },
    }),
  })
  await world.pass(30_000)
  const own = (name: string) => world.at(name).wallet!.own[0]!.text
  const raw = Buffer.from('Subject: a letter\r\n\r\nwords\r\n').toString('base64')
  for (const [at, name] of people.entries())
    await world.at(name).mailbox!.send({ from: own(name), to: [own(people[(at + 1) % people.length]!)], raw })
  await world.pass(30_000)

  const { node } = world.at('relay1')
  const { rules, network } = node.context
  const { mailShards } = rules
  const shards = people.map((name) => shardOf(world.at(name).wallet!.own[0]!.address, mailShards))
  t.ok(new Set(shards).size > 1, 'names are in several shards')
  /** What the daemons serve of a shard, asked for as any peer can. */
  const served = async (peer: string, shard: number): Promise<string[]> => {
    const request = ShardRequest.encode({ shard, from: 0n })
    const ids: string[] = []
    for await (const frame of node.seams.network.request(peer, streamsOf(network).shard, request, { timeoutMs: 9_000 }))
      ids.push(bytesToHex(Stored.decode(frame).message))
    return ids.sort()
  }
  let count = 0
  for (const name of people) {
    t.strictSame([...topics.get(name)!].sort(), [...topics.get('relay1')!].sort(), `${name} takes part in all`)
    for (let shard = 0; shard < mailShards; shard++) {
      const expected = await served('host', shard)
      count += expected.length
      t.strictSame(await served(name, shard), expected, `${name}, shard ${shard}`)
    }
  }
  t.equal(count, people.length * people.length, 'every letter was there to be seen')
  t.end()
})

test('followed: what is drawn stays, whatever names come, and is another for each daemon', (t) => {
  const random = seededRandom(new Uint8Array(32), 'followed')
  const { number } = drawing(random)
  const seen = new Set<string>()
  for (let round = 0; round < 200; round++) {
    const shards = number(1, 64)
    const own: Uint8Array[] = []
    const followed = createFollowed({ key: random(32), shards, own: () => own })
    const drawn = followed()
    t.equal(new Set(drawn).size, Math.min(shards, 4))
    if (shards > 16) seen.add(drawn.join())
    for (let names = 0; names < 3; names++) {
      own.push(random(20))
      const now = new Set(followed())
      t.ok([...drawn, ...own.map((address) => shardOf(address, shards))].every((shard) => now.has(shard)))
      t.ok(now.size <= drawn.length + own.length && (shards > 4 || now.size === drawn.length))
    }
  }
  t.ok(seen.size > 100, 'no two draw alike')
  t.end()
})

test('followed: what topics tell a relay that is the way of some names', (t) => {
  const random = seededRandom(new Uint8Array(32), 'topics')
  const relays = ['one', 'two', 'three', 'four', 'five']
  /** How well a relay tells which of 40 people’s names are of one, by topics and by what it was given. */
  function told(shards: number, isOwnAlone: boolean): number {
    const homes = new Map<string, Set<string>>()
    const names = Array.from({ length: 40 }, (_, person) => {
      const own = [random(20), random(20), random(20)]
      const key = random(32)
      const ofOwn = own.map((address) => shardOf(address, shards))
      const followed = isOwnAlone ? ofOwn : createFollowed({ key, shards, own: () => own })()
      homes.set(`person ${person}`, new Set(followed.map(String)))
      const ways = createWays({ key, network: { peers: () => relays } })
      return own.map((address, at) => {
        const isWay = ways.first(bytesToHex(address)) === relays[0]
        return { owner: `person ${person}`, topic: `${ofOwn[at]}`, isWay }
      })
    }).flat()
    const given = { kind: 'asked give .op.account', frame: 0, timeMs: 0, fields: [] }
    const seen = names.flatMap(({ owner, isWay }, pseudonym) => (isWay ? [{ ...given, pseudonym, by: owner }] : []))
    const sights = sightsOfHomes(homes, { topicOf: names.map(({ topic }) => topic), seen })
    const owners = names.map(({ owner }) => owner)
    return judge(featuresOf(sights, owners.length), owners, random).advantage
  }
  for (const shards of [4, 8, 16, 64]) {
    const [own, now] = [told(shards, true), told(shards, false)]
    t.comment(`${shards} shards: ${own.toFixed(2)} by those of one’s own names, ${now.toFixed(2)} as they are followed`)
    t.ok(shards < 16 || own > 0.3, 'the old way is found')
    t.ok(now < own, 'what is followed tells less')
    t.ok(shards > 4 || now < 0.25, 'among four it tells the ways alone')
  }
  t.end()
})
