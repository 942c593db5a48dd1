/** The rules that can be lived by, and the network's id. */
import { readFileSync } from 'node:fs'
import { bytesToHex } from '@noble/hashes/utils.js'
import { test } from 'tap'
import { faultsOf } from '../protocol/faults.ts'
import { type Genesis, networkId, type Rules } from '../protocol/rules.ts'
import { ada, genesis, rules } from './fixtures.ts'

type Wrong = {
  readonly sentence: string
  readonly rules?: readonly Partial<Rules>[]
  readonly genesis?: Partial<Genesis>
}

const { keepers, operators } = rules
const [first, second, third] = keepers.members
const lifetimes = (...list: [days: number, factor: bigint][]) => ({
  lifetimes: list.map(([days, factor]) => ({ days, factor })),
})

const faults: readonly Wrong[] = [
  { sentence: 'keepers.threshold must be at least 1', rules: [{ keepers: { ...keepers, threshold: 0 } }] },
  {
    sentence: 'keepers.threshold must not exceed the number of keepers',
    rules: [{ keepers: { ...keepers, threshold: 4 } }],
  },
  {
    sentence: 'each keeper needs a lockKey of its own',
    rules: [{ keepers: { ...keepers, members: [first!, second!, { ...third!, lockKey: first!.lockKey }] } }],
  },
  {
    sentence: 'each keeper needs a signingKey of its own',
    rules: [{ keepers: { ...keepers, members: [first!, second!, { ...third!, signingKey: first!.signingKey }] } }],
  },
  {
    sentence: 'batchIntervalMs must lie between 10 ms and an hour',
    rules: [{ batchIntervalMs: 9 }, { batchIntervalMs: 3_600_001 }],
  },
  { sentence: 'batchOpsMax must lie between 1 and 10,000', rules: [{ batchOpsMax: 0 }, { batchOpsMax: 10_001 }] },
  { sentence: 'clockSkewMs must be at least 1,000', rules: [{ clockSkewMs: 999 }] },
  {
    sentence: 'epochMs must lie between 1,000 and 2^40',
    rules: [{ epochMs: 999n, expiryMaxMs: 1_000 }, { epochMs: 2n ** 40n + 1n }],
  },
  { sentence: 'expiryMaxMs must be at least 1,000', rules: [{ expiryMaxMs: 999 }] },
  { sentence: 'expiryMaxMs must not exceed 64 epochs', rules: [{ epochMs: 1_000n, expiryMaxMs: 64_001 }] },
  { sentence: 'ackWindowEpochs must be at least 1', rules: [{ ackWindowEpochs: 0 }] },
  { sentence: 'mailShards must lie between 1 and 64', rules: [{ mailShards: 0 }, { mailShards: 65 }] },
  { sentence: 'sizeClassMax must not exceed 8 (256 KiB)', rules: [{ sizeClassMax: 9 }] },
  { sentence: 'recipientsMax must lie between 1 and 100', rules: [{ recipientsMax: 0 }, { recipientsMax: 101 }] },
  { sentence: 'basePrice must lie between 1 and 2^32', rules: [{ basePrice: 0n }, { basePrice: 2n ** 32n + 1n }] },
  { sentence: 'each lifetime must be at least one day', rules: [lifetimes([0, 1n], [30, 1n])] },
  {
    sentence: 'lifetimes must be in rising order of days',
    rules: [lifetimes([30, 1n], [30, 1n]), lifetimes([30, 1n], [1, 1n])],
  },
  {
    sentence: 'each lifetime factor must lie between 1 and 10,000 × 10,000 basis points',
    rules: [lifetimes([30, 0n]), lifetimes([30, 100_000_001n])],
  },
  { sentence: 'recipientFactor must not exceed 100,000 basis points', rules: [{ recipientFactor: 100_001n }] },
  {
    sentence: 'burnShare and operatorsShare together must not exceed 10,000 basis points',
    rules: [{ burnShare: 9_501n }],
  },
  { sentence: 'inclusionFee must not exceed 2^40', rules: [{ inclusionFee: 2n ** 40n + 1n, reserve: 2n ** 48n }] },
  {
    sentence: 'reserve must cover at least one inclusionFee and not exceed 2^48',
    rules: [{ reserve: 9n }, { reserve: 2n ** 48n + 1n }],
  },
  { sentence: 'policyFeeMax must not exceed 2^48', rules: [{ policyFeeMax: 2n ** 48n + 1n }] },
  { sentence: 'genesis time must not exceed 2^48 ms', genesis: { time: 2n ** 48n + 1n } },
  {
    sentence: 'genesis names an address twice',
    genesis: { grants: [...genesis.grants, { address: ada.address, amount: 0n }] },
  },
  {
    sentence: 'genesis grants together must not exceed 2^62',
    genesis: { grants: [...genesis.grants, { address: new Uint8Array(20), amount: 2n ** 62n - 3_006_999n }] },
  },
]

for (const { sentence, rules: wrong = [{}], genesis: begun } of faults)
  test(`rules: ${sentence}`, async (t) => {
    for (const some of wrong) t.strictSame(faultsOf({ ...rules, ...some }, { ...genesis, ...begun }), [sentence])
  })

test('rules: every sentence is tried here', async (t) => {
  const source = readFileSync(new URL('../protocol/rules.ts', import.meta.url), 'utf8')
  t.equal(source.match(/\bneed\(/g)?.length, faults.length)
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
    basePrice: 1n,
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
    keepers: { ...keepers, threshold: 3 },
    batchIntervalMs: 3_600_000,
    batchOpsMax: 10_000,
    epochMs: 2n ** 40n,
    expiryMaxMs: 2 ** 32 - 1,
    ackWindowEpochs: 255,
    mailShards: 64,
    sizeClassMax: 8,
    recipientsMax: 100,
    basePrice: 2n ** 32n,
    ...lifetimes([65_535, 100_000_000n]),
    recipientFactor: 100_000n,
    burnShare: 9_500n,
    inclusionFee: 2n ** 40n,
    reserve: 2n ** 48n,
    policyTierMax: 255,
    policyFeeMax: 2n ** 48n,
  }
  t.strictSame(faultsOf({ ...rules, ...least }, { ...genesis, time: 0n, grants: [] }), [])
  const grants = [{ address: ada.address, amount: 2n ** 62n }]
  t.strictSame(faultsOf({ ...rules, ...most }, { ...genesis, time: 2n ** 48n, grants }), [])
})

test('rules: one changed number is another network', async (t) => {
  const changed: { [Field in keyof Rules]?: Rules[Field] } = {
    version: 2,
    name: 'other',
    hostKey: ada.signingKey,
    operators: [{ ...operators[0]!, weight: 4 }],
    keepers: { ...keepers, version: 8 },
    batchIntervalMs: 1_001,
    batchOpsMax: 999,
    clockSkewMs: 30_001,
    epochMs: rules.epochMs + 1n,
    expiryMaxMs: rules.expiryMaxMs + 1,
    ackWindowEpochs: 3,
    mailShards: 5,
    sizeClassMax: 7,
    recipientsMax: 11,
    basePrice: 1_001n,
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
