/** What is said of a network's rules is what the ledger does by them. */
import { test } from 'tap'
import { networkWords } from '../../node/network-words.ts'
import { presets } from '../../node/settings/presets.ts'
import { openKindOf, pairIn } from '../../protocol/pair.ts'
import { advanceMarket, demandMax } from '../../protocol/price.ts'
import type { Rules } from '../../protocol/rules.ts'
import { ada, bob, rules } from '../kit/fixtures.ts'

const said = (of: Rules, about: string): string => networkWords(of).find(([subject]) => subject === about)![1]

test('by how much the base price can rise is said of the longest step there is', async (t) => {
  for (const step of [1n, 100n, 625n, 1_250n]) {
    const price = { ...rules.price, start: 1_000_000n, floor: 1_000_000n, ceiling: 2n ** 32n, step }
    const market = { basePrice: price.floor, demand: demandMax, since: 0n }
    const { basePrice } = advanceMarket({ ...rules, price }, market, BigInt(price.intervalMs))
    const [, percent] = /by ([\d.]+) % in /.exec(said({ ...rules, price }, 'base price'))!
    const rise = Number(basePrice - price.floor) / 10_000
    t.ok(Number(percent) >= rise && Number(percent) < rise + 0.02, `${percent} and ${rise}`)
  }
})

test('for how many letters those pay that come back is said up to where it ends', async (t) => {
  for (const { correspondence } of Object.values(presets)) {
    const [each, beyond] = said({ ...rules, correspondence }, 'to each other')
      .match(/\d+/g)!
      .map(Number)
    const { mine, theirs } = pairIn(rules, undefined, { epoch: 1, me: ada.address, other: bob.address })
    for (let back = 1; back < 6; back++) {
      let exchanged = 0
      const sides = () => ({ mine: { ...mine, messages: back, exchanged }, theirs: { ...theirs, messages: back } })
      while (openKindOf({ correspondence }, sides()) === 'exchange') exchanged++
      t.equal(exchanged, Math.min(each! * back, back + beyond!))
    }
  }
})

test('who can do what is said with the numbers of the rules', async (t) => {
  const member = rules.keepers.members[0]!
  const keepers = { ...rules.keepers, threshold: 2, members: new Array(5).fill(member) }
  t.match(said({ ...rules, keepers }, 'keepers can'), /2 of 5 of them together.* where 4 will not/)
  for (const [policyTierMax, words] of [
    [0, / units?, and grant/],
    [1, / and any pass, and grant/],
    [5, / and a pass of tier 4, and grant/],
  ] as const) {
    const coin = { name: 'units', decimals: 0 }
    t.match(said({ ...rules, coin, policyTierMax }, 'readers can'), words)
  }
})
