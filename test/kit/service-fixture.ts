/** A mailbox that lives in memory: what stands behind the API where a test is about HTTP or about commands. */
import { Readable } from 'node:stream'
import { encodeAddress } from '../../protocol/address.ts'
import { habit, presence } from './habit-fixture.ts'
import { parsePage } from '../../node/letter/parser.ts'
import { tierWorth } from '../../node/identity/reputation-view.ts'
import { messageOrHandle, unknownHandle } from '../../node/mailbox/prepared.ts'
import { shownOf } from '../../node/mailbox/views.ts'
import type { PriceLine } from '../../node/priced.ts'
import type { WholeMessage } from '../../node/sending.ts'
import {
  type Contact,
  type Event,
  type Pseudonym,
  type Quote,
  Refusal,
  type Reputation,
  type Service,
  type Stamp,
  type Status,
  type Submitted,
  type Summary,
} from '../../node/service.ts'
import { networkJson } from '../../node/settings/network-file.ts'
import { presets } from '../../node/settings/presets.ts'
import { genesis, rules } from './fixtures.ts'

export const own = encodeAddress(new Uint8Array(20))
export const other = encodeAddress(new Uint8Array(20).fill(1))

export type ServiceFixture = Service & {
  /** Every method called, with what it was given. */
  readonly calls: { readonly name: string; readonly request: unknown }[]
  readonly listeners: Set<(event: Event) => void>
  /** Put a message into a folder, or change the one with its id, and tell everybody. */
  put(message: Summary, raw?: Uint8Array): void
}

export const status: Status = {
  role: 'personal',
  version: '0.1.0',
  network: { id: 'ab'.repeat(32), name: rules.name, coin: rules.coin },
  peerId: '12D3KooWTest',
  addresses: [],
  peers: ['12D3KooWPeer'],
  height: '7',
  time: 1_700_000_000_000,
  epoch: 1,
  stateRoot: 'cd'.repeat(32),
  headHash: 'ef'.repeat(32),
  synced: true,
  halted: null,
  hosting: false,
  keeper: null,
  pendingOps: 0,
  envelopes: 3,
  uncollected: 0,
  ready: true,
  troubles: [],
}

const strangersLetters = { received: 7, answered: 2, valued: 3, flagged: 1, givenBack: 1 }

const pseudonym: Pseudonym = {
  index: 0,
  label: 'default',
  address: own,
  registered: true,
  retired: false,
  balance: '100000',
  reserve: '1000',
  nonce: '4',
  policy: { leastFee: '0', leastTier: 0, next: null },
  strangersLetters,
  request: 'cafe',
  habit,
  presence,
}

/** Another one, of which nobody knows that it belongs to the first. */
export const shop: Pseudonym = {
  ...pseudonym,
  index: 1,
  label: 'shop',
  address: encodeAddress(new Uint8Array(20).fill(2)),
  balance: '5000',
  request: 'beef',
  habit: { warm: true, skipPercent: 25, show: 'at-most', tier: 1 },
  presence: {
    ...presence,
    ...{ epochs: 0, since: null, present: 0, alike: 0, exactly: 0, twins: [], identitiesLeast: 0, identitiesMost: 0 },
    advice: 'No epoch is over in which it had a pass, so nothing can be said yet.',
  },
}

/** Of a set-up that is not here. */
const networkFile = networkJson({
  rules: { ...rules, identity: { ...presets.personal!.identity, setUp: new Uint8Array(32).fill(0xfe) } },
  genesis,
})

const line: PriceLine = {
  recipient: other,
  contact: 'anna',
  payer: 'sender',
  factors: [
    { name: 'size', basisPoints: '20000', times: '×2.00' },
    { name: 'recipients', basisPoints: '11000', times: '×1.10' },
  ],
  floor: '0',
  fee: '2200',
  paid: '2200',
  credit: '1650',
  burned: '440',
  operators: '110',
}

/** The one price there is. Its handle stands for the message that was quoted last, until that is sent. */
export const quote: Quote = {
  from: own,
  basePrice: '1000',
  units: 2,
  contentBytes: 1_300,
  wireBytes: 5_100,
  lifetimeDays: 30,
  automatic: false,
  tier: 2,
  lines: [line],
  readers: [{ recipient: other, strangersLetters, unanswered: 2 }],
  fee: '2200',
  inclusionFee: '10',
  feeMax: '2200',
  holdsUntil: 1_800_000_540_000,
  balance: '100000',
  prepared: 'c0'.repeat(16),
  refusal: null,
  alreadySent: null,
}

/** An identity in its second epoch, with a good pass and a bad key. */
/** As many passes were taken that the next ones may burn twice as much. */
const passFee = { now: '10', most: '20', taken: 812, doublesAt: 1_000 }

