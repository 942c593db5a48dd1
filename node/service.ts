/**
 * What people and programs can ask of a daemon. The local API (`node/api/`) carries exactly this over HTTP as JSON:
 * amounts are decimal strings, bytes are hex or base64, addresses bech32m, times milliseconds since 1970.
 * Every refusal is thrown as a `Refusal`, whose sentence says what, why and what to do.
 */
import type { Reason } from '../protocol/reason.ts'
import type { Coin } from '../protocol/rules.ts'
import type { Verdict } from '../protocol/words.ts'
import type { Paid, Price, PriceLine, ReaderView, StrangersLetters } from './priced.ts'
import type { Habit, NameView, PassFee, PassTaking, Presence } from './habit.ts'
import type { SendRequest, WholeMessage } from './sending.ts'
import { sentences } from './sentences.ts'
import type { Trouble } from './troubles.ts'

/** A no that a person can act on. `code` is a `Reason` of the protocol, or one of the few that only the daemon knows. */
export class Refusal extends Error {
  readonly code:
    | Reason
    | 'not-personal'
    | 'not-found'
    | 'not-ready'
    | 'bad-request'
    | 'empty'
    | 'halted'
    | 'clock-apart'
    | 'over-daily-limit'
    | 'over-maximum'
    | 'unanswered'
    | 'key-reused'
    | 'in-doubt'
  constructor(code: Refusal['code'], sentence: string) {
    super(sentence)
    this.name = 'Refusal'
    this.code = code
  }
}

/** The no that goes with a reason of the protocol. */
export const refusalOf = (reason: Reason): Refusal => new Refusal(reason, sentences[reason])

export type Status = {
  readonly role: 'relay' | 'personal'
  readonly version: string
  readonly network: { readonly id: string; readonly name: string; readonly coin: Coin }
  readonly peerId: string
  readonly addresses: readonly string[]
  readonly peers: readonly string[]
  readonly height: string
  readonly time: number
  readonly epoch: number
  readonly stateRoot: string
  readonly headHash: string
  /** Whether this node has everything that its peers have. */
  readonly synced: boolean
  /** Why this node stopped replaying, with the evidence; null while all is well. */
  readonly halted: string | null
  readonly hosting: boolean
  /** Which keeper of the network's set this node is, or null. */
  readonly keeper: number | null
  readonly pendingOps: number
  readonly envelopes: number
  readonly uncollected: number
  /** Whether it does its work: none of its troubles is of the kind that stops it, or has to be waited for. */
  readonly ready: boolean
  /** What is wrong, or still under way; the worst first. */
  readonly troubles: readonly Trouble[]
}

/** What strangers must bring. Least tier 0 asks none; t + 1 asks for tier t. */
export type Policy = { readonly leastFee: string; readonly leastTier: number }

export type Pseudonym = {
  readonly index: number
  readonly label: string
  readonly address: string
  readonly registered: boolean
  readonly retired: boolean
  readonly balance: string
  readonly reserve: string
  readonly nonce: string
  readonly policy: Policy & {
    /** What was asked for since and does not hold yet, and from when it does, in milliseconds since 1970. */
    readonly next: (Policy & { readonly from: number }) | null
  }
  readonly strangersLetters: StrangersLetters
  /** What a sponsor needs to register this address: text to hand over, for `sponsor`. */
  readonly request: string
  readonly habit: Habit
  readonly presence: Presence
}

/** `submitted`, `settled` (paid, lock closed), `released` (readable), `opened`, `acknowledged`, `refused`. */
export type MessageState = 'submitted' | 'settled' | 'released' | 'opened' | 'acknowledged' | 'refused'

export type Summary = {
  readonly id: string
  readonly folder: 'inbox' | 'sent'
  readonly state: MessageState
  /** What the state means here and what to do, for a person: "waiting for 2 of 3 keepers" or why it was refused. */
  readonly note: string
  readonly from: string
  readonly to: readonly string[]
  /** Which of our own addresses it came to or was sent from. */
  readonly own: string
  /** Empty until it can be opened. */
  readonly subject: string
  /** What the message claims, once it can be opened; until then, and where it claims nothing, when it was settled or came. */
  readonly date: number
  /** When the network settled it, by which messages are listed; null until then. */
  readonly settledAt: number | null
  readonly bytes: number
  readonly batchHeight: string | null
  /** Sent: the fee that it was signed for, which is paid where it is settled. Inbox: what the reader was credited. */
  readonly amount: string
  readonly verdict: Verdict | null
  /** Whether its sender said that a program wrote it; false also until it is settled. */
  readonly automatic: boolean
  /** When it goes back to its sender by itself, in milliseconds since 1970, or about now; null where it does not. */
  readonly goesBack: number | null
  /** What was given back of it, and by whom. Sent: by each reader who did. Inbox: by us. */
  readonly givenBack: readonly { readonly by: string; readonly amount: string }[]
}

