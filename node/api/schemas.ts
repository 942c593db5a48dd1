/** The JSON schemas of the local API: what each method of `Service` takes and answers. Checked against its types. */
import type { RouteName } from './routes.ts'
import {
  amount,
  anything,
  anyText,
  base64,
  boolean,
  count,
  exactly,
  integer,
  list,
  nothing,
  object,
  oneOf,
  optional,
  orNull,
  pattern,
  pieces,
  type Properties,
  type Schema,
  text,
  union,
} from './json-schema.ts'
import type { Habit, NameView, PassFee, PassTaking, Presence } from '../habit.ts'
import type { SendRequest, WholeMessage } from '../sending.ts'
import type {
  Contact,
  Event,
  Finding,
  PassView,
  Pseudonym,
  Quote,
  ReceiptView,
  Reputation,
  Sent,
  Service,
  Stamp,
  Status,
  Submitted,
  Summary,
  TierView,
} from '../service.ts'
import { type Trouble, troubleNames } from '../troubles.ts'
import { paid, payer, price, priceLine, priceProperties, readerView, strangersLetters } from './priced-schema.ts'
import { shown } from './shown-schema.ts'

/** The largest message that may be asked about: 16 MiB. What a network takes is less; that refusal comes from its rules. */
export const rawBytesMax = 16 * 1024 * 1024

/** The id of a message in hex, or a beginning of it. The mailbox looks at its form, because it has a better sentence. */
const messageId = text(64)
const opId = pattern(/^[0-9a-f]{64}$/, 'The id of an operation in hex')
const name = pattern(
  /^[^\p{Cc}]{1,64}$/u,
  'A name of 1 to 64 characters, none of which is a line end or another control character',
)
/** The label or the address of a pseudonym of ours: the mailbox says best what is wrong with it. */
const party = name
/** Somebody else, in whatever stands around an address where it was pasted from: it is found there, as on the command line. */
const person = pattern(
  /^(?:[^\p{Cc}]|[\t\r\n]){1,1000}$/u,
  'An address, also with what stands around it where it was pasted (“Name <bm1…>”), or the name of a contact, of 1 to 1,000 characters, none of which is a control character but tabs and line ends',
)
const verdict = oneOf('value', 'abstain', 'spam', 'abuse')

const trouble = object<Trouble>({
  name: oneOf(...troubleNames),
  severity: oneOf('stops', 'waits', 'hinders'),
  since: count,
  sentence: anyText,
})

const coin = object<Status['network']['coin']>({ name: anyText, decimals: count })

const status = object<Status>({
  role: oneOf('relay', 'personal'),
  version: anyText,
  network: object<Status['network']>({ id: anyText, name: anyText, coin }),
  peerId: anyText,
  addresses: list(anyText),
  peers: list(anyText),
  height: amount,
  time: count,
  epoch: count,
  stateRoot: anyText,
  headHash: anyText,
  synced: boolean,
  halted: orNull(anyText),
  hosting: boolean,
  keeper: orNull(count),
  pendingOps: count,
  envelopes: count,
  uncollected: count,
  ready: boolean,
  troubles: list(trouble),
})

const passFee = object<PassFee>({ now: amount, most: amount, taken: count, doublesAt: count })

const network = object<Awaited<ReturnType<Service['network']>>>({
  id: anyText,
  coin,
  file: anything,
  evidence: list(anything),
  minted: amount,
  burned: amount,
  passFee,
  stamps: list(object<{ readonly denomination: string; readonly sold: number }>({ denomination: amount, sold: count })),
})

const habitProperties = {
  warm: boolean,
  skipPercent: integer(0, 100),
  show: oneOf('best', 'at-most', 'exactly'),
  tier: integer(0, 255),
} satisfies Properties<Habit>
const habit = object<Habit>(habitProperties)

const presence = object<Presence>({
  epochs: count,
  since: orNull(count),
  present: count,
  alike: count,
  exactly: count,
  twins: list(anyText),
  identitiesLeast: count,
  identitiesMost: count,
  advice: anyText,
})

const demands = { leastFee: amount, leastTier: count }
const comingPolicy = object<NonNullable<Pseudonym['policy']['next']>>({ ...demands, from: integer(0, 8.64e15) })

const pseudonym = object<Pseudonym>({
  index: count,
  label: anyText,
  address: anyText,
  registered: boolean,
  retired: boolean,
  balance: amount,
  reserve: amount,
  nonce: amount,
  policy: object<Pseudonym['policy']>({ ...demands, next: orNull(comingPolicy) }),
  strangersLetters,
  request: anyText,
  habit,
  presence,
})

