/** Whether rules can be lived by: every number within bounds in which prices neither overflow nor swing. */
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { recipientsLimit } from './envelope.ts'
import { slotCount } from './identity.ts'
import { type Genesis, timesOne, type Rules, supplyMax } from './rules.ts'
import { firstFee, firstLetter, lureLetter, spamFloor, worthOf } from './worth.ts'

type Need = (holds: boolean, sentence: string) => void

/** The largest factor that any one line of a price may have. */
const factorMax = 1_000n * timesOne

/** Whether the rules can be lived by. Returns a sentence for each thing that is wrong, none where all is well. */
export function faultsOf(rules: Rules, genesis: Genesis): string[] {
  const faults: string[] = []
  const need: Need = (holds, sentence) => {
    if (!holds) faults.push(sentence)
  }
  const { keepers, lifetimes } = rules
  need(utf8ToBytes(rules.name).length <= 64, 'name must not exceed 64 bytes')
  needCoin(rules, need)
  need(isFew(rules.operators, 32), 'there must be 1 to 32 operators')
  need(isFew(keepers.members, 32), 'there must be 1 to 32 keepers')
  need(keepers.threshold >= 1, 'keepers.threshold must be at least 1')
  need(keepers.threshold <= keepers.members.length, 'keepers.threshold must not exceed the number of keepers')
  need(distinct(keepers.members.map((keeper) => keeper.lockKey)), 'each keeper needs a lockKey of its own')
  need(distinct(keepers.members.map((keeper) => keeper.signingKey)), 'each keeper needs a signingKey of its own')
  need(
    rules.batchIntervalMs >= 10 && rules.batchIntervalMs <= 3_600_000,
    'batchIntervalMs must lie between 10 ms and an hour',
  )
  need(rules.batchOpsMax >= 1 && rules.batchOpsMax <= 10_000, 'batchOpsMax must lie between 1 and 10,000')
  need(rules.clockSkewMs >= 1_000, 'clockSkewMs must be at least 1,000')
  need(rules.epochMs >= 1_000n && rules.epochMs <= 2n ** 40n, 'epochMs must lie between 1,000 and 2^40')
  need(rules.expiryMaxMs >= 1_000, 'expiryMaxMs must be at least 1,000')
  need(BigInt(rules.expiryMaxMs) <= rules.epochMs * 64n, 'expiryMaxMs must not exceed 64 epochs')
  need(rules.ackWindowEpochs === 1, 'ackWindowEpochs must be 1: the circuits fold an epoch once the next one is closed')
  need(rules.mailShards >= 1 && rules.mailShards <= 64, 'mailShards must lie between 1 and 64')
  need(rules.sizeClassMax <= 8, 'sizeClassMax must not exceed 8 (256 KiB)')
  need(
    rules.recipientsMax >= 1 && rules.recipientsMax <= recipientsLimit,
    `recipientsMax must lie between 1 and ${recipientsLimit}`,
  )
  needPrice(rules, need)
  needFactors(rules, need)
  needReputation(rules, need)
  needIdentity(rules, need)
  need(isFew(lifetimes, 16), 'there must be 1 to 16 lifetimes')
  need(
    lifetimes.every(({ days }) => days >= 1),
    'each lifetime must be at least one day',
  )
  need(
    lifetimes.every(({ days }, at) => at === 0 || lifetimes[at - 1]!.days < days),
    'lifetimes must be in rising order of days',
  )
  need(
    lifetimes.every(({ factor }, at) => at === 0 || lifetimes[at - 1]!.factor <= factor),
    'lifetimes must not fall in factor: a letter would cost less the longer it is kept',
  )
  need(
    lifetimes.every(({ factor }) => factor >= 1n && factor <= 10_000n * timesOne),
    'each lifetime factor must lie between 1 and 10,000 × 10,000 basis points',
  )
  need(rules.recipientFactor <= 10n * timesOne, 'recipientFactor must not exceed 100,000 basis points')
  need(
    rules.burnShare + rules.operatorsShare <= timesOne,
    'burnShare and operatorsShare together must not exceed 10,000 basis points',
  )
  need(rules.inclusionFee <= 2n ** 40n, 'inclusionFee must not exceed 2^40')
  need(
    rules.reserve >= rules.inclusionFee && rules.reserve <= 2n ** 48n,
    'reserve must cover at least one inclusionFee and not exceed 2^48',
  )
  need(rules.policyFeeMax <= 2n ** 48n, 'policyFeeMax must not exceed 2^48')
  need(genesis.time >= 1n && genesis.time <= 2n ** 48n, 'genesis time must lie between 1 and 2^48 ms')
  need(distinct(genesis.grants.map((grant) => grant.address)), 'genesis names an address twice')
  need(
    genesis.grants.reduce((sum, grant) => sum + grant.amount, 0n) <= supplyMax,
    'genesis grants together must not exceed 2^62',
  )
  // What things cost is only worked out by numbers that can be.
  if (faults.length === 0) needWorth(rules, need)
  return faults
}

