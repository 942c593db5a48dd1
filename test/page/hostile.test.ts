/** Letters that want to run something, to reach somebody, or to be saved where they should not: none of it comes about. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { before, t as suite, test } from 'tap'
import { listenTo, openBrowser, skip, strayed } from '../kit/browser.ts'
import { servePage } from '../kit/page-fixture.ts'
import { patienceMs } from '../kit/patience.ts'
import { createServiceFixture, idOf, letter, received } from '../kit/service-fixture.ts'

/** Whoever wants to know that a letter was read, and everything that it was asked. */
const spy = createServer((request, response) => {
  // What a window asks for by itself that was opened by a click.
  if (request.url !== '/favicon.ico') asked.push(request.url!)
  response.end('seen')
})
const asked: string[] = []

/** Ways to reach somebody or to run something, each by its name, with the address of the spy. */
const tricks = (at: string): Readonly<Record<string, string>> => ({
  picture: `<img src="${at}/picture">`,
  'picture by set': `<img srcset="${at}/set 1x, ${at}/set 2x">`,
  'picture in a picture': `<picture><source srcset="${at}/source"><img src="${at}/inner"></picture>`,
  'drawn picture': `<svg width="9" height="9"><image href="${at}/svg"/><use href="${at}/use#a"/></svg>`,
  script: `<script>fetch('${at}/script')</script><script src="${at}/script.js"></script>`,
  'event of a picture': `<img src="x" onerror="fetch('${at}/onerror')">`,
  'event of a drawing': `<svg onload="fetch('${at}/svg-onload')"></svg>`,
  'event of focus': `<a href="#" autofocus onfocus="fetch('${at}/onfocus')">a</a>`,
  'style sheet': `<link rel="stylesheet" href="${at}/sheet.css">`,
  'imported sheet': `<style>@import "${at}/import.css"; body { background: url(${at}/background) }</style>`,
  'picture in a style': `<p style="background: url('${at}/inline'); list-style: url(${at}/list)">a</p>`,
  font: `<style>@font-face { font-family: f; src: url(${at}/font) } p { font-family: f }</style><p>a</p>`,
  'old background': `<table background="${at}/table"><tr><td background="${at}/cell">a</td></tr></table>`,
  'page that moves on': `<meta http-equiv="refresh" content="0;url=${at}/refresh">`,
  'page in a page': `<iframe src="${at}/frame"></iframe><iframe srcdoc="&lt;script&gt;fetch('${at}/srcdoc')&lt;/script&gt;"></iframe>`,
  objects: `<object data="${at}/object"></object><embed src="${at}/embed">`,
  'asking before': `<link rel="prefetch" href="${at}/prefetch"><link rel="preconnect" href="${at}"><link rel="dns-prefetch" href="${at}"><link rel="preload" as="image" href="${at}/preload"><link rel="icon" href="${at}/icon">`,
  sound: `<audio autoplay src="${at}/audio"></audio><video autoplay poster="${at}/poster" src="${at}/video"></video>`,
  form: `<form action="${at}/form" id="f"><input name="a" value="b"></form><script>document.forms[0].submit()</script>`,
  base: `<base href="${at}/"><img src="based">`,
  'mutation of markup': `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=fetch('${at}/mutation')&gt;">`,
  'clobbered names': `<form name="attributes"><input name="getAttributeNode"></form><img name="body" src="${at}/clobber">`,
  'page around it': `<script>parent.document.title = 'taken'; top.location = '${at}/top'</script>`,
})

const service = createServiceFixture()
let browser: Browser
let site: Awaited<ReturnType<typeof servePage>>
let at = ''

if (!skip)
  before(async () => {
    await new Promise<void>((resolve) => spy.listen(0, '127.0.0.1', resolve))
    suite.teardown(() => spy.close())
    at = `http://127.0.0.1:${(spy.address() as AddressInfo).port}`
    Object.values(tricks(at)).forEach((trick, number) => {
      put(number, `<p>Read to the end.</p>${trick}<p id="end">The end.</p>`)
    })
    site = await servePage(service)
    suite.teardown(() => site.close())
    browser = await openBrowser()
    suite.teardown(() => browser.close())
  })

const put = (number: number, page: string, ...more: readonly string[]): void =>
  service.put(
    { ...received, id: idOf(0x1000 + number), subject: `Letter ${number}` },
    letter(`Subject: Letter ${number}`, 'Content-Type: text/html; charset=utf-8', ...more, '', page, ''),
  )

