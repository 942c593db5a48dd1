/** What a look at one file of a database finds. */

/** Something in a file that is not as it was written. */
export type Fault = {
  /** Where, in bytes from the beginning of the file. */
  readonly at: number
  /** What it is, in words that go on with “… is damaged”. */
  readonly what: string
  /** Whether it was put right; otherwise what it held is lost in this file. */
  readonly isMended: boolean
}

/** The faults of a file, and its bytes without them: mended, or such that LevelDB does not believe what is left of them. */
export type Checked = { readonly faults: readonly Fault[]; readonly bytes: Uint8Array }
