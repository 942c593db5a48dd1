/** How a schedule went, line by line, and what letters to strangers cost, worked out apart from the program's own way. */
import { timesOne, type Rules } from '../../protocol/rules.ts'
import type { Records } from '../../protocol/state.ts'
import type { Verdict } from '../../protocol/words.ts'

/** What one line of a settled message was: who paid how much at which price, and what its recipient said. */
export type Deal = {
  readonly sender: number
  readonly recipient: number
  readonly basePrice: bigint
  readonly units: bigint
  /** To how many, whether a program wrote it, whether this one had granted its sender, whether more was named than asked. */
  readonly recipients: number
  readonly automatic: boolean
  readonly granted: boolean
  readonly over: boolean
  readonly fee: bigint
  /** What was asked of the sender, and how much of that to burn; whoever names more has nothing more of it. */
  readonly paid: bigint
  readonly burned: bigint
  /** What its recipient got, and each time that money went back for it. */
  readonly credit: bigint
  readonly given: bigint[]
  /** Whether it was a stranger's to its recipient, and whether they have written since. */
  readonly stranger: boolean
  answered: boolean
  /** What the verdict did to the sender's epoch key. */
  verdict: Verdict | undefined
  positive: bigint
  negative: bigint
  /** Under which epoch keys it was sent, and judged. */
  readonly senderKey: string | undefined
  ackerKey: string | undefined
}

/** How a schedule went; `positive` is what all passes of each pseudonym hold in the end. */
export type Tale = {
  readonly deals: readonly Deal[]
  readonly positive: readonly bigint[]
  /** What the ledger says of each of them as a reader of strangers' letters. */
  readonly readers: readonly Records['readers'][]
  readonly refused: number
  /** Who flagged at which place of the schedule. */
  readonly flags: ReadonlyMap<number, number>
}

type Priced = Pick<Deal, 'basePrice' | 'units' | 'recipients' | 'fee'>

/** What a first letter costs where its sender’s name asks for a factor. */
export function firstPrice(
  rules: Rules,
  { basePrice, units, recipients }: Omit<Priced, 'fee'>,
  factor: bigint,
): bigint {
  const several = timesOne + rules.recipientFactor * BigInt(recipients - 1)
  const product = basePrice * units * rules.correspondence.first * several * factor
  return (product + timesOne ** 3n - 1n) / timesOne ** 3n
}

/** Whether it cost less than a first letter under a fresh pass. */
export const isCheap = (rules: Rules, letter: Priced): boolean =>
  letter.fee < firstPrice(rules, letter, rules.reputation.strangers[1]!)
