/** A price as people read it: one row for each recipient, one column for each factor. */
import { door } from '../node/daemon/door.ts'
import type { Price, PriceLine } from '../node/priced.ts'
import type { Quote, Sent } from '../node/service.ts'
import type { Money } from './amount.ts'
import { shortAddress, shortId, table, when } from './print.ts'

const { dearer, usuallyText } = await door.advice()

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

/** A line for each factor that makes it dearer, at most. */
function factorLines({ lines, tier }: Pick<Price, 'lines' | 'tier'>): readonly string[] {
  const hint = (name: string) => (name === 'reputation' && tier === null ? ' (`bmail reputation`)' : '')
  const texts = lines.flatMap((line) =>
    dearer(line, tier).map(({ name, times, advice }) => `${name} ${times}: ${advice}${hint(name)}`),
  )
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
