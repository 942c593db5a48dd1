/** The report of a simulation: one HTML file that holds everything it shows. */
import * as echarts from 'echarts'
import type { EChartsOption } from 'echarts'
import { honest } from './books.ts'
import type { Outcome } from './simulate.ts'
import { paidPerDelivery, quantile, reputationPerUnit, type Summary } from './summary.ts'

/** A page of plots with the figures they stand on. Nothing in it is loaded from elsewhere. */
export function reportOf(outcome: Outcome, summary: Summary): string {
  const { attacks, books, news, numbers } = outcome
  const sections = [
    section(
      'What an honest person pays in a month',
      'Paid less earned, in the smallest unit. What attackers paid honest people is left out.',
      monthly(outcome),
    ),
    section(
      'What a delivered message costs',
      `An honest one costs ${amount(summary.honest.paidMedian)} in the median; everything that an attack spent is divided by what it delivered.`,
      bars(
        [
          ['honest median', summary.honest.paidMedian],
          ...[...attacks, news].map((item): Bar => [item.attack.name, Math.round(paidPerDelivery(outcome, item))]),
        ],
        'log',
      ),
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
  const rows = summary.attacks.map(
    ({ name, spent, gained, roi, reputation }, at) =>
      `<tr><td>${escaped(name)}</td><td class="n">${amount(spent)}</td><td class="n">${amount(gained)}</td><td class="n">${roi}</td><td class="n">${reputation}</td><td>${escaped(attacks[at]!.attack.about)}</td></tr>`,
  )
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>b-mail: simulation of ${escaped(summary.trace)}</title>
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:${widthPx}px;margin:2rem auto;padding:0 1rem;color:#222}table{border-collapse:collapse}td,th{padding:.2rem .7rem;text-align:left;border-bottom:1px solid #ddd}.n{text-align:right;font-variant-numeric:tabular-nums}svg{max-width:100%;height:auto}</style>
</head><body><h1>Simulation of ${escaped(summary.trace)}</h1>
<p>${amount(summary.messages)} messages among ${amount(summary.people)} people, replayed through the ledger's own rules.
A person's monthly net is ${amount(summary.honest.netMedian)} in the median (5 %: ${amount(summary.honest.netP5)}, 95 %: ${amount(summary.honest.netP95)}).
The cheapest cold spam costs ${amount(Math.round(summary.spam.paidPerMessage))} a message, ${summary.spam.ratioToHonestMedian} times the median honest one.
Reputation stayed within its bound: ${summary.bounds.reputation ? 'yes' : 'no'}; damage by flags: ${summary.bounds.damage ? 'yes' : 'no'}.
Honest messages refused: ${amount(books.refusals.length)}.</p>
<table><thead><tr><th>attack</th><th>spent</th><th>gained</th><th>return</th><th>reputation</th><th></th></tr></thead><tbody>${rows.join('\n')}</tbody></table>
${sections.join('\n')}
</body></html>
`
}

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

const amount = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',')
const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign]!)
