/** What a quote foresees: every no that sending has, who leaves letters unanswered, and what goes as a program's. */
import { type Test, test } from 'tap'
import { amountText, readAmount } from '../../../node/amount.ts'
import type { Device } from '../../kit/devices.ts'
import { balanceOf, meeting, ownOf } from '../../kit/meeting.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const raw = base64('Subject: hello\r\n\r\nIt is me.\r\n')

/** What a quote says would be refused is what sending refuses, by code and by words, and nothing is paid. */
async function refusedAlike(t: Test, { mailbox }: Device, asked: Parameters<Device['mailbox']['quote']>[0]) {
  const { prepared, refusal } = await mailbox.quote(asked)
  const error = await mailbox.send({ prepared, ...(asked.refuseAbove && { refuseAbove: asked.refuseAbove }) }).then(
    () => undefined,
    (thrown: Error & { code: string }) => thrown,
  )
  t.strictSame(refusal, error ? { code: error.code, sentence: error.message } : null)
  return refusal
}

test('a quote foresees what sending refuses: the limit of a day, funds and reserve, a maximum', async (t) => {
  const { ada, bob, settled } = await meeting(t, { ada: { spendPerDay: 100_000n } })
  const to = [ownOf(bob).text]
  t.match(await refusedAlike(t, ada, { to, raw, refuseAbove: '7' }), { code: 'over-maximum' })
  const before = await balanceOf(ada)
  const { mailbox } = ada
  await settled(ada, await mailbox.transfer({ to: to[0]!, amount: '90000' }))
  t.match(await refusedAlike(t, ada, { to, raw }), { code: 'over-daily-limit', sentence: /^This costs [\d.]+ test;/ })
  t.equal(await balanceOf(ada), before - 90_000n - ada.node.context.rules.inclusionFee)
  t.strictSame(await mailbox.messages({ folder: 'sent' }), [])
})

test('where there is too little it says how much, and what would be enough is enough', async (t) => {
  const { world, ada, bob, settled } = await meeting(t)
  const to = [ownOf(bob).text]
  const { inclusionFee, coin } = ada.node.context.rules
  const left = 5_000n
  const amount = (await balanceOf(ada)) - left - inclusionFee
  await settled(ada, await ada.mailbox.transfer({ to: to[0]!, amount: String(amount) }))
  const refusal = await refusedAlike(t, ada, { to, raw })
  t.match(refusal, { code: 'funds-short', sentence: /there are 5 test to spend under this address/ })
  const { fee, inclusionFee: carriage } = await ada.mailbox.quote({ to, raw })
  t.match(refusal!.sentence, `It takes ${amountText(BigInt(fee) + BigInt(carriage), coin)} in all`)
  const more = readAmount(/([\d.]+ test) more would be enough/.exec(refusal!.sentence)![1]!, coin)
  if (!more.ok) throw new Error(more.why)
  for (const [given, code] of [
    [more.value - 1n, 'reserve-short'],
    [1n, undefined],
  ] as const) {
    const before = await balanceOf(ada)
    await settled(bob, await bob.mailbox.transfer({ to: ownOf(ada).text, amount: String(given) }))
    await world.until('she has it', async () => (await balanceOf(ada)) === before + given)
    t.equal((await ada.mailbox.quote({ to, raw })).refusal?.code, code)
  }
  t.equal(await refusedAlike(t, ada, { to, raw }), null)
})

test('to somebody who never answered so many are sent, and then only by who insists', async (t) => {
  const { world, ada, bob, settled } = await meeting(t, { ada: { askBefore: 4 } })
  const to = [ownOf(bob).text]
  const { mailbox } = ada
  for (let sent = 0; sent < 3; sent++) {
    t.match(await mailbox.quote({ to, raw }), { refusal: null, readers: [{ recipient: to[0], unanswered: sent }] })
    // The first two wait for a batch together: what is on its way counts as well.
    await mailbox.send({ to, raw })
  }
  const refusal = await refusedAlike(t, ada, { to, raw })
  t.match(refusal, {
    code: 'unanswered',
    sentence: /^You wrote 3 letters to bm1.* --insist .* askBefore, which is 4\.$/,
  })
  const insisted = await mailbox.send({ to, raw, insist: true })
  await settled(ada, insisted)
  await world.until('bob has the log', async () => (await bob.mailbox.messages({ folder: 'inbox' })).length === 4)
  const automatic = await bob.mailbox.send({ to: [ownOf(ada).text], raw, automatic: true })
  await settled(bob, automatic)
  t.match(await mailbox.quote({ to, raw }), { refusal: { code: 'unanswered' }, readers: [{ unanswered: 4 }] })
  await settled(bob, await bob.mailbox.send({ to: [ownOf(ada).text], raw }))
  const counts = { received: 4, answered: 4, valued: 0, flagged: 0, givenBack: 0 }
  await world.until('she knows', async () => (await mailbox.quote({ to, raw })).refusal === null)
  t.strictSame((await mailbox.quote({ to, raw })).readers, [
    { recipient: to[0], strangersLetters: counts, unanswered: 0 },
  ])
  t.equal(await refusedAlike(t, ada, { to, raw }), null)
})

test('what says of itself that a program wrote it goes as such, and its reader is shown that', async (t) => {
  const { world, ada, bob } = await meeting(t)
  const to = [ownOf(bob).text]
  const shown = async (asked: { raw: string; automatic?: boolean }) => {
    const { automatic } = await ada.mailbox.quote({ to, ...asked })
    const { message } = await ada.mailbox.send({ to, ...asked })
    const came = async () => (await bob.mailbox.messages({ folder: 'inbox' })).find(({ id }) => id === message.id)
    await world.until('it came', async () => (await came())?.batchHeight != null)
    t.equal((await came())!.automatic, automatic)
    return automatic
  }
  t.equal(await shown({ raw }), false)
  t.equal(await shown({ raw, automatic: true }), true)
  t.equal(await shown({ raw: base64('Auto-Submitted: auto-replied\r\n\r\nI am away.\r\n') }), true)
  t.equal(await shown({ raw: base64('List-Id: <news.example>\r\n\r\nNews.\r\n'), automatic: false }), true)
})
