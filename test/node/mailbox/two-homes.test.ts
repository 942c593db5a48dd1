/** Two homes with one keystore that run at once and send at the same moments: every payment and letter goes through, each once. */
import { test } from 'tap'
import { presets } from '../../../node/settings/presets.ts'
import { Outcome } from '../../../protocol/batch.ts'
import { SignedOp } from '../../../protocol/wire.ts'
import { createDevices, type Device } from '../../kit/devices.ts'
import { rules as plain } from '../../kit/fixtures.ts'
import { honestProofs } from '../../kit/honest-proofs.ts'

const rounds = 6

test('two homes with one keystore', async (t) => {
  const world = await createDevices(t, {
    people: ['ada', 'bob'],
    funds: 100_000_000n,
    changes: {
      expiryMaxMs: 20_000,
      clockSkewMs: 5_000,
      epochMs: 3_600_000n,
      // What one home sends would else make the other's letter dearer than what was signed for it, and it would be refused.
      reputation: plain.reputation,
      correspondence: plain.correspondence,
      identity: { ...presets.testnet!.identity, verdictDelayMs: 2_000 },
    },
    proofs: honestProofs,
  })
  const host = await world.start('host')
  const homes: readonly Device[] = await Promise.all(['home', 'copy'].map((name) => world.start(name, { of: 'bob' })))
  for (const { mailbox } of [host, ...homes])
    await world.until('all are registered', async () => (await mailbox.pseudonyms())[0]!.registered, 120_000)
  const to = (await host.mailbox.pseudonyms())[0]!.address
  const paid: { readonly from: Device; readonly opId: string; readonly amount: bigint }[] = []
  const letters: string[] = []
  let amount = 1n
  for (let round = 0; round < rounds; round++) {
    await Promise.all(
      homes.map(async (from, at) => {
        const own = amount++
        const { opId } = await from.mailbox.transfer({ to, amount: String(own) })
        paid.push({ from, opId, amount: own })
        const raw = Buffer.from(`Subject: ${round}\r\n\r\nfrom ${at}\r\n`).toString('base64')
        letters.push((await from.mailbox.send({ to: [to], raw, refuseAbove: '9000000' })).message.id)
      }),
    )
    await world.pass(round % 2 === 0 ? 0 : 3_000)
  }
  const states = () => Promise.all(paid.map(async ({ from, opId }) => (await from.mailbox.operation({ opId })).state))
  await world.until('all is settled', async () => (await states()).every((state) => state === 'settled'), 300_000)
  const inbox = async () => (await host.mailbox.messages({ folder: 'inbox' })).map(({ id }) => id).sort()
  await world.until('all letters are there', async () => (await inbox()).length >= letters.length, 300_000)
  await world.pass(60_000)
  t.strictSame(await inbox(), letters.toSorted(), 'each once')
  t.strictSame(await settledIn(host), paid.map((one) => one.amount).sort(), 'each payment once')
  const balances = await Promise.all(homes.map(async ({ mailbox }) => (await mailbox.pseudonyms())[0]!.balance))
  t.equal(balances[0], balances[1], 'and both homes know it')
  const seen = await Promise.all(homes.map(async ({ mailbox }) => (await mailbox.messages({ folder: 'sent' })).length))
  t.strictSame(seen, [letters.length, letters.length], 'each has what the other sent')
})

/** The amounts of all payments that batches settled. */
async function settledIn({ node: { store } }: Device): Promise<bigint[]> {
  const amounts: bigint[] = []
  for await (const { sealed, ops } of store.batches(1n)) {
    const outcomes = (await store.outcomes(sealed.header.height))!
    for (const [at, bytes] of ops.entries()) {
      const { action } = SignedOp.decode(bytes).op
      const isSettled = Outcome.decode(outcomes[at]!).result.TAG === 'settled'
      if (isSettled && action.TAG === 'transfer') amounts.push(action.data.amount)
    }
  }
  return amounts.sort()
}
