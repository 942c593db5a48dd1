/** A letter as somebody types it, before there are any bytes of it. */

/** What somebody typed, of which a message is made. */
export type Draft = {
  /** Address or label of one of our pseudonyms; the first one by default. */
  readonly from?: string
  /** Addresses or contact names. */
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
  readonly attachments?: readonly {
    readonly filename: string
    readonly mimeType: string
    /** Base64. */
    readonly content: string
  }[]
  /** The Message-ID of the letter that it answers, and those before it, each in angle brackets. */
  readonly inReplyTo?: string
  readonly references?: readonly string[]
}
