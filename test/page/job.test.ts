/** The main job in a real browser, between two real daemons: a price, a letter, an answer, a verdict, a receipt; and a daemon that goes. */
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { t as suite, test } from 'tap'
import { allRegistered, foundSmallNetwork, openStage } from '../../cli/stage.ts'
import { listenTo, openBrowser, skip, strayed } from '../kit/browser.ts'
import { patienceMs, until } from '../kit/patience.ts'

const words = 'Shall we meet tomorrow at ten, at the bridge?'

test('page: the whole main job between two daemons', { skip }, async (t) => {
  const stage = openStage({ isJson: true, keep: false })
  suite.teardown(() => stage.close())
  const [relay, alice, bob] = stage.startAll(await foundSmallNetwork(stage.folder))
  await allRegistered([alice!, bob!], { limitMs: patienceMs })
  const address = async (client: typeof alice) => (await client!.pseudonyms())[0]!.address
  await alice!.setContact({ name: 'bob', address: await address(bob) })
  await bob!.setContact({ name: 'alice', address: await address(alice) })

  const browser = await openBrowser()
  suite.teardown(() => browser.close())
  const opened = async (client: typeof alice) => {
    const context = await browser.newContext({ acceptDownloads: true })
    await context.addInitScript(patient)
    context.setDefaultTimeout(patienceMs)
    const told = listenTo(context)
    const page = await context.newPage()
    const url = await client!.page()
    await page.goto(url)
    await page.getByRole('heading', { name: 'Inbox' }).waitFor()
    return { page, told, origin: new URL(url).origin }
  }
  const one = await opened(alice)
  const two = await opened(bob)

  await t.test('nothing of the link stays', async (t) => {
    t.equal(one.page.url(), `${one.origin}/`)
    await one.page.reload()
    await one.page.getByRole('heading', { name: 'Inbox' }).waitFor()
    await one.page.getByText('No letter came yet.').waitFor()
  })

  await t.test('the price changes as one types, and says why', async (t) => {
    const { page } = one
    await page.getByRole('link', { name: 'Write', exact: true }).first().click()
    await page.getByLabel('To', { exact: true }).fill('bob')
    await page.getByLabel('Subject').fill('Tomorrow')
    await page.getByLabel('Text', { exact: true }).fill(words)
    const send = page.getByRole('button', { name: /^Send for / })
    await send.waitFor()
    const short = await send.textContent()
    await page.getByText('a first letter to somebody').waitFor()
    await page.getByText('no stranger wrote to them yet').waitFor()
    await page.getByLabel('Attach').setInputFiles({
      name: 'plan.bin',
      mimeType: 'application/octet-stream',
      // What does not compress weighs as much as it is long.
      buffer: Buffer.from(Array.from({ length: 20_000 }, (_, at) => (at * at * 7919 + (at >> 3)) & 255)),
    })
    await until('it costs more', async () => (await send.textContent()) !== short && (await send.isEnabled()))
    const dear = await send.textContent()
    t.ok(amountIn(dear) > amountIn(short), `${dear} is more than ${short}`)
    await page.getByRole('button', { name: 'Leave out plan.bin' }).click()
    await until('it costs as before', async () => (await send.textContent()) === short && (await send.isEnabled()))
    await page
      .getByLabel('Attach')
      .setInputFiles({ name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('ten') })
    await until(
      'it is priced',
      async () =>
        (await page.getByRole('button', { name: 'Leave out plan.txt' }).isVisible()) && (await send.isEnabled()),
    )
  })

  await t.test('it is sent, delivered, and read', async (t) => {
    await one.page.getByLabel('Text', { exact: true }).press('Control+Enter')
    await one.page.getByRole('heading', { name: 'Tomorrow' }).waitFor()
    const { page } = two
    await page.getByRole('link', { name: /Unread.*alice.*Tomorrow/s }).click()
    t.equal(await page.locator('.letter-text').textContent(), words)
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save plan.txt' }).click(),
    ])
    t.equal(saved.suggestedFilename(), 'plan.txt')
    t.equal(readFileSync((await saved.path())!, 'utf8'), 'ten')
    await until('it counts as read', async () => (await page.getByText('1 unread').count()) === 0)
  })

  await t.test('it is judged with one key, which can be taken back', async () => {
    const { page } = two
    await page.locator('main').focus()
    await page.keyboard.press('s')
    await page.getByRole('button', { name: /^Take it back/ }).waitFor()
    await page.keyboard.press('z')
    await page.getByRole('button', { name: /^Take it back/ }).waitFor({ state: 'detached' })
    await page.getByLabel(/Give back the .* that it brought me/).check()
    await page.keyboard.press('v')
    await page.getByRole('button', { name: 'Say it now' }).click()
    await page.getByText('You said: Worth it').waitFor()
    await one.page
      .getByText(/given back|by bob/i)
      .first()
      .waitFor()
  })

  await t.test('it is answered, which costs far less', async (t) => {
    const { page } = two
    await page.locator('main').focus()
    await page.keyboard.press('r')
    t.equal(await page.getByLabel('Subject').inputValue(), 'Re: Tomorrow')
    t.match(await page.getByLabel('Text', { exact: true }).inputValue(), `> ${words}`)
    await page.getByLabel('Text', { exact: true }).fill('At ten.')
    await page.getByRole('button', { name: /^Send for / }).click()
    const answer = one.page.getByRole('link', { name: /Unread.*bob.*Re: Tomorrow/s })
    await one.page.getByRole('link', { name: /^Inbox/ }).click()
    await answer.click()
    t.equal(await one.page.locator('.letter-text').textContent(), 'At ten.')
  })

  await t.test('its receipt is verified in the page, by the code of the protocol', async (t) => {
    const { page } = two
    await page.getByRole('link', { name: /^Inbox/ }).click()
    await page.getByRole('link', { name: /alice.*Tomorrow/s }).click()
    await page.getByRole('link', { name: 'Receipt' }).click()
    await page.getByText('Verified in this page.').waitFor()
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the receipt' }).click(),
    ])
    const receipt = readFileSync((await saved.path())!)
    const check = (buffer: Buffer): Promise<void> =>
      page
        .getByLabel('Receipt', { exact: true })
        .setInputFiles({ name: 'one.receipt', mimeType: 'application/octet-stream', buffer })
    await page.goto(`${two.origin}/#/receipt`)
    await check(receipt)
    await page.getByText('Verified in this page.').waitFor()
    for (const at of [40, receipt.length >> 1, receipt.length - 3]) {
      const changed = Buffer.from(receipt)
      changed[at]! ^= 1
      await check(changed)
      await page.getByText('This proves nothing.').waitFor()
    }
    t.pass('and one that was changed anywhere proves nothing')
  })

  await t.test('nothing left this machine, and nothing went wrong', async (t) => {
    for (const { told, origin } of [one, two]) {
      t.ok(told.requests.length > 60)
      t.strictSame(strayed(told.requests, origin), [])
      t.strictSame(told.errors, [])
    }
  })

  await t.test('a daemon that goes is missed, and what was typed stays', async (t) => {
    const { page } = one
    await page.goto(`${one.origin}/#/write`)
    await page.getByLabel('Text', { exact: true }).fill('Unsent')
    await stage.stopAll()
    await page.getByRole('alert').getByText('bmail up').waitFor()
    t.equal(await page.getByLabel('Text', { exact: true }).inputValue(), 'Unsent')
    await typedElsewhere(page)
    t.equal(await page.getByLabel('Text', { exact: true }).inputValue(), 'Unsent')
  })
  t.ok(relay)
})

/** A verdict goes out after six seconds; here it waits until it is told to, however slow the machine is. */
const patient =
  'const real = setTimeout; window.setTimeout = (task, ms, ...more) => real(task, ms === 6000 ? 2 ** 30 : ms, ...more)'

/** Look at something else, and come back. */
async function typedElsewhere(page: Page): Promise<void> {
  await page.locator('main').focus()
  await page.keyboard.press('g')
  await page.keyboard.press('p')
  await page.getByRole('heading', { name: 'People' }).waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('w')
  await page.getByRole('heading', { name: 'Write' }).waitFor()
}

const amountIn = (text: string | null): number => Number(text!.replace(/\D/g, ''))
