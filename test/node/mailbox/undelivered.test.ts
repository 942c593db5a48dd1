/** An address that was registered by what paid and did not count: its daemon gives it the key that it lacks, or says what to do. */
import { test } from 'tap'
import { looksOf } from '../../../node/daemon/trouble-looks.ts'
import { readRequest } from '../../../node/mailbox/sponsorship.ts'
import { addressOf } from '../../../protocol/address.ts'
import { longMs, meetingUnderLaxHost, paying } from '../../kit/undelivered.ts'

/** What is watched of a machine, and has no part in this. */
const unwatched = { named: 1, announceWatch: {}, clockWatch: {}, diskWatch: {}, proofWatch: {} }

test('an address that has a signing key alone gets its other key as soon as there are funds for that', async (t) => {
  const { world, ada, bob, entries, fee } = await meetingUnderLaxHost(t)
  const { address: text, request } = await bob.mailbox.createPseudonym({ label: 'work' })
  const { consent, ...keys } = readRequest(request)
  const address = addressOf(keys.signingKey)
  const trouble = looksOf({ ...bob, ...unwatched } as unknown as Parameters<typeof looksOf>[0])['key-missing']
  const sealKey = async () =>
    (await bob.node.replica.view([{ table: 'sealKeys', key: address }])).read('sealKeys', address)?.sealKey
  t.equal(await trouble(), undefined, 'nothing of one that is not registered')

  const sponsorship = { amount: bob.node.context.rules.reserve - 1n, consent }
  const lines = [{ address, amount: sponsorship.amount, from: 'funds' }] as const
  await entries(await paying(ada, { action: { TAG: 'register', data: { ...keys, sponsorship } }, lines }))
  await world.until('it is told', async () => (await trouble()) !== undefined)
  t.match(await trouble(), /nobody can write there.*`bmail transfer`/)
  t.equal(await sealKey(), undefined)

  await ada.mailbox.transfer({ to: text, amount: String(fee + 1n) })
  await world.until('it has the key', async () => (await sealKey()) !== undefined, longMs)
  t.strictSame(await sealKey(), keys.sealKey)
  t.equal(await trouble(), undefined)
})