export const reputation: Reputation = {
  state: 'renewed',
  note: 'Renewed for epoch 6; passes are taken as they are needed.',
  epoch: 6,
  score: '17.50',
  positive: '18.50',
  negative: '1.00',
  tier: 2,
  enrolFee: String(presets.personal!.identity.enrolFee),
  passFee,
  tiers: [0, 40, 12, 3, 1].map((setSize, rank) => ({
    ...tierWorth({ ...rules, ...presets.personal! }, rank === 0 ? null : rank - 1),
    setSize,
    reached: rank < 4,
  })),
  passes: [
    {
      label: 'default',
      address: own,
      epoch: 6,
      epochKey: 'cc'.repeat(20),
      tier: 2,
      effectiveTier: 1,
      positive: '3.00',
      negative: '50.00',
    },
  ],
  takes: { tier: 1, why: 'at tier 2 you would have hidden among 3 in epoch 5, and `hideAmong` asks for more' },
  names: [
    {
      label: pseudonym.label,
      address: own,
      takes: { tier: 2, why: 'what verdicts on its own letters come to, as everybody can see' },
      rests: '',
      habit: pseudonym.habit,
      presence: pseudonym.presence,
    },
    {
      label: shop.label,
      address: shop.address,
      takes: null,
      rests: 'it sits this epoch out',
      habit: shop.habit,
      presence: shop.presence,
    },
  ],
  without: ['work'],
  renewals: 57,
  next: [{ what: 'renew in epoch 7, once its verdicts are committed', at: null }],
  folded: [
    { epoch: 4, inEpoch: 6, positive: '6.25', negative: '0.00', endorsed: '0' },
    { epoch: 0, inEpoch: 4, positive: '0.00', negative: '0.00', endorsed: '2' },
  ],
}

/** One stamp of each kind there is. */
export const stamps: readonly Stamp[] = [
  { number: 0, denomination: '100000', state: 'redeemed', note: '', setSize: 42 },
  { number: 1, denomination: '1000000', state: 'held', note: '', setSize: 3 },
  { number: 2, denomination: '100000', state: 'on its way', note: '', setSize: 42 },
]

const contact: Contact = {
  name: 'anna',
  address: other,
  granted: null,
  grantsUs: false,
  pseudonyms: ['default'],
  strangersLetters: { received: 0, answered: 0, valued: 0, flagged: 0, givenBack: 0 },
}

/** The id a message gets from this mailbox: its number, in hex. */
export const idOf = (number: number): string => number.toString(16).padStart(64, '0')

/** A message that came, and can be read. */
export const received: Summary = {
  id: idOf(0xabc),
  folder: 'inbox',
  state: 'released',
  note: '',
  from: other,
  to: [own],
  own,
  subject: 'Good day',
  date: 1_700_000_000_000,
  settledAt: 1_700_000_300_000,
  bytes: 100,
  batchHeight: '5',
  amount: '1650',
  verdict: null,
  automatic: false,
  goesBack: null,
  givenBack: [],
}

/** Lines of a message as they travel. */
export const letter = (...lines: readonly string[]) => Buffer.from(lines.join('\r\n'))
/** The message that came. */
export const plain = letter('From: <bm1x>', 'Subject: Good day', 'Message-ID: <1@x>', '', 'How are you?', '')

const done = (opId: string): Submitted => ({ opId, state: 'settled', note: 'settled', batchHeight: '8' })

