/** What a person sends enters the network through one relay, another for each pseudonym; with none that takes it, through all. */
import { hexToBytes } from '@noble/hashes/utils.js'
import { test } from 'tap'
import { encodeAddress } from '../protocol/address.ts'
import { createWorld } from './simulation.ts'

test('entry: one relay hears of an op from its sender, and everybody else from that relay', async (t) => {
  const world = await createWorld('entry', { relays: 3, keepers: 1, threshold: 1, people: ['ada', 'bob'] })
  await world.registered()
  const { mailbox } = world.at('ada')
  const to = encodeAddress(world.addressOf('bob'))
  const relays = ['relay1', 'relay2', 'relay3']
  /** By epoch, of which two may go by. */
  const heard = new Set<string>()
  for (let round = 0; round < 6; round++) {
    const { opId } = await mailbox!.transfer({ to, amount: String(1_000 + round) })
    const holders = (): string[] => relays.filter((relay) => world.at(relay).node.pending.has(hexToBytes(opId)))
    const [first, ...others] = holders()
    t.strictSame(others, [], 'one relay has it, and no other yet')
    t.equal(world.at(first!).node.pending.get(hexToBytes(opId))?.from, 'ada', 'from her')
    heard.add(first!)
    await world.pass(300)
    t.strictSame(holders(), relays, 'and soon all have it')
    await world.until('it is settled', async () => (await mailbox!.operation({ opId })).state === 'settled', 20_000)
  }
  t.ok(heard.size <= 2, 'the same pseudonym goes through the same relay while the epoch lasts')
})

test('entry: what no relay takes from its sender is gossiped, and nobody is told of it while it is quiet', async (t) => {
  const world = await createWorld('entry, cut', { relays: 2, keepers: 1, threshold: 1, people: ['ada', 'bob'] })
  await world.registered()
  const { mailbox, node } = world.at('ada')
  world.simulation.cut(['ada'])
  const { opId } = await mailbox!.transfer({ to: encodeAddress(world.addressOf('bob')), amount: '1234' })
  t.ok(node.pending.get(hexToBytes(opId)), 'it waits where it was made')
  world.simulation.heal()
  await world.until('it is settled', async () => (await mailbox!.operation({ opId })).state === 'settled', 90_000)
})
