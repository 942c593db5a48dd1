/** What commands say of money: amounts as people type them, limits, allowances, what is asked of strangers, what is short. */
import { test } from 'tap'
import { when } from '../../cli/print.ts'
import type { Contact, Pseudonym } from '../../node/service.ts'
import { mailboxHome } from '../kit/command.ts'
import { plain, quote, received, status } from '../kit/service-fixture.ts'

const asksFor = (calls: readonly { name: string; request: unknown }[], method: string) =>
  calls.filter(({ name }) => name === method).map(({ request }) => request)

test('an amount is digits, in groups of three where it has commas, and nothing is guessed', async (t) => {
  const { run, service } = await mailboxHome(t)
  for (const amount of ['25000', '25,000', '025000']) {
    t.equal((await run(['transfer', 'anna', amount, '--yes'])).code, 0, amount)
    t.match(asksFor(service.calls, 'transfer').at(-1), { amount: '25000' })
  }
  for (const amount of [
    ',500',
    '1,00',
    '1234,567',
    '1,,000',
    '1,000,',
    '-5',
    '+5',
    '1.5',
    '1e9',
    '0x10',
    '５',
    '',
    ' ',
  ]) {
    const { code, stderr } = await run(['policy', `--least-fee=${amount}`])
    t.equal(code, 2, amount)
    t.match(stderr, ` and not “${amount}”.`)
  }
  t.same(asksFor(service.calls, 'policy'), [], 'nothing was signed')
})

test('an amount is in coins, or in units where that is said; a program has to say which', async (t) => {
  const { run, service } = await mailboxHome(t)
  const coin = { name: 'bean', decimals: 3 }
  Object.assign(service, { status: async () => ({ ...status, network: { ...status.network, coin } }) })
  for (const amount of ['25', '25 bean', '25bean', '25.0', '25000 units']) {
    const { code, stdout, stderr } = await run(['transfer', 'anna', amount, '--yes'])
    t.equal(code, 0, stderr)
    t.match(stdout, /^25 bean to bm1/, 'it says what was paid')
    t.match(asksFor(service.calls, 'transfer').at(-1), { amount: '25000' })
  }
  const asked = asksFor(service.calls, 'transfer').length
  const pointed = await run(['transfer', 'anna', '25.5', '--yes', '--json'])
  t.equal(pointed.code, 2)
  t.match(pointed.json(), {
    error: {
      code: 'usage',
      sentence: /The amount is “25\.5”.* “25\.5 bean”, or “25\.5 units”; a bean is 1,000 units\.$/,
    },
  })
  t.equal(asksFor(service.calls, 'transfer').length, asked, 'and nothing was paid')
  for (const amount of ['25 bean', '25.0 bean', '25000 units', '25000', '25,000']) {
    t.equal((await run(['transfer', 'anna', amount, '--yes', '--json'])).code, 0, amount)
    t.match(asksFor(service.calls, 'transfer').at(-1), { amount: '25000' }, 'what JSON takes is what JSON says')
  }
  for (const amount of ['25 mail', '0.0001', '1.5 units']) {
    const { code, stderr } = await run(['transfer', 'anna', amount, '--yes'])
    t.equal(code, 2)
    t.match(stderr, `“${amount}”.`)
  }
})

test('a price says what one pays where a grant takes the fee away, and that one has too little', async (t) => {
  const { run, service } = await mailboxHome(t)
  const quoted = async (changes: object, line: object) => {
    const lines = [{ ...quote.lines[0]!, ...line }]
    Object.assign(service, { quote: async () => ({ ...quote, ...changes, lines }) })
    return (await run(['quote', '--to', 'anna', '--text', 'Hello'])).stdout
  }
  t.notMatch(await quoted({}, {}), 'you pay  ')
  const granted = await quoted({ fee: '550' }, { paid: '550', credit: '0' })
  t.match(
    granted,
    /fee +you pay +they get +burned +operators\nanna .* 2,200 coin +550 coin +0 coin +440 coin +110 coin\n/,
  )
  t.match(granted, 'you pay 550 coin, and 10 coin that carrying it burns: 560 coin, of 100,000 coin you have\n')
  const isFirm = /until [-\d: ]+: whatever others do until then, nobody asks you for more\n/
  t.match(granted, new RegExp(`${isFirm.source}$`))
  const free = await quoted({}, { payer: 'recipient', credit: '0' })
  t.match(free, /2,200 coin +0 coin, out of their grant +0 coin/)
  t.match(free, new RegExp(`${isFirm.source}what was set aside for you can be taken back before:.* you pay nothing\n$`))
  t.match(await quoted({ balance: '2210' }, {}), 'of 2,210 coin you have\n')
  t.match(await quoted({ balance: '2209' }, {}), 'of 2,209 coin you have, which is 1 coin too little\n')
})

