/**
 * Adversarial schedules: a few pseudonyms, any of whom may be one person's, take passes, write, grant and give verdicts in
 * any order, through the ledger's own `apply`. What they did is added up from what they paid, not from what the ledger
 * says it was worth.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import fc from 'fast-check'
import { equalBytes } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import type { apply, asks, openBatch } from '../../protocol/ledger.ts'
import type { Amounts } from '../../protocol/money.ts'
import { newReader } from '../../protocol/reader.ts'
import type { Rules } from '../../protocol/rules.ts'
import {
  type Change,
  createDraft,
  createFetched,
  type Draft,
  grantKey,
  metaOf,
  writeAll,
} from '../../protocol/state.ts'
import { touches } from '../../protocol/touches.ts'
import { moneyOfOp } from '../../protocol/wire.ts'
import type { Action, ActionOf } from '../../protocol/operations.ts'
import {
  action,
  ada,
  bob,
  cyd,
  dan,
  type Edit,
  edited,
  hourMs,
  olga,
  type Person,
  registeredState,
  seedOf,
  sendTo,
  type State,
  viewOf,
} from './fixtures.ts'
import { isCheap, type Deal, type Tale } from './tale.ts'
import { goodProof } from './plain-proofs.ts'
import { realContext, realRules } from './pricing.ts'
import { funded, totals } from '../vectors/world.ts'

/** The parts of a ledger that a schedule runs through: ours, or one with a mistake in it. */
export type Machine = { apply: typeof apply; asks: typeof asks; openBatch: typeof openBatch }

export type Verdict = ActionOf<'ack'>['verdict']
/** How much somebody tries to give back of what they got. */
type Back = 'nothing' | 'a unit' | 'all' | 'more'
/** Something that one of them tries. */
export type Deed =
  | { readonly what: 'pass'; readonly who: number; readonly tier: number }
  | {
      readonly what: 'send'
      readonly who: number
      readonly to: readonly number[]
      readonly sizeClass: number
      readonly passing: boolean
      readonly automatic: boolean
      /** Whether it pays and burns twice what is asked. */
      readonly over: boolean
    }
  | {
      readonly what: 'ack'
      readonly pick: number
      readonly reader: number
      readonly verdict: Verdict
      readonly passing: boolean
      readonly back: Back
    }
  | { readonly what: 'giveBack'; readonly pick: number; readonly back: Back }
  | {
      readonly what: 'grant'
      readonly who: number
      readonly to: number
      readonly payer: 'sender' | 'recipient'
      readonly allowance: bigint
    }
  | { readonly what: 'wait'; readonly waitMs: bigint }

/** All have much money; who belongs together is for the bounds to choose. */
export const cast: readonly Person[] = [ada, bob, cyd, dan, olga]

const plenty = 10n ** 12n
const stage: State = edited(registeredState(...cast), [
  ...cast.map((person): Edit => funded(person, plenty)),
  ...totals({ minted: plenty * 5n + 1_000n }),
])
/** The real rules, but with so little demand wanted that the price moves, and with notice so short that it is felt. */
export const scheduleRules: Rules = {
  ...realRules,
  expiryMaxMs: 1_000,
  price: { ...realRules.price, target: 2n },
}
/** The same, but one may hold much against another, and of a fee little counts: so the other bounds are met first. */
export const looseRules: Rules = {
  ...scheduleRules,
  reputation: {
    ...realRules.reputation,
    countedMax: 20_000n,
    valueBudget: 2n ** 20n,
    flagBudget: 2n ** 20n,
    flagMax: 2n ** 20n,
  },
}