const summary = object<Summary>({
  id: anyText,
  folder: oneOf('inbox', 'sent'),
  state: oneOf('submitted', 'settled', 'released', 'opened', 'acknowledged', 'refused'),
  note: anyText,
  from: anyText,
  to: list(anyText),
  own: anyText,
  subject: anyText,
  date: integer(-8.64e15, 8.64e15),
  settledAt: orNull(integer(-8.64e15, 8.64e15)),
  bytes: count,
  batchHeight: orNull(amount),
  amount,
  verdict: orNull(verdict),
  automatic: boolean,
  goesBack: orNull(integer(0, 8.64e15)),
  givenBack: list(object<Summary['givenBack'][number]>({ by: anyText, amount })),
})

const to = list(person, { minItems: 1, maxItems: 100, description: '1 to 100 addresses or contacts' })
const raw = base64(rawBytesMax)
const mayBeLeftOut = {
  from: optional(party),
  lifetimeDays: optional(integer(1, 65_535)),
  automatic: optional(boolean),
  refuseAbove: optional(amount),
  idempotencyKey: optional(anyText),
  again: optional(boolean),
}
const wholeMessage = object<WholeMessage>({ to, raw, ...mayBeLeftOut })
/** Which of these go together, and what a handle names, is said better by the mailbox. */
const sendRequest = object<SendRequest>({
  to: optional(to),
  raw: optional(raw),
  prepared: optional(text(64)),
  answers: optional(messageId),
  giveBack: optional(boolean),
  insist: optional(boolean),
  ...mayBeLeftOut,
})

const sent = object<Sent>({ message: summary, opId: anyText, quote: price, repeated: boolean })
const quote = object<Quote>({
  ...priceProperties,
  prepared: anyText,
  refusal: orNull(object<NonNullable<Quote['refusal']>>({ code: anyText, sentence: anyText })),
  alreadySent: orNull(sent),
})

const receipt = object<ReceiptView>({
  receipt: anyText,
  verified: boolean,
  batchHeight: amount,
  batchTime: count,
  opId: anyText,
  messageId: anyText,
  paid: orNull(paid),
  basePrice: amount,
  lines: list(priceLine),
  payee: orNull(anyText),
  readers: list(readerView),
  headerHash: anyText,
})

const contact = object<Contact>({
  name: anyText,
  address: anyText,
  granted: orNull(
    object<NonNullable<Contact['granted']>>({ payer, allowance: amount, endsAt: orNull(integer(0, 8.64e15)) }),
  ),
  grantsUs: boolean,
  pseudonyms: list(anyText),
  strangersLetters,
})

const submitted = object<Submitted>({
  opId: anyText,
  state: oneOf('submitted', 'settled', 'refused'),
  note: anyText,
  batchHeight: orNull(amount),
})

const tierView = object<TierView>({
  tier: orNull(count),
  times: anyText,
  timesStrangers: anyText,
  scoreMin: anyText,
  negativeMax: anyText,
  scoreCost: amount,
  decayCost: amount,
  firstLetter: amount,
  exchangeLetter: amount,
  verdictWeight: anyText,
  setSize: count,
  reached: boolean,
})

const passView = object<PassView>({
  label: anyText,
  address: anyText,
  epoch: count,
  epochKey: anyText,
  tier: count,
  effectiveTier: count,
  positive: anyText,
  negative: anyText,
})

const nameView = object<NameView>({
  label: anyText,
  address: anyText,
  takes: orNull(object<NonNullable<NameView['takes']>>({ tier: count, why: anyText })),
  rests: anyText,
  habit,
  presence,
})

const passTaking = object<PassTaking>({ state: oneOf('taken', 'coming', 'later'), note: anyText, at: orNull(count) })

const reputation = object<Reputation>({
  state: oneOf('not-enrolled', 'enrolled', 'renewed'),
  note: anyText,
  epoch: count,
  score: anyText,
  positive: anyText,
  negative: anyText,
  tier: orNull(count),
  enrolFee: amount,
  passFee,
  tiers: list(tierView),
  passes: list(passView),
  takes: orNull(object<NonNullable<Reputation['takes']>>({ tier: count, why: anyText })),
  names: list(nameView),
  without: list(anyText),
  renewals: count,
  next: list(object<Reputation['next'][number]>({ what: anyText, at: orNull(count) })),
  folded: list(
    object<Reputation['folded'][number]>({
      epoch: count,
      inEpoch: count,
      positive: anyText,
      negative: anyText,
      endorsed: anyText,
    }),
  ),
})

/** Which of our stamps: more of them than a phrase is ever searched for are none. */
const stampNumber = integer(0, 65_535)