/** The same of a coin alone, before there are rules around it. */
export function coinFaults(coin: Rules['coin']): string[] {
  const faults: string[] = []
  needCoin({ coin }, (holds, sentence) => void (holds || faults.push(sentence)))
  return faults
}

function needCoin({ coin }: Pick<Rules, 'coin'>, need: Need): void {
  need(
    isCoinName(coin.name),
    'coin.name must be 1 to 12 letters and digits of a to z, A to Z and 0 to 9, a letter first, and neither “unit” nor “units”, nor “e” with digits, which would read as an exponent',
  )
  need(coin.decimals <= 18, 'coin.decimals must not exceed 18')
}

/** What can stand right behind a number and be told from it, and from what the smallest unit is called. */
const isCoinName = (name: string): boolean => /^(?!units?$|e\d+$)[a-z][a-z0-9]{0,11}$/i.test(name)

const distinct = (items: readonly Uint8Array[]): boolean =>
  new Set(items.map((item) => item.toString())).size === items.length

function needPrice({ price }: Rules, need: Need): void {
  need(price.floor >= 1n, 'price.floor must be at least 1')
  need(
    price.floor <= price.start && price.start <= price.ceiling,
    'price.start must lie between price.floor and price.ceiling',
  )
  need(price.ceiling <= 2n ** 32n, 'price.ceiling must not exceed 2^32')
  need(price.target >= 1n && price.target <= 2n ** 40n, 'price.target must lie between 1 and 2^40')
  need(price.intervalMs >= 100, 'price.intervalMs must be at least 100')
  need(
    price.step >= 1n && price.step <= timesOne / 8n,
    'price.step must lie between 1 and 1,250 basis points: larger steps can swing',
  )
  need(
    price.floor === price.ceiling || price.floor * price.step >= 10n * timesOne || price.floor < 1n || price.step < 1n,
    'price.floor × price.step must be at least 100,000: from a lower floor steps would be lost in rounding',
  )
}

function needFactors({ correspondence, resources }: Rules, need: Need): void {
  const { first, exchange, patience, decay } = correspondence
  need(
    isFactor(first) && isFactor(exchange),
    'correspondence.first and correspondence.exchange must lie between 1 and 10,000,000 basis points',
  )
  need(patience >= 1, 'correspondence.patience must be at least 1')
  need(decay <= timesOne, 'correspondence.decay must not exceed 10,000 basis points')
  need(
    [resources.letter, resources.recipient, resources.unit].every((resource) => resource <= factorMax),
    'resources.letter, resources.recipient and resources.unit must not exceed 10,000,000 basis points',
  )
}

/** That no path to a stranger is much cheaper than a first letter, and that no name saves its buyer more than it cost. */
function needWorth(rules: Rules, need: Need): void {
  const { correspondence, reputation, price, burnShare } = rules
  const { strangers, badName, factors, flagMax, lambda, abuse, countedMax } = reputation
  // The inclusion fee stays where it is while the base price rises, so nothing may rest on it.
  const unincluded = { ...rules, inclusionFee: 0n }
  const first = firstLetter(unincluded)
  const lure = lureLetter(unincluded)
  need(
    spamFloor * lure >= first,
    `correspondence.patience must be lower than ${correspondence.patience}, or less be brought by an answer (correspondence.exchange × reputation.factors without a pass) and saved by writing to many at once (resources.letter): a first letter that is answered and all that the answer pays for cost ${lure} each, less than a third of a first letter (${first})`,
  )
  for (const [at, factor] of strangers.entries()) {
    if (at < 2 || factor >= strangers[1]!) continue
    const { score, first: reduced } = worthOf(rules, at - 1)
    const saving = worthOf(rules, 0).first - reduced
    need(
      false,
      `reputation.strangers must not be lower at tier ${at - 1} than at tier 0: a name of it saves ${saving} on each letter to a stranger and costs ${score} to burn, so its buyer has it back after ${score / (saving || 1n) + 1n} letters`,
    )
  }
  need(
    strangers.slice(2).every((factor) => factor <= strangers[1]!),
    'reputation.strangers must not be higher at a tier than at tier 0: a good name would cost more than a fresh one',
  )
  need(
    badName >= strangers[1]! && strangers[0]! >= badName,
    'reputation.badName must lie between reputation.strangers at tier 0 and without a pass: nobody may gain by a bad name, or by shedding one',
  )
  need(
    factors.every((factor, at) => correspondence.exchange * factor <= correspondence.first * strangers[at]!),
    'correspondence.exchange × reputation.factors must not exceed correspondence.first × reputation.strangers: an exchange would cost more than a first letter',
  )
  need(
    factors[1] === factors[5] ||
      correspondence.exchange * ((factors[1]! - factors[5]!) * timesOne + factors[5]! * burnShare) <=
        correspondence.first * strangers[1]! * burnShare,
    'burnShare must be higher, or reputation.factors fall less from tier 0 to tier 4: what a fallen tier adds to a letter of an exchange is burned, and would be more than a first letter burns, so one that was priced as a first letter would fall short once it is answered',
  )
  const counted = least(firstFee(rules), (countedMax * price.floor) / timesOne)
  const allowed = (lambda * abuse * counted) / (2n * price.floor * timesOne * timesOne)
  const isAsStranger = factors
    .slice(1)
    .some((factor) => correspondence.exchange * factor < correspondence.first * badName)
  need(
    flagMax <= allowed || !isAsStranger,
    `reputation.flagMax must not exceed ${allowed}, half of reputation.lambda × abuse × what counts of a first letter: whoever paid as a stranger can be flagged for that, and once more for a letter of an exchange`,
  )
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)

