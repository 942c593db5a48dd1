/**
 * Stories in which somebody prices an operation, and then others act and time goes by: whatever they do, it must settle for
 * what was quoted until it expires. Ada writes, Fay takes passes; the others do whatever can move a price, through the
 * ledger's own `apply`.
 */
import fc from 'fast-check'
import type { Context } from '../../protocol/context.ts'
import { messageId } from '../../protocol/envelope.ts'
import type { apply, asks, openBatch } from '../../protocol/ledger.ts'
import type { Amounts } from '../../protocol/money.ts'
import type { Action } from '../../protocol/operations.ts'
import type { passFeeAt } from '../../protocol/pass.ts'
import { payeeOf } from '../../protocol/payee.ts'
import { amountsOfPrice, type costToSender, type holdsUntil, type quote } from '../../protocol/quote.ts'
import { yes } from '../../protocol/reason.ts'
import type { Rules } from '../../protocol/rules.ts'
import {
  createDraft,
  createFetched,
  type Draft,
  metaOf,
  type Records,
  type View,
  writeAll,
} from '../../protocol/state.ts'
import { touches } from '../../protocol/touches.ts'
import { moneyOfOp } from '../../protocol/wire.ts'
import { atTime } from '../../node/peers/state-ahead.ts'
import {
  action,
  ada,
  bob,
  cyd,
  dan,
  edit,
  edited,
  genesis,
  hourMs,
  olga,
  type Person,
  personOf,
  registeredState,
  seedOf,
  sendTo,
  type State,
  viewOf,
} from './fixtures.ts'
import { goodProof } from './plain-proofs.ts'
import { realContext, realRules } from './pricing.ts'
import { funded, totals } from '../vectors/world.ts'

/** The parts of a ledger that a story goes through: ours, or one with a mistake in it. */
export type PricingMachine = {
  readonly apply: typeof apply
  readonly asks: typeof asks
  readonly openBatch: typeof openBatch
  readonly quote: typeof quote
  readonly costToSender: typeof costToSender
  readonly holdsUntil: typeof holdsUntil
  readonly passFeeAt: typeof passFeeAt
}

const minuteMs = 60_000n
const fay = personOf('fay')
/** Ada is the first, Fay the last. */
const cast: readonly Person[] = [ada, bob, cyd, dan, olga, fay]
const plenty = 10n ** 15n
const stage: State = edited(registeredState(ada, bob, cyd, dan, olga), [
  ...[ada, bob, cyd, dan, olga].map((person) => funded(person, plenty)),
  totals({ minted: plenty * 6n + 1_000n, slots: 10 }),
  edit('accounts', fay.address, { slot: 9, signingKey: fay.signingKey, nonce: 0n, funds: plenty }),
])

/** Everything moves: the price each minute, passes with every one taken, and what decays with every epoch. */
const rulesWith = (epochMs: bigint): Rules => ({
  ...realRules,
  epochMs,
  expiryMaxMs: Number(hourMs),
  price: { ...realRules.price, target: 2n, step: 1_250n },
  correspondence: { ...realRules.correspondence, decay: 5_000n },
  reputation: {
    ...realRules.reputation,
    negatives: [32n, 16n, 8n, 4n],
    flagMax: 64n,
    passGraceMs: Number(epochMs) / 2,
  },
  identity: { ...realRules.identity, passStep: 1 },
})
/** Epochs that many of pass within the longest expiry, that some operations reach into the next of, and one that lasts. */
const networks = [20n * minuteMs, 90n * minuteMs, 48n * hourMs].map(rulesWith)

/** Somebody's deed: a row of small numbers, of which each kind takes what it needs. */
type Deed = {
  readonly what: 'send' | 'ack' | 'policy' | 'grant' | 'revoke' | 'pass' | 'wait' | 'price'
  readonly who: number
  readonly to: readonly number[]
  readonly pick: number
}
export type Pricing = { readonly epochs: number; readonly deeds: readonly Deed[] }

const deeds: fc.Arbitrary<Deed> = fc.record({
  what: fc.constantFrom<Deed['what'][]>(
    ...['price', 'price', 'price', 'send', 'send', 'send', 'ack', 'ack', 'policy', 'grant', 'revoke', 'pass'].map(
      (what) => what as Deed['what'],
    ),
    ...['wait', 'wait', 'wait'].map((what) => what as Deed['what']),
  ),
  who: fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 4, arbitrary: fc.nat({ max: 4 }) }),
  to: fc.uniqueArray(fc.nat({ max: 4 }), { minLength: 1, maxLength: 3 }),
  pick: fc.nat({ max: 59 }),
})
/** Everybody but Fay takes a pass; Ada writes, and is answered; then anything. */
export const pricings: fc.Arbitrary<Pricing> = fc.record({
  epochs: fc.nat({ max: networks.length - 1 }),
  deeds: fc
    .array(deeds, { minLength: 10, maxLength: 60, size: 'max' })
    .map((rest) => [
      ...[0, 1, 2, 3].map((who): Deed => ({ what: 'pass', who, to: [0], pick: 4 })),
      ...[1, 2, 1].map((to): Deed => ({ what: 'send', who: 0, to: [to], pick: 5 })),
      ...[1, 2].map((who): Deed => ({ what: 'send', who, to: [0], pick: 1 })),
      ...rest,
    ]),
})

