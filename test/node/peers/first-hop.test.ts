/** What a person sends enters the network through one relay, another for each pseudonym; with none that takes it, through all. */
import { hexToBytes } from '@noble/hashes/utils.js'
import { test } from 'tap'
import { createFirstHop } from '../../../node/peers/first-hop.ts'
import { encodeAddress } from '../../../protocol/address.ts'
import { createWorld } from '../../kit/simulation.ts'

test('first hop: one relay hears of an op from its sender, and everybody else from that relay', async (t) => {
  const world = await createWorld('first hop', { relays: 3, keepers: 1, threshold: 1, people: ['ada', 'bob'] })
  await world.registered()
  const { mailbox } = world.at('ada')
  const to = encodeAddress(world.addressOf('bob'))
  const relays = ['relay1', 'relay2', 'relay3']
  /** By epoch, of which two may go by. */
  const heard = new Set<string>()
  for (let round = 0; round < 6; round++) {
    const { opId } = await mailbox!.transfer({ to, amount: String(1_000 + round) })
    await world.pass(0)
    const [first, ...others] = relays.filter((relay) => world.at(relay).node.pending.has(hexToBytes(opId)))
    t.strictSame(others, [], 'one relay has it, and no other yet')
    t.equal(world.at(first!).node.pending.get(hexToBytes(opId))?.from, 'ada', 'from her')
    heard.add(first!)
    const isKnownTo = async (relay: string): Promise<boolean> => {
      const { pending, store } = world.at(relay).node
      return pending.has(hexToBytes(opId)) || (await store.place(hexToBytes(opId))) !== undefined
    }
    await world.pass(300)
    t.strictSame(await Promise.all(relays.map(isKnownTo)), [true, true, true], 'and soon all have it')
    await world.until('it is settled', async () => (await mailbox!.operation({ opId })).state === 'settled', 20_000)
  }
  t.ok(heard.size <= 2, 'the same pseudonym goes through the same relay while the epoch lasts')
})

test('first hop: what no relay takes from its sender is gossiped, and nobody is told of it while it is quiet', async (t) => {
  const world = await createWorld('first hop, cut', { relays: 2, keepers: 1, threshold: 1, people: ['ada', 'bob'] })
  await world.registered()
  const { mailbox, node } = world.at('ada')
  world.simulation.cut(['ada'])
  const { opId } = await mailbox!.transfer({ to: encodeAddress(world.addressOf('bob')), amount: '1234' })
  t.ok(node.pending.get(hexToBytes(opId)), 'it waits where it was made')
  world.simulation.heal()
  await world.until('it is settled', async () => (await mailbox!.operation({ opId })).state === 'settled', 90_000)
})

test('first hop: what can neither be given nor gossiped keeps nothing behind it from the same peer', async (t) => {
  const world = await createWorld('first hop, failing', { relays: 2, keepers: 1, threshold: 1, people: ['ada', 'bob'] })
  await world.registered()
  const { mailbox, node } = world.at('ada')
  world.simulation.cut(['ada'])
  const { opId } = await mailbox!.transfer({ to: encodeAddress(world.addressOf('bob')), amount: '1234' })
  const waiting = node.pending.get(hexToBytes(opId))!
  const tasks: (() => Promise<void>)[] = []
  const asked: number[] = []
  let isBroken = true
  const firstHop = createFirstHop({
    ask: {
      give: async (_peer, mails) => {
        asked.push(mails.length)
        if (isBroken) throw new Error('the stream broke')
        return mails.map(() => true)
      },
    },
    relay: {
      mailOf: node.relay.mailOf,
      publishOp: async () => {
        throw new Error('the network takes nothing')
      },
    },
    replica: node.replica,
    network: { peers: () => ['relay1'] },
    clock: node.seams.clock,
    later: (_what, task) => void tasks.push(() => task().catch(() => undefined)),
  })
  const work = async () => {
    for (let task = tasks.shift(); task; task = tasks.shift()) await task()
  }
  await firstHop.send(waiting)
  await work()
  isBroken = false
  await firstHop.send(waiting)
  await work()
  t.strictSame(asked, [1, 1], 'the peer is asked again')
})
