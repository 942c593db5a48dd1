/** What a network’s rules come to, in words: what things cost there, for how long what counts, and who can change what. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { carriageOf, priceOf } from '../protocol/fee.ts'
import type { Kind } from '../protocol/pair.ts'
import type { Standing } from '../protocol/reputation.ts'
import { divideUp, timesOne, type Rules } from '../protocol/rules.ts'
import { amountText, grouped } from './amount.ts'

/** A subject, and what is to be said of it; both are for people. */
type Said = readonly [about: string, sentence: string]

/** All of it, computed from the rules alone, in the order in which somebody asks who wants to write. */
export function networkWords(rules: Rules): readonly Said[] {
  return [...lettersSaid(rules), ...pricesSaid(rules), ...verdictsSaid(rules), ...powersSaid(rules)]
}

/** Which letter is priced: one to one person, of a KiB unless a class is named, kept for as short as can be, while the base price is at its floor. */
type Which = {
  readonly kind: Kind
  readonly standing: Standing
  readonly hasBadName?: boolean
  readonly granted?: boolean
  readonly sizeClass?: number
}

/** All that it costs, and what of that its reader gets. */
function letterOf(rules: Rules, { kind, standing, hasBadName = false, granted = false, sizeClass = 0 }: Which) {
  const terms = { kind, standing, hasBadName, floor: 0n }
  const size = { basePrice: rules.price.floor, sizeClass, recipientCount: 1, lifetimeDays: rules.lifetimes[0]!.days }
  const { paid, credit } = priceOf(rules, { ...terms, ...size, unflagged: terms, granted })
  return { costs: paid + carriageOf(rules, size), credit }
}

/** What a first letter costs, as a sentence: by it somebody sees whether amounts of this coin can be lived with. */
export function firstLetterSaid(rules: Rules): string {
  const costs = (which: Omit<Which, 'kind'>): string =>
    amountText(letterOf(rules, { kind: 'first', ...which }).costs, rules.coin)
  return `costs ${costs({ standing: 0 })} under any pass, ${costs({ standing: 0, hasBadName: true })} with a bad name, ${costs({ standing: undefined })} without a pass`
}

function lettersSaid(rules: Rules): readonly Said[] {
  const { correspondence, reputation, lifetimes, coin } = rules
  const shown = shownIn(rules)
  const first = letterOf(rules, { kind: 'first', standing: 0 })
  const answer = (standing: Standing): string => shown(letterOf(rules, { kind: 'exchange', standing }).costs)
  const granted = letterOf(rules, { kind: 'exchange', standing: 0, granted: true })
  const best = reputation.scores.length
  const patience = counted(BigInt(correspondence.patience), 'letter')
  return [
    [
      'coin',
      `a ${coin.name} is ${counted(10n ** BigInt(coin.decimals), 'unit')}, and a unit the smallest amount there is`,
    ],
    ['a first letter', firstLetterSaid(rules)],
    [
      'what comes back',
      `its reader gets ${shown(first.credit)}, to keep or give back; what they valued goes back by itself, unless they say otherwise`,
    ],
    [
      'an answer',
      `costs ${answer(0)} under a fresh pass, ${answer(best)} with the best name, ${answer(undefined)} without a pass`,
    ],
    [
      'to each other',
      `each letter that comes back pays for ${patience} at that price, and all together for no more than ${patience} beyond their number; beyond those it is a first letter`,
    ],
    ['under a grant', `costs ${shown(granted.costs)} under a fresh pass: whoever granted you that takes nothing of it`],
    [
      'size',
      `all this is of 1 KiB, compressed, to one, for ${counted(BigInt(lifetimes[0]!.days), 'day')}; ${largestSaid(rules)}; ${severalSaid(rules)}`,
    ],
    ['kept for', lifetimes.map(({ days, factor }) => `${counted(BigInt(days), 'day')} ${times(factor)}`).join(', ')],
  ]
}

function largestSaid(rules: Rules): string {
  const { sizeClassMax } = rules
  if (sizeClassMax === 0) return 'no letter is larger'
  const costs = (kind: Kind): string =>
    amountText(letterOf(rules, { kind, standing: 0, sizeClass: sizeClassMax }).costs, rules.coin)
  return `of ${grouped(String(1 << sizeClassMax))} KiB, the most there is, a first letter costs ${costs('first')}, and an answer ${costs('exchange')}`
}

function severalSaid({ recipientFactor, recipientsMax }: Rules): string {
  if (recipientsMax === 1) return 'none goes to several'
  const each = recipientFactor === 0n ? 'as if alone' : `${percent(recipientFactor)} more for each other one`
  return `of several recipients, up to ${recipientsMax}, each is paid ${each}`
}

