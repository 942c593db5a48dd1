/** The rules that can be lived by, and the network's id. */
import { readFileSync } from 'node:fs'
import { bytesToHex } from '@noble/hashes/utils.js'
import { test } from 'tap'
import { faultsOf } from '../protocol/faults.ts'
import { type Genesis, networkId, type Rules } from '../protocol/rules.ts'
import { ada, genesis, rules } from './fixtures.ts'
import { dearest } from './pricing.ts'

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

const price = (fields: Partial<Rules['price']>) => ({ price: { ...rules.price, ...fields } })
const familiarity = (...list: [messages: number, factor: bigint][]) => ({
  familiarity: list.map(([messages, factor]) => ({ messages, factor })),
})
const rate = (fields: Partial<Rules['rate']>) => ({ rate: { ...rules.rate, ...fields } })
const correspondence = (fields: Partial<Rules['correspondence']>) => ({
  correspondence: { ...rules.correspondence, ...fields },
})
const reputation = (fields: Partial<Rules['reputation']>) => ({ reputation: { ...rules.reputation, ...fields } })

const priceFaults: readonly Wrong[] = [
  { sentence: 'price.floor must be at least 1', rules: [price({ floor: 0n })] },
  {
    sentence: 'price.start must lie between price.floor and price.ceiling',
    rules: [price({ start: 999n }), price({ start: 1_001n }), price({ floor: 1_001n }), price({ ceiling: 999n })],
  },
  { sentence: 'price.ceiling must not exceed 2^32', rules: [price({ ceiling: 2n ** 32n + 1n })] },
  {
    sentence: 'price.target must lie between 1 and 2^40',
    rules: [price({ target: 0n }), price({ target: 2n ** 40n + 1n })],
  },
  { sentence: 'price.intervalMs must be at least 100', rules: [price({ intervalMs: 99 })] },
  {
    sentence: 'price.step must lie between 1 and 1,250 basis points: larger steps can swing',
    rules: [price({ step: 0n }), price({ step: 1_251n })],
  },
  {
    sentence: 'price.floor × price.step must be at least 100,000: from a lower floor steps would be lost in rounding',
    rules: [price({ floor: 79n, ceiling: 2_000n }), price({ step: 99n, ceiling: 2_000n })],
  },
]

const factorFaults: readonly Wrong[] = [
  {
    sentence: 'familiarity must have 1 to 16 steps, the first from 0 messages on',
    rules: [
      familiarity([1, 10_000n]),
      familiarity(),
      familiarity(...Array.from({ length: 17 }, (_, at): [number, bigint] => [at, 10_000n])),
    ],
  },
  {
    sentence: 'familiarity must be in rising order of messages',
    rules: [familiarity([0, 1n], [0, 1n]), familiarity([0, 1n], [3, 1n], [2, 1n])],
  },
  {
    sentence: 'each familiarity factor must lie between 1 and 10,000,000 basis points',
    rules: [familiarity([0, 0n]), familiarity([0, 1n], [1, 10_000_001n])],
  },
  { sentence: 'rate.quota must be at least 1', rules: [rate({ quota: 0 })] },
  { sentence: 'rate.windowMs must be at least 1,000', rules: [rate({ windowMs: 999 })] },
  {
    sentence: 'rate.factorMax must lie between 10,000 and 10,000,000 basis points',
    rules: [rate({ factorMax: 9_999n }), rate({ factorMax: 10_000_001n })],
  },
  {
    sentence: 'correspondence.least must lie between 1 and 10,000 basis points',
    rules: [correspondence({ least: 0n }), correspondence({ least: 10_001n })],
  },
  {
    sentence: 'correspondence.most must lie between 10,000 and 10,000,000 basis points',
    rules: [correspondence({ most: 9_999n }), correspondence({ most: 10_000_001n })],
  },
  {
    sentence: 'correspondence.patience and correspondence.unanswered must be at least 1',
    rules: [correspondence({ patience: 0 }), correspondence({ unanswered: 0 })],
  },
  {
    sentence: 'correspondence.decay must not exceed 10,000 basis points',
    rules: [correspondence({ decay: 10_001n })],
  },
]

