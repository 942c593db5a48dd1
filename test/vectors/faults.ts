/** Rules that cannot be lived by: each wrong in one thing. */
import type { Genesis, Rules } from '../../protocol/rules.ts'
import { ada, genesis, rules } from '../kit/fixtures.ts'

/** Rules or a genesis that are wrong in one thing each, and the sentence that says so. */
type Wrong = {
  readonly sentence: string
  readonly rules?: readonly Partial<Rules>[]
  readonly genesis?: Partial<Genesis>
}

const { keepers, operators } = rules
const [first, second, third] = keepers.members
/** Rules of which some numbers are others than those of the tests. */
export const lifetimes = (...list: [days: number, factor: bigint][]) => ({
  lifetimes: list.map(([days, factor]) => ({ days, factor })),
})

export const price = (fields: Partial<Rules['price']>) => ({ price: { ...rules.price, ...fields } })
export const correspondence = (fields: Partial<Rules['correspondence']>) => ({
  correspondence: { ...rules.correspondence, ...fields },
})
export const reputation = (fields: Partial<Rules['reputation']>) => ({ reputation: { ...rules.reputation, ...fields } })
export const identity = (fields: Partial<Rules['identity']>) => ({ identity: { ...rules.identity, ...fields } })

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
    sentence: 'correspondence.first and correspondence.exchange must lie between 1 and 10,000,000 basis points',
    rules: [
      correspondence({ first: 0n, exchange: 0n }),
      correspondence({ exchange: 0n }),
      correspondence({ first: 10_000_001n }),
    ],
  },
  { sentence: 'correspondence.patience must be at least 1', rules: [correspondence({ patience: 0 })] },
  {
    sentence: 'correspondence.decay must not exceed 10,000 basis points',
    rules: [correspondence({ decay: 10_001n })],
  },
  {
    sentence: 'resources.letter, resources.recipient and resources.unit must not exceed 10,000,000 basis points',
    rules: (['letter', 'recipient', 'unit'] as const).map((name) => ({
      resources: { ...rules.resources, [name]: 10_000_001n },
    })),
  },
]

