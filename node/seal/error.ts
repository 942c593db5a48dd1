/** What could not be sealed or opened, and why, as a sentence for a person. */
export class SealError extends Error {
  override name = 'SealError'
}
