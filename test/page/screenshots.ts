/**
 * `npm run screenshots`: the pictures of the page in README, made by a real browser over two real daemons whose people write
 * to each other first. `-- FOLDER` writes them elsewhere than into `node/web/pictures`.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContextOptions, Page } from 'playwright-core'
import type { Client } from '../../cli/client.ts'
import { allRegistered, foundSmallNetwork, openStage, until } from '../../cli/stage.ts'
import { composeLetter } from '../../node/letter/compose.ts'
import { systemRandom } from '../../node/system-random.ts'
import { openBrowser } from '../kit/browser.ts'
import { servePage } from '../kit/page-fixture.ts'
import { createServiceFixture } from '../kit/service-fixture.ts'

const folder = process.argv[2] ?? join(import.meta.dirname, '../../node/web/pictures')

/** What they wrote to each other: who to whom, about what. */
const letters: readonly (readonly [from: 'alice' | 'bob', subject: string, text: string])[] = [
  [
    'bob',
    'The garden wall',
    'The wall by the pear tree is leaning again. Shall we look at it together before the frost?',
  ],
  ['alice', 'Re: The garden wall', 'Gladly. Saturday, with the long ladder.'],
  ['bob', 'Minutes of the meeting', 'Here is what we agreed on Thursday. Tell me what I forgot.'],
  ['bob', 'A recipe', 'Two quinces, a lemon, and patience.'],
  [
    'bob',
    'Tomorrow',
    'Hello Alice,\n\nshall we meet tomorrow at ten, at the bridge? I would bring the plans, and you could tell me which of them the others will like.\n\nIf it rains, the café across the street opens at nine.\n\nBob',
  ],
]

const stage = openStage({ isJson: true, keep: false })
try {
  const [, alice, bob] = stage.startAll(await foundSmallNetwork(stage.folder))
  await allRegistered([alice!, bob!])
  const people = { alice: alice!, bob: bob! }
  const address = async (client: Client): Promise<string> => (await client.pseudonyms())[0]!.address
  const addresses = { alice: await address(people.alice), bob: await address(people.bob) }
  await people.alice.setContact({ name: 'Bob', address: addresses.bob })
  await people.bob.setContact({ name: 'Alice', address: addresses.alice })
  for (const [from, subject, text] of letters) {
    const to = from === 'alice' ? 'bob' : 'alice'
    const attached = subject.startsWith('Minutes')
      ? [{ filename: 'minutes.txt', mimeType: 'text/plain', content: Buffer.from('1. The wall') }]
      : []
    await send(people, { from, to, subject, text, attached, addresses })
  }
  const [first] = (await people.alice.messages({ folder: 'inbox' })).filter(
    ({ subject }) => subject === 'The garden wall',
  )
  await people.alice.shown({ id: first!.id })
  await people.alice.ack({ id: first!.id, verdict: 'value' })
  await until('it is judged', async () => (await people.alice.summary({ id: first!.id })).verdict)
  await take(people.alice)
} finally {
  await stage.close()
}

type Sending = {
  readonly from: 'alice' | 'bob'
  readonly to: 'alice' | 'bob'
  readonly subject: string
  readonly text: string
  readonly attached: Parameters<typeof composeLetter>[0]['attachments']
  readonly addresses: Readonly<Record<'alice' | 'bob', string>>
}

async function send(
  people: Readonly<Record<'alice' | 'bob', Client>>,
  { from, to, subject, text, attached = [], addresses }: Sending,
): Promise<void> {
  const mailbox = (who: 'alice' | 'bob') => ({ name: '', address: addresses[who] })
  const letter = {
    random: systemRandom,
    date: new Date(),
    from: mailbox(from),
    to: [mailbox(to)],
    subject,
    text,
    attachments: attached,
  }
  const raw = Buffer.from(await composeLetter(letter)).toString('base64')
  const { message } = await people[from].send({ to: [addresses[to]], raw })
  await until('it is there', async () => {
    const came = (await people[to].messages({ folder: 'inbox' })).find(({ id }) => id === message.id)
    return came?.state === 'released'
  })
}

async function take(client: Client): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const browser = await openBrowser()
  const opened = async (options: BrowserContextOptions, link?: string): Promise<Page> => {
    const context = await browser.newContext({
      viewport: { width: 1200, height: 760 },
      timezoneId: 'UTC',
      locale: 'en-GB',
      ...options,
    })
    const page = await context.newPage()
    await page.goto(link ?? (await client.page()))
    await page.locator('.count').waitFor()
    return page
  }
  const shoot = (page: Page, name: string) => page.screenshot({ path: join(folder, `${name}.png`) })
  const read = async (page: Page): Promise<void> => {
    await page.getByRole('link', { name: /Tomorrow/ }).click()
    await page.locator('.letter-text').waitFor()
    await page.getByRole('button', { name: /Worth it/ }).waitFor()
  }
  const wide = await opened({})
  await read(wide)
  await shoot(wide, 'letter')
  await wide.getByRole('link', { name: 'Write', exact: true }).first().click()
  await wide.getByLabel('To', { exact: true }).fill('Bob')
  await wide.getByLabel('Subject').fill('The plans')
  await wide
    .getByLabel('Text', { exact: true })
    .fill('Hello Bob,\n\nbring the second one, it has the better view. I will ask the others.\n\nAlice')
  await wide.getByRole('button', { name: /^Send for/ }).waitFor()
  await shoot(wide, 'write')
  const dark = await opened({ colorScheme: 'dark' })
  await read(dark)
  await shoot(dark, 'dark')
  const phone = await opened({ viewport: { width: 360, height: 720 } })
  await shoot(phone, 'phone')
  // Several epochs are behind a reputation worth looking at, so that one is of a mailbox in memory.
  const site = await servePage(createServiceFixture())
  const standing = await opened({ viewport: { width: 1200, height: 1060 } }, await site.link())
  await standing.getByRole('link', { name: 'Reputation' }).click()
  await standing.getByRole('heading', { name: 'What each tier is worth' }).waitFor()
  await shoot(standing, 'reputation')
  await browser.close()
  await site.close()
}