test('an allowance comes to what is set aside, and contacts say of each grant what it pays', async (t) => {
  const { run, service } = await mailboxHome(t)
  const none = await run(['contacts', 'grant', 'anna', '--allowance', '0', '--yes'])
  t.equal(none.code, 2)
  t.match(none.stderr, /--allowance is 0.*Leave it out/)
  t.same(asksFor(service.calls, 'grant'), [])
  t.match((await run(['contacts', 'grant', '--help'])).stdout, /set so much aside, beside what is left/)
  t.match((await run(['contacts', 'grant', 'anna'])).stdout, 'anna may write without paying you: settled')

  const [contact] = await service.contacts()
  const shown = async (granted: Contact['granted'], grantsUs = false) => {
    Object.assign(service, { contacts: async () => [{ ...contact, granted, grantsUs }] })
    return (await run(['contacts'])).stdout
  }
  const endsAt = null
  t.match(await shown({ payer: 'recipient', allowance: '54000', endsAt }), / free, with 54,000 coin set aside /)
  t.match(
    await shown({ payer: 'sender', allowance: '54000', endsAt }),
    / paying no fee to you, with 54,000 coin set aside /,
  )
  t.match(await shown({ payer: 'sender', allowance: '0', endsAt }), / paying no fee to you {2}/)
  t.match(
    await shown({ payer: 'recipient', allowance: '0', endsAt: 1_800_000_000_000 }),
    ` paying no fee to you until ${when(1_800_000_000_000)} `,
  )
  t.match(await shown(null, true), / at the price +paying no fee to them\n/)
})

test('a letter that is sent has a fee, whether or not it comes to be paid', async (t) => {
  const { run, service } = await mailboxHome(t)
  const note = 'void in batch 9: nothing was paid'
  service.put({ ...received, folder: 'sent', state: 'refused', note }, plain)
  t.match(
    (await run(['inbox', '--sent'])).stdout,
    /subject +fee +state\n.* 1,650 coin +refused\n\n\w+: void in batch 9/,
  )
  t.match((await run(['read', received.id])).stdout, /^fee +1,650 coin$/m)
})

test('what strangers must bring is said with what it comes to, and a part of it that is named changes no other', async (t) => {
  const { run, service } = await mailboxHome(t)
  const [own] = await service.pseudonyms()
  const is = (policy: Pseudonym['policy']) => Object.assign(service, { pseudonyms: async () => [{ ...own, policy }] })
  const from = 1_800_000_000_000
  is({ leastFee: '7', leastTier: 0, next: { leastFee: '50000', leastTier: 2, from } })
  const all = `a fee of 7 coin; from ${when(from)} on a fee of 50,000 coin and a pass of tier 1`
  t.match((await run(['policy'])).stdout, `Strangers who write to “default” bring ${all}.`)
  t.match((await run(['whoami'])).stdout, all)

  const raised = await run(['policy', '--least-tier', '3'])
  t.match(asksFor(service.calls, 'policy').at(-1), { leastFee: '50000', leastTier: 4 })
  t.match(raised.stdout, 'a pass of tier 3, once what was signed before has expired: settled')
  await run(['policy', '--least-fee', '60000'])
  t.match(asksFor(service.calls, 'policy').at(-1), { leastFee: '60000', leastTier: 2 })
  const lowered = await run(['policy', '--least-fee', '0', '--least-tier', 'none'])
  t.match(lowered.stdout, 'Strangers bring nothing more: settled')
  is({ leastFee: '7', leastTier: 1, next: null })
  await run(['policy', '--least-fee', '8'])
  t.match(asksFor(service.calls, 'policy').at(-1), { leastFee: '8', leastTier: 1 })
})
