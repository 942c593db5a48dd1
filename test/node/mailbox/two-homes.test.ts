/**
 * Two homes with one keystore that run at once and send at the same moments, under the settings of a testnet: every payment
 * and letter goes through, each once, though each home takes nonces from the other and makes its letters dearer.
 */
import { randomBytes } from 'node:crypto'
import { type Test, test } from 'tap'
import { amountText } from '../../../node/amount.ts'
import { costOf } from '../../../protocol/custody.ts'
import { Outcome } from '../../../protocol/batch.ts'
import { moneyOfOp, type Op, SignedOp } from '../../../protocol/wire.ts'
import { createDevices, type Device, type Devices } from '../../kit/devices.ts'
import { honestProofs } from '../../kit/honest-proofs.ts'

const rounds = 6

/** Bob's two homes, and the one that he writes to, which has written to him so often: that pays for letters of an exchange. */
async function homesOf(
  t: Test,
  letters: number,
): Promise<{ world: Devices; host: Device; homes: readonly Device[]; to: string }> {
  const world = await createDevices(t, {
    people: ['ada', 'bob'],
    funds: 100_000_000n,
    changes: {},
    proofs: honestProofs,
  })
  const host = await world.start('host')
  const homes: readonly Device[] = await Promise.all(['home', 'copy'].map((name) => world.start(name, { of: 'bob' })))
  for (const { mailbox } of [host, ...homes])
    await world.until('all are registered', async () => (await mailbox.pseudonyms())[0]!.registered, 120_000)
  const own = (await homes[0]!.mailbox.pseudonyms())[0]!.address
  for (let left = letters; left > 0; left--) await host.mailbox.send({ to: [own], raw: raw(`for ${left} more`) })
  for (const { mailbox } of homes)
    await world.until(
      'they came',
      async () => (await mailbox.messages({ folder: 'inbox' })).length === letters,
      120_000,
    )
  return { world, host, homes, to: (await host.mailbox.pseudonyms())[0]!.address }
}

const raw = (text: string): string => Buffer.from(`Subject: ${text}\r\n\r\n${text}\r\n`).toString('base64')

test('two homes with one keystore', async (t) => {
  const { world, host, homes, to } = await homesOf(t, 3)
  const paid: { readonly from: Device; readonly opId: string; readonly amount: bigint }[] = []
  const letters: { readonly id: string; readonly fee: bigint }[] = []
  let amount = 1n
  for (let round = 0; round < rounds; round++) {
    await Promise.all(
      homes.map(async (from, at) => {
        const own = amount++
        const { opId } = await from.mailbox.transfer({ to, amount: String(own) })
        paid.push({ from, opId, amount: own })
        const sent = await from.mailbox.send({ to: [to], raw: raw(`${round} from ${at}`), refuseAbove: '9000000' })
        letters.push({ id: sent.message.id, fee: BigInt(sent.quote.fee) })
      }),
    )
    await world.pass(round % 2 === 0 ? 0 : 3_000)
  }
  const states = () => Promise.all(paid.map(async ({ from, opId }) => (await from.mailbox.operation({ opId })).state))
  await world.until('all is settled', async () => (await states()).every((state) => state === 'settled'), 300_000)
  const inbox = async () => (await host.mailbox.messages({ folder: 'inbox' })).map(({ id }) => id).sort()
  await world.until('all letters are there', async () => (await inbox()).length >= letters.length, 300_000)
  await world.pass(60_000)
  t.strictSame(await inbox(), letters.map(({ id }) => id).sort(), 'each once')
  const settled = await settledIn(host)
  const transfers = settled.flatMap(({ action }) => (action.TAG === 'transfer' ? [action.data.amount] : []))
  t.strictSame(transfers.sort(), paid.map((one) => one.amount).sort(), 'each payment once')
  const balances = await Promise.all(homes.map(async ({ mailbox }) => (await mailbox.pseudonyms())[0]!.balance))
  t.equal(balances[0], balances[1], 'and both homes know it')
  const seen = await Promise.all(homes.map(async ({ mailbox }) => await mailbox.messages({ folder: 'sent' })))
  t.strictSame(
    seen.map((sent) => sent.map((one) => [one.id, one.amount]).sort()),
    [seen[0], seen[0]].map((sent) => sent!.map((one) => [one.id, one.amount]).sort()),
    'each has what the other sent, for as much',
  )
  const paidFor = new Map(seen[0]!.map((one) => [one.id, BigInt(one.amount)]))
  t.ok(
    letters.some(({ id, fee }) => paidFor.get(id)! > fee),
    'some were dearer in the end than when they were written',
  )
  t.strictSame(
    settled.flatMap((op) => (op.action.TAG === 'send' ? [costOf(moneyOfOp(op)) - 50n] : [])).sort(),
    [...paidFor.values()].sort(),
    'and were paid as they say',
  )
})

