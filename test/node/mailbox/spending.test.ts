/** The limit of a day: of everything that one daemon signs, at once or after a restart, by a clock that goes wrong. */
import { test } from 'tap'
import { amountText } from '../../../node/amount.ts'
import { createCabinet } from '../../../node/mailbox/cabinet.ts'
import { createSpending } from '../../../node/mailbox/spending.ts'
import type { Refusal } from '../../../node/service.ts'
import { equalBytes } from '../../../protocol/codec.ts'
import type { Action } from '../../../protocol/operations.ts'
import { action, ada, bob, cyd, rules, signed } from '../../kit/fixtures.ts'
import { createWorld, type Running, random } from '../../kit/nodes.ts'
import { until } from '../../kit/patience.ts'
import { memoryStore } from '../../kit/memory.ts'

const hourMs = 3_600_000
const fee = rules.inclusionFee
const shown = (amount: bigint): string => amountText(amount, rules.coin)

/** Ada's spending on a disk that outlives it, by a clock that the test sets. Bob is her other name. */
function household(perDay: bigint | null) {
  const cabinet = createCabinet({ store: memoryStore(), key: new Uint8Array(32), random })
  const time = { now: Date.UTC(2026, 0, 1, 12) }
  const wallet = { find: (address: Uint8Array) => (equalBytes(address, bob.address) ? ({} as never) : undefined) }
  const open = () => createSpending({ now: () => time.now, coin: rules.coin, wallet, cabinet, perDay })
  let spending = open()
  let nonce = 0n
  return {
    time,
    allowance: () => spending.allowance(),
    restart: () => void (spending = open()),
    async sign(what: Action, before?: Uint8Array): Promise<Uint8Array> {
      const { id, op } = signed({ by: ada, nonce: nonce++, action: what })
      await cabinet.write(await spending.count(before ?? id, op))
      return id
    },
    settle: async (...settled: Parameters<typeof spending.correct>) =>
      cabinet.write(await spending.correct(...settled)),
    async kept() {
      const amounts: bigint[] = []
      for await (const { amount } of cabinet.spent()) amounts.push(amount)
      return amounts.sort((a, b) => Number(a - b))
    },
  }
}

const pay = (amount: bigint, to = cyd.address): Action => action('transfer', { to, amount })

test('what was spent counts for 24 hours, over restarts and whatever the clock does', async (t) => {
  const { time, restart, sign, kept } = household(1_000n + 2n * fee)
  await sign(pay(600n))
  time.now += 20 * hourMs
  await sign(pay(400n))
  const refusal = (await sign(pay(500n)).catch((error) => error)) as Refusal
  t.equal(refusal.code, 'over-daily-limit')
  t.equal(
    refusal.message,
    `This costs ${shown(500n + fee)}; spendPerDay allows ${shown(1_000n + 2n * fee)} within 24 hours, of which ${shown(1_000n + 2n * fee)} are spent or promised. ` +
      'There is room for it from 2026-01-02 12:00 UTC on. Nothing was paid. Raise spendPerDay and start the daemon again if it cannot wait.',
  )
  await t.rejects(sign(pay(900n)), /room for it from 2026-01-03 08:00 UTC on/, 'the younger has to cease, too')
  await t.rejects(sign(pay(9_000n)), /less than this alone/)
  restart()
  await t.rejects(sign(pay(1n)), { code: 'over-daily-limit' }, 'a restart forgets nothing')
  for (const hours of [-1, -1_000, 990]) {
    time.now += hours * hourMs
    restart()
    await t.rejects(sign(pay(1n)), { code: 'over-daily-limit' }, `${hours} hours later by the clock`)
  }
  // One that was signed while the clock was ahead, as it seems now, counts for a day from when that was noticed.
  time.now += 23 * hourMs
  await t.rejects(sign(pay(1_000n)), { code: 'over-daily-limit' })
  time.now += hourMs
  await sign(pay(1_000n))
  t.strictSame(await kept(), [1_000n + fee], 'what counts no more is not kept')
})

test('what is signed anew counts once, at what it says by then', async (t) => {
  const { sign, kept, restart, time } = household(1_000n + 2n * fee)
  const [first] = [await sign(pay(600n)), await sign(pay(100n))]
  await sign(pay(900n), first)
  t.strictSame(await kept(), [100n + fee, 900n + fee])
  await t.rejects(sign(pay(901n), first), { code: 'over-daily-limit' })
  time.now += 25 * hourMs
  await sign(pay(700n), first)
  restart()
  t.strictSame(await kept(), [700n + fee], 'also a day later')
})