test('hostile: whatever a letter holds, it is read, runs nothing, and asks nobody anything', { skip }, async (t) => {
  const { page, told, context } = await opened()
  for (const [number, name] of Object.keys(tricks(at)).entries()) {
    await page.goto(`${site.origin}/#/inbox/${idOf(0x1000 + number)}`)
    await page.getByRole('heading', { name: `Letter ${number}`, exact: true }).waitFor()
    const frame = page.frameLocator('iframe.letter-frame')
    await frame.getByText('Read to the end.').waitFor()
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
    t.strictSame(asked, [], name)
    if (name.startsWith('picture')) t.ok(await page.getByRole('note').isVisible(), 'and the reader is told')
  }
  t.equal(context.pages().length, 1, 'no window was opened')
  t.match(await page.title(), /b-mail$/)
  t.strictSame(strayed(told.requests, site.origin), [])
})

test('hostile: the first layer alone would do', { skip }, async (t) => {
  const { page, told } = await opened()
  for (const [name, trick] of Object.entries(tricks(at))) {
    const answer = await fetch(`${site.origin}/page/letters`, {
      method: 'POST',
      headers: { authorization: site.authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ html: `<!doctype html><title>Letter</title>${trick}<p>The end.</p>` }),
    })
    const { path } = (await answer.json()) as { path: string }
    await page.evaluate(`(() => {
      const frame = document.createElement('iframe')
      frame.sandbox = 'allow-popups allow-popups-to-escape-sandbox'
      frame.name = 'raw'
      frame.src = '${path}'
      document.querySelector('iframe[name=raw]')?.remove()
      document.body.append(frame)
    })()`)
    await page.frameLocator('iframe[name=raw]').getByText('The end.', { exact: true }).waitFor({ state: 'attached' })
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
    t.strictSame(asked, [], name)
  }
  // What is refused never left; the browser tells of a request that it was to make.
  t.ok(told.requests.length > 0)
})

test('hostile: a link says where it leads, and opens only when it is clicked, in a window that is told nothing', {
  skip,
}, async (t) => {
  put(900, `<a href="${at}/clicked">My bank</a> <a href="javascript:fetch('${at}/run')">Run</a>`)
  const { page, context } = await opened()
  await page.goto(`${site.origin}/#/inbox/${idOf(0x1000 + 900)}`)
  const frame = page.frameLocator('iframe.letter-frame')
  const link = frame.getByText('My bank')
  t.equal(await link.getAttribute('title'), `${at}/clicked`)
  t.equal(await frame.getByText('Run').getAttribute('href'), null)
  const [window] = await Promise.all([context.waitForEvent('page'), link.click()])
  await window.waitForLoadState()
  t.strictSame(
    asked.splice(0).filter((url) => url !== '/favicon.ico'),
    ['/clicked'],
  )
  t.equal(await window.evaluate('document.referrer'), '')
  t.equal(await window.evaluate('window.opener'), null)
})

test('hostile: what is attached is saved under a name that is safe, and never opened', { skip }, async (t) => {
  const parts = ['../../.bashrc', 'C:\\autoexec.bat', 'report\u202efdp.exe', '.profile'].flatMap((name) => [
    '--b',
    'Content-Type: text/html',
    `Content-Disposition: attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
    '',
    `<script>fetch('${at}/attached')</script>`,
  ])
  service.put(
    { ...received, id: idOf(0x2000), subject: 'Attached' },
    letter(
      'Subject: Attached',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      '',
      'Look.',
      ...parts,
      '--b--',
      '',
    ),
  )
  const { page, context } = await opened()
  await page.goto(`${site.origin}/#/inbox/${idOf(0x2000)}`)
  const buttons = page.locator('.attached button')
  await buttons.first().waitFor()
  const names: string[] = []
  for (let number = 0; number < 4; number++) {
    const [saved] = await Promise.all([page.waitForEvent('download'), buttons.nth(number).click()])
    names.push(saved.suggestedFilename())
  }
  t.equal(names.length, 4)
  for (const name of names) t.notMatch(name, /^\.|[/\\:]|\u202e/, name)
  t.equal(context.pages().length, 1)
  t.strictSame(asked, [])
})

test('hostile: the spy hears of a letter that nothing holds back', { skip }, async (t) => {
  const page = await (await browser.newContext()).newPage()
  await page.setContent(Object.values(tricks(at)).join(''), { waitUntil: 'load' })
  t.ok(asked.length > 8, `${asked.length} requests`)
})

async function opened() {
  const context = await browser.newContext({ acceptDownloads: true })
  context.setDefaultTimeout(patienceMs)
  const told = listenTo(context)
  const page = await context.newPage()
  await page.goto(await site.link())
  await page.getByRole('heading', { name: 'Inbox' }).waitFor()
  return { page, told, context }
}
