/** A price as people read it: one row for each recipient, one column for each factor. */
import type { Price, PriceLine } from '../node/priced.ts'
import type { Quote, Sent } from '../node/service.ts'
import type { Money } from './amount.ts'
import { shortAddress, shortId, table, when } from './print.ts'
import { usuallyText } from './strangers.ts'

/** What a message costs and why, before it is sent. */
export async function quoteText(quote: Quote, money: Money): Promise<string> {
  const { shown } = money
  const total = BigInt(quote.fee) + BigInt(quote.inclusionFee)
  const lacks = total - BigInt(quote.balance)
  const isOutOfGrant = quote.lines.some(({ payer }) => payer === 'recipient')
  return [
    await priceTable(quote.lines, money),
    '',
    ...factorLines(quote),
    `base price ${shown(quote.basePrice)} a KiB; ${kib(quote.contentBytes)} of content, ${quote.units} KiB charged, ` +
      `${kib(quote.wireBytes)} on the wire, kept ${quote.lifetimeDays} days`,
    tierText(quote.tier),
    `you pay ${shown(quote.fee)}, and ${shown(quote.inclusionFee)} that carrying it burns: ${shown(total)}, ` +
      `of ${shown(quote.balance)} you have${lacks > 0n ? `, which is ${shown(lacks)} too little` : ''}`,
    ...readerLines(quote, money),
    `this price holds until ${when(quote.holdsUntil)}: whatever others do until then, nobody asks you for more`,
    ...(isOutOfGrant
      ? ['what was set aside for you can be taken back before: then it is not sent, and you pay nothing']
      : []),
    ...(quote.automatic ? ['it goes as one that a program wrote: it answers nothing, and opens nothing'] : []),
    ...(quote.refusal ? [`it would not be sent now: ${quote.refusal.sentence}`] : []),
    ...(quote.alreadySent ? [alreadySentText(quote.alreadySent)] : []),
  ].join('\n')
}

/** That a message was sent before, and what became of it. */
export const alreadySentText = ({ message: { id, state, batchHeight, note } }: Sent): string =>
  `already sent: ${shortId(id)} is ${state}${batchHeight === null ? '' : ` in batch ${batchHeight}`}` +
  `${note ? ` (${note})` : ''}; nothing more is paid for it. --again sends it once more.`

/** For each who gets it one line: what that is, and what usually comes back from them. */
export const readerLines = (
  { lines, readers }: Pick<Price, 'lines' | 'readers'>,
  { shown }: Money,
): readonly string[] =>
  readers.map(({ recipient, strangersLetters, unanswered }, at) => {
    const { contact, credit } = lines[at]!
    const ours = unanswered === 0 ? '' : `; of yours ${unanswered} went unanswered so far`
    return `${contact ?? shortAddress(recipient)} gets ${shown(credit)}; ${usuallyText(strangersLetters)}${ours}`
  })

/** What would lower each factor that is above one. */
const lowering: Readonly<Record<string, string>> = {
  size: 'a smaller message costs less, and attachments weigh most',
  lifetime: 'a shorter --lifetime costs less',
  correspondence: 'a first letter to somebody; once they write back, or grant you that, the next cost far less',
  recipients: 'each recipient more makes all of them dearer; a message for each alone has none of that',
}

/** What would lower the factor of a standing. */
function standingText(tier: number | null, isFirst: boolean): string {
  if (tier === null) return 'you show no pass, and any pass lowers it (`bmail reputation`)'
  return isFirst
    ? 'what strangers pay under any pass; readers’ flags raise it until they fade'
    : 'a higher tier lowers it, which is what readers value and time make of yours'
}

const isDearer = ({ basisPoints }: PriceLine['factors'][number]): boolean => BigInt(basisPoints) > 10_000n

/** A line for each factor that makes it dearer, at most. */
function factorLines({ lines, tier }: Pick<Price, 'lines' | 'tier'>): readonly string[] {
  const texts = lines.flatMap(({ factors }) => {
    const isFirst = factors.some((factor) => factor.name === 'correspondence' && isDearer(factor))
    return factors
      .filter(isDearer)
      .map(({ name, times }) => `${name} ${times}: ${lowering[name] ?? standingText(tier, isFirst)}`)
  })
  return [...new Set(texts)]
}

const tierText = (tier: number | null): string =>
  tier === null
    ? 'priced without a pass; `bmail reputation` shows what one would save'
    : `priced under a pass of tier ${tier}`

/** The factors of each recipient's fee, and where the fee goes. */
export function priceTable(lines: readonly PriceLine[], { shown }: Money): Promise<string> {
  const factors = [...new Set(lines.flatMap((line) => line.factors.map(({ name }) => name)))]
  const hasFloor = lines.some(({ floor }) => floor !== '0')
  const isGranted = lines.some(({ payer, fee, paid }) => payer === 'recipient' || paid !== fee)
  return table(
    [
      'to',
      ...factors.map((name) => `>${name}`),
      ...(hasFloor ? ['>their least'] : []),
      '>fee',
      ...(isGranted ? ['>you pay'] : []),
      '>they get',
      '>burned',
      '>operators',
    ],
    lines.map((line) => [
      line.contact ?? shortAddress(line.recipient),
      ...factors.map((name) => line.factors.find((factor) => factor.name === name)?.times ?? ''),
      ...(hasFloor ? [shown(line.floor)] : []),
      shown(line.fee),
      ...(isGranted ? [line.payer === 'sender' ? shown(line.paid) : `${shown('0')}, out of their grant`] : []),
      shown(line.credit),
      shown(line.burned),
      shown(line.operators),
    ]),
  )
}

/** Bytes as KiB with one digit, or as bytes where they are few. */
export const kib = (bytes: number): string => (bytes < 1024 ? `${bytes} bytes` : `${(bytes / 1024).toFixed(1)} KiB`)
