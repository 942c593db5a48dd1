/** What a letter paid that a host let into a batch although it is no mail: whoever got it gives it back, once. */
import { test } from 'tap'
import { type Action, operationOf } from '../../../protocol/operations.ts'
import { SignedPart } from '../../../protocol/money.ts'
import { SignedOp } from '../../../protocol/wire.ts'
import { equalBytes } from '../../../protocol/codec.ts'
import { readLogAgain } from '../../../node/mailbox/cabinet.ts'
import type { Device } from '../../kit/devices.ts'
import { seedOf } from '../../kit/fixtures.ts'
import { balanceOf, ownOf } from '../../kit/meeting.ts'
import { longMs, meetingUnderLaxHost, paying } from '../../kit/undelivered.ts'

/** A letter to somebody under keepers that there are not. */
const letter = (
  by: Device,
  to: Device,
  amount: bigint,
  more: Pick<Parameters<typeof paying>[1], 'after' | 'mail'> = {},
) =>
  paying(by, {
    lines: [{ address: ownOf(to).address, amount, from: 'funds' }],
    action: {
      TAG: 'send',
      data: {
        recipients: [ownOf(to).address],
        envelopeHash: seedOf(`${amount}`),
        sizeClass: 0,
        lifetimeDays: 30,
        keeperSet: 99,
        epochKey: undefined,
        automatic: false,
      },
    },
    ...more,
  })

/** What the log has of payments from one to another. */
async function payments({ node: { store } }: Device, from: Device, to: Device): Promise<bigint[]> {
  const amounts: bigint[] = []
  for await (const { ops } of store.batches(1n))
    for (const bytes of ops) {
      const { part } = SignedPart.decode(bytes)
      if (part.kind !== operationOf({ TAG: 'transfer' } as Action).number) continue
      const { account, lines } = SignedOp.decode(bytes).op
      const [line] = lines
      if (equalBytes(account, ownOf(from).address) && equalBytes(line!.address, ownOf(to).address))
        amounts.push(line!.amount)
    }
  return amounts.sort((a, b) => Number(a - b))
}

test('what undelivered letters paid goes back, out of what they brought, and once over restarts and on a new device', async (t) => {
  const { world, host, ada, bob, entries, fee } = await meetingUnderLaxHost(t)
  const before = [await balanceOf(ada), await balanceOf(bob)] as const
  await entries(
    await letter(ada, bob, 5_000n),
    await letter(ada, bob, 3_000n, { after: 1n, mail: new Uint8Array(7) }),
    await letter(ada, bob, 2n * fee, { after: 2n }),
    await letter(ada, bob, 2n * fee - 1n, { after: 3n }),
  )
  await world.until('what was paid is there', async () => (await balanceOf(bob)) === before[1] + 8_000n + 4n * fee - 1n)
  const given = [fee, 3_000n - fee, 5_000n - fee]
  await world.until('it is given back', async () => (await payments(host, bob, ada)).length === given.length, longMs)
  t.strictSame(await payments(host, bob, ada), given)
  await world.pass(longMs)
  t.strictSame(await payments(host, bob, ada), given, 'once')
  t.equal(await balanceOf(bob), before[1] + 2n * fee - 1n, 'all of it came out of what they brought')
  t.equal(await balanceOf(ada), before[0] - 3n * fee - (2n * fee - 1n))
  t.equal(await bob.mailbox.allowance(), fee, 'it is none of his spending, and his limit does not hold it up')
  t.strictSame(await bob.mailbox.messages({ folder: 'inbox' }), [], 'and nothing of it is a letter')

  world.simulation.crash('bob')
  const restarted = await world.start('bob', { of: 'bob' })
  await world.pass(longMs)
  await restarted.node.store.write([readLogAgain])
  await world.pass(longMs)
  const another = await world.start('bob, with the phrase alone', { of: 'bob' })
  await world.until('it has the log', () => another.node.synced())
  await world.pass(longMs)
  t.strictSame(await payments(host, bob, ada), given, 'no restart gives it back again, nor does another device')
})

