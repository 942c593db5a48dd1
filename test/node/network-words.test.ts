/** What is said of a network’s rules, held against what the rules compute. */
import { test } from 'tap'
import { amountText } from '../../node/amount.ts'
import { networkWords } from '../../node/network-words.ts'
import { presets } from '../../node/settings/presets.ts'
import { carriageOf, priceOf } from '../../protocol/fee.ts'
import { operations } from '../../protocol/operations.ts'
import { openKindOf, pairIn } from '../../protocol/pair.ts'
import { advanceMarket, demandMax } from '../../protocol/price.ts'
import type { Rules } from '../../protocol/rules.ts'
import { worthOf } from '../../protocol/worth.ts'
import { ada, bob, rules } from '../kit/fixtures.ts'

const saidOf = (of: Rules): ReadonlyMap<string, string> => new Map(networkWords(of))

for (const [name, numbers] of Object.entries(presets))
  test(`what is said of ${name} is what its rules compute`, async (t) => {
    const of = { ...rules, ...numbers }
    const said = saidOf(of)
    const shown = (amount: bigint): string => amountText(amount, of.coin)
    const [fresh, best, without] = ([0, 4, undefined] as const).map((standing) => worthOf(of, standing))
    t.match(said.get('a first letter'), `costs ${shown(fresh!.first)} under any pass, `)
    t.match(said.get('a first letter'), ` with a bad name, ${shown(without!.first)} without a pass`)
    t.match(said.get('an answer'), `costs ${shown(fresh!.exchange)} under a fresh pass, ${shown(best!.exchange)} with`)
    t.match(said.get('an answer'), ` ${shown(without!.exchange)} without a pass`)
    t.match(said.get('nobody can'), 'change these rules')
    t.ok(said.size < 22, 'it fits a page beside what a daemon knows')
  })

test('every rule that people go by is said, and another one otherwise', async (t) => {
  const of = { ...rules, ...presets.personal! }
  const before = saidOf(of)
  const others: [about: string, change: Partial<Rules>, sentence: RegExp][] = [
    ['coin', { coin: { name: 'bean', decimals: 0 } }, /^a bean is 1 unit,/],
    ['a first letter', { coin: { name: 'bean', decimals: 0 } }, /^costs 7,650 bean under any pass, 12,050 bean with/],
    ['to each other', { correspondence: { ...of.correspondence, patience: 1 } }, / pays for 1 letter at that price/],
    [
      'size',
      { recipientFactor: 0n, recipientsMax: 7, sizeClassMax: 2 },
      /of 4 KiB, the most there is, .* up to 7, each is paid as if alone$/,
    ],
    ['kept for', { lifetimes: [{ days: 1, factor: 15_000n }] }, /^1 day ×1\.5$/],
    ['base price', { price: { ...of.price, ceiling: of.price.floor } }, /^1 mail a KiB, always$/],
    ['a price holds', { expiryMaxMs: 60_000 }, /^for a minute,/],
    ['of a fee', { burnShare: 2_550n }, /^69\.5 % .*25\.5 % burn, 5 % go/],
    ['a name', { identity: { ...of.identity, enrolFee: 1_950n } }, /^burns 2 mail once,/],
    ['verdicts', { epochMs: 3_600_000n }, / of which each takes an hour;/],
    ['the host can', { batchIntervalMs: 1_500 }, /its batches 1\.5 s apart/],
    ['keepers can', { keepers: { ...of.keepers, threshold: 1 } }, /, 1 of 3 of them together/],
    ['readers can', { policyFeeMax: 1_234_567n }, /up to 1,234\.567 mail and/],
  ]
  for (const [about, change, sentence] of others) {
    const after = saidOf({ ...of, ...change }).get(about)
    t.match(after, sentence, about)
    t.not(after, before.get(about), about)
  }
  t.notOk(saidOf({ ...of, identity: { ...of.identity, endorsements: [] } }).has('endorsements'))
})

test('by how much the base price can rise is said of the longest step there is', async (t) => {
  for (const step of [1n, 100n, 625n, 1_250n]) {
    const price = { ...rules.price, start: 1_000_000n, floor: 1_000_000n, ceiling: 2n ** 32n, step }
    const market = { basePrice: price.floor, demand: demandMax, since: 0n }
    const { basePrice } = advanceMarket({ ...rules, price }, market, BigInt(price.intervalMs))
    const [, percent] = /by ([\d.]+) % in /.exec(saidOf({ ...rules, price }).get('base price')!)!
    const rise = Number(basePrice - price.floor) / 10_000
    t.ok(Number(percent) >= rise && Number(percent) < rise + 0.02, `${percent} and ${rise}`)
  }
})