export const six = (...numbers: bigint[]) => numbers
/** A first letter at twelve times the base price (four, if it is kept for a day). */
const dear = { first: 120_000n, exchange: 10_000n, patience: 2 }
const strangersAt = (...factors: bigint[]) => ({ ...correspondence(dear), ...reputation({ strangers: factors }) })
const fallen = [10_000n, 10_000n, 10_000n, 10_000n, 10_000n, 7_000n]
const worthFaults: readonly Wrong[] = [
  {
    sentence:
      'correspondence.patience must be lower than 4, or less be brought by an answer (correspondence.exchange × reputation.factors without a pass) and saved by writing to many at once (resources.letter): a first letter that is answered and all that the answer pays for cost 801 each, less than a third of a first letter (4000)',
    rules: [correspondence({ first: 120_000n, exchange: 1n, patience: 4 })],
  },
  {
    sentence:
      'reputation.strangers must not be lower at tier 2 than at tier 0: a name of it saves 400 on each letter to a stranger and costs 3200 to burn, so its buyer has it back after 9 letters',
    rules: [strangersAt(10_000n, 10_000n, 10_000n, 9_000n, 10_000n, 10_000n)],
  },
  {
    sentence:
      'reputation.strangers must not be higher at a tier than at tier 0: a good name would cost more than a fresh one',
    rules: [strangersAt(10_000n, 10_000n, 10_000n, 10_001n, 10_000n, 10_000n)],
  },
  {
    sentence:
      'reputation.badName must lie between reputation.strangers at tier 0 and without a pass: nobody may gain by a bad name, or by shedding one',
    rules: [
      { ...correspondence(dear), ...reputation({ badName: 9_999n }) },
      { ...correspondence(dear), ...reputation({ badName: 10_001n }) },
    ],
  },
  {
    sentence:
      'correspondence.exchange × reputation.factors must not exceed correspondence.first × reputation.strangers: an exchange would cost more than a first letter',
    rules: [correspondence({ exchange: 10_001n })],
  },
  {
    sentence:
      'reputation.flagMax must not exceed 20, half of reputation.lambda × abuse × what counts of a first letter: whoever paid as a stranger can be flagged for that, and once more for a letter of an exchange',
    rules: [{ ...correspondence(dear), ...reputation({ flagMax: 21n }) }],
  },
  {
    sentence:
      'burnShare must be higher, or reputation.factors fall less from tier 0 to tier 4: what a fallen tier adds to a letter of an exchange is burned, and would be more than a first letter burns, so one that was priced as a first letter would fall short once it is answered',
    rules: [
      { ...correspondence(dear), ...reputation({ factors: fallen }), burnShare: 0n },
      { ...correspondence({ ...dear, exchange: 120_000n }), ...reputation({ factors: fallen, flagMax: 1n }) },
    ],
  },
]

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
    sentence:
      'each of reputation.factors and strangers, and reputation.badName, must lie between 1 and 10,000,000 basis points',
    rules: [
      reputation({ badName: 0n }),
      reputation({ strangers: six(10_000n, 10_000n, 1n, 1n, 1n, 0n) }),
      reputation({ factors: six(10_000n, 10_000n, 1n, 1n, 1n, 0n) }),
      reputation({ factors: six(10_000_001n, 10_000n, 1n, 1n, 1n, 1n) }),
    ],
  },
  {
    sentence: 'reputation.strangers must have 6 numbers: without a pass, and at the tiers 0 to 4',
    rules: [reputation({ strangers: [10_000n] })],
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
  {
    sentence: 'reputation.decay must be 9,000 basis points: the circuits are built for it',
    rules: [reputation({ decay: 8_999n }), reputation({ decay: 10_000n })],
  },
  {
    sentence: 'reputation.valueBudget, flagBudget and flagMax must be below 2^24',
    rules: [
      reputation({ valueBudget: 2n ** 24n }),
      reputation({ flagBudget: 2n ** 24n }),
      reputation({ flagMax: 2n ** 24n }),
    ],
  },
  {
    sentence:
      'reputation.passGraceMs must not exceed an epoch: a price holds as long as the pass that it was asked under',
    rules: [{ epochMs: 86_399_999n }, { epochMs: 2_000n, expiryMaxMs: 1_000, ...reputation({ passGraceMs: 2_001 }) }],
  },
  {
    sentence: 'reputation.keysPerEpoch must be 4: the circuits are built for it',
    rules: [reputation({ keysPerEpoch: 3 }), reputation({ keysPerEpoch: 5 })],
  },
]

/** No grace, which is no longer than any epoch. */
const atOnce = reputation({ passGraceMs: 0 })

const identityFaults: readonly Wrong[] = [
  { sentence: 'identity.enrolFee must not exceed 2^48', rules: [identity({ enrolFee: 2n ** 48n + 1n })] },
  { sentence: 'identity.passFee must not exceed 2^20', rules: [identity({ passFee: 2n ** 20n + 1n })] },
  { sentence: 'identity.passStep must be at least 1', rules: [identity({ passStep: 0 })] },
  {
    sentence: 'identity.verdictDelayMs must not exceed half an epoch',
    rules: [{ epochMs: 10_001n, expiryMaxMs: 1_000, ...identity({ verdictDelayMs: 5_001 }), ...atOnce }],
  },
  {
    sentence: 'identity.checkpoints must lie between 2 and 64',
    rules: [identity({ checkpoints: 1 }), identity({ checkpoints: 65 })],
  },
  {
    sentence: 'identity.endorsements and stamps must have at most 16 sizes',
    rules: [
      identity({ endorsements: Array.from({ length: 17 }, (_, at) => BigInt(at + 1)) }),
      identity({ stamps: Array.from({ length: 17 }, (_, at) => BigInt(at + 1_000)) }),
    ],
  },
  {
    sentence: 'identity.endorsements and stamps must be in rising order',
    rules: [identity({ endorsements: [2n, 2n] }), identity({ stamps: [2_000n, 1_000n] })],
  },
  {
    sentence: 'identity.endorsementReserve and endorsements must be below 2^24, and an endorsement at least 1',
    rules: [
      identity({ endorsementReserve: 2n ** 24n }),
      identity({ endorsements: [1n, 2n ** 24n] }),
      identity({ endorsements: [0n, 1n] }),
    ],
  },
  {
    sentence: 'each of identity.stamps must cover a reserve and an inclusionFee, and not exceed 2^48',
    rules: [identity({ stamps: [109n] }), identity({ stamps: [1_000n, 2n ** 48n + 1n] })],
  },
]