const anybody = fc.nat({ max: cast.length - 1 })
const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constant('pass' as const), who: anybody, tier: fc.nat({ max: 4 }) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      what: fc.constant('send' as const),
      who: anybody,
      to: fc.uniqueArray(anybody, { minLength: 1, maxLength: 2 }),
      sizeClass: fc.nat({ max: 3 }),
      passing: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
      automatic: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
      over: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      what: fc.constant('ack' as const),
      pick: fc.nat({ max: 5 }),
      reader: fc.nat({ max: 1 }),
      verdict: fc.constantFrom<Verdict[]>('value', 'value', 'value', 'spam', 'abuse', 'abuse', 'abuse', 'abstain'),
      passing: fc.oneof({ weight: 7, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
      back: fc.oneof(
        { weight: 7, arbitrary: fc.constant<Back>('nothing') },
        { weight: 2, arbitrary: fc.constantFrom<Back[]>('a unit', 'all', 'more') },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('giveBack' as const),
      pick: fc.nat({ max: 5 }),
      back: fc.constantFrom<Back[]>('a unit', 'all', 'all', 'more'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant('grant' as const),
      who: anybody,
      to: anybody,
      payer: fc.constantFrom('sender' as const, 'recipient' as const),
      allowance: fc.oneof(fc.bigInt({ min: 0n, max: 20_000n }), fc.constant(10n ** 7n)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('wait' as const),
      waitMs: fc.constantFrom(
        ...Array<bigint>(4).fill(60_000n),
        hourMs,
        25n * hourMs,
        realRules.epochMs,
        2n * realRules.epochMs,
      ),
    }),
  },
)

/** First everybody takes a pass, then anything. */
export const schedules: fc.Arbitrary<Deed[]> = fc
  .tuple(
    fc.array(fc.nat({ max: 4 }), { minLength: cast.length, maxLength: cast.length }),
    fc.array(deed, { maxLength: 40, size: 'max' }),
  )
  .map(([tiers, deeds]) => [...tiers.map((tier, who): Deed => ({ what: 'pass', who, tier })), ...deeds])

/** Run a schedule through a ledger. Signatures and proofs are believed. */
export function run(schedule: readonly Deed[], machine: Machine, rules: Rules = scheduleRules): Tale {
  const context: Context = { ...realContext, rules, verify: () => true, verifyProof: () => true }
  const draft = createDraft(viewOf(stage))
  const deals: (Deal & { readonly message: Uint8Array })[] = []
  const flags = new Map<number, number>()
  let refused = 0
  // Passes are about a checkpoint, and the first is taken in the first batch.
  machine.openBatch(draft, context, { time: metaOf(draft).time, verdictRoot })
  for (const [at, next] of schedule.entries()) {
    if (next.what === 'wait') {
      const time = metaOf(draft).time + next.waitMs
      machine.openBatch(draft, context, { time, verdictRoot })
      continue
    }
    const judges = next.what === 'ack' || next.what === 'giveBack'
    const chosen = judges ? deals.at(-1 - (next.pick % Math.max(1, deals.length))) : undefined
    const who = judges ? chosen?.recipient : next.who
    if (who === undefined) continue
    const wanted = actionOf(draft, next, { at, who, chosen })
    if (!wanted) continue
    const account = draft.read('accounts', cast[who]!.address)!
    const head = { account: cast[who]!.address, nonce: account.nonce, expiry: metaOf(draft).time }
    const asked = machine.asks(draft, context, { ...head, action: wanted })
    if (!asked.ok) {
      refused++
      continue
    }
    const amounts = next.what === 'send' && next.over ? twice(asked.value) : asked.value
    const op = { ...head, ...amounts, action: wanted }
    const entry = { ...blank, op, money: moneyOfOp(op) }
    const view = createFetched()
    for (const reference of touches(context, entry)) view.fill(reference, draft.read(reference.table, reference.key))
    const applied = machine.apply(view, context, entry)
    if (applied.kind !== 'settled') {
      refused++
      continue
    }
    if (chosen && got(applied.changes, cast[chosen.sender]!.address) > 0n)
      chosen.given.push(got(applied.changes, cast[chosen.sender]!.address))
    if (wanted.TAG === 'ack' && chosen) {
      const change = applied.changes.find(
        ({ table, key }) => table === 'passes' && wanted.data.senderKey && bytesToHex(key) === chosen.senderKey,
      )
      const [was, is] = [change?.before, change?.after] as unknown as { positive: bigint; negative: bigint }[]
      if (was && is) {
        chosen.positive += is.positive - was.positive
        chosen.negative += is.negative - was.negative
      }
      chosen.verdict = wanted.data.verdict
      if (wanted.data.verdict === 'spam' || wanted.data.verdict === 'abuse') flags.set(at, who)
      chosen.ackerKey = wanted.data.epochKey && bytesToHex(wanted.data.epochKey)
    }
    writeAll(draft, applied.changes)
    if (wanted.TAG !== 'send' || !applied.sent) continue
    for (const [line, { recipient: address, payer, fee, paid, burned, credit }] of applied.sent.lines.entries()) {
      const { amount, from } = op.lines[line]!
      const recipient = cast.findIndex((one) => equalBytes(one.address, address))
      const granted = draft.read('grants', grantKey({ granter: address, sender: cast[who]!.address })) !== undefined
      const back = deals.filter((deal) => deal.sender === recipient && deal.recipient === who)
      const { automatic } = wanted.data
      const forth = deals.filter((deal) => deal.sender === who && deal.recipient === recipient)
      const isKnown = granted || forth.some((deal) => deal.granted || isCheap(rules, deal))
      const isOwed = !automatic && back.length > forth.filter((deal) => !deal.automatic).length
      if (!automatic) for (const deal of back) deal.answered = true
      deals.push({
        message: applied.sent.message,
        sender: who,
        recipient,
        credit: from === 'funds' ? amount : credit,
        given: [],
        stranger: !isKnown && !isOwed && back.every((deal) => deal.automatic),
        answered: false,
        recipients: wanted.data.recipients.length,
        automatic,
        granted,
        over: next.what === 'send' && next.over,
        fee,
        basePrice: applied.sent.basePrice,
        units: 1n << BigInt(wanted.data.sizeClass),
        paid: payer === 'sender' ? paid : 0n,
        burned: payer === 'sender' ? burned : 0n,
        verdict: undefined,
        positive: 0n,
        negative: 0n,
        senderKey: wanted.data.epochKey && bytesToHex(wanted.data.epochKey),
        ackerKey: undefined,
      })
    }
  }
  const positive = cast.map(() => 0n)
  for (const { table, key, after } of draft.changes()) {
    if (table !== 'passes' || !after) continue
    const pass = draft.read('passes', key)!
    const owner = cast.findIndex(({ address }) => bytesToHex(address) === bytesToHex(pass.pseudonym))
    positive[owner]! += pass.positive
  }
  const readers = cast.map(({ address }) => draft.read('readers', address) ?? newReader)
  return { deals, positive, readers, refused, flags }
}

/** Twice of what burns, and of what is paid out of one's own funds. */
const twice = ({ burn, share, lines }: Amounts): Amounts => ({
  burn: 2n * burn,
  share,
  lines: lines.map((line) => (line.from === 'funds' ? { ...line, amount: 2n * line.amount } : line)),
})

/** How much that is, of what a deal brought its recipient. */
const amountOf = (back: Back, { credit }: Deal): bigint =>
  ({ nothing: 0n, 'a unit': 1n, all: credit, more: credit + 1n })[back]

/** What changes add to an account. */
const got = (changes: readonly Change[], address: Uint8Array): bigint =>
  changes.reduce(
    (sum, change) =>
      change.table === 'accounts' && equalBytes(change.key, address)
        ? sum + change.after!.funds - (change.before?.funds ?? 0n)
        : sum,
    0n,
  )

const nothing = new Uint8Array(32)
/** Of an entry what nobody looks at where signatures are believed. */
const blank = { signature: nothing, id: nothing, bytes: nothing, lane: '', message: undefined }
/** Nobody proves anything here, so any number can stand for the root of an epoch's verdicts. */
const verdictRoot = (epoch: number): bigint => BigInt(epoch)

function actionOf(
  draft: Draft,
  deed: Exclude<Deed, { what: 'wait' }>,
  { at, who, chosen }: { at: number; who: number; chosen: (Deal & { readonly message: Uint8Array }) | undefined },
): Action | undefined {
  const own = cast[who]!
  const now = metaOf(draft)
  const mine = draft.read('passOf', own.address)?.epochKey
  switch (deed.what) {
    case 'pass':
      return action('pass', {
        epoch: now.epoch,
        checkpoint: now.checkpoint,
        epochKey: seedOf(`schedule, key of ${who} at ${at}`).slice(0, 20),
        tier: deed.tier,
        proof: goodProof,
      })
    case 'send': {
      const to = deed.to.filter((other) => other !== who).map((other) => cast[other]!)
      if (to.length === 0) return undefined
      return sendTo(to, {
        envelopeHash: seedOf(`schedule, envelope ${at}`),
        sizeClass: deed.sizeClass,
        epochKey: deed.passing ? mine : undefined,
        automatic: deed.automatic,
      })
    }
    case 'ack': {
      const settled = chosen && draft.read('messages', chosen.message)
      if (!settled) return undefined
      return action('ack', {
        message: chosen.message,
        sender: settled.sender,
        senderKey: settled.epochKey,
        verdict: deed.verdict,
        epochKey: deed.passing ? mine : undefined,
        giveBack: amountOf(deed.back, chosen),
      })
    }
    case 'giveBack': {
      const amount = chosen && amountOf(deed.back, chosen)
      if (!amount) return undefined
      return action('giveBack', { message: chosen.message, sender: cast[chosen.sender]!.address, amount })
    }
    case 'grant':
      return cast[deed.to] === own
        ? undefined
        : action('grant', { sender: cast[deed.to]!.address, payer: deed.payer, allowance: deed.allowance })
  }
}