test('for how many letters those pay that come back is said up to where it ends', async (t) => {
  for (const { correspondence } of Object.values(presets)) {
    const [each, beyond] = saidOf({ ...rules, correspondence })
      .get('to each other')!
      .match(/\d+/g)!
      .map(Number)
    const { mine, theirs } = pairIn(rules, undefined, { epoch: 1, me: ada.address, other: bob.address })
    for (let back = 1; back < 6; back++) {
      let exchanged = 0
      const sides = () => ({ mine: { ...mine, messages: back, exchanged }, theirs: { ...theirs, messages: back } })
      while (openKindOf({ correspondence }, { sides: sides(), automatic: false }) === 'exchange') exchanged++
      t.equal(exchanged, Math.min(each! * back, back + beyond!))
    }
  }
})

test('who can do what is said with the numbers of the rules', async (t) => {
  const member = rules.keepers.members[0]!
  const keepers = { ...rules.keepers, threshold: 2, members: new Array(5).fill(member) }
  t.match(saidOf({ ...rules, keepers }).get('keepers can'), /2 of 5 of them together.* where 4 will not/)
  for (const [policyTierMax, words] of [
    [0, / units?, and grant/],
    [6, / and a pass of a tier that nobody has, and grant/],
    [1, / and any pass, and grant/],
    [5, / and a pass of tier 4, and grant/],
  ] as const) {
    const coin = { name: 'units', decimals: 0 }
    t.match(saidOf({ ...rules, coin, policyTierMax }).get('readers can'), words)
  }
  const none = { ...rules, policyTierMax: 0, policyFeeMax: 0n }
  t.equal(saidOf(none).get('readers can'), 'ask no more of first letters, and grant that one pays them nothing')
})

test('what large letters and several recipients cost is said as the rules compute it', async (t) => {
  // High enough that nothing is lost in rounding.
  const price = { ...rules.price, start: 1_000_000n, floor: 1_000_000n, ceiling: 2n ** 32n }
  const basePrice = price.floor
  for (const letter of [0n, 200n, 10_000_000n])
    for (const factor of [1n, 10_000n, 15_000n])
      for (const sizeClassMax of [1, 3, 8]) {
        const lifetimes = [{ days: 7, factor }]
        const of = { ...rules, price, sizeClassMax, lifetimes, resources: { ...rules.resources, letter } }
        const costs = (kind: 'first' | 'exchange'): string => {
          const terms = { kind, standing: 0, hasBadName: false, floor: 0n } as const
          const size = { basePrice, sizeClass: sizeClassMax, recipientCount: 1, lifetimeDays: 7 }
          const { paid } = priceOf(of, { ...terms, ...size, unflagged: terms, granted: false })
          return amountText(paid + carriageOf(of, size), of.coin)
        }
        const size = saidOf(of).get('size')!
        t.ok(
          size.includes(`of ${1 << sizeClassMax} KiB, the most there is, a first letter costs ${costs('first')}, `),
          size,
        )
        t.ok(size.includes(`, and an answer ${costs('exchange')};`), size)
        t.match(size, /^all this is of 1 KiB, compressed, to one, for 7 days;/)
      }
  t.match(
    saidOf({ ...rules, sizeClassMax: 0, recipientsMax: 1 }).get('size'),
    /; no letter is larger; none goes to several$/,
  )
  const paidOf = (recipientFactor: bigint, recipientCount: number): bigint => {
    const terms = { kind: 'first', standing: 0, hasBadName: false, floor: 0n } as const
    const size = { basePrice, sizeClass: 0, recipientCount, lifetimeDays: rules.lifetimes[0]!.days }
    return priceOf({ ...rules, recipientFactor }, { ...terms, ...size, unflagged: terms, granted: false }).paid
  }
  for (const [recipientFactor, more] of [
    [0n, undefined],
    [1_000n, 10],
    [25_000n, 250],
  ] as const) {
    const said = saidOf({ ...rules, recipientFactor }).get('size')!
    t.match(said, more === undefined ? /each is paid as if alone$/ : `each is paid ${more} % more for each other one`)
    t.equal(paidOf(recipientFactor, 4), (paidOf(recipientFactor, 1) * BigInt(100 + 3 * (more ?? 0))) / 100n)
  }
})

test('what burns nothing is said', async (t) => {
  const free = Object.entries(operations).filter(
    ([, { burns }]) => (burns as (of: Rules, action: object) => bigint)(rules, { giveBack: 0n }) === 0n,
  )
  // A pass burns its fee, which is said of a name.
  t.strictSame(new Set(free.map(([name]) => name)), new Set(['ack', 'pass', 'renew']))
  t.match(saidOf(rules).get('anything else'), /, but verdicts and renewals, which are free;/)
})