const stamp = object<Stamp>({
  number: count,
  denomination: amount,
  state: oneOf('on its way', 'held', 'redeemed'),
  note: anyText,
  setSize: count,
})

/** That something was begun, and what comes of it. */
const begun = object<{ readonly note: string }>({ note: anyText })

const finding = object<Finding>({ check: anyText, ok: boolean, detail: anyText, mendable: boolean })

type Asked<Name extends RouteName> = NonNullable<Parameters<Service[Name]>[0]>

type Shape<Name extends RouteName> = {
  readonly request: Schema<Parameters<Service[Name]>[0]>
  readonly response: Schema<Awaited<ReturnType<Service[Name]>>>
}

/** What each route takes and answers. */
export const schemas: { readonly [Name in RouteName]: Shape<Name> } = {
  status: { request: nothing, response: status },
  network: { request: nothing, response: network },
  pseudonyms: { request: nothing, response: list(pseudonym) },
  createPseudonym: { request: object({ label: name }), response: pseudonym },
  register: { request: object({ address: party }), response: submitted },
  rekey: { request: object({ address: party }), response: submitted },
  sponsor: {
    request: object<Asked<'sponsor'>>({ from: optional(party), request: text(4_096), amount }),
    response: submitted,
  },
  policy: {
    request: object<Asked<'policy'>>({ address: optional(party), leastFee: amount, leastTier: integer(0, 255) }),
    response: submitted,
  },
  transfer: { request: object<Asked<'transfer'>>({ from: optional(party), to: person, amount }), response: submitted },
  quote: { request: wholeMessage, response: quote },
  send: { request: sendRequest, response: sent },
  messages: { request: object({ folder: oneOf('inbox', 'sent') }), response: list(summary) },
  message: { request: object({ id: messageId }), response: object({ summary, raw: orNull(anyText) }) },
  summary: { request: object({ id: messageId }), response: summary },
  raw: { request: object({ id: messageId }), response: pieces },
  shown: { request: object({ id: messageId }), response: shown },
  ack: { request: object<Asked<'ack'>>({ id: messageId, verdict, giveBack: optional(amount) }), response: submitted },
  giveBack: { request: object({ id: messageId, amount }), response: submitted },
  receipt: { request: object({ id: messageId }), response: receipt },
  contacts: { request: nothing, response: list(contact) },
  setContact: { request: object({ name, address: person }), response: nothing },
  removeContact: { request: object({ name }), response: nothing },
  grant: {
    request: object<Asked<'grant'>>({ from: optional(party), to: person, payer, allowance: amount }),
    response: submitted,
  },
  revoke: { request: object<Asked<'revoke'>>({ from: optional(party), to: person }), response: submitted },
  reputation: { request: nothing, response: reputation },
  enroll: { request: object<Asked<'enroll'>>({ from: optional(party) }), response: submitted },
  endorse: { request: object<Asked<'endorse'>>({ message: messageId, amount }), response: begun },
  retirePseudonym: { request: object({ address: party }), response: pseudonym },
  takePass: { request: object({ address: party }), response: passTaking },
  changeHabit: { request: object<Asked<'changeHabit'>>({ address: party, ...habitProperties }), response: pseudonym },
  stamps: { request: nothing, response: list(stamp) },
  buyStamp: {
    request: object<Asked<'buyStamp'>>({ from: optional(party), denomination: amount }),
    response: submitted,
  },
  redeemStamp: { request: object<Asked<'redeemStamp'>>({ number: stampNumber, to: party }), response: begun },
  operation: { request: object({ opId }), response: submitted },
  confirmClock: {
    request: object<{ readonly lost?: boolean }>({ lost: optional(boolean) }),
    response: object<{ readonly time: number }>({ time: count }),
  },
  doctor: { request: nothing, response: list(finding) },
  backup: { request: nothing, response: pieces },
}

type EventOf<Type extends Event['type']> = Extract<Event, { readonly type: Type }>

/** What stands in the `data` of each server-sent event. */
export const event = union<Event>(
  object<EventOf<'batch'>>({ type: exactly('batch'), height: amount, stateRoot: anyText, ops: count }).json,
  object<EventOf<'message'>>({ type: exactly('message'), message: summary }).json,
  object<EventOf<'halted'>>({ type: exactly('halted'), why: anyText }).json,
  object<EventOf<'trouble'>>({ type: exactly('trouble'), state: oneOf('came', 'over'), trouble }).json,
)

/** Every error. */
export const failure = object<{ readonly error: { readonly code: string; readonly sentence: string } }>({
  error: object({ code: anyText, sentence: anyText }),
})
