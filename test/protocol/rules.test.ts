/** The rules that can be lived by, and the network's id. */
import { readFileSync } from 'node:fs'
import { bytesToHex } from '@noble/hashes/utils.js'
import { test } from 'tap'
import { faultsOf } from '../../protocol/faults.ts'
import { networkId, type Rules } from '../../protocol/rules.ts'
import { ada, genesis, rules } from '../kit/fixtures.ts'
import { dearest } from '../kit/pricing.ts'
import { correspondence, faults, identity, lifetimes, price, reputation, six } from '../vectors/faults.ts'

const { keepers, operators } = rules
const [first] = keepers.members

for (const { sentence, rules: wrong = [{}], genesis: begun } of faults)
  test(`rules: ${sentence}`, async (t) => {
    for (const some of wrong) t.strictSame(faultsOf({ ...rules, ...some }, { ...genesis, ...begun }), [sentence])
  })

test('rules: every sentence is tried here', async (t) => {
  const source = readFileSync(new URL('../../protocol/faults.ts', import.meta.url), 'utf8')
  t.equal(source.match(/\bneed\(/g)?.length, new Set(faults.map(({ sentence }) => sentence)).size)
})

test('rules: several faults make several sentences', async (t) => {
  t.equal(faultsOf({ ...rules, clockSkewMs: 0, mailShards: 0 }, genesis).length, 2)
})

test('rules: the outermost values that can be lived by', async (t) => {
  const least: Partial<Rules> = {
    keepers: { ...keepers, threshold: 1, members: [first!] },
    batchIntervalMs: 10,
    batchOpsMax: 1,
    clockSkewMs: 1_000,
    epochMs: 1_000n,
    expiryMaxMs: 1_000,
    ackWindowEpochs: 1,
    mailShards: 1,
    sizeClassMax: 0,
    recipientsMax: 1,
    price: { start: 8n, floor: 8n, ceiling: 8n, target: 1n, intervalMs: 100, step: 1_250n },
    correspondence: { first: 1n, exchange: 1n, patience: 1, decay: 0n },
    resources: { letter: 0n, recipient: 0n, unit: 0n },
    reputation: {
      factors: six(1n, 1n, 1n, 1n, 1n, 1n),
      strangers: six(1n, 1n, 1n, 1n, 1n, 1n),
      badName: 1n,
      ackWeights: six(0n, 0n, 0n, 0n, 0n, 0n),
      kappa: 0n,
      lambda: 0n,
      abuse: 10_000n,
      countedMax: 10_000n,
      scores: [0n, 1n, 2n, 3n],
      negatives: [3n, 2n, 1n, 0n],
      decay: 9_000n,
      valueBudget: 0n,
      flagBudget: 0n,
      flagMax: 0n,
      keysPerEpoch: 4,
      passGraceMs: 0,
    },
    ...identity({
      enrolFee: 0n,
      passFee: 0n,
      passStep: 1,
      verdictDelayMs: 0,
      checkpoints: 2,
      endorsements: [],
      endorsementReserve: 0n,
      stamps: [0n],
    }),
    ...lifetimes([1, 1n]),
    recipientFactor: 0n,
    burnShare: 0n,
    operatorsShare: 0n,
    inclusionFee: 0n,
    reserve: 0n,
    policyTierMax: 0,
    policyFeeMax: 0n,
  }
  const most: Partial<Rules> = {
    ...dearest,
    keepers: { ...keepers, threshold: 3 },
    batchIntervalMs: 3_600_000,
    batchOpsMax: 10_000,
    epochMs: 2n ** 40n,
    expiryMaxMs: 2 ** 32 - 1,
    ...identity({
      enrolFee: 2n ** 48n,
      passFee: 2n ** 20n,
      passStep: 2 ** 32 - 1,
      verdictDelayMs: 2 ** 32 - 1,
      checkpoints: 64,
      endorsements: Array.from({ length: 16 }, (_, at) => 2n ** 24n - 16n + BigInt(at)),
      endorsementReserve: 2n ** 24n - 1n,
      // The largest reserve leaves no room for a stamp, which must cover it.
      stamps: [],
    }),
    mailShards: 64,
    sizeClassMax: 8,
    ...lifetimes([65_535, 100_000_000n]),
    burnShare: 9_500n,
    inclusionFee: 2n ** 40n,
    reserve: 2n ** 48n,
    policyTierMax: 255,
    policyFeeMax: 2n ** 48n,
  }
  t.strictSame(faultsOf({ ...rules, ...least }, { ...genesis, time: 1n, grants: [] }), [])
  const grants = [{ address: ada.address, amount: 2n ** 62n }]
  t.strictSame(faultsOf({ ...rules, ...most }, { ...genesis, time: 2n ** 48n, grants }), [])
})

const worthOf = (some: Partial<Rules>): string => faultsOf({ ...rules, ...some }, genesis).join('\n')
const flat = six(40_000n, 10_000n, 10_000n, 10_000n, 10_000n, 10_000n)

test('rules: no way to a stranger is less than a third of a first letter, whatever number it goes by', async (t) => {
  const ways: Readonly<Record<string, Partial<Rules>>> = {
    'an inclusion fee that is nothing beside a base price that rose': {
      ...correspondence({ first: 120_000n, exchange: 1n, patience: 4 }),
      inclusionFee: 990n,
      reserve: 990n,
      ...identity({ stamps: [] }),
    },
    'what somebody without a pass pays for an answer': {
      ...correspondence({ first: 40_000n, exchange: 10_000n, patience: 2 }),
      ...reputation({ factors: flat, strangers: flat }),
    },
    'what a letter burns once, however many it goes to': {
      resources: { letter: 1_000_000n, recipient: 0n, unit: 0n },
    },
  }
  for (const [name, way] of Object.entries(ways)) t.match(worthOf(way), /less than a third of a first letter/, name)
})

test('rules: flagMax is held to what counts of a first letter, and nobody is exempt whose tier spares them some of that', async (t) => {
  const dear = { first: 120_000n, exchange: 10_000n, patience: 2 }
  t.match(worthOf({ ...correspondence(dear), ...reputation({ countedMax: 10_000n }) }), /flagMax must not exceed 5,/)
  const spared = six(10_000n, 10_000n, 10_000n, 10_000n, 10_000n, 9_990n)
  const asFirst = { ...correspondence({ ...dear, exchange: 120_000n }), burnShare: 9_000n }
  t.match(worthOf({ ...asFirst, ...reputation({ flagMax: 21n, factors: spared }) }), /flagMax must not exceed 20,/)
  t.equal(worthOf({ ...asFirst, ...reputation({ flagMax: 21n }) }), '')
})

test('rules: one changed number is another network', async (t) => {
  const changed: { [Field in keyof Rules]?: Rules[Field] } = {
    version: 2,
    name: 'other',
    coin: { ...rules.coin, decimals: 1 },
    hostKey: ada.signingKey,
    operators: [{ ...operators[0]!, weight: 4 }],
    keepers: { ...keepers, version: 8 },
    batchIntervalMs: 1_001,
    batchOpsMax: 999,
    clockSkewMs: 30_001,
    epochMs: rules.epochMs + 1n,
    expiryMaxMs: rules.expiryMaxMs + 1,
    ackWindowEpochs: 3,
    ...identity({ checkpoints: 9 }),
    mailShards: 5,
    sizeClassMax: 7,
    recipientsMax: 11,
    ...price({ target: 1_001n }),
    ...correspondence({ patience: 5 }),
    resources: { ...rules.resources, letter: 1n },
    ...reputation({ flagMax: 9n }),
    ...lifetimes([30, 10_000n]),
    recipientFactor: 1_001n,
    burnShare: 2_001n,
    operatorsShare: 501n,
    inclusionFee: 11n,
    reserve: 101n,
    policyTierMax: 6,
    policyFeeMax: 1_000_001n,
  }
  // There is one kind of anchor so far, so that field cannot change.
  t.strictSame(new Set([...Object.keys(changed), 'anchor']), new Set(Object.keys(rules)))
  const ids = [
    networkId(rules, genesis),
    ...Object.entries(changed).map(([field, value]) => networkId({ ...rules, [field]: value }, genesis)),
    networkId(rules, { ...genesis, time: genesis.time + 1n }),
    networkId(rules, { ...genesis, salt: new Uint8Array(32) }),
    networkId(rules, { ...genesis, grants: genesis.grants.slice(1) }),
  ]
  t.equal(new Set(ids.map(bytesToHex)).size, ids.length)
  t.equal(bytesToHex(networkId({ ...rules }, { ...genesis })), bytesToHex(ids[0]!))
})