/** Everything that rules and a genesis must not be. */
export const faults: readonly Wrong[] = [
  { sentence: 'name must not exceed 64 bytes', rules: [{ name: 'é'.repeat(33) }] },
  {
    sentence:
      'coin.name must be 1 to 12 letters and digits of a to z, A to Z and 0 to 9, a letter first, and neither “unit” nor “units”, nor “e” with digits, which would read as an exponent',
    rules: ['', 'a'.repeat(13), '3x', 'two words', 'münze', 'a\n', 'e5', 'E18', 'unit', 'Units'].map((name) => ({
      coin: { name, decimals: 3 },
    })),
  },
  { sentence: 'coin.decimals must not exceed 18', rules: [{ coin: { name: 'coin', decimals: 19 } }] },
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
    rules: [{ epochMs: 999n, expiryMaxMs: 1_000, ...atOnce }, { epochMs: 2n ** 40n + 1n }],
  },
  { sentence: 'expiryMaxMs must be at least 1,000', rules: [{ expiryMaxMs: 999 }] },
  { sentence: 'expiryMaxMs must not exceed 64 epochs', rules: [{ epochMs: 1_000n, expiryMaxMs: 64_001, ...atOnce }] },
  {
    sentence: 'ackWindowEpochs must be 1: the circuits fold an epoch once the next one is closed',
    rules: [{ ackWindowEpochs: 0 }, { ackWindowEpochs: 2 }],
  },
  { sentence: 'mailShards must lie between 1 and 64', rules: [{ mailShards: 0 }, { mailShards: 65 }] },
  { sentence: 'sizeClassMax must not exceed 8 (256 KiB)', rules: [{ sizeClassMax: 9 }] },
  { sentence: 'recipientsMax must lie between 1 and 100', rules: [{ recipientsMax: 0 }, { recipientsMax: 101 }] },
  ...priceFaults,
  ...factorFaults,
  ...worthFaults,
  ...reputationFaults,
  ...identityFaults,
  { sentence: 'each lifetime must be at least one day', rules: [lifetimes([0, 1n], [30, 1n])] },
  {
    sentence: 'lifetimes must not fall in factor: a letter would cost less the longer it is kept',
    rules: [lifetimes([1, 10_000n], [30, 9_999n])],
  },
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
  {
    sentence: 'inclusionFee must not exceed 2^40',
    rules: [{ inclusionFee: 2n ** 40n + 1n, reserve: 2n ** 48n, ...identity({ stamps: [] }) }],
  },
  {
    sentence: 'reserve must cover at least one inclusionFee and not exceed 2^48',
    rules: [{ reserve: 9n }, { reserve: 2n ** 48n + 1n, ...identity({ stamps: [] }) }],
  },
  { sentence: 'policyFeeMax must not exceed 2^48', rules: [{ policyFeeMax: 2n ** 48n + 1n }] },
  ...[0n, 2n ** 48n + 1n].map((time) => ({
    sentence: 'genesis time must lie between 1 and 2^48 ms',
    genesis: { time },
  })),
  {
    sentence: 'genesis names an address twice',
    genesis: { grants: [...genesis.grants, { address: ada.address, amount: 0n }] },
  },
  {
    sentence: 'genesis grants together must not exceed 2^62',
    genesis: { grants: [...genesis.grants, { address: new Uint8Array(20), amount: 2n ** 62n - 3_006_999n }] },
  },
]
