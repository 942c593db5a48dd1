/** Our one reputation as people read it: what it is, what each tier would do, among how many it hides, and what comes next. */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Context } from '../../protocol/context.ts'
import { modeOf, type Sums } from '../../protocol/identity.ts'
import { effectiveTier, rankOf, reaches, scoreOne, tierOf } from '../../protocol/reputation.ts'
import type { Rules } from '../../protocol/rules.ts'
import { checkpointKey, type Meta } from '../../protocol/state.ts'
import { worthOf } from '../../protocol/worth.ts'
import { amountText } from '../amount.ts'
import { type Choice, anonymitySetOf, passesSeen, type ListedPass } from './anonymity-set.ts'
import type { KeyOf } from '../mailbox/epoch-key.ts'
import type { Life } from './life.ts'
import type { PresenceOf } from './presence.ts'
import type { LifeProgress } from './progress.ts'
import type { Replica } from '../ledger/replica.ts'
import type { NameView } from '../habit.ts'
import type { PassView, Reputation, TierView } from '../service.ts'
import type { Store } from '../ledger/store.ts'
import { keysOf, type Self } from './history.ts'
import { passFeeView } from './passes.ts'
import { times } from '../mailbox/views.ts'
import type { Own } from '../keys/wallet.ts'

type Parts = {
  readonly context: Pick<Context, 'rules'>
  readonly store: Pick<Store, 'fetch' | 'disk'>
  readonly replica: Pick<Replica, 'view'>
}

/** Put together what `bmail reputation` shows. */
export async function reputationView(
  { context: { rules }, store, replica }: Parts,
  {
    life,
    keyOf,
    pseudonyms,
    presence,
  }: {
    life: Pick<Life, 'self' | 'standing'>
    keyOf: KeyOf
    pseudonyms: readonly Own[]
    presence: PresenceOf
  },
): Promise<Reputation> {
  const standing = await life.standing()
  const { meta, traced } = standing
  const { positive, negative } = traced?.hidden ?? { positive: 0n, negative: 0n }
  const isRenewed = traced !== undefined && modeOf(traced.hidden, meta.epoch) === undefined
  return {
    state: !traced ? 'not-enrolled' : isRenewed ? 'renewed' : 'enrolled',
    note: noteOf(standing, rules),
    epoch: meta.epoch,
    score: scoreText(positive - negative),
    positive: scoreText(positive),
    negative: scoreText(negative),
    tier: isRenewed ? tierOf(rules, traced.hidden) : null,
    enrolFee: String(rules.identity.enrolFee),
    passFee: passFeeView(rules, meta),
    tiers: await tiersOf(store, rules, { meta, self: life.self, sums: traced?.hidden }),
    passes: await passesOf({ replica, rules, keyOf }, pseudonyms),
    takes: standing.choice ? { tier: standing.choice.tier, why: whyOf(standing.choice, meta.epoch - 1) } : null,
    names: await namesOf(standing, pseudonyms, presence),
    without: standing.without.map(({ label }) => label),
    renewals: await renewalsBehind(store, meta),
    next: standing.next.map(({ what, at }) => ({ what, at: at === undefined ? null : Math.round(at) })),
    folded: (traced?.foldings ?? []).toReversed().map((folding) => ({
      epoch: folding.epoch,
      inEpoch: folding.inEpoch,
      positive: scoreText(folding.positive),
      negative: scoreText(folding.negative),
      endorsed: String(folding.endorsed),
    })),
  }
}

function noteOf({ meta, traced, next, proving, failure }: LifeProgress, { identity, coin }: Rules): string {
  if (!traced)
    return `You are not enrolled, so you pay as somebody without a pass. Enrolling burns ${amountText(identity.enrolFee, coin)}: \`bmail reputation enroll\`.`
  if (proving) return `Proving ${proving} now.`
  if (failure && next.length > 0) return `Proving ${failure.what} failed, and it is tried again: ${failure.why}`
  if (meta.committedAt === 0n) return 'Waiting for the verdicts of the epoch before last to be committed.'
  const [first] = next
  if (!first) return 'Everything for this epoch is done.'
  return first.at === undefined
    ? `Waiting for a checkpoint behind which your identity stands; then: ${first.what}.`
    : `Next, at a moment drawn at random: ${first.what}.`
}

/** Why passes are taken at a tier. */
function whyOf({ tier, reached, crowd, isOpen }: Choice, before: number): string {
  if (tier === reached) return 'the best that your score reaches'
  return isOpen
    ? `it goes up to tier ${reached} in an epoch that is drawn at random, and not together with your other names`
    : `at tier ${reached} stood ${crowd} in epoch ${before} that had earned it for everybody to see, and \`hideAmong\` asks for more`
}

