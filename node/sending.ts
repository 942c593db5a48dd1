/** What people and programs hand over to have a message priced or sent. */

/** A message as it is handed over to be priced or sent. */
export type WholeMessage = {
  /** Address or label of one of our pseudonyms; the first one by default. */
  readonly from?: string
  /** Addresses or contact names. */
  readonly to: readonly string[]
  /** The whole message (RFC 5322), base64. */
  readonly raw: string
  readonly lifetimeDays?: number
  /**
   * Whether a program wrote it, without anybody’s word for this one: then it is no answer to anything. It is taken for that,
   * too, where it says so itself (Auto-Submitted, Precedence, fields of lists).
   */
  readonly automatic?: boolean
  /**
   * The fee above which it is not sent: `over-maximum`, and nothing is signed. Without one it is sent for what it costs then.
   * What else its sender sends, perhaps from another device, can make it dearer while it waits: it is priced and signed
   * again by itself up to this, or up to what it cost when it was sent, and else it is refused.
   */
  readonly refuseAbove?: string
  /**
   * Whoever asks for the same under one key again gets the answer of the first time, and nothing is paid for it; something
   * else under that key is refused (`key-reused`). By default it is the message's own Message-ID with its recipients, and
   * nothing where it has none. A letter that was refused leaves its key free once it cannot be settled any more (`in-doubt`
   * until then). 1 to 255 printable characters of ASCII; over HTTP the header `Idempotency-Key`. Kept for the time in which
   * it may be settled, and a week.
   */
  readonly idempotencyKey?: string
  /** Whether it is sent, and paid, whatever was sent before. */
  readonly again?: boolean
}

/** What is to be sent: either the whole message, or the handle of one that was quoted. The others go with both. */
export type SendRequest = Partial<WholeMessage> & {
  readonly prepared?: string
  /** The letter that this one answers, by its id or an unambiguous beginning of it. It goes to whoever sent that one. */
  readonly answers?: string
  /** Whether what that letter brought goes back, at a moment within a day; where it is not said, the setting `giveBack` decides. */
  readonly giveBack?: boolean
  /** Whether it goes out to somebody, too, who left so many letters of ours unanswered as the setting `askBefore` allows. */
  readonly insist?: boolean
}
