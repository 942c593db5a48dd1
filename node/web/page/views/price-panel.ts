/** A price, explained: what it comes to and why, where it goes, what usually comes back, and what would make it less. */
import type { VNode } from 'preact'
import { dearer, usuallyText } from '../../../advice.ts'
import type { PriceLine } from '../../../priced.ts'
import type { Quote } from '../../../service.ts'
import { amountText } from '../amount.ts'
import { useDesk } from '../desk.ts'
import { html } from '../html.ts'
import { Facts, Said } from '../parts.ts'
import type { Pricing } from '../price.ts'
import { shareWords, sizeText, when } from '../words.ts'

/** The panel beside what is being written. */
export function PricePanel({ pricing }: { pricing: Pricing }): VNode {
  const quote = quoteOf(pricing)
  return html`<aside class=${`price ${pricing.state === 'asking' ? 'is-old' : ''}`} aria-label="What it costs">
    ${pricing.state === 'nothing' && html`<h2>What it costs</h2><p class="aside">Say whom it is for and write something: its price stands here, and changes as you type.</p>`}
    ${pricing.state === 'refused' && html`<h2>What it costs</h2><p class="refused" role="status"><${Said} text=${pricing.sentence} /></p>`}
    ${pricing.state === 'asking' && !quote && html`<h2>What it costs</h2><p class="aside">Sealing it, to see what it costs …</p>`}
    ${quote && html`<${Price} quote=${quote} />`}</aside>`
}

const quoteOf = (pricing: Pricing): Quote | undefined => {
  if (pricing.state === 'priced') return pricing.priced.quote
  return pricing.state === 'asking' ? pricing.before?.quote : undefined
}

const sum = (amounts: readonly string[]): bigint => amounts.reduce((all, amount) => all + BigInt(amount), 0n)

function Price({ quote }: { quote: Quote }): VNode {
  const total = sum([quote.fee, quote.inclusionFee])
  const lacks = total - BigInt(quote.balance)
  if (quote.alreadySent)
    return html`<h2>What it costs</h2><p class="aside" role="status">This letter was sent already: it is ${quote.alreadySent.message.state}, and nothing more is paid for it.</p>`
  return html`<h2>What it costs</h2>
    <p class="total" role="status"><strong>${amountText(String(total))}</strong> <span>of the ${amountText(quote.balance)} you have</span></p>
    ${lacks > 0n && html`<p class="refused">That is ${amountText(String(lacks))} more than you have. Write less, or receive money first.</p>`}
    ${quote.refusal && lacks <= 0n && html`<p class="refused">It would not be sent now: <${Said} text=${quote.refusal.sentence} /></p>`}
    <${Shares} quote=${quote} />
    <h3>Why</h3>
    <p class="aside">${amountText(quote.basePrice)} a KiB now, for ${quote.units} KiB, times:</p>
    ${quote.lines.map((line, at) => html`<${Line} key=${line.recipient} line=${line} isAlone=${quote.lines.length === 1} quote=${quote} reader=${quote.readers[at]} />`)}
    <p class="line-sum">Carrying it burns <b>${amountText(quote.inclusionFee)}</b> more.</p>
    <${Lowered} quote=${quote} />
    <details><summary>More about it</summary><${Facts} of=${[
      ['Content', sizeText(quote.contentBytes)],
      ['On the wire', sizeText(quote.wireBytes)],
      ['Kept for', `${quote.lifetimeDays} days`],
      ['Pass', quote.tier === null ? 'none' : `of tier ${quote.tier}`],
      ['Holds until', when(quote.holdsUntil)],
    ]} /></details>
    <p class="aside">This price holds until ${when(quote.holdsUntil)}: whatever others do until then, nobody asks you for more. Should it be more when it is signed, nothing is sent.</p>
    ${quote.automatic && html`<p class="aside">It goes as one that a program wrote: it answers nothing, and opens nothing.</p>`}`
}

/** Where the money goes, as a bar and in words. */
function Shares({ quote: { lines, inclusionFee } }: { quote: Quote }): VNode {
  const parts = (['credit', 'burned', 'operators'] as const).map((name) => ({
    name,
    amount: sum([...lines.map((line) => line[name]), ...(name === 'burned' ? [inclusionFee] : [])]),
  }))
  const all = parts.reduce((whole, { amount }) => whole + amount, 0n) || 1n
  return html`<div class="shares" aria-hidden="true">${parts.map(({ name, amount }) => html`<span class=${`share-${name}`} style=${{ flexGrow: Number((amount * 1_000n) / all) }}></span>`)}</div>
    <ul class="share-words">${parts.map(({ name, amount }) => html`<li class=${`share-${name}`}><span>${shareWords[name]}</span> <b>${amountText(String(amount))}</b></li>`)}</ul>`
}

function Line({
  line,
  isAlone,
  quote,
  reader,
}: {
  line: PriceLine
  isAlone: boolean
  quote: Quote
  reader: Quote['readers'][number] | undefined
}): VNode {
  const { nameOf } = useDesk()
  const who = line.contact ?? nameOf(line.recipient)
  const above = new Set(dearer(line, quote.tier).map(({ name }) => name))
  return html`<div class="line">${!isAlone && html`<h4>${who}</h4>`}
    <ul class="factors">${line.factors.map(({ name, times }) => html`<li key=${name} class=${above.has(name) ? 'above' : ''}><span>${name}</span> <b>${times}</b></li>`)}</ul>
    <p class="line-sum">${line.floor !== '0' && `At least ${amountText(line.floor)}, which they ask of strangers. `}Comes to <b>${amountText(line.fee)}</b>${line.payer === 'recipient' && ', out of what they set aside for you'}. ${who} gets <b>${amountText(line.credit)}</b>.</p>
    ${reader && html`<p class="aside">What usually comes back: ${usuallyText(reader.strangersLetters)}${reader.unanswered > 0 && `; of yours ${reader.unanswered} went unanswered so far`}.</p>`}</div>`
}

/** What would make it cost less. */
function Lowered({ quote: { lines, tier } }: { quote: Quote }): VNode | null {
  const all = new Map(
    lines.flatMap((line) => dearer(line, tier)).map(({ name, times, advice }) => [`${name} ${times}`, advice]),
  )
  if (all.size === 0) return null
  return html`<h3>What would make it less</h3><ul class="lowered">${[...all].map(([factor, advice]) => html`<li key=${factor}><b>${factor}</b>: ${advice}.</li>`)}</ul>`
}