test('what was written at a price is not sent dearer, where nobody agreed to that', async (t) => {
  const { world, host, homes, to } = await homesOf(t, 3)
  const sent: { readonly from: Device; readonly id: string; readonly fee: string }[] = []
  for (let round = 0; round < rounds; round++) {
    await Promise.all(
      homes.map(async (from, at) => {
        const { message, quote } = await from.mailbox.send({ to: [to], raw: raw(`${round} from ${at}`) })
        sent.push({ from, id: message.id, fee: quote.fee })
      }),
    )
    await world.pass(3_000)
  }
  const found = () => Promise.all(sent.map(async ({ from, id }) => await from.mailbox.summary({ id })))
  await world.until('all have ended', async () => (await found()).every(({ state }) => state !== 'submitted'), 300_000)
  const ends = (await found()).map((letter, at) => ({ ...letter, fee: sent[at]!.fee }))
  const [refused, paid] = [true, false].map((is) => ends.filter(({ state }) => (state === 'refused') === is)) as [
    typeof ends,
    typeof ends,
  ]
  t.ok(refused.length > 0 && paid.length > 0)
  for (const { note, fee } of refused)
    t.match(
      note,
      new RegExp(
        `costs [\\d.]+ test by now, and may cost no more than ${amountText(fee, host.node.context.rules.coin)}\\.`,
      ),
    )
  for (const { amount, fee } of paid) t.ok(BigInt(amount) <= BigInt(fee), `${amount} was paid of ${fee}`)
  const inbox = (await host.mailbox.messages({ folder: 'inbox' })).map(({ id }) => id)
  t.strictSame(inbox.sort(), paid.map(({ id }) => id).sort(), 'and nothing else came')
})

test('a letter that another home made dearer while it waited is signed anew at once, and not when its time is over', async (t) => {
  const { world, host, homes, to } = await homesOf(t, 1)
  const [home, copy] = homes as [Device, Device]
  const write = (from: Device, text: string) => from.mailbox.send({ to: [to], raw: raw(text), refuseAbove: '9000000' })
  const stateOf = async (from: Device, { message: { id } }: Awaited<ReturnType<typeof write>>) =>
    (await from.mailbox.summary({ id })).state
  const answer = await write(home, 'an answer')
  for (const device of homes)
    await world.until('it is settled', async () => (await stateOf(device, answer)) !== 'submitted')
  world.simulation.cut(['home'])
  const { balance } = (await home.mailbox.pseudonyms())[0]!
  const payment = await home.mailbox.transfer({ to, amount: String(BigInt(balance) - 500n) })
  const behind = await write(home, 'behind a payment')
  // It takes the nonce of the payment, and leaves too little for it; and it makes the letter dearer, whose own nonce is free.
  const first = await write(copy, randomBytes(100_000).toString('base64'))
  await world.until('that one is settled', async () => (await stateOf(copy, first)) !== 'submitted')
  world.simulation.heal()
  const limitMs = host.node.context.rules.expiryMaxMs / 4
  await world.until('the other is, too', async () => (await stateOf(home, behind)) !== 'submitted', limitMs)
  await world.until('both are there', async () => (await host.mailbox.messages({ folder: 'inbox' })).length === 3)
  t.match(await home.mailbox.operation(payment), { state: 'refused', note: /reserve of this address/ })
  const sends = (await settledIn(host)).filter(({ action }) => action.TAG === 'send')
  const [before, behindIt] = sends.slice(-2)
  t.equal(behindIt!.nonce, before!.nonce + 1n, 'under the nonce that it had')
  const { amount } = await home.mailbox.summary({ id: behind.message.id })
  t.ok(BigInt(amount) > BigInt(behind.quote.fee), `for ${amount}, and not the ${behind.quote.fee} that were too little`)
})

/** The ops of others that batches settled, by one device. */
async function settledIn({ node: { store }, wallet }: Device): Promise<Op[]> {
  const settled: Op[] = []
  for await (const { sealed, ops } of store.batches(1n)) {
    const outcomes = (await store.outcomes(sealed.header.height))!
    for (const [at, bytes] of ops.entries())
      if (Outcome.decode(outcomes[at]!).result.TAG === 'settled') settled.push(SignedOp.decode(bytes).op)
  }
  return settled.filter(({ account }) => !wallet.find(account))
}