/** An operation that was priced, by whom, and what it was quoted; it is good until it expires or its author acts again. */
type Priced = {
  readonly by: Person
  readonly expiry: bigint
  readonly action: Action
  readonly amounts: Amounts
  readonly cost: bigint
  /** Whether it counts on what somebody set aside for its author, which they can take back at once. */
  readonly relies: boolean
}
/** What a story came to: how often a priced operation was tried at a later state, how, and what did not hold. */
type Course = { readonly tried: number; readonly costs: readonly bigint[]; readonly broken: readonly string[] }

/** Play a story. What is priced is tried at every state after, and never written. Signatures and proofs are believed. */
export function play({ epochs, deeds }: Pricing, machine: PricingMachine): Course {
  const rules = networks[epochs]!
  const context: Context = { ...realContext, rules, verify: () => true, verifyProof: () => true }
  const draft = createDraft(viewOf(edited(stage, [totals({ epochEnd: genesis.time + rules.epochMs })])))
  const open: Priced[] = []
  const costs: bigint[] = []
  const broken: string[] = []
  let tried = 0
  const at = (time: bigint): void => {
    machine.openBatch(draft, context, { time, verdictRoot: BigInt })
  }
  const applied = (by: Person, expiry: bigint, { action, amounts }: { action: Action; amounts?: Amounts }) => {
    const head = { account: by.address, nonce: draft.read('accounts', by.address)!.nonce, expiry }
    const asked = amounts ? yes(amounts) : machine.asks(draft, context, { ...head, action })
    if (!asked.ok) return { kind: 'void', reason: asked.reason } as const
    const op = { ...head, ...asked.value, action }
    const entry = {
      op,
      money: moneyOfOp(op),
      id: nothing,
      bytes: nothing,
      signature: nothing,
      lane: '',
      message: undefined,
    }
    const view = createFetched()
    for (const reference of touches(context, entry)) view.fill(reference, draft.read(reference.table, reference.key))
    return machine.apply(view, context, entry)
  }
  const check = (after: string): void => {
    for (const { by, expiry, action, amounts, cost, relies } of open) {
      if (metaOf(draft).time > expiry) continue
      tried++
      const result = applied(by, expiry, { action, amounts })
      // Then it is in no batch, and nothing moves.
      if (relies && result.kind === 'void' && result.reason === 'allowance-short') continue
      if (result.kind !== 'settled') broken.push(`${action.TAG} for ${cost}, after ${after}: ${result.reason}`)
    }
  }
  at(metaOf(draft).time)
  for (const [index, deed] of deeds.entries()) {
    if (deed.what === 'wait') at(metaOf(draft).time + waitOf(deed))
    else if (deed.what === 'price') {
      // Some price a while after the last batch, by a clock that says so; then no batch of an earlier time comes.
      const time = metaOf(draft).time + (deed.who === 4 ? waitOf(deed) : 0n)
      const priced = priceOf(atTime(draft, Number(time)), context, machine, { ...deed, index })
      if (priced) open.push(priced)
      if (priced) costs.push(priced.cost)
      if (time > metaOf(draft).time) at(time)
    } else {
      const by = deed.what === 'ack' ? cast[1 + (deed.who % 4)]! : cast[deed.who]!
      const wanted = actionOf(draft, by, { ...deed, index })
      const result = wanted && applied(by, metaOf(draft).time, { action: wanted })
      if (!result || result.kind === 'void') continue
      writeAll(draft, result.changes)
      // Whoever acts again may change its own price, and has another nonce.
      for (let each = open.length - 1; each >= 0; each--) if (open[each]!.by === by) open.splice(each, 1)
    }
    check(deed.what)
  }
  return { tried, costs, broken }
}

const nothing = new Uint8Array(32)

const waitOf = ({ pick }: Deed): bigint =>
  [1n, minuteMs, minuteMs, 7n * minuteMs, 8n * minuteMs, 20n * minuteMs, 59n * minuteMs, hourMs - 1n, 2n * hourMs][
    pick % 9
  ]!

type Doing = Deed & { readonly index: number }