/** A message as it is shown to people: every text is printable, and null is what it does not say. */
export type Shown = {
  readonly subject: string
  /** What it claims; who really sent it stands in its summary. */
  readonly from: { readonly name: string; readonly address: string } | null
  readonly to: readonly { readonly name: string; readonly address: string }[]
  readonly date: string | null
  readonly messageId: string | null
  readonly references: readonly string[]
  readonly text: string
  /** How many characters of the text are left out at its end. */
  readonly cut: number
  readonly attachments: readonly { readonly filename: string; readonly mimeType: string; readonly bytes: number }[]
  /** Whether it could not be taken apart: `text` is all of it as it came, or says why nothing of it can be read. */
  readonly damaged: boolean
}

/**
 * What was sent, at which price, and the id that its operation was first signed under. `repeated` where it had been sent
 * before, and nothing is sent or paid for this request: all else is then as it was answered first, and `message` as it is now.
 */
export type Sent = {
  readonly message: Summary
  readonly opId: string
  readonly quote: Price
  readonly repeated: boolean
}

/** The price of a message that was sealed to find it out, what keeps it from being sent now, and whether it was sent already. */
export type Quote = Price & {
  /** A handle (random hex) by which `send` takes the message as it was sealed: once, and for some minutes. */
  readonly prepared: string
  /** Why it would not be sent now, by every check that sending makes; null where it would. */
  readonly refusal: { readonly code: string; readonly sentence: string } | null
  /** What sending it would answer, for nothing, because it was sent already; null where it was not. */
  readonly alreadySent: Sent | null
}

export type ReceiptView = {
  /** The whole receipt, base64: what a light client verifies. */
  readonly receipt: string
  readonly verified: boolean
  readonly batchHeight: string
  readonly batchTime: number
  readonly opId: string
  readonly messageId: string
  /** What it paid, as it says itself; null where it is void. */
  readonly paid: Paid | null
  readonly basePrice: string
  /** What was asked of it as mail. */
  readonly lines: readonly PriceLine[]
  /** Who got the operators' share; null where it was burned. */
  readonly payee: string | null
  /** Each recipient as the ledger has them now. */
  readonly readers: readonly ReaderView[]
  readonly headerHash: string
}

export type Contact = {
  readonly name: string
  readonly address: string
  /** What we granted them: nothing, or who pays what is left and out of which allowance. */
  readonly granted: {
    readonly payer: 'sender' | 'recipient'
    readonly allowance: string
    readonly endsAt: number | null
  } | null
  /** Whether they granted us. */
  readonly grantsUs: boolean
  /** Labels of our pseudonyms that granted them or were granted: for all to see, so more than one says that they are one person's. */
  readonly pseudonyms: readonly string[]
  readonly strangersLetters: StrangersLetters
}

/** What became of a signed operation once `wait` is over, or that it still waits. */
export type Submitted = {
  readonly opId: string
  readonly state: 'submitted' | 'settled' | 'refused'
  readonly note: string
  readonly batchHeight: string | null
}

/** What one tier would do for us, and what it asks. Tier null is no pass at all. */
export type TierView = {
  readonly tier: number | null
  /** The factor of an exchange, and towards strangers, which is the same under every pass. */
  readonly times: string
  readonly timesStrangers: string
  /** The score it needs, and the most that may stand against it; empty where nothing is asked. */
  readonly scoreMin: string
  readonly negativeMax: string
  /** What it takes at least to burn that score together, and what decay takes of it in an epoch; 0 where nothing is asked. */
  readonly scoreCost: string
  readonly decayCost: string
  /** All that a letter of a KiB costs while the base price is at its floor: to a stranger, and of an exchange. */
  readonly firstLetter: string
  readonly exchangeLetter: string
  /** What a verdict by us weighs. */
  readonly verdictWeight: string
  /** Passes of exactly this tier behind the checkpoint that ours names, or behind the one with the most: among so many one hides. */
  readonly setSize: number
  /** Whether our hidden state reaches it now. */
  readonly reached: boolean
}

