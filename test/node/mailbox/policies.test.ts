/** What strangers must bring, as its owner sees it: what is more than before is shown from when it is settled, with its time. */
import { test } from 'tap'
import { createDevices } from '../../kit/devices.ts'
import { honestProofs } from '../../kit/honest-proofs.ts'

test('a higher demand is shown beside the one that holds, until its time comes', async (t) => {
  const batchIntervalMs = 500
  const world = await createDevices(t, {
    people: ['ada'],
    funds: 1_000_000n,
    changes: { batchIntervalMs },
    proofs: honestProofs,
  })
  const { node, mailbox } = await world.start('host', { of: 'ada' })
  const own = async () => (await mailbox.pseudonyms())[0]!
  await world.until('it is registered', async () => (await own()).registered)
  t.same((await own()).policy, { leastFee: '0', leastTier: 0, next: null })

  const { address } = await own()
  await mailbox.policy({ address, leastFee: '5000', leastTier: 2 })
  await world.until('it is settled', async () => (await own()).policy.next !== null)
  const { next, ...now } = (await own()).policy
  t.same(now, { leastFee: '0', leastTier: 0 })
  const settled = Number(node.replica.head.sealed.header.time)
  t.match(next, { leastFee: '5000', leastTier: 2 })
  t.equal(next!.from, settled + node.context.rules.expiryMaxMs)
  await world.pass(node.context.rules.expiryMaxMs + batchIntervalMs)
  t.same((await own()).policy, { leastFee: '5000', leastTier: 2, next: null })
})
