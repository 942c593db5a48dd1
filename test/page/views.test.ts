/** Every view in a real browser, for everybody: what axe finds, narrow screens, light and dark, keys alone; and what the page weighs. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { before, t as suite, test } from 'tap'
import { networkJson } from '../../node/settings/network-file.ts'
import { listenTo, openBrowser, skip, strayed } from '../kit/browser.ts'
import { genesis, rules } from '../kit/fixtures.ts'
import { servePage } from '../kit/page-fixture.ts'
import { patienceMs, until } from '../kit/patience.ts'
import { createServiceFixture, idOf, letter, plain, received, status } from '../kit/service-fixture.ts'

const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core')), 'utf8')

const service = createServiceFixture()
service.put(received, plain)
service.put({ ...received, id: idOf(1), subject: 'Second', state: 'acknowledged', verdict: 'value' }, plain)
service.put(
  { ...received, id: idOf(2), subject: 'With a page' },
  letter('Subject: With a page', 'Content-Type: text/html', '', '<h1>Hello</h1><p>How are you?</p>', ''),
)
service.put({ ...received, id: idOf(3), folder: 'sent', subject: 'Sent', state: 'released' }, plain)
service.put({ ...received, id: idOf(4), subject: '', state: 'settled', note: 'waiting for 2 of 3 keepers' })

const letterViews = [received.id, idOf(1), idOf(2), idOf(4)].map((id) => `inbox/${id}`)
const sheets = ['people', 'addresses', 'reputation', 'money', 'network', 'state', 'receipt', `receipt/${received.id}`]
const all = ['inbox', ...letterViews, 'sent', `sent/${idOf(3)}`, 'write', ...sheets, 'write/anna']

let browser: Browser
let site: Awaited<ReturnType<typeof servePage>>

if (!skip)
  before(async () => {
    site = await servePage({
      ...service,
      status: async () => ({ ...status, troubles: [trouble] }),
      network: async () => ({ ...(await service.network()), file: networkJson({ rules, genesis }) }),
    })
    suite.teardown(() => site.close())
    browser = await openBrowser()
    suite.teardown(() => browser.close())
  })

const trouble = {
  name: 'disk-low',
  severity: 'hinders',
  since: status.time,
  sentence: 'The disk is soon full.',
} as const

test('page: no view has anything that axe finds, in light and in dark', { skip }, async (t) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page, told } = await opened({ colorScheme })
    for (const view of all) {
      await look(page, view)
      t.strictSame(await violations(page), [], `${view}, ${colorScheme}`)
    }
    await page.keyboard.press('?')
    await page.getByRole('heading', { name: 'Keys' }).waitFor()
    t.strictSame(await violations(page), [], 'the list of keys')
    t.strictSame(strayed(told.requests, site.origin), [])
    t.strictSame(told.errors, [])
  }
})

test('page: no name and no amount is too long for a screen', { skip }, async (t) => {
  const [amount, name] = [String(2n ** 62n - 1n), 'W'.repeat(64)]
  const coin = { name: 'z'.repeat(20), decimals: 3 }
  const full = createServiceFixture()
  full.put({ ...received, id: idOf(9), subject: 'S'.repeat(300), amount }, plain)
  const own = (await full.pseudonyms()).map((one) => ({ ...one, label: name, balance: amount, reserve: amount }))
  const contacts = (await full.contacts()).map((one) => ({ ...one, name }))
  const of = await servePage({
    ...full,
    status: async () => ({ ...status, network: { ...status.network, coin } }),
    pseudonyms: async () => own,
    contacts: async () => contacts,
  })
  for (const width of [360, 1_000]) {
    const context = await browser.newContext({ viewport: { width, height: 700 } })
    context.setDefaultTimeout(patienceMs)
    const page = await context.newPage()
    await page.goto(await of.link())
    for (const view of ['inbox', `inbox/${idOf(9)}`, 'sent', ...sheets.slice(0, 6), 'write/anna']) {
      await look(page, view, of.origin)
      t.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${view} at ${width}`)
      const wide = `[...document.querySelectorAll('main, .sheet, .letter, .write, nav')].filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.className || one.tagName)`
      t.strictSame(await page.evaluate(wide), [], `${view} at ${width}: nothing reaches out of what it stands in`)
    }
    await context.close()
  }
  await of.close()
})

test('page: nothing is wider than a narrow screen', { skip }, async (t) => {
  const { page } = await opened({ viewport: { width: 360, height: 640 } })
  for (const view of all) {
    await look(page, view)
    const width = await page.evaluate<number>(
      'Math.max(...[...document.querySelectorAll("body, main, .sheet, .letter, .write")].map((one) => one.scrollWidth))',
    )
    t.ok(width <= 360, `${view}: ${width}`)
    t.strictSame(await violations(page), [], view)
  }
  await page.getByRole('button', { name: 'Menu' }).click()
  await page.getByRole('link', { name: 'Money' }).click()
  await page.getByRole('heading', { name: 'Money', exact: true }).waitFor()
})

test('page: everything is reached by keys alone', { skip }, async (t) => {
  const { page } = await opened({})
  const heading = (name: string) => page.getByRole('heading', { name, level: 1 })
  for (const [key, name] of [
    ['s', 'Sent'],
    ['p', 'People'],
    ['r', 'Reputation'],
    ['i', 'Inbox'],
  ] as const) {
    await page.keyboard.press('g')
    await page.keyboard.press(key)
    await heading(name).waitFor()
    // Whoever does not see it is taken there.
    await until('it has the focus', async () => (await page.evaluate('document.activeElement.textContent')) === name)
  }
  await page.keyboard.press('j')
  await page.getByRole('article').waitFor()
  const first = page.url()
  await page.keyboard.press('j')
  await page.waitForURL((url) => url.href !== first)
  await page.keyboard.press('k')
  await page.waitForURL(first)
  await page.keyboard.press('/')
  t.equal(await page.evaluate('document.activeElement.id'), 'search')
  await page.keyboard.type('second')
  await page.getByText('1 of 4').waitFor()
  // With Tab alone one comes from the top of the page to its content.
  await page.reload()
  await page.getByRole('heading', { name: 'Inbox' }).waitFor()
  await page.keyboard.press('Tab')
  t.equal(await page.evaluate('document.activeElement.textContent'), 'To the content')
  await page.keyboard.press('?')
  await page.getByLabel('Single keys do something').uncheck()
  await page.getByRole('button', { name: 'Close' }).click()
  await page.keyboard.press('c')
  t.notMatch(page.url(), /write/, 'and they can be switched off')
})

test('page: a verdict goes out by itself, once nobody has taken it back', { skip }, async (t) => {
  const { page } = await opened({})
  await look(page, `inbox/${received.id}`)
  await page.locator('main').focus()
  await page.keyboard.press('v')
  const said = () => service.calls.findLast(({ name }) => name === 'ack')?.request
  await until('it is said', said)
  t.strictSame(said(), { id: received.id, verdict: 'value' })
})

test('page: nothing moves where somebody asked for that', { skip }, async (t) => {
  const { page } = await opened({ reducedMotion: 'reduce' })
  await look(page, `inbox/${received.id}`)
  await page.locator('main').focus()
  await page.keyboard.press('n')
  await page.locator('.taking p').waitFor()
  t.equal(await page.evaluate('getComputedStyle(document.querySelector(".taking p")).animationName'), 'none')
})

/** A tab that was opened by a link, with everything that it asks for. */
async function opened(options: Parameters<Browser['newContext']>[0]) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  context.setDefaultTimeout(patienceMs)
  const told = listenTo(context)
  const page = await context.newPage()
  await page.goto(await site.link())
  await page.getByRole('heading', { name: 'Inbox' }).waitFor()
  return { page, told }
}

/** Look at a view until it has all that it asked for. */
async function look(page: Page, view: string, origin = site.origin): Promise<void> {
  await page.goto(`${origin}/#/${view}`)
  await page.locator('main:not([aria-busy="true"])').waitFor()
  const heading = page.getByRole('heading', { level: 1 }).first()
  await heading.waitFor()
  await until('all is there', async () => (await page.locator('.loading').count()) === 0)
  if ((await heading.textContent()) === 'This cannot be shown') throw new Error(await page.locator('main').innerText())
}

/** What axe finds, in short. It is put beside the page's own world, where the page's policy is not for it. */
async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(`${axe}; 0`)
  return page.evaluate<string[]>(
    `axe.run(document, { resultTypes: ['violations'], iframes: false }).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ': ' + html.slice(0, 120) + ' ' + failureSummary)))`,
  )
}
