/** What a letter that a mail program handed in costs, held against what mail programs may spend. */
import { amountText } from '../amount.ts'
import type { Coin } from '../../protocol/rules.ts'
import type { Quote } from '../service.ts'
import type { DaemonApi } from './daemon-api.ts'
import { passing } from './daemon-api.ts'
import type { Spending } from './spending.ts'

/** What a letter and a day of letters may cost, in the smallest unit; null for what is said when nothing is set. */
export type Limits = { readonly letter: bigint | null; readonly day: bigint | null }

/** A letter to some of its recipients, under one operation. */
export type Part = {
  readonly to: readonly string[]
  readonly quote: Quote
  readonly key: string
  readonly cost: bigint
}

/** A letter was not sent; the sentence says why and what to do. */
export class SubmissionError extends Error {
  /** Whether it may be sent later without anybody changing something. */
  readonly isPassing: boolean
  constructor(sentence: string, { isPassing = false, cause }: { isPassing?: boolean; cause?: unknown } = {}) {
    super(sentence, { cause })
    this.name = 'SubmissionError'
    this.isPassing = isPassing
  }
}

type Letter = {
  readonly from: string
  readonly groups: readonly (readonly string[])[]
  readonly raw: Buffer
  readonly messageId: string
}

export type Pricing = {
  /** The parts of a letter, one for each group of recipients, with their prices now. */
  partsOf(letter: Letter): Promise<readonly Part[]>
  /** Throws SubmissionError where parts cost more than is allowed, or the daemon refuses one of them. */
  check(parts: readonly Part[]): Promise<void>
}

type Options = {
  readonly api: DaemonApi
  readonly spending: Pick<Spending, 'within'>
  readonly limits: (coin: Coin) => Limits
}

/** Without a limit of one's own, a letter may cost so many times what a first letter of a KiB to a stranger costs. */
const firstLettersMost = 4n

/** Under what a part of a letter counts among what was spent. */
export const spendingKey = (messageId: string, to: readonly string[]): string => `${messageId} ${to.join(' ')}`

export function createPricing({ api, spending, limits }: Options): Pricing {
  async function limitOf(own: bigint | null): Promise<bigint> {
    if (own !== null) return own
    const { tiers } = await api.reputation()
    return firstLettersMost * BigInt(tiers.find(({ tier }) => tier === null)!.firstLetter)
  }

  return {
    async partsOf({ from, groups, raw, messageId }) {
      const parts: Part[] = []
      for (const to of groups) {
        const quote = await api.quote({ from, to, raw: raw.toString('base64') })
        const cost = BigInt(quote.feeMax) + BigInt(quote.inclusionFee)
        parts.push({ to, quote, key: spendingKey(messageId, to), cost })
      }
      return parts
    },
    async check(parts) {
      const { coin } = (await api.status()).network
      const { letter, day } = limits(coin)
      const news = parts.filter(({ quote }) => !quote.alreadySent)
      for (const { refusal } of news.map(({ quote }) => quote))
        if (refusal) throw new SubmissionError(refusal.sentence, { isPassing: passing.has(refusal.code) })
      const cost = news.reduce((sum, part) => sum + part.cost, 0n)
      const shown = (amount: bigint): string => amountText(amount, coin)
      const most = await limitOf(letter)
      if (cost > most)
        throw new SubmissionError(
          `This letter would cost ${shown(cost)}, which is more than the ${shown(most)} that a mail program may spend on one (bridgeMaxFee). Nothing was sent. Send it with \`bmail send\`, or start the bridge with a higher one.`,
        )
      const spent = spending.within(new Set(parts.map(({ key }) => key)))
      if (day !== null && spent + cost > day)
        throw new SubmissionError(
          `This letter would cost ${shown(cost)}, and mail programs spent ${shown(spent)} of the ${shown(day)} that they may within 24 hours (bridgePerDay). Nothing was sent. Wait, send it with \`bmail send\`, or start the bridge with a higher one.`,
        )
    },
  }
}
