/** The report of a simulation: one HTML file that holds everything it shows. */
import * as echarts from 'echarts'
import type { EChartsOption } from 'echarts'
import { honest } from './books.ts'
import type { Pressed } from './pressures.ts'
import type { Outcome } from './simulate.ts'
import type { Study } from './study.ts'
import { talksOf } from './talk.ts'
import { paidPerDelivery, paidPerRead, quantile, reputationPerUnit, type Summary } from './summary.ts'

/** A page of plots and tables with the figures they stand on. Nothing in it is loaded from elsewhere. */
export function reportOf({ outcome, pressures }: Study, summary: Summary): string {
  const { attacks, books, news, numbers } = outcome
  const { honest: people, spam, sensitivity } = summary
  const sections = [
    section(
      'What an honest person pays in a month',
      'Paid less earned, in the smallest unit. What attackers paid honest people is left out.',
      monthly(outcome),
    ),
    section(
      'What a delivered message costs',
      `An honest one costs ${amount(people.paidMedian)} in the median; everything that an attack lost is divided by what reached people outside it.`,
      bars(
        [
          ['first letter', summary.firstLetter],
          ['honest median', people.paidMedian],
          ['honest mean', Math.round(people.paidMean)],
          ...[...attacks, news].map((item): Bar => [item.attack.name, Math.round(paidPerDelivery(outcome, item))]),
        ],
        'log',
      ),
    ),
    section(
      'What a letter costs whoever is answered',
      'A first letter to a stranger who answers so many letters, and then all that this pays for. Letters that are answered are to cost next to nothing, so each costs less the more are answered; each that nobody answers is to cost no less than a third of a first letter.',
      talks(outcome),
    ),
    section('The base price', 'The highest and the lowest of each day.', priceByDay(outcome)),
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
    const figures = [deliveries, ...each, spent, gained, profit, reputation]
    return [item.attack.name, ...figures, item.attack.about]
  })
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>b-mail: simulation of ${escaped(summary.trace)}</title>
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:${widthPx}px;margin:2rem auto;padding:0 1rem;color:#222}table{border-collapse:collapse}td,th{padding:.2rem .7rem;text-align:left;border-bottom:1px solid #ddd}.n{text-align:right;font-variant-numeric:tabular-nums}svg{max-width:100%;height:auto}</style>
</head><body><h1>Simulation of ${escaped(summary.trace)}</h1>
<p>${amount(summary.messages)} messages among ${amount(summary.people)} people, replayed through the ledger's own rules.
A person's monthly net is ${amount(people.netMedian)} in the median (5 %: ${amount(people.netP5)}, 95 %: ${amount(people.netP95)}), enrolment counted in.
A first letter costs ${amount(summary.firstLetter)}, and one that was valued ${amount(people.firstLetterNet)} after giving back; an honest message ${amount(people.paidMedian)} in the median and ${amount(people.paidMean)} in the mean, to people who ever answered ${amount(people.answeredMedian)} and ${amount(people.answeredMean)}.
The cheapest spam is ${escaped(spam.cheapest)}: ${amount(spam.cheapestPaid)} a letter that reached somebody, ${share(spam.cheapestPaid, summary)} of a first letter and ${amount(spam.ratioToHonestMedian)} times the median honest one. The cheapest letter that was read in time cost ${amount(spam.paidPerRead)}, and the cheapest that nobody answered ${amount(spam.paidPerUnanswered)}.
Reputation stayed within its bound: ${summary.bounds.reputation ? 'yes' : 'no'}; damage by flags: ${summary.bounds.damage ? 'yes' : 'no'}.
Honest messages refused: ${escaped(refusals(summary))}.</p>
${htmlTable(['attack', 'delivered', 'a letter', 'read in time', 'spent', 'gained', 'profit', 'reputation', ''], rows)}
<h2>Attacks on the network itself</h2>
${htmlTable(
  ['attack', 'spent', '', ''],
  pressures.map(({ name, about, spent, figures }) => [name, spent, about, figuresOf(figures)]),
)}
${sensitivity.length > 0 ? sensitivityTable(sensitivity) : ''}
${sections.join('\n')}
</body></html>
`
}

/** What hangs on how people act. */
function sensitivityTable(sensitivity: Summary['sensitivity']): string {
  const head = ['people', 'cheapest spam', 'a letter', 'read in time', 'unanswered', 'net 5 %', 'net 95 %']
  const rest = ['answered, median', 'answered, mean', 'first letter valued', 'most profit']
  return `<h2>Where people act otherwise</h2><p>Most profit: of all attacks but profiles that people write to by themselves.</p>
${htmlTable(
  [...head, ...rest],
  sensitivity.map((row) => [
    ...[row.habits, row.cheapest, row.cheapestPaid, row.paidPerRead, row.paidPerUnanswered, row.netP5, row.netP95],
    ...[row.answeredMedian, row.answeredMean, row.firstLetterNet, row.profitMost],
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

type Cell = string | number
const htmlTable = (head: readonly string[], rows: readonly (readonly Cell[])[]): string =>
  `<table><thead><tr>${head.map((name) => `<th>${escaped(name)}</th>`).join('')}</tr></thead><tbody>${rows
    .map((cells) => `<tr>${cells.map(cellOf).join('')}</tr>`)
    .join('\n')}</tbody></table>`
const cellOf = (value: Cell): string =>
  typeof value === 'number' ? `<td class="n">${amount(value)}</td>` : `<td>${escaped(value)}</td>`

type Bar = readonly [name: string, value: number]

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
const bars = (values: readonly Bar[], axis: 'log' | 'value'): EChartsOption => ({
  xAxis: { type: 'category', data: values.map(([name]) => name), axisLabel: { rotate: 30, interval: 0 } },
  yAxis: { type: axis },
  series: [
    {
      type: 'bar',
      data: values.map(([, value]) => (axis === 'log' && value <= 0 ? null : value)),
      label: { show: true, position: 'top' },
    },
  ],
})

function monthly({ books }: Outcome): EChartsOption {
  const months = [...books.months.values()]
  const count = months.reduce((most, { month }) => Math.max(most, month + 1), 0)
  const nets = Array.from({ length: count }, (_, at) =>
    months.filter(({ month }) => month === at).map(({ paid, earned }) => paid - earned),
  )
  const line = (name: string, share: number) => ({
    type: 'line' as const,
    name,
    data: nets.map((values) => quantile(values, share)),
  })
  return {
    legend: {},
    xAxis: { type: 'category', data: nets.map((_, at) => `month ${at + 1}`) },
    yAxis: { type: 'value' },
    series: [line('95 %', 0.95), line('median', 0.5), line('5 %', 0.05)],
  }
}

function talks({ numbers, firstLetter }: Outcome): EChartsOption {
  const rows = talksOf(numbers)
  const line = (name: string, data: number[]) => ({ type: 'line' as const, name, data: data.map(Math.round) })
  return {
    legend: {},
    xAxis: { type: 'category', data: rows.map(({ answers }) => `${answers} answers`) },
    yAxis: { type: 'log' },
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

function priceByDay({ prices }: Outcome): EChartsOption {
  const days = new Map<number, { low: number; high: number }>()
  for (const { day, basePrice } of prices) {
    const price = Number(basePrice)
    const seen = days.get(day) ?? { low: price, high: price }
    days.set(day, { low: Math.min(seen.low, price), high: Math.max(seen.high, price) })
  }
  return {
    legend: {},
    xAxis: { type: 'category', data: [...days.keys()].map((day) => `day ${day}`) },
    yAxis: { type: 'value', scale: true },
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