function needReputation({ reputation, epochMs }: Rules, need: Need): void {
  const { factors, strangers, badName, ackWeights, scores, negatives, kappa, lambda, abuse, countedMax, decay } =
    reputation
  need(
    factors.length === 6 && ackWeights.length === 6,
    'reputation.factors and ackWeights must each have 6 numbers: without a pass, and at the tiers 0 to 4',
  )
  need(
    scores.length === 4 && negatives.length === 4,
    'reputation.scores and negatives must each have 4 numbers: for the tiers 1 to 4',
  )
  need(strangers.length === 6, 'reputation.strangers must have 6 numbers: without a pass, and at the tiers 0 to 4')
  need(
    [...factors, ...strangers, badName].every(isFactor),
    'each of reputation.factors and strangers, and reputation.badName, must lie between 1 and 10,000,000 basis points',
  )
  need(
    factors.every((factor, at) => at === 0 || factors[at - 1]! >= factor),
    'reputation.factors must not rise from no pass to tier 4: a fresh identity must not be better than an old one',
  )
  need(ackWeights[0] === 0n, 'reputation.ackWeights must begin with 0: a verdict without a pass counts nothing')
  need(
    ackWeights.every((weight) => weight <= timesOne),
    'each of reputation.ackWeights must not exceed 10,000 basis points',
  )
  need(
    kappa <= 1_000n * timesOne && lambda <= 1_000n * timesOne,
    'reputation.kappa and reputation.lambda must not exceed 10,000,000 basis points',
  )
  need(
    abuse >= timesOne && abuse <= 100n * timesOne,
    'reputation.abuse must lie between 10,000 and 1,000,000 basis points',
  )
  need(
    countedMax >= timesOne && countedMax <= factorMax,
    'reputation.countedMax must lie between 10,000 and 10,000,000 basis points',
  )
  need(rising(scores), 'reputation.scores must be in rising order')
  need(rising(negatives.toReversed()), 'reputation.negatives must be in falling order')
  need(
    [...scores, ...negatives].every((score) => score < 2n ** 24n),
    'reputation.scores and negatives must be below 2^24',
  )
  need(decay === 9_000n, 'reputation.decay must be 9,000 basis points: the circuits are built for it')
  need(
    [reputation.valueBudget, reputation.flagBudget, reputation.flagMax].every((budget) => budget < 2n ** 24n),
    'reputation.valueBudget, flagBudget and flagMax must be below 2^24',
  )
  need(
    BigInt(reputation.passGraceMs) <= epochMs,
    'reputation.passGraceMs must not exceed an epoch: a price holds as long as the pass that it was asked under',
  )
  need(
    reputation.keysPerEpoch === slotCount,
    `reputation.keysPerEpoch must be ${slotCount}: the circuits are built for it`,
  )
}

function needIdentity({ identity, epochMs, inclusionFee, reserve }: Rules, need: Need): void {
  const { enrolFee, passFee, passStep, verdictDelayMs, checkpoints, endorsements, endorsementReserve, stamps } =
    identity
  need(enrolFee <= 2n ** 48n, 'identity.enrolFee must not exceed 2^48')
  need(passFee <= 2n ** 20n, 'identity.passFee must not exceed 2^20')
  need(passStep >= 1, 'identity.passStep must be at least 1')
  need(BigInt(verdictDelayMs) * 2n <= epochMs, 'identity.verdictDelayMs must not exceed half an epoch')
  need(checkpoints >= 2 && checkpoints <= 64, 'identity.checkpoints must lie between 2 and 64')
  need(endorsements.length <= 16 && stamps.length <= 16, 'identity.endorsements and stamps must have at most 16 sizes')
  need(rising(endorsements) && rising(stamps), 'identity.endorsements and stamps must be in rising order')
  need(
    [endorsementReserve, ...endorsements].every((score) => score < 2n ** 24n) && endorsements[0] !== 0n,
    'identity.endorsementReserve and endorsements must be below 2^24, and an endorsement at least 1',
  )
  need(
    stamps.every((amount) => amount >= reserve + inclusionFee && amount <= 2n ** 48n),
    'each of identity.stamps must cover a reserve and an inclusionFee, and not exceed 2^48',
  )
}

const isFew = (list: readonly unknown[], most: number): boolean => list.length >= 1 && list.length <= most
const isFactor = (factor: bigint): boolean => factor >= 1n && factor <= factorMax
const rising = (numbers: readonly bigint[]): boolean =>
  numbers.every((number, at) => at === 0 || numbers[at - 1]! < number)