/** The same of one pseudonym. */
function whyFor(choice: Choice, { habit }: Own, before: number): string {
  const { tier, reached, earned } = choice
  if (habit.show === 'exactly') return 'the one that it shows, and no other'
  if (tier === reached && tier > 0 && tier <= earned)
    return 'what verdicts on its own letters come to, as everybody can see'
  if (tier === reached && habit.show === 'at-most' && tier === habit.tier) return 'the best that it shows'
  return whyOf(choice, before)
}

/** Why a pseudonym rests. */
const restTexts = {
  'sits-out': 'it sits this epoch out',
  unused: 'it was not used lately; a letter under it asks for one',
  tier: 'your score does not reach the tier that it shows',
  funds: 'it has not what a pass may burn; fund it',
} as const

async function namesOf(
  { meta, choices, resting }: LifeProgress,
  pseudonyms: readonly Own[],
  presence: PresenceOf,
): Promise<NameView[]> {
  const presenceOf = await presence()
  return pseudonyms
    .filter(({ retired }) => !retired)
    .map((own): NameView => {
      const [choice, rest] = [choices.get(own), resting.get(own)]
      return {
        label: own.label,
        address: own.text,
        takes: choice ? { tier: choice.tier, why: whyFor(choice, own, meta.epoch - 1) } : null,
        rests: rest && rest in restTexts ? restTexts[rest as keyof typeof restTexts] : '',
        habit: own.habit,
        presence: presenceOf(own),
      }
    })
}

async function tiersOf(
  store: Pick<Store, 'disk'>,
  rules: Rules,
  { meta, self, sums }: { meta: Meta; self: Self; sums: Sums | undefined },
): Promise<TierView[]> {
  const passes = await passesSeen(store, meta.epoch)
  const ours = new Set(keysOf(self, meta.epoch).map(bytesToHex))
  const own = passes.filter(({ epochKey }) => ours.has(bytesToHex(epochKey)))
  return rules.reputation.factors.map((_, rank): TierView => {
    const tier = rank === 0 ? null : rank - 1
    return {
      ...tierWorth(rules, tier),
      setSize: tier === null ? 0 : anonymitySetOf(passes, tier, namedAt(own, tier)),
      reached: tier === null || (sums !== undefined && reaches(rules, tier, sums)),
    }
  })
}

/** What a tier (or no pass) asks, costs and is good for under some rules. */
export function tierWorth(rules: Rules, tier: number | null): Omit<TierView, 'setSize' | 'reached'> {
  const { factors, strangers, ackWeights, scores, negatives } = rules.reputation
  const standing = tier ?? undefined
  const rank = rankOf(standing)
  const asks = tier !== null && tier > 0
  const { score, decay, first, exchange } = worthOf(rules, standing)
  return {
    tier,
    times: times(factors[rank]!),
    timesStrangers: times(strangers[rank]!),
    scoreMin: asks ? String(scores[tier - 1]) : '',
    negativeMax: asks ? String(negatives[tier - 1]) : '',
    scoreCost: String(score),
    decayCost: String(decay),
    firstLetter: String(first),
    exchangeLetter: String(exchange),
    verdictWeight: times(ackWeights[rank]!),
  }
}

/** The checkpoints that passes of a tier name. */
const namedAt = (passes: readonly ListedPass[], tier: number): number[] =>
  passes.filter((pass) => pass.tier === tier).map(({ checkpoint }) => checkpoint)

async function passesOf(
  { replica, rules, keyOf }: { replica: Pick<Replica, 'view'>; rules: Rules; keyOf: KeyOf },
  pseudonyms: readonly Own[],
): Promise<PassView[]> {
  const views: PassView[] = []
  for (const { label, text, address } of pseudonyms) {
    const key = await keyOf(address)
    const pass = key && (await replica.view([{ table: 'passes', key }])).read('passes', key)
    if (!key || !pass) continue
    views.push({
      label,
      address: text,
      epoch: pass.epoch,
      epochKey: bytesToHex(key),
      tier: pass.tier,
      effectiveTier: effectiveTier(rules, pass),
      positive: scoreText(pass.positive),
      negative: scoreText(pass.negative),
    })
  }
  return views
}

/** Leaves that came between the first and the latest checkpoint of the epoch: renewals, and a few enrolments. */
async function renewalsBehind(store: Pick<Store, 'fetch'>, meta: Meta): Promise<number> {
  const keys = [0, meta.checkpoint].map((checkpoint) => checkpointKey({ epoch: meta.epoch, checkpoint }))
  const view = await store.fetch(keys.map((key) => ({ table: 'checkpoints', key }) as const))
  const [first, latest] = keys.map((key) => view.read('checkpoints', key)?.identities ?? 0)
  return latest! - first!
}

/** A score with 16 fractional bits as a decimal with two places, rounded towards zero. */
export function scoreText(score: bigint): string {
  const hundredths = ((score < 0n ? -score : score) * 100n) / scoreOne
  const sign = score < 0n && hundredths > 0n ? '-' : ''
  return `${sign}${hundredths / 100n}.${String(hundredths % 100n).padStart(2, '0')}`
}