test('what is given back is signed once, though the daemon is killed before a batch has it', async (t) => {
  const { world, host, ada, bob, entries, fee } = await meetingUnderLaxHost(t)
  await entries(await letter(ada, bob, 5_000n), await letter(ada, bob, 5_000n, { after: 1n }))
  world.simulation.cut(['ada', 'bob'])
  await world.until('it is signed', () => bob.node.pending.of(ownOf(bob).address).length > 0, longMs)
  world.simulation.crash('bob')
  await world.start('bob', { of: 'bob' })
  await world.pass(longMs)
  world.simulation.heal()
  await world.pass(2 * longMs)
  t.strictSame(await payments(host, bob, ada), [5_000n - fee, 5_000n - fee], 'for each of two that paid alike')
})

test('two devices that were apart give back once between them', async (t) => {
  const { world, host, ada, bob, entries, fee } = await meetingUnderLaxHost(t)
  const other = await world.start('bob, elsewhere', { of: 'bob' })
  const olga = await world.start('olga', { of: 'olga' })
  await world.until('they have the log', () => other.node.synced() && olga.node.synced())
  const amounts = [3_000n, 4_000n, 5_000n, 6_000n]
  const letters = await Promise.all(amounts.map((amount, at) => letter(ada, bob, amount, { after: BigInt(at) })))
  await entries(...letters)
  await world.until('it has what was paid', async () => (await balanceOf(other)) === (await balanceOf(bob)))
  world.simulation.cut(['ada', 'bob, elsewhere'])
  world.simulation.cut(['bob', 'olga'])
  const signed = (by: Device) => by.node.pending.of(ownOf(bob).address).length
  await world.until('both have signed', () => signed(other) > 0 && signed(bob) > 0, longMs)
  await world.pass(longMs)
  world.simulation.heal()
  await world.pass(4 * longMs)
  t.strictSame(
    await payments(host, bob, ada),
    amounts.map((amount) => amount - fee),
  )
})

test('what gives back waits until nothing else of its account does, so that no other device has it under another nonce', async (t) => {
  const { world, host, ada, bob, entries, fee } = await meetingUnderLaxHost(t)
  await entries(await letter(ada, bob, 5_000n))
  world.simulation.cut(['ada', 'bob'])
  await bob.mailbox.policy({ address: ownOf(bob).text, leastFee: '1', leastTier: 0 })
  await world.pass(2 * longMs)
  t.equal(bob.node.pending.count(ownOf(bob).address), 1, 'nothing behind what he signed himself')
  world.simulation.heal()
  await world.until('it is given back', async () => (await payments(host, bob, ada)).length > 0, 2 * longMs)
  t.strictSame(await payments(host, bob, ada), [5_000n - fee])
})

test('what was refused when it was signed again goes back once there is enough for it', async (t) => {
  const { world, host, ada, bob, entries, fee } = await meetingUnderLaxHost(t)
  await entries(await letter(ada, bob, 5_000n))
  world.simulation.cut(['ada', 'bob'])
  await world.until('it is signed', () => bob.node.pending.of(ownOf(bob).address).length > 0, longMs)
  const { address } = ownOf(ada)
  const amount = (await balanceOf(bob)) - fee
  const data = { to: address, amount }
  const lines = [{ address, amount, from: 'funds' }] as const
  t.ok((await host.node.submit(await paying(bob, { action: { TAG: 'transfer', data }, lines, burn: fee }))).ok)
  await world.until('it is settled', async () => (await payments(host, bob, ada)).length === 1)
  world.simulation.heal()
  await world.until('only his reserve is left', async () => (await balanceOf(bob)) === 0n)
  await world.pass(longMs)
  t.strictSame(await payments(host, bob, ada), [amount], 'there is nothing to give it back of')
  await ada.mailbox.transfer({ to: ownOf(bob).text, amount: '5000' })
  await world.until('it is given back', async () => (await payments(host, bob, ada)).length === 2, longMs)
  t.strictSame(await payments(host, bob, ada), [5_000n - fee, amount])
})

test('a payment that was meant as one is kept, though it does not count', async (t) => {
  const { world, host, ada, bob, entries } = await meetingUnderLaxHost(t)
  const { address } = ownOf(bob)
  const expiry = BigInt(ada.node.seams.clock.now() + 2 * ada.node.context.rules.expiryMaxMs)
  const data = { to: address, amount: 5_000n }
  const lines = [{ address, amount: 5_000n, from: 'funds' }] as const
  const before = await balanceOf(bob)
  await entries(await paying(ada, { action: { TAG: 'transfer', data }, lines, expiry }))
  await world.until('it is there', async () => (await balanceOf(bob)) === before + 5_000n)
  await world.pass(longMs)
  t.strictSame(await payments(host, bob, ada), [])
})