/** The pass of one of our pseudonyms that is good now. `effectiveTier` falls at once with what its key has against it. */
export type PassView = {
  readonly label: string
  readonly address: string
  readonly epoch: number
  readonly epochKey: string
  readonly tier: number
  readonly effectiveTier: number
  readonly positive: string
  readonly negative: string
}

/** Our one reputation, which only we can see. Scores are decimal texts: "12.50". */
export type Reputation = {
  readonly state: 'not-enrolled' | 'enrolled' | 'renewed'
  /** What is going on now and what comes next, for a person. */
  readonly note: string
  readonly epoch: number
  readonly score: string
  readonly positive: string
  readonly negative: string
  /** The best tier that the hidden state reaches; null before the first renewal of this epoch. */
  readonly tier: number | null
  readonly enrolFee: string
  readonly passFee: PassFee
  readonly tiers: readonly TierView[]
  readonly passes: readonly PassView[]
  /**
   * At which tier passes are taken for a pseudonym that has earned none by itself and has no habit of its own, and why it is
   * that one; null before the first renewal of this epoch.
   */
  readonly takes: { readonly tier: number; readonly why: string } | null
  /** Each of our pseudonyms that is not retired. */
  readonly names: readonly NameView[]
  /** Labels of pseudonyms that get no pass in this epoch: an identity has only a few. */
  readonly without: readonly string[]
  /** Renewals that stand behind the latest checkpoint of this epoch: among so many ours hides. */
  readonly renewals: number
  /** What this daemon will do by itself: `at` in milliseconds since 1970, null where it waits for something. */
  readonly next: readonly { readonly what: string; readonly at: number | null }[]
  /** What was folded when, the latest first. */
  readonly folded: readonly {
    readonly epoch: number
    readonly inEpoch: number
    readonly positive: string
    readonly negative: string
    readonly endorsed: string
  }[]
}

/** A stamp of ours. `number` names it to `redeemStamp`. */
export type Stamp = {
  readonly number: number
  readonly denomination: string
  readonly state: 'on its way' | 'held' | 'redeemed'
  /** What is to become of it, for a person; empty where nothing is. */
  readonly note: string
  /** Stamps of this denomination that were sold: among so many it hides. */
  readonly setSize: number
}

export type Event =
  | { readonly type: 'batch'; readonly height: string; readonly stateRoot: string; readonly ops: number }
  | { readonly type: 'message'; readonly message: Summary }
  | { readonly type: 'halted'; readonly why: string }
  | { readonly type: 'trouble'; readonly state: 'came' | 'over'; readonly trouble: Trouble }

/** What the doctor found of one thing; `mendable` where it is not ok and `bmail doctor --repair` puts it right. */
export type Finding = {
  readonly check: string
  readonly ok: boolean
  readonly detail: string
  readonly mendable: boolean
}

