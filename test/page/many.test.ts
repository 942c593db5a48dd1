/** A mailbox of ten thousand letters: only those in sight are in the page, and all are found. How long that takes is in the bench. */
import { test } from 'tap'
import { openBrowser, skip } from '../kit/browser.ts'
import { mailboxOf } from '../kit/many-letters.ts'
import { servePage } from '../kit/page-fixture.ts'
import { patienceMs } from '../kit/patience.ts'

test('page: ten thousand letters', { skip }, async (t) => {
  const site = await servePage(mailboxOf(10_000))
  t.teardown(() => site.close())
  const browser = await openBrowser()
  t.teardown(() => browser.close())
  const page = await browser.newPage()
  page.setDefaultTimeout(patienceMs)
  await page.goto(await site.link())
  const row = (number: number) => page.getByText(`Letter ${number}`, { exact: true })
  await row(1).waitFor()
  t.equal(await page.locator('.count').textContent(), '10,000 · 1,428 unread')
  const rows = async (): Promise<number> => page.locator('.row').count()
  t.ok((await rows()) < 60, 'few of them are there')
  t.equal(await page.locator('.row').first().getAttribute('aria-setsize'), '10000', 'and all are counted')

  await page.evaluate('document.querySelector(".rows").scrollTop = 1e9')
  await row(10_000).waitFor()
  t.ok((await rows()) < 60)

  await page.locator('#search').fill('letter 7777')
  await row(7_777).waitFor()
  t.equal(await page.locator('.count').textContent(), '1 of 10,000')
  await row(7_777).click()
  await page.getByRole('heading', { name: 'Letter 7777' }).waitFor()
  await page.locator('#search').fill('unread')
  await row(7).waitFor()
  t.equal(await page.locator('.count').textContent(), '1,428 of 10,000')
})
