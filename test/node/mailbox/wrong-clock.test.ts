/** A person's device whose clock is a day ahead while nobody is there to say so: what it signed by it waits for no such day. */
import { test } from 'tap'
import { presets } from '../../../node/settings/presets.ts'
import { createDevices } from '../../kit/devices.ts'
import { honestProofs } from '../../kit/honest-proofs.ts'

const dayMs = 86_400_000
const epochMs = 60_000
const testnet = presets.testnet!

test('a device whose clock was a day ahead', async (t) => {
  const world = await createDevices(t, {
    people: ['ada', 'bob'],
    funds: 1_000_000n,
    changes: {
      epochMs: BigInt(epochMs),
      expiryMaxMs: 20_000,
      clockSkewMs: 5_000,
      reputation: { ...testnet.reputation, passGraceMs: 10_000 },
      identity: { ...testnet.identity, stamps: [10_000n], checkpoints: 4, verdictDelayMs: 2_000 },
    },
    proofs: honestProofs,
  })
  let aheadMs = 0
  const host = await world.start('host')
  const { mailbox, node } = await world.start('phone', { of: 'bob', aheadMs: () => aheadMs })
  const [own] = await mailbox.pseudonyms()
  await world.until('it is registered', async () => (await mailbox.pseudonyms())[0]!.registered, epochMs)
  await mailbox.buyStamp({ denomination: '10000' })
  const stamp = async () => (await mailbox.stamps())[0]!
  await world.until('a stamp is held', async () => (await stamp()).state === 'held')

  world.simulation.cut(['phone'])
  aheadMs = dayMs
  await world.pass(1_000)
  const to = (await host.mailbox.pseudonyms())[0]!.address
  const paid = [await mailbox.transfer({ to, amount: '7' }), await mailbox.transfer({ to, amount: '8' })]
  await mailbox.redeemStamp({ number: 0, to: own!.address })
  await world.pass(5_000)
  t.equal(node.pending.size, 2, 'they wait')
  const before = BigInt((await host.mailbox.pseudonyms())[0]!.balance)

  aheadMs = 0
  world.simulation.heal()
  const states = async () =>
    (await Promise.all(paid.map(({ opId }) => mailbox.operation({ opId })))).map(({ state }) => state)
  await world.until('they are settled', async () => (await states()).every((state) => state === 'settled'), epochMs)
  await world.until('the stamp is redeemed', async () => (await stamp()).state === 'redeemed', 4 * epochMs)
  await world.pass(epochMs)
  t.equal(BigInt((await host.mailbox.pseudonyms())[0]!.balance), before + 15n, 'each once')
})
