/** The report of a simulation: one HTML file that holds everything it shows. */
import * as echarts from 'echarts'
import type { EChartsOption } from 'echarts'
import type { Coin } from '../../protocol/rules.ts'
import { amountText } from '../amount.ts'
import { honest } from './books.ts'
import type { Pressed } from './pressures.ts'
import type { Outcome } from './simulate.ts'
import type { Study } from './study.ts'
import { talksOf } from './talk.ts'
import { paidPerDelivery, paidPerRead, quantile, reputationPerUnit, type Summary } from './summary.ts'

/** A page of plots and tables with the figures they stand on. Nothing in it is loaded from elsewhere. */
export function reportOf({ outcome, pressures }: Study, summary: Summary): string {
  const { attacks, books, news, numbers } = outcome
  const { coin } = numbers
  const sum = (value: number): string => amountText(BigInt(Math.round(value)), coin)
  const sumCell = (value: number): Cell => ({ sum: sum(value) })
  const coins = coinsOf(coin)
  const { honest: people, spam, sensitivity } = summary
  const sections = [
    section(
      'What an honest person pays in a month',
      'Paid less earned. What attackers paid honest people is left out.',
      monthly(outcome, coins),
    ),
    section(
      'What a delivered message costs',
      `An honest one costs ${sum(people.paidMedian)} in the median; everything that an attack lost is divided by what reached people outside it.`,
      bars(
        [
          ['first letter', summary.firstLetter],
          ['honest median', people.paidMedian],
          ['honest mean', Math.round(people.paidMean)],
          ...[...attacks, news].map((item): Bar => [item.attack.name, Math.round(paidPerDelivery(outcome, item))]),
        ],
        'log',
        coins,
      ),
    ),
    section(
      'What a letter costs whoever is answered',
      'A first letter to a stranger who answers so many letters, and then all that this pays for. Letters that are answered are to cost next to nothing, so each costs less the more are answered; each that nobody answers is to cost no less than a third of a first letter.',
      talks(outcome, coins),
    ),
    section('The base price', 'The highest and the lowest of each day.', priceByDay(outcome, coins)),
    section(
      'Reputation for a unit burned',
      `Points of score for each base price burned. No more than κ = ${Number(numbers.reputation.kappa) / 10_000} can be had.`,
      bars(
        [honest, ...attacks.map(({ attack }) => attack.name), news.attack.name].map(
          (side): Bar => [side, reputationPerUnit(outcome, side)],
        ),
        'value',
      ),
    ),
    section(
      'What attacks return',
      'Gained less spent, over spent: −1 is everything lost. A delivery counts as what an honest person would have paid for it.',
      bars(
        summary.attacks.map(({ name, roi }): Bar => [name, roi]),
        'value',
      ),
    ),
    section(
      'Messages wrongly refused',
      'Honest messages that did not settle, by month.',
      bars(refusedByMonth(outcome), 'value'),
    ),
  ]
  const rows = attacks.map((item, at) => {
    const { spent, gained, profit, reputation } = summary.attacks[at]!
    const { deliveries, reads } = books.side(item.attack.name)
    const each = deliveries > 0 ? [paidPerDelivery(outcome, item), reads > 0 ? paidPerRead(outcome, item) : 0] : [0, 0]
    const [letter, read] = each.map(sumCell) as [Cell, Cell]
    const money = [spent, gained, profit].map(sumCell)
    return [item.attack.name, deliveries, letter, read, ...money, reputation, item.attack.about]
  })
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>b-mail: simulation of ${escaped(summary.trace)}</title>
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:${widthPx}px;margin:2rem auto;padding:0 1rem;color:#222}table{border-collapse:collapse}td,th{padding:.2rem .7rem;text-align:left;border-bottom:1px solid #ddd}.n{text-align:right;font-variant-numeric:tabular-nums}svg{max-width:100%;height:auto}</style>
</head><body><h1>Simulation of ${escaped(summary.trace)}</h1>
<p>${amount(summary.messages)} messages among ${amount(summary.people)} people, replayed through the ledger's own rules.
A person's monthly net is ${sum(people.netMedian)} in the median (5 %: ${sum(people.netP5)}, 95 %: ${sum(people.netP95)}), enrolment counted in.
A first letter costs ${sum(summary.firstLetter)}, and one that was valued ${sum(people.firstLetterNet)} after giving back; an honest message ${sum(people.paidMedian)} in the median and ${sum(people.paidMean)} in the mean, to people who ever answered ${sum(people.answeredMedian)} and ${sum(people.answeredMean)}.
The cheapest spam is ${escaped(spam.cheapest)}: ${sum(spam.cheapestPaid)} a letter that reached somebody, ${share(spam.cheapestPaid, summary)} of a first letter and ${amount(spam.ratioToHonestMedian)} times the median honest one. The cheapest letter that was read in time cost ${sum(spam.paidPerRead)}, and the cheapest that nobody answered ${sum(spam.paidPerUnanswered)}.
Reputation stayed within its bound: ${summary.bounds.reputation ? 'yes' : 'no'}; damage by flags: ${summary.bounds.damage ? 'yes' : 'no'}.
Honest messages refused: ${escaped(refusals(summary))}.</p>
${htmlTable(['attack', 'delivered', 'a letter', 'read in time', 'spent', 'gained', 'profit', 'reputation', ''], rows)}
<h2>Attacks on the network itself</h2>
${htmlTable(
  ['attack', 'spent', '', ''],
  pressures.map(({ name, about, spent, paid, figures }) => [
    name,
    sumCell(spent),
    about,
    [...(paid === undefined ? [] : [`paid: ${sum(paid)}`]), figuresOf(figures)].join('; '),
  ]),
)}
${sensitivity.length > 0 ? sensitivityTable(sensitivity, sumCell) : ''}
${sections.join('\n')}
</body></html>
`
}

/** What hangs on how people act. */
function sensitivityTable(sensitivity: Summary['sensitivity'], sumCell: (value: number) => Cell): string {
  const head = ['people', 'cheapest spam', 'a letter', 'read in time', 'unanswered', 'net 5 %', 'net 95 %']
  const rest = ['answered, median', 'answered, mean', 'first letter valued', 'most profit']
  return `<h2>Where people act otherwise</h2><p>Most profit: of all attacks but profiles that people write to by themselves.</p>
${htmlTable(
  [...head, ...rest],
  sensitivity.map((row) => [
    row.habits,
    row.cheapest,
    ...[row.cheapestPaid, row.paidPerRead, row.paidPerUnanswered, row.netP5, row.netP95].map(sumCell),
    ...[row.answeredMedian, row.answeredMean, row.firstLetterNet, row.profitMost].map(sumCell),
  ]),
)}`
}

const share = (paid: number, { firstLetter }: Summary): string => (paid / firstLetter).toFixed(2)
const figuresOf = (figures: Pressed['figures']): string =>
  Object.entries(figures)
    .map(([name, value]) => `${name}: ${amount(value)}`)
    .join('; ')
const refusals = ({ refusedByReason }: Summary): string =>
  Object.entries(refusedByReason)
    .map(([reason, count]) => `${amount(count)} ${reason}`)
    .join(', ') || 'none'

/** A number that counts something, an amount as it is shown, or words. */
type Cell = string | number | { readonly sum: string }
const htmlTable = (head: readonly string[], rows: readonly (readonly Cell[])[]): string =>
  `<table><thead><tr>${head.map((name) => `<th>${escaped(name)}</th>`).join('')}</tr></thead><tbody>${rows
    .map((cells) => `<tr>${cells.map(cellOf).join('')}</tr>`)
    .join('\n')}</tbody></table>`
const cellOf = (value: Cell): string => {
  if (typeof value === 'number') return `<td class="n">${amount(value)}</td>`
  return typeof value === 'string' ? `<td>${escaped(value)}</td>` : `<td class="n">${escaped(value.sum)}</td>`
}

type Bar = readonly [name: string, value: number]

/** How a plot shows amounts: in coins, which it names. */
type Coins = {
  readonly scale: (value: number) => number
  readonly axisLabel: { readonly formatter?: string }
  readonly label: { readonly formatter?: string }
}

const coinsOf = ({ name, decimals }: Coin): Coins => ({
  scale: (value) => value / 10 ** decimals,
  axisLabel: { formatter: `{value} ${name}` },
  label: { formatter: `{c} ${name}` },
})

/** Of what is no amount. */
const plain: Coins = { scale: (value) => value, axisLabel: {}, label: {} }

const widthPx = 960
const heightPx = 340

const section = (title: string, words: string, options: EChartsOption): string =>
  `<h2>${escaped(title)}</h2><p>${escaped(words)}</p>${drawn(options)}`

function drawn(options: EChartsOption): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: widthPx, height: heightPx })
  chart.setOption({ animation: false, grid: { left: 90, right: 20, top: 40, bottom: 80 }, ...options })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return svg
}

/** Bars by name. A logarithmic axis leaves out what is not above 0. */
const bars = (
  values: readonly Bar[],
  axis: 'log' | 'value',
  { scale, axisLabel, label }: Coins = plain,
): EChartsOption => ({
  xAxis: { type: 'category', data: values.map(([name]) => name), axisLabel: { rotate: 30, interval: 0 } },
  yAxis: { type: axis, axisLabel },
  series: [
    {
      type: 'bar',
      data: values.map(([, value]) => (axis === 'log' && value <= 0 ? null : scale(value))),
      label: { show: true, position: 'top', ...label },
    },
  ],
})

function monthly({ books }: Outcome, { scale, axisLabel }: Coins): EChartsOption {
  const months = [...books.months.values()]
  const count = months.reduce((most, { month }) => Math.max(most, month + 1), 0)
  const nets = Array.from({ length: count }, (_, at) =>
    months.filter(({ month }) => month === at).map(({ paid, earned }) => paid - earned),
  )
  const line = (name: string, share: number) => ({
    type: 'line' as const,
    name,
    data: nets.map((values) => scale(quantile(values, share))),
  })
  return {
    legend: {},
    xAxis: { type: 'category', data: nets.map((_, at) => `month ${at + 1}`) },
    yAxis: { type: 'value', axisLabel },
    series: [line('95 %', 0.95), line('median', 0.5), line('5 %', 0.05)],
  }
}

function talks({ numbers, firstLetter }: Outcome, { scale, axisLabel }: Coins): EChartsOption {
  const rows = talksOf(numbers)
  const line = (name: string, data: number[]) => ({
    type: 'line' as const,
    name,
    data: data.map((value) => scale(Math.round(value))),
  })
  return {
    legend: {},
    xAxis: { type: 'category', data: rows.map(({ answers }) => `${answers} answers`) },
    yAxis: { type: 'log', axisLabel },
    series: [
      line(
        'each letter',
        rows.map(({ letter }) => letter),
      ),
      line(
        'each that nobody answers',
        rows.map(({ unanswered }) => unanswered),
      ),
      line(
        'a third of a first letter',
        rows.map(() => Number(firstLetter) / 3),
      ),
    ],
  }
}

function priceByDay({ prices }: Outcome, { scale, axisLabel }: Coins): EChartsOption {
  const days = new Map<number, { low: number; high: number }>()
  for (const { day, basePrice } of prices) {
    const price = scale(Number(basePrice))
    const seen = days.get(day) ?? { low: price, high: price }
    days.set(day, { low: Math.min(seen.low, price), high: Math.max(seen.high, price) })
  }
  return {
    legend: {},
    xAxis: { type: 'category', data: [...days.keys()].map((day) => `day ${day}`) },
    yAxis: { type: 'value', scale: true, axisLabel },
    series: [
      { type: 'line', name: 'highest', showSymbol: false, data: [...days.values()].map(({ high }) => high) },
      { type: 'line', name: 'lowest', showSymbol: false, data: [...days.values()].map(({ low }) => low) },
    ],
  }
}

function refusedByMonth({ books, prices }: Outcome): Bar[] {
  const count = Math.floor((prices.at(-1)?.day ?? 0) / 30) + 1
  return Array.from({ length: count }, (_, at) => [
    `month ${at + 1}`,
    books.refusals.filter(({ month }) => month === at).length,
  ])
}

/** Whole where it is large, with what stands behind the point where it is small. */
const amount = (value: number): string =>
  String(Math.abs(value) < 100 ? value : Math.round(value)).replace(/\B(?<!\..*)(?=(\d{3})+(?:\.|$))/g, ',')
const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign]!)