test('what is ours still, and what came to less, does not count', async (t) => {
  const { sign, settle, kept } = household(10_000n)
  await sign(pay(50_000n, bob.address))
  await sign(action('stampBuy', { denomination: 100_000n, note: 7n }))
  const mail = { message: new Uint8Array(32), sender: bob.address }
  await sign(action('giveBack', { ...mail, amount: 50_000n }))
  const verdict = { senderKey: undefined, verdict: 'value', epochKey: undefined } as const
  await sign(action('ack', { ...mail, ...verdict, giveBack: 50_000n }))
  t.strictSame(await kept(), [fee, fee, fee, fee])
  const others = { ...mail, sender: cyd.address }
  const over = { code: 'over-daily-limit' }
  await t.rejects(sign(action('giveBack', { ...others, amount: 50_000n })), over, 'to somebody else')
  await t.rejects(sign(action('ack', { ...others, ...verdict, giveBack: 50_000n })), over, 'with a verdict')
  const [lost, dear] = [await sign(pay(4_000n)), await sign(pay(1_000n))]
  const [undelivered, nothing] = [await sign(pay(2_000n)), await sign(pay(500n))]
  await t.rejects(sign(pay(4_000n)), { code: 'over-daily-limit' })
  await settle(lost, undefined)
  await settle(dear, { TAG: 'settled', data: { sent: undefined } })
  await settle(undelivered, { TAG: 'undelivered', data: { reason: 'price-short' } })
  await settle(nothing, { TAG: 'void', data: {} })
  t.strictSame(await kept(), [0n, 0n, fee, fee, fee, fee, 1_000n + fee, 2_000n + fee], 'what was paid counts as it was')
  await sign(pay(4_000n))
})

test('what may still be spent is known, and there is more of it a day later', async (t) => {
  const { time, allowance, sign, settle } = household(1_000n)
  t.equal(await allowance(), 1_000n)
  const id = await sign(pay(1_000n - fee))
  t.equal(await allowance(), 0n)
  await settle(id, undefined)
  t.equal(await allowance(), 1_000n)
  await sign(pay(600n))
  time.now += 23 * hourMs
  t.equal(await allowance(), 400n - fee)
  time.now += hourMs
  t.equal(await allowance(), 1_000n)
  t.equal(await household(null).allowance(), undefined)
})

test('without a limit nothing is refused, and what is spent is known once there is one', async (t) => {
  const { sign, kept } = household(null)
  for (let count = 0; count < 20; count++) await sign(pay(1_000_000n))
  t.equal((await kept()).length, 20)
})

test('sends at once, transfers and a restart: together they never pass the limit', async (t) => {
  const people = ['ada', 'bob']
  const world = await createWorld(t, { people, keepers: 1, threshold: 1, changes: { batchIntervalMs: 20 } })
  await world.start('host', { hosts: true, keeps: 0 })
  const spendPerDay = 30_000n
  const how = { reads: world.person('ada'), spendPerDay }
  const bobs = await world.start('bob', { reads: world.person('bob') })
  let adas = await world.start('ada', how)
  for (const { mailbox, name } of [adas, bobs])
    await until(`${name} is registered`, async () => (await mailbox!.pseudonyms())[0]!.registered)
  const [to, height] = [world.person('bob').text, () => adas.node.replica.head.sealed.header.height]
  await until('ada knows bob', () => height() >= bobs.node.replica.head.sealed.header.height)
  const balance = async () => BigInt((await adas.mailbox!.pseudonyms())[0]!.balance)
  const before = await balance()

  const letter = () => adas.mailbox!.send({ to: [to], raw: Buffer.from('hello').toString('base64') })
  const tries = await Promise.allSettled([
    ...Array.from({ length: 12 }, letter),
    ...Array.from({ length: 12 }, () => adas.mailbox!.transfer({ to, amount: '2000' })),
  ])
  const refused = tries.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  t.ok(refused.length > 0 && refused.length < tries.length)
  for (const error of refused) t.match(error, { code: 'over-daily-limit', message: /spendPerDay allows 30 test / })
  const opIds = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value.opId] : []))
  for (const opId of opIds) await settled(adas, opId)
  const paid = before - (await balance())
  t.ok(paid > 0n && paid <= spendPerDay, `${paid} was paid`)

  await adas.stop()
  adas = await world.start('ada', how)
  const amount = String(spendPerDay - paid)
  await t.rejects(adas.mailbox!.transfer({ to, amount }), { code: 'over-daily-limit' }, 'also after a restart')
})

const settled = ({ name, mailbox }: Running, opId: string) =>
  until(`${opId.slice(0, 8)} of ${name} is settled`, async () => {
    const { state, note } = await mailbox!.operation({ opId })
    if (state === 'refused') throw new Error(note)
    return state === 'settled'
  })
