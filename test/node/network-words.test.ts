/** What is said of a network’s rules, held against what the rules compute. */
import { test } from 'tap'
import { amountText } from '../../node/amount.ts'
import { networkWords } from '../../node/network-words.ts'
import { presets } from '../../node/settings/presets.ts'
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
      /for 4 KiB, the most there is; .* up to 7, each costs as much as/,
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
    [1, / and any pass, and grant/],
    [5, / and a pass of tier 4, and grant/],
  ] as const) {
    const coin = { name: 'units', decimals: 0 }
    t.match(saidOf({ ...rules, coin, policyTierMax }).get('readers can'), words)
  }
})
