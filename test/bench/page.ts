/** The page: what it weighs, and how long a browser takes to show it, with a few letters and with ten thousand. */
import type { Browser } from 'playwright-core'
import * as files from '../../node/web/files.ts'
import { openBrowser, skip } from '../kit/browser.ts'
import { mailboxOf } from '../kit/many-letters.ts'
import { pageFiles } from '../kit/page-files.ts'
import { servePage } from '../kit/page-fixture.ts'
import type { Section } from './section.ts'

type Shown = { readonly letters: number; readonly shownMs: number; readonly searchedMs: number }

type Result = {
  /** KiB of code and looks that are loaded at first, and of code that receipts load later; in how many files. */
  readonly weight: { readonly firstKib: number; readonly firstFiles: number; readonly laterKib: number }
  /** Empty where there is no browser. */
  readonly shown: readonly Shown[]
}

const kib = (sizes: Iterable<number>): number => Math.round([...sizes].reduce((all, bytes) => all + bytes, 0) / 1024)

async function weigh(): Promise<Result['weight']> {
  const { first, later } = await pageFiles(files)
  const looks = await Promise.all(Object.keys(files.looks).map(files.lookFile))
  const sizes = [...first.values(), ...looks.map(({ text }) => Buffer.byteLength(text))]
  return { firstKib: kib(sizes), firstFiles: sizes.length, laterKib: kib(later.values()) }
}

/** From when the link is opened until the first letter is there; and from a search until the one letter is alone. */
async function timed(browser: Browser, letters: number): Promise<Shown> {
  const site = await servePage(mailboxOf(letters))
  const page = await browser.newPage()
  const link = await site.link()
  const begun = performance.now()
  await page.goto(link)
  await page.getByText('Letter 1', { exact: true }).waitFor()
  const shownMs = Math.round(performance.now() - begun)
  const searching = performance.now()
  await page.locator('#search').fill(`Letter ${letters}`)
  await page.getByText(`1 of `).waitFor()
  const searchedMs = Math.round(performance.now() - searching)
  await page.close()
  await site.close()
  return { letters, shownMs, searchedMs }
}

export const page: Section<Result> = {
  title: 'The page',
  async run({ isQuick }) {
    const weight = await weigh()
    if (skip) return { weight, shown: [] }
    const browser = await openBrowser()
    await timed(browser, 10) // the first one starts the browser's parts
    const shown: Shown[] = []
    for (const letters of isQuick ? [10] : [10, 1_000, 10_000]) shown.push(await timed(browser, letters))
    await browser.close()
    return { weight, shown }
  },
  tables: ({ weight: { firstKib, firstFiles, laterKib }, shown }) => [
    [
      ['at first', 'in files', 'for receipts, later'],
      [`${firstKib} KiB`, firstFiles, `${laterKib} KiB`],
    ],
    [
      ['letters', 'shown after ms', 'searched in ms'],
      ...shown.map(({ letters, shownMs, searchedMs }) => [letters, shownMs, searchedMs]),
    ],
  ],
  notes: () => (skip ? [skip] : []),
}
