/** What a message costs, as people and programs are told before they send it and on its receipt. */

/** One recipient's line of a price, with each factor. `times` is for people: "×1.10". */
export type PriceLine = {
  readonly recipient: string
  readonly contact: string | null
  readonly payer: 'sender' | 'recipient'
  readonly factors: readonly { readonly name: string; readonly basisPoints: string; readonly times: string }[]
  readonly floor: string
  readonly fee: string
  readonly paid: string
  readonly credit: string
  readonly burned: string
  readonly operators: string
}

/** What an operation in a batch paid, by what it says itself; whether it was mail does not matter to that. */
export type Paid = {
  /** An address; that of 20 zero bytes where it is nobody’s, as a stamp that is redeemed. */
  readonly by: string
  /** An allowance is what `to` set aside for `by`, and it is burned. */
  readonly lines: readonly { readonly to: string; readonly amount: string; readonly from: 'funds' | 'allowance' }[]
  readonly burned: string
  /** The operators' share. */
  readonly share: { readonly to: string; readonly amount: string } | null
}

/** What the owner of an address did with letters of strangers to it, in letters; for all to see on the ledger. */
export type StrangersLetters = {
  readonly received: number
  readonly answered: number
  readonly valued: number
  readonly flagged: number
  /** Given back whole, and not flagged. */
  readonly givenBack: number
}

/** A recipient as a sender may expect them to be. */
export type ReaderView = {
  readonly recipient: string
  readonly strangersLetters: StrangersLetters
  /** Letters of ours that went or go to them as a stranger's, while nothing ever came back; without the one that is priced. */
  readonly unanswered: number
}

/** What a message costs, and why. */
export type Price = {
  readonly from: string
  readonly basePrice: string
  /** Padded, compressed size that is charged, in KiB. */
  readonly units: number
  readonly contentBytes: number
  /** What travels on the wire: envelope and operation. */
  readonly wireBytes: number
  readonly lifetimeDays: number
  /** Whether it goes as one that a program wrote, because it says so itself or its sender does: then it answers nothing. */
  readonly automatic: boolean
  /** The effective tier of the pass it is priced under; null where there is none. */
  readonly tier: number | null
  readonly lines: readonly PriceLine[]
  /** Each recipient, in the order of the lines. */
  readonly readers: readonly ReaderView[]
  /** What the sender pays for the message. */
  readonly fee: string
  /** What carrying it burns on top, which is an inclusion fee at least. */
  readonly inclusionFee: string
  /** The most that it can cost: as much as `fee`, because what is signed names what it pays. */
  readonly feeMax: string
  /** Until when this is enough, whatever others do, in milliseconds since 1970. What is signed for it expires by then. */
  readonly holdsUntil: number
  readonly balance: string
}