/** Ada prices a letter, or Fay a pass, until some time that it can hold. */
function priceOf(view: View, context: Context, machine: PricingMachine, deed: Doing): Priced | undefined {
  const meta = metaOf(view)
  const { rules } = context
  const untilOf = (holds: bigint): bigint =>
    [holds, holds, holds - 1n, meta.time + (holds - meta.time) / 2n, meta.time][deed.pick % 5]!
  if (deed.pick % 6 === 0) {
    // Its epoch is over, and the next one has no checkpoint yet.
    if (meta.time >= meta.epochEnd) return undefined
    const longest = machine.holdsUntil(view, context, {})
    const until = untilOf(longest < meta.epochEnd ? longest : meta.epochEnd - 1n)
    const cost = machine.passFeeAt(rules, meta, until)
    const amounts = { burn: cost, share: undefined, lines: [] }
    return { by: fay, expiry: until, action: passOf(view, fay, deed), amounts, cost, relies: false }
  }
  const latest = deed.pick % 3 === 0 ? undefined : view.read('passOf', ada.address)?.epochKey
  const pass = latest && view.read('passes', latest)
  const isGood = pass && (pass.epoch === meta.epoch || (pass.epoch === meta.epoch - 1 && inGrace(rules, meta)))
  const epochKey = isGood ? latest : undefined
  const send = sendTo(others(ada, deed), { ...lettersOf(deed), epochKey })
  if (send.TAG !== 'send' || send.data.recipients.length === 0) return undefined
  const until = untilOf(machine.holdsUntil(view, context, { epochKey }))
  const quoted = machine.quote(view, context, { sender: ada.address, ...send.data, until })
  if (!quoted.ok) return undefined
  const cost = machine.costToSender(quoted.value.lines)
  const relies = quoted.value.lines.some(({ payer }) => payer === 'recipient')
  const message = messageId({ network: context.network, sender: ada.address, ...send.data })
  const amounts = amountsOfPrice(quoted.value, payeeOf(rules, message))
  return { by: ada, expiry: until, action: send, amounts, cost, relies }
}

const inGrace = ({ reputation }: Rules, { time, epochStart }: Records['meta']): boolean =>
  time < epochStart + BigInt(reputation.passGraceMs)

const others = (by: Person, { to }: Deed): Person[] => to.map((index) => cast[index]!).filter((person) => person !== by)
/** Letters of four sizes; of five, two are a program's. */
const lettersOf = ({ index, pick }: Doing) => ({
  envelopeHash: seedOf(`priced ${index}`),
  sizeClass: pick % 4,
  automatic: pick % 5 < 2,
})
const passOf = (view: View, by: Person, { index, pick }: Doing): Action => {
  const { epoch, checkpoint } = metaOf(view)
  const epochKey = seedOf(`priced, key of ${by.name} at ${index}`).slice(0, 20)
  return action('pass', { epoch, checkpoint, epochKey, tier: pick % 5, proof: goodProof })
}

function actionOf(draft: Draft, by: Person, deed: Doing): Action | undefined {
  const { pick } = deed
  const [other] = others(by, deed)
  if (deed.what === 'pass') return passOf(draft, by, deed)
  if (deed.what === 'policy')
    return action('policy', { leastTier: pick % 6, leastFee: [0n, 1n, 50_000n, 900_000n][pick % 4]! })
  if (deed.what === 'ack') return verdictOf(draft, by, deed)
  if (!other) return undefined
  if (deed.what === 'revoke') return action('revoke', { sender: ada.address })
  if (deed.what === 'grant')
    return action('grant', {
      sender: by === ada ? other.address : ada.address,
      payer: pick % 3 === 0 ? 'sender' : 'recipient',
      allowance: [0n, 100n, plenty / 1_000n][pick % 3]!,
    })
  const epochKey = pick % 2 ? draft.read('passOf', by.address)?.epochKey : undefined
  return sendTo(others(by, deed), { ...lettersOf(deed), epochKey })
}

/** What a recipient says of the latest letter that it has not judged: of Ada's first, and mostly nothing good. */
function verdictOf(draft: Draft, by: Person, { pick }: Deed): Action | undefined {
  const letters = draft.changes().flatMap(({ table, key }) => (table === 'messages' ? [key] : []))
  const found = letters.findLast((key) =>
    draft
      .read('messages', key)!
      .recipients.some(({ address, verdict }) => verdict === undefined && String(address) === String(by.address)),
  )
  const settled = found && draft.read('messages', found)
  if (!found || !settled) return undefined
  return action('ack', {
    message: found,
    sender: settled.sender,
    senderKey: settled.epochKey,
    verdict: (['abuse', 'spam', 'abuse', 'value'] as const)[pick % 4]!,
    epochKey: draft.read('passOf', by.address)?.epochKey,
    giveBack: 0n,
  })
}