/** A mailbox with nothing in it. */
export function createServiceFixture(): ServiceFixture {
  const calls: { name: string; request: unknown }[] = []
  const listeners = new Set<(event: Event) => void>()
  const box = new Map<string, { summary: Summary; raw: string | null }>()
  const contacts = new Map([[contact.name, contact]])
  const found = (id: string) => {
    const entry = [...box].find(([key]) => key.startsWith(id))?.[1]
    if (!entry) throw new Refusal('not-found', 'No message has this id. List them with `bmail inbox`.')
    return entry
  }
  const put = (summary: Summary, raw?: Uint8Array): void => {
    const before = box.get(summary.id)?.raw ?? null
    box.set(summary.id, { summary, raw: raw ? Buffer.from(raw).toString('base64') : before })
    for (const listener of listeners) listener({ type: 'message', message: summary })
  }
  let prepared: WholeMessage | undefined
  const messageOf = (asked: WholeMessage | string): WholeMessage => {
    if (typeof asked !== 'string') return asked
    const kept = asked === quote.prepared ? prepared : undefined
    prepared = undefined
    if (!kept) throw unknownHandle()
    return kept
  }
  const sentSummary = (message: WholeMessage): Summary => ({
    id: idOf(box.size + 1),
    folder: 'sent',
    state: 'submitted',
    note: 'waiting for a batch',
    from: own,
    to: message.to,
    own,
    subject: 'Hello',
    date: 1_700_000_000_000,
    settledAt: null,
    bytes: Buffer.from(message.raw, 'base64').length,
    batchHeight: null,
    amount: quote.fee,
    verdict: null,
    automatic: false,
    goesBack: null,
    givenBack: [],
  })
  const op = async () => done('12'.repeat(32))
  const service: Service = {
    status: async () => status,
    network: async () => ({
      id: status.network.id,
      coin: rules.coin,
      file: networkFile,
      evidence: [],
      minted: '9',
      burned: '1',
      passFee,
      stamps: [
        { denomination: '100000', sold: 42 },
        { denomination: '1000000', sold: 3 },
      ],
    }),
    pseudonyms: async () => [pseudonym, shop],
    createPseudonym: async ({ label }) => ({ ...pseudonym, index: 2, label, registered: false }),
    takePass: async () => ({ state: 'taken', note: 'It has its pass of epoch 6.', at: null }),
    changeHabit: async ({ address, ...changed }) => ({
      ...(address === shop.address ? shop : pseudonym),
      habit: changed,
    }),
    register: op,
    sponsor: op,
    rekey: op,
    policy: op,
    transfer: op,
    async quote(message) {
      prepared = message
      return { ...quote, lines: message.to.map((recipient) => ({ ...line, recipient })) }
    },
    async send(request) {
      const whole = messageOf(messageOrHandle(request))
      if (whole.to.includes('nobody')) throw new Refusal('recipient-unknown', 'Nobody is no contact. Add it first.')
      const message = sentSummary(whole)
      put(message, Buffer.from(whole.raw, 'base64'))
      const { prepared: _, refusal: __, alreadySent: ___, ...price } = quote
      return { message, opId: '34'.repeat(32), quote: price, repeated: false }
    },
    messages: async ({ folder }) => [...box.values()].map((entry) => entry.summary).filter((m) => m.folder === folder),
    summary: async ({ id }) => found(id).summary,
    message: async ({ id }) => found(id),
    async raw({ id }) {
      const { raw } = found(id)
      if (raw === null) throw new Refusal('not-ready', 'The message cannot be read yet.')
      return Readable.from([Buffer.from(raw, 'base64')])
    },
    async shown({ id }) {
      const { raw } = found(id)
      if (raw === null) throw new Refusal('not-ready', 'The message cannot be read yet.')
      return shownOf(await parsePage(Buffer.from(raw, 'base64')))
    },
    ack: async ({ id }) => done(found(id).summary.id),
    giveBack: async ({ id }) => done(found(id).summary.id),
    async receipt({ id }) {
      const { summary } = found(id)
      return {
        receipt: Buffer.from('receipt').toString('base64'),
        verified: true,
        batchHeight: '8',
        batchTime: 1_700_000_000_000,
        opId: '34'.repeat(32),
        messageId: summary.id,
        paid: {
          by: own,
          lines: [{ to: other, amount: '1650', from: 'funds' }],
          burned: '450',
          share: { to: other, amount: '110' },
        },
        basePrice: quote.basePrice,
        lines: quote.lines,
        payee: null,
        readers: quote.readers,
        headerHash: 'aa'.repeat(32),
      }
    },
    contacts: async () => [...contacts.values()],
    setContact: async ({ name, address }) => void contacts.set(name, { ...contact, name, address }),
    removeContact: async ({ name }) => void contacts.delete(name),
    grant: op,
    revoke: op,
    reputation: async () => reputation,
    enroll: op,
    endorse: async ({ amount }) => ({ note: `${amount} of your score goes to them with your next renewal.` }),
    retirePseudonym: async ({ address }) => ({ ...(address === own ? pseudonym : shop), retired: true }),
    stamps: async () => stamps,
    buyStamp: op,
    redeemStamp: async ({ number }) => ({ note: `Stamp ${number} is redeemed within the next checkpoints.` }),
    operation: async ({ opId }) => done(opId),
    doctor: async () => [{ check: 'batches', ok: true, detail: '7 of 7 match their hashes', mendable: false }],
    backup: async () => Readable.from([Buffer.from('frames')]),
    confirmClock: async () => ({ time: status.time }),
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
  const recorded = Object.entries(service).map(([name, method]) => [
    name,
    (request: never) => {
      if (name !== 'subscribe') calls.push({ name, request })
      return method(request)
    },
  ])
  return { ...(Object.fromEntries(recorded) as Service), calls, listeners, put }
}