const six = (...numbers: bigint[]) => numbers
const reputationFaults: readonly Wrong[] = [
  {
    sentence: 'reputation.factors and ackWeights must each have 6 numbers: without a pass, and at the tiers 0 to 4',
    rules: [
      reputation({ factors: [10_000n] }),
      reputation({ ackWeights: [0n, 1n, 1n, 1n, 1n] }),
      reputation({ ackWeights: [0n, 1n, 1n, 1n, 1n, 1n, 1n] }),
    ],
  },
  {
    sentence: 'reputation.scores and negatives must each have 4 numbers: for the tiers 1 to 4',
    rules: [reputation({ scores: [] }), reputation({ negatives: [5n, 4n, 3n, 2n, 1n] })],
  },
  {
    sentence: 'each of reputation.factors must lie between 1 and 10,000,000 basis points',
    rules: [
      reputation({ factors: six(10_000n, 10_000n, 1n, 1n, 1n, 0n) }),
      reputation({ factors: six(10_000_001n, 10_000n, 1n, 1n, 1n, 1n) }),
    ],
  },
  {
    sentence:
      'reputation.factors must not rise from no pass to tier 4: a fresh identity must not be better than an old one',
    rules: [reputation({ factors: six(10_000n, 10_000n, 10_000n, 10_000n, 10_000n, 10_001n) })],
  },
  {
    sentence: 'reputation.ackWeights must begin with 0: a verdict without a pass counts nothing',
    rules: [reputation({ ackWeights: six(1n, 1n, 1n, 1n, 1n, 1n) })],
  },
  {
    sentence: 'each of reputation.ackWeights must not exceed 10,000 basis points',
    rules: [reputation({ ackWeights: six(0n, 1n, 1n, 1n, 1n, 10_001n) })],
  },
  {
    sentence: 'reputation.kappa and reputation.lambda must not exceed 10,000,000 basis points',
    rules: [reputation({ kappa: 10_000_001n }), reputation({ lambda: 10_000_001n })],
  },
  {
    sentence: 'reputation.abuse must lie between 10,000 and 1,000,000 basis points',
    rules: [reputation({ abuse: 9_999n }), reputation({ abuse: 1_000_001n })],
  },
  {
    sentence: 'reputation.countedMax must lie between 10,000 and 10,000,000 basis points',
    rules: [reputation({ countedMax: 9_999n }), reputation({ countedMax: 10_000_001n })],
  },
  { sentence: 'reputation.scores must be in rising order', rules: [reputation({ scores: [4n, 4n, 48n, 120n] })] },
  { sentence: 'reputation.negatives must be in falling order', rules: [reputation({ negatives: [4n, 3n, 2n, 2n] })] },
  {
    sentence: 'reputation.scores and negatives must be below 2^24',
    rules: [reputation({ scores: [4n, 16n, 48n, 2n ** 24n] }), reputation({ negatives: [2n ** 24n, 3n, 2n, 1n] })],
  },
  { sentence: 'reputation.decay must not exceed 10,000 basis points', rules: [reputation({ decay: 10_001n })] },
  {
    sentence: 'reputation.valueBudget, flagBudget and flagMax must be below 2^24',
    rules: [
      reputation({ valueBudget: 2n ** 24n }),
      reputation({ flagBudget: 2n ** 24n }),
      reputation({ flagMax: 2n ** 24n }),
    ],
  },
  {
    sentence: 'reputation.keysPerEpoch must lie between 1 and 16',
    rules: [reputation({ keysPerEpoch: 0 }), reputation({ keysPerEpoch: 17 })],
  },
]

const faults: readonly Wrong[] = [
  { sentence: 'name must not exceed 64 bytes', rules: [{ name: 'é'.repeat(33) }] },
  {
    sentence: 'there must be 1 to 32 operators',
    rules: [{ operators: [] }, { operators: Array(33).fill(operators[0]) }],
  },
  {
    sentence: 'there must be 1 to 32 keepers',
    rules: [
      {
        keepers: {
          ...keepers,
          members: Array.from({ length: 33 }, (_, at) => ({
            ...first!,
            lockKey: new Uint8Array(32).fill(at),
            signingKey: new Uint8Array(33).fill(at),
          })),
        },
      },
    ],
  },
  {
    sentence: 'there must be 1 to 16 lifetimes',
    rules: [{ lifetimes: [] }, lifetimes(...Array.from({ length: 17 }, (_, at): [number, bigint] => [at + 1, 1n]))],
  },
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
  ...priceFaults,
  ...factorFaults,
  ...reputationFaults,
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
  const source = readFileSync(new URL('../protocol/faults.ts', import.meta.url), 'utf8')
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
    price: { start: 8n, floor: 8n, ceiling: 8n, target: 1n, intervalMs: 100, step: 1_250n },
    ...familiarity([0, 1n]),
    rate: { quota: 1, windowMs: 1_000, factorMax: 10_000n },
    correspondence: { least: 1n, most: 10_000n, patience: 1, unanswered: 1, decay: 0n },
    reputation: {
      factors: six(1n, 1n, 1n, 1n, 1n, 1n),
      ackWeights: six(0n, 0n, 0n, 0n, 0n, 0n),
      kappa: 0n,
      lambda: 0n,
      abuse: 10_000n,
      countedMax: 10_000n,
      scores: [0n, 1n, 2n, 3n],
      negatives: [3n, 2n, 1n, 0n],
      decay: 0n,
      valueBudget: 0n,
      flagBudget: 0n,
      flagMax: 0n,
      keysPerEpoch: 1,
      passGraceMs: 0,
    },
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
    ackWindowEpochs: 255,
    mailShards: 64,
    sizeClassMax: 8,
    ...lifetimes([65_535, 100_000_000n]),
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
    ...price({ target: 1_001n }),
    ...familiarity([0, 10_001n]),
    ...rate({ quota: 21 }),
    ...correspondence({ patience: 5 }),
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