export interface Service {
  status(): Promise<Status>
  /** The network as people read it: rules, genesis, id, keepers, evidence of a host that signed two batches at one height. */
  network(): Promise<{
    readonly id: string
    /** In which people read and write amounts; all of this interface is in the smallest unit. */
    readonly coin: Coin
    readonly file: unknown
    readonly evidence: readonly unknown[]
    readonly minted: string
    readonly burned: string
    readonly passFee: PassFee
    /** Stamps by denomination, and how many were sold so far: among so many each hides. */
    readonly stamps: readonly { readonly denomination: string; readonly sold: number }[]
  }>
  pseudonyms(): Promise<readonly Pseudonym[]>
  createPseudonym(request: { readonly label: string }): Promise<Pseudonym>
  /** Register one of our own addresses that has funds. */
  register(request: { readonly address: string }): Promise<Submitted>
  /** Register somebody else's address, with an amount for them. */
  sponsor(request: { readonly from?: string; readonly request: string; readonly amount: string }): Promise<Submitted>
  rekey(request: { readonly address: string }): Promise<Submitted>
  policy(request: {
    readonly address?: string
    readonly leastFee: string
    readonly leastTier: number
  }): Promise<Submitted>
  transfer(request: { readonly from?: string; readonly to: string; readonly amount: string }): Promise<Submitted>
  /** Seal a message, price it, and keep it sealed for a while under the handle that comes with the price. */
  quote(request: WholeMessage): Promise<Quote>
  /**
   * Seal (or take what was sealed for a quote), sign and submit; returns as soon as the message is on its way. It is priced
   * anew as it is signed. Asked for again, it answers as the first time, and nothing is sent or paid (`repeated`). A handle
   * that names nothing any more, and never sent anything, is refused as `not-found`: then send the message itself.
   */
  send(request: SendRequest): Promise<Sent>
  messages(request: { readonly folder: 'inbox' | 'sent' }): Promise<readonly Summary[]>
  /** A message as it is listed, by its id or an unambiguous beginning of it. */
  summary(request: { readonly id: string }): Promise<Summary>
  /** A message and its bytes; `raw` (base64) is null until it can be opened, or where it is damaged. Marks it opened. */
  message(request: { readonly id: string }): Promise<{ readonly summary: Summary; readonly raw: string | null }>
  /** The bytes of a message that can be opened, piece by piece. Marks it opened. */
  raw(request: { readonly id: string }): Promise<AsyncIterable<Uint8Array>>
  /** A message that can be opened, taken apart. Marks it opened. */
  shown(request: { readonly id: string }): Promise<Shown>
  /** Judge a message of ours, and perhaps give back an amount of what we got for it: all of it at most, and once. */
  ack(request: { readonly id: string; readonly verdict: Verdict; readonly giveBack?: string }): Promise<Submitted>
  /** Give back an amount of what we got for a message, before a verdict or long after it. */
  giveBack(request: { readonly id: string; readonly amount: string }): Promise<Submitted>
  receipt(request: { readonly id: string }): Promise<ReceiptView>
  contacts(): Promise<readonly Contact[]>
  setContact(request: { readonly name: string; readonly address: string }): Promise<void>
  removeContact(request: { readonly name: string }): Promise<void>
  grant(request: {
    readonly from?: string
    readonly to: string
    readonly payer: 'sender' | 'recipient'
    readonly allowance: string
  }): Promise<Submitted>
  revoke(request: { readonly from?: string; readonly to: string }): Promise<Submitted>
  /** Our reputation, what each tier would do for it, and what the daemon does about it by itself. */
  reputation(): Promise<Reputation>
  /** Enrol our identity, paid by one of our pseudonyms, which stands beside it for all to see. */
  enroll(request: { readonly from?: string }): Promise<Submitted>
  /** Give away a part of our score in favour of whoever sent a message; `amount` in whole scores. Done with the next renewal. */
  endorse(request: { readonly message: string; readonly amount: string }): Promise<{ readonly note: string }>
  /** Have a pass taken for a pseudonym at once, or as soon as that can be in this epoch. Asked again, it says where that stands. */
  takePass(request: { readonly address: string }): Promise<PassTaking>
  /** Say which passes are taken for a pseudonym from now on. */
  changeHabit(request: { readonly address: string } & Habit): Promise<Pseudonym>
  /** Write no more under a pseudonym and take no passes for it; its mail stays readable. */
  retirePseudonym(request: { readonly address: string }): Promise<Pseudonym>
  stamps(): Promise<readonly Stamp[]>
  /** Buy a stamp with a pseudonym's money. */
  buyStamp(request: { readonly from?: string; readonly denomination: string }): Promise<Submitted>
  /** Redeem a stamp to one of our pseudonyms (its label or address), registering it where it is not. */
  redeemStamp(request: { readonly number: number; readonly to: string }): Promise<{ readonly note: string }>
  /** What became of an operation of ours. */
  operation(request: { readonly opId: string }): Promise<Submitted>
  /** The owner's word for a host that its clock is right and its disk the latest, and with `lost` that batches it lost are given up; the time in milliseconds. Refuses: not-found. */
  confirmClock(request: { readonly lost?: boolean }): Promise<{ readonly time: number }>
  /** Check everything stored against its hashes. */
  doctor(): Promise<readonly Finding[]>
  /** Everything in the database as it is now, in the frames of a back-up (`daemon/backup-frames.ts`), sealed as it lies there. */
  backup(): Promise<AsyncIterable<Uint8Array>>
  /** Called with every event until the returned function is called. */
  subscribe(listener: (event: Event) => void): () => void
}
