/** What is seen at the machine where a daemon runs: its home, its log and metrics, and what its API tells without a token. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import pino from 'pino'
import { createApi } from '../../node/api/server.ts'
import { routes } from '../../node/api/routes.ts'
import { createService } from '../../node/daemon/service.ts'
import { systemClock } from '../../node/daemon/system.ts'
import { spaces } from '../../node/ledger/store.ts'
import type { Lived } from './days.ts'
import type { Sight } from './sights.ts'
import type { Known, Search, Token } from './tokens.ts'

/** Everything there is to see, and how it is read. */
export type Scene = { readonly lived: Lived; readonly known: Known; readonly search: Search }

/** How long before and after something at a home an op of that home may be in a batch. */
const nearMs = { before: 1_000, after: 4_000 }

const spaceNames = new Map<number, string>(Object.entries(spaces).map(([name, byte]) => [byte, name]))

/** Every token at a home is a sight there; which home it is counts, and no time. */
const sightsAt = (home: string, place: string, tokens: readonly Token[]): Sight[] =>
  tokens.map(({ pseudonym }) => ({ kind: place, pseudonym, frame: 0, timeMs: 0, by: home, fields: [] }))

/** All files of all homes as a thief reads them, and every record of their databases; the log is among the files. */
export async function sightsOfThief({ lived, known, search }: Scene): Promise<Sight[]> {
  const sights: Sight[] = []
  for (const name of lived.people) {
    const home = lived.homeOf(name)
    for (const file of readdirSync(home)) sights.push(...sightsInFile(name, home, file, search))
    for await (const [key, value] of lived.disks.get(name)!.iterator()) {
      const space = spaceNames.get((key as Uint8Array)[0]!)
      sights.push(...sightsAt(name, `name of a record in ${space}`, search.inBytes(key as Uint8Array)))
      sights.push(...sightsAt(name, `record in ${space}`, search.inBytes(value)))
    }
  }
  return [...sights, ...sightsInLines(lived, known, search)]
}

function sightsInFile(name: string, home: string, file: string, search: Search): Sight[] {
  const bytes = readFileSync(join(home, file))
  return sightsAt(name, file, [...search.inBytes(bytes), ...search.inText(bytes.toString('utf8'))])
}

/** What a reader of logs and metrics has: lines and scrapes, what they name, and when they come. */
export function sightsOfReader({ lived, known, search }: Scene): Sight[] {
  return [...sightsInLines(lived, known, search), ...sightsInMetrics(lived, known, search)]
}

function sightsInLines(lived: Lived, known: Known, search: Search): Sight[] {
  const near = nearbyIn(known, search)
  return lived.people.flatMap((name) =>
    lived.told.get(name)!.lines.flatMap((line) => {
      const { time, msg } = JSON.parse(line) as { time: number; msg: string }
      const named = sightsAt(name, `a line: ${msg}`, search.inText(line))
      return [...named, ...near(name, `when a line came: ${msg}`, { from: time, to: time })]
    }),
  )
}

/** What metrics name, and what they are about to tell by their changes: who has something settled in between. */
function sightsInMetrics(lived: Lived, known: Known, search: Search): Sight[] {
  const near = nearbyIn(known, search)
  return lived.people.flatMap((name) => {
    let before: { readonly timeMs: number; readonly rows: ReadonlyMap<string, string> } | undefined
    return lived.told.get(name)!.scrapes.flatMap(({ timeMs, text }) => {
      const rows = new Map(
        text
          .split('\n')
          .filter((line) => line !== '' && !line.startsWith('#'))
          .map((line) => [line.slice(0, line.lastIndexOf(' ')), line.slice(line.lastIndexOf(' '))] as const),
      )
      const changed = before ? [...rows].filter(([row, value]) => before!.rows.get(row) !== value) : []
      const span = { from: before?.timeMs ?? timeMs, to: timeMs }
      before = { timeMs, rows }
      return [
        ...[...rows.keys()].flatMap((row) => sightsAt(name, `a metric: ${row.split('{')[0]}`, search.inText(row))),
        ...changed.flatMap(([row]) =>
          row.includes('_bucket') ? [] : near(name, `when a metric changed: ${row.split('{')[0]}`, span),
        ),
      ]
    })
  })
}

/** Gives for something that happens at a home the pseudonyms whose ops came into the log just then. */
function nearbyIn({ log, pseudonyms }: Known, search: Search) {
  const ops = log.flatMap(({ bytes, timeMs }) =>
    [...new Set(search.inBytes(bytes).map(({ pseudonym }) => pseudonym))]
      .filter((pseudonym) => pseudonym < pseudonyms.length)
      .map((pseudonym) => ({ pseudonym, timeMs })),
  )
  return (by: string, kind: string, { from, to }: { readonly from: number; readonly to: number }): Sight[] => {
    const sights: Sight[] = []
    let low = 0
    for (let high = ops.length; low < high; ) {
      const middle = (low + high) >> 1
      if (ops[middle]!.timeMs < from - nearMs.before) low = middle + 1
      else high = middle
    }
    for (; low < ops.length && ops[low]!.timeMs <= to + nearMs.after; low++)
      sights.push({ kind, pseudonym: ops[low]!.pseudonym, frame: 0, timeMs: 0, by, fields: [] })
    return sights
  }
}

/**
 * What another user's program on the same machine gets: every route of the real API without the token, metrics, which ask for
 * none, and whatever in a home its mode lets others read.
 */
export async function sightsOfProgram({ lived, known, search }: Scene): Promise<Sight[]> {
  const sights = sightsInMetrics(lived, known, search)
  for (const name of lived.people) {
    for (const { place, text } of await answersWithout(lived, name))
      sights.push(...sightsAt(name, place, search.inText(text)))
    const home = lived.homeOf(name)
    if ((statSync(home).mode & 0o007) === 0) continue
    for (const file of readdirSync(home))
      if (statSync(join(home, file)).mode & 0o004) sights.push(...sightsInFile(name, home, file, search))
  }
  return sights
}

/** Ask everything, with no token and with a wrong one. */
async function answersWithout({ file, up }: Lived, name: string): Promise<{ place: string; text: string }[]> {
  const { node, mailbox } = up.get(name)!
  const { service } = createService({ node, file, role: 'personal', version: '0', addresses: () => [] })
  const api = await createApi({
    service: { ...service, ...mailbox },
    token: 'a'.repeat(64),
    listen: { host: '127.0.0.1', port: 0 },
    logger: pino({ level: 'silent' }),
    clock: systemClock,
  })
  const answers: { place: string; text: string }[] = []
  for (const [route, { method, path }] of Object.entries(routes))
    for (const authorization of ['', `Bearer ${'b'.repeat(64)}`]) {
      const url = `http://127.0.0.1:${api.port}${path.replaceAll(/:\w+/g, '0')}`
      const answer = await fetch(url, { method, headers: { authorization } })
      const headers = [...answer.headers].filter(([header]) => header !== 'date').join('\n')
      answers.push({ place: `answer to ${route}`, text: `${answer.status} ${headers} ${await answer.text()}` })
    }
  await api.close()
  return answers
}
