/** A real daemon that is killed under the page: what was sent once is paid once, and the tab goes on where it was. */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { t as suite, test } from 'tap'
import { pathsOf, readApiFile } from '../../node/settings/home.ts'
import { openBrowser, skip } from '../kit/browser.ts'
import { patienceMs, until } from '../kit/patience.ts'
import { servePage } from '../kit/page-fixture.ts'
import { createProcesses, type Daemon, letterIn, readable } from '../kit/processes.ts'
import { createServiceFixture } from '../kit/service-fixture.ts'

test('page: a tab takes no token of another mailbox that is served where its own was', { skip }, async (t) => {
  const service = createServiceFixture()
  const status = await service.status()
  const first = await servePage({ ...service, status: async () => ({ ...status, peerId: 'one' }) })
  const browser = await openBrowser()
  suite.teardown(() => browser.close())
  const context = await browser.newContext()
  const open = async (link: string): Promise<Page> => {
    const page = await context.newPage()
    await page.goto(link)
    await page.getByRole('heading', { name: 'Inbox' }).waitFor()
    return page
  }
  const tokenOf = (page: Page) => page.evaluate(() => sessionStorage.getItem('bmail-token'))
  const page = await open(await first.link())
  t.equal(await tokenOf(page), first.token)
  await first.close()
  const lost = page.getByRole('alert').getByText('no longer knows this page')
  const other = await servePage({ ...service, status: async () => ({ ...status, peerId: 'other' }) }, first.port)
  await lost.waitFor()
  await page.reload()
  await lost.waitFor()
  const others = await open(await other.link())
  await others.getByText('No letter').or(others.locator('.row')).first().waitFor()
  t.equal(await tokenOf(page), first.token, 'nothing of another mailbox')
  t.ok(await lost.isVisible())
  await other.close()
  const again = await servePage({ ...service, status: async () => ({ ...status, peerId: 'one' }) }, first.port)
  await open(await again.link())
  await until('its own is taken', async () => (await tokenOf(page)) === again.token)
  await again.close()
})

test('page: a daemon that is killed', { skip }, async (t) => {
  const network = await createProcesses(t, {
    relays: 1,
    people: ['alice', 'bob'],
    keepers: ['relay1'],
    threshold: 1,
    funds: 100_000_000n,
  })
  await network.start('relay1', 'alice', 'bob')
  const [alice, bob] = ['alice', 'bob'].map((name) => network.daemon(name)) as [Daemon, Daemon]
  for (const { api } of [alice, bob])
    await until('everybody is registered', async () => (await api.pseudonyms()).every(({ registered }) => registered))
  await alice.api.setContact({ name: 'bob', address: (await bob.api.pseudonyms())[0]!.address })
  keepPort(alice)
  const browser = await openBrowser()
  suite.teardown(() => browser.close())
  const context = await browser.newContext()
  context.setDefaultTimeout(patienceMs)
  const open = async (): Promise<Page> => {
    const page = await context.newPage()
    await page.goto(await alice.api.page())
    await page.getByRole('heading', { name: 'Inbox' }).waitFor()
    return page
  }
  const page = await open()
  const sent = async () => (await bob.api.messages({ folder: 'inbox' })).length

  await t.test('before it answers: the letter is there, and is not sent again', async (t) => {
    await write(page, 'Once')
    await answerLost(page, () => alice.kill())
    t.equal(await page.getByLabel('Text', { exact: true }).inputValue(), 'Once', 'what was typed is still there')
    await alice.start()
    await page.getByRole('alert').getByText('no longer knows this page').waitFor()
    const other = await open()
    await page.getByRole('button', { name: 'It was sent: show it' }).click()
    await page.getByRole('heading', { name: 'Once' }).waitFor()
    t.equal((await alice.api.messages({ folder: 'sent' })).length, 1)
    await other.close()
  })

  await t.test('what was changed since is a letter of its own, once its writer says so', async (t) => {
    await write(page, 'Twice')
    await answerLost(page)
    await page.getByLabel('Text', { exact: true }).fill('Twice, and more')
    await page.getByRole('button', { name: 'Make it a letter of its own' }).click()
    await page.getByRole('button', { name: /^Send for / }).click()
    await page.getByText('It is settled with the next batch.').waitFor()
    await until('bob has all three', async () => (await sent()) === 3)
    t.equal((await alice.api.messages({ folder: 'sent' })).length, 3)
  })

  await t.test('what is written is not lost with the tab unasked', async (t) => {
    const other = await open()
    await write(other, 'Half of it')
    const [asked] = await Promise.all([other.waitForEvent('dialog'), other.close({ runBeforeUnload: true })])
    t.equal(asked.type(), 'beforeunload')
    await Promise.all([other.waitForEvent('close'), asked.accept()])
  })

  await t.test('a verdict that waits is said as the tab is closed', async (t) => {
    const { message } = await bob.api.send({
      to: [(await alice.api.pseudonyms())[0]!.address],
      raw: Buffer.from('Subject: judge me\r\n\r\nText\r\n').toString('base64'),
    })
    await letterIn(alice, 'inbox', message.id, readable)
    await page.getByRole('link', { name: /^Inbox/ }).click()
    await page.getByRole('link', { name: /judge me/ }).click()
    await page.locator('main').focus()
    await page.keyboard.press('v')
    await page.getByRole('button', { name: /^Take it back/ }).waitFor()
    await page.close()
    await until('it is said', async () => (await alice.api.summary({ id: message.id })).verdict === 'value')
    t.pass('it is on the ledger')
  })
})

/** Where letters are sent, and listed. */
const sending = /\/v1\/messages(?:\?|$)/

/** Have a daemon listen where it listens now, when it is started again. */
function keepPort({ home }: Daemon): void {
  const { config } = pathsOf(home)
  const { port } = readApiFile(home)!
  writeFileSync(config, readFileSync(config, 'utf8').replace(/127\.0\.0\.1:0/, `127.0.0.1:${port}`))
}

/** Send what is written, and let no answer of it reach the page. */
async function answerLost(page: Page, meanwhile?: () => Promise<void>): Promise<void> {
  const lost = new Promise<void>((resolve) => {
    void page.route(sending, async (route) => {
      if (route.request().method() !== 'POST') return route.continue()
      await route.fetch() // it is signed, and on its way
      await meanwhile?.()
      await route.abort()
      resolve()
    })
  })
  await page.getByRole('button', { name: /^Send for / }).click()
  await lost
  await page.unroute(sending)
}

async function write(page: Page, text: string): Promise<void> {
  await page.getByRole('link', { name: 'Write', exact: true }).first().click()
  await page.getByLabel('To', { exact: true }).fill('bob')
  await page.getByLabel('Subject').fill(text)
  await page.getByLabel('Text', { exact: true }).fill(text)
}
