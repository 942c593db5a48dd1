/** Amounts as people read and write them. */
import fc from 'fast-check'
import { test } from 'tap'
import { amountText, readAmount } from '../../node/amount.ts'
import { faultsOf } from '../../protocol/faults.ts'
import { genesis, rules } from '../kit/fixtures.ts'

const mail = { name: 'mail', decimals: 3 }
const bean = { name: 'bean', decimals: 0 }
const wei = { name: 'Ether2', decimals: 18 }

test('an amount is shown in coins, exactly, with its thousands apart', async (t) => {
  const cases = [
    [0n, mail, '0 mail'],
    [1n, mail, '0.001 mail'],
    [50n, mail, '0.05 mail'],
    [1_000n, mail, '1 mail'],
    [7_650n, mail, '7.65 mail'],
    [1_234_567_890n, mail, '1,234,567.89 mail'],
    ['-1500', mail, '-1.5 mail'],
    [12_500n, bean, '12,500 bean'],
    [2n ** 62n, wei, '4.611686018427387904 Ether2'],
  ] as const
  for (const [amount, coin, text] of cases) t.equal(amountText(amount, coin), text)
})

test('what is typed is in coins, or in units where that is said', async (t) => {
  const cases = [
    ['7.65', mail, 7_650n],
    ['12', mail, 12_000n],
    ['12 mail', mail, 12_000n],
    [' 12mail ', mail, 12_000n],
    ['12 MAIL', mail, 12_000n],
    ['1,200.5 mail', mail, 1_200_500n],
    ['0.050', mail, 50n],
    ['7650 units', mail, 7_650n],
    ['1 unit', mail, 1n],
    ['7650units', bean, 7_650n],
    ['12,500', bean, 12_500n],
    ['0', mail, 0n],
  ] as const
  for (const [text, coin, value] of cases) t.match(readAmount(text, coin), { ok: true, value }, text)
})

test('what is no amount of the coin is refused, and told why', async (t) => {
  const no = /is an amount like 12.50 mail, and not “/
  const cases: [text: string, why: RegExp][] = [
    ...[
      '',
      '-5',
      '+5',
      '1,00',
      '1,0000',
      '.5',
      '5.',
      '1e',
      '0x10',
      '١٢',
      'much',
      '5 mail please',
      '1.2.3',
      'mail 5',
    ].map((text): [string, RegExp] => [text, /“.*”/]),
    ...['', '-5', '+5', '1,00', '.5', '5.', 'much', '1.2.3'].map((text): [string, RegExp] => [text, no]),
    ['7,65', /^is an amount like 12\.50 mail, and not “7,65”: a point stands before its decimals$/],
    ['7,65 mail', /“7,65 mail”: a point stands before its decimals$/],
    ['1e3', /^is an amount like 12\.50 mail, and not “1e3”$/],
    ['1E12', /^is an amount like 12\.50 mail, and not “1E12”$/],
    ['5 euro', /^is in mail, .* and not “5 euro”$/],
    ['7.6501', /^has at most 3 digits behind the point/],
    ['7.6500', /^has at most 3 digits/],
    ['7.5 units', /^is a whole number of units/],
    ['10000000000000000000 units', /more than all the money/],
    ['9'.repeat(40), /more than all the money/],
  ]
  for (const [text, why] of cases) {
    const read = readAmount(text, mail)
    t.match(read, { ok: false, why }, text)
  }
  t.match(readAmount('1.5', bean), { ok: false, why: /^is a whole number of bean, and not “1\.5”$/ })
})

test('a bare number is told apart, as it could be meant in the smallest unit', async (t) => {
  const bare = (text: string) => (readAmount(text, mail) as { bare?: bigint }).bare
  t.same(['12', '1,200', '7650', '0'].map(bare), [12n, 1_200n, 7_650n, 0n])
  for (const text of ['12.0', '12 mail', '12 units']) t.equal(bare(text), undefined, text)
  const isNamed = (text: string) => (readAmount(text, mail) as { isNamed?: boolean }).isNamed
  t.same(['12', '12.5', '12 mail', '12.5mail', '12 units'].map(isNamed), [false, false, true, true, true])
})

test('what is shown can be typed, of every coin that rules may name', async (t) => {
  const names = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9]{0,11}$/)
  const coins = fc
    .record({ name: names, decimals: fc.integer({ min: 0, max: 18 }) })
    .filter((coin) => faultsOf({ ...rules, coin }, genesis).length === 0)
  fc.assert(
    fc.property(coins, fc.bigInt({ min: 0n, max: 2n ** 62n }), (coin, value) => {
      const text = amountText(value, coin)
      const units = `${value} units`
      return [text, text.replace(' ', ''), text.replaceAll(',', ''), units].every((typed) => {
        const read = readAmount(typed, coin)
        return read.ok && read.value === value && read.isNamed
      })
    }),
  )
  t.pass('both ways')
})