function pricesSaid(rules: Rules): readonly Said[] {
  const { price, burnShare, operatorsShare, expiryMaxMs, identity, inclusionFee, reserve } = rules
  const { endorsements, endorsementReserve, enrolFee, passFee } = identity
  const shown = shownIn(rules)
  const [floor, ceiling] = [price.floor, price.ceiling].map(shown)
  // Upwards a step is one in the harmonic mean, which is longer than the number that the rules have.
  const rise = divideUp(price.step * timesOne, timesOne - price.step)
  const moves = `${floor} a KiB, in all of this; with demand up to ${ceiling}, by ${percent(rise)} in ${span(price.intervalMs)} at most`
  return [
    ['base price', price.floor === price.ceiling ? `${floor} a KiB, always` : `${moves}; what is above ${floor} burns`],
    [
      'a price holds',
      `for ${span(expiryMaxMs)}, whatever others do; a letter that no batch has by then expires, and costs nothing`,
    ],
    [
      'of a fee',
      `${percent(timesOne - burnShare - operatorsShare)} are its reader’s, ${percent(burnShare)} burn, ${percent(operatorsShare)} go to the operators in turns`,
    ],
    [
      'a name',
      `burns ${shown(enrolFee + inclusionFee)} once, to enrol, and ${shown(passFee)} a pass, or more where many took one`,
    ],
    [
      'anything else',
      `burns ${shown(inclusionFee)}, but verdicts and renewals, which are free; every address keeps ${shown(reserve)} in reserve`,
    ],
    ...(endorsements.length === 0
      ? []
      : [
          [
            'endorsements',
            `are of ${endorsements.join(', ')} of one’s score; ${endorsementReserve} must be left`,
          ] as const,
        ]),
  ]
}

function verdictsSaid({ epochMs, reputation }: Rules): readonly Said[] {
  const fades = percent(timesOne - reputation.decay)
  return [
    [
      'verdicts',
      `are taken until the epoch after the letter’s is over, of which each takes ${span(epochMs)}; they move no money, and ${fades} of a score fades each epoch`,
    ],
  ]
}

function powersSaid(rules: Rules): readonly Said[] {
  const { hostKey, batchIntervalMs, keepers, policyFeeMax } = rules
  const { threshold, members } = keepers
  const shown = shownIn(rules)
  const asks = [...(policyFeeMax === 0n ? [] : [shown(policyFeeMax)]), ...asksFor(rules)]
  return [
    [
      'the host can',
      `order the log (its key is ${bytesToHex(hostKey).slice(0, 16)}…, its batches ${span(batchIntervalMs)} apart), delay, leave out, be down; it cannot spend what is others’, read, or set a price`,
    ],
    [
      'keepers can',
      `open the lock of what is paid, ${threshold} of ${members.length} of them together; so many could also open it early, and where ${members.length - threshold + 1} will not, its sender’s daemon opens it; they read nothing`,
    ],
    [
      'readers can',
      `${asks.length === 0 ? 'ask no more of first letters' : `ask more of first letters, up to ${asks.join(' and ')}`}, and grant that one pays them nothing`,
    ],
    ['nobody can', 'change these rules: by other ones it is another network, with another id'],
  ]
}

/** The most that a policy may ask for, as it is on the wire: no pass at all, any pass, or one of a tier. */
function asksFor({ policyTierMax, reputation }: Rules): readonly string[] {
  if (policyTierMax === 0) return []
  if (policyTierMax === 1) return ['any pass']
  const tier = policyTierMax - 1
  return [tier > reputation.scores.length ? 'a pass of a tier that nobody has' : `a pass of tier ${tier}`]
}

const shownIn =
  ({ coin }: Rules) =>
  (amount: bigint): string =>
    amountText(amount, coin)

/** “1 day”, “1,000 units”. */
const counted = (count: bigint, what: string): string => `${grouped(String(count))} ${what}${count === 1n ? '' : 's'}`

/** Basis points as “6.25 %”. */
const percent = (basisPoints: bigint): string => `${Number(basisPoints) / 100} %`

/** Basis points as “×1.5”. */
const times = (basisPoints: bigint): string => `×${Number(basisPoints) / Number(timesOne)}`

const spans = [
  ['day', 86_400_000n],
  ['hour', 3_600_000n],
  ['minute', 60_000n],
] as const

/** Milliseconds in the largest unit that they are a whole number of, “10 minutes”; else in seconds, “1.5 s”. */
function span(ms: bigint | number): string {
  const found = spans.find(([, unit]) => BigInt(ms) % unit === 0n)
  if (!found) return `${Number(ms) / 1_000} s`
  const [name, unit] = found
  return BigInt(ms) === unit ? `${name === 'hour' ? 'an' : 'a'} ${name}` : counted(BigInt(ms) / unit, name)
}
