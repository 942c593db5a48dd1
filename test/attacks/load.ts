/** What honest people do meanwhile: write to each other at a steady pace, each letter followed until it is settled and arrived. */
import { randomBytes } from 'node:crypto'
import { pause, within } from './measure.ts'
import type { Daemon } from './stage.ts'

/** One letter. Times are milliseconds since 1970. */
type Letter = {
  readonly from: Daemon
  readonly to: Daemon
  readonly at: number
  id?: string
  settledAt?: number
  refused?: string
}

export type Load = {
  /** Write no more, wait for what is on its way, and say what came of it. */
  end(limitMs: number): Promise<Outcome>
}

/** What became of the letters that were written since a time. */
type Outcome = {
  /** From asking the daemon to send it to the sender's daemon saying that it is settled; of letters written between two times. */
  timesMs(since: number, until: number): number[]
  /** Letters that were not sent, not settled, not there for their reader, or there twice, each in words. */
  readonly lost: readonly string[]
  readonly written: number
}

/** What any of them may cost: prices rise while others pay more, and honest people pay them here. */
const refuseAbove = '20000000000'
const everyMs = 500
/** Letters that have not even been taken in; beyond that the writers wait, as people would. */
const unansweredMax = 40

/** Let two people write to each other in turn, a letter every half a second. */
export async function startLoad([one, other]: readonly [Daemon, Daemon]): Promise<Load> {
  const letters: Letter[] = []
  const settledAt = new Map<string, number>()
  const listening = new AbortController()
  const addresses = new Map<Daemon, string>()
  for (const person of [one, other]) {
    addresses.set(person, (await person.api.pseudonyms())[0]!.address)
    follow(person, settledAt, listening.signal)
  }
  let isOver = false
  let unanswered = 0

  async function write(from: Daemon, to: Daemon): Promise<void> {
    const letter: Letter = { from, to, at: Date.now() }
    letters.push(letter)
    unanswered += 1
    const raw = Buffer.concat([Buffer.from(`Subject: honest ${letters.length}\r\n\r\n`), randomBytes(400)])
    try {
      const wish = { insist: true, to: [addresses.get(to)!], raw: raw.toString('base64'), refuseAbove }
      letter.id = (await from.api.send(wish)).message.id
    } catch (error) {
      letter.refused = (error as Error).message
    }
    unanswered -= 1
  }
  const writing = (async () => {
    for (let count = 0; !isOver; count++) {
      if (unanswered < unansweredMax) void (count % 2 === 0 ? write(one, other) : write(other, one))
      await pause(everyMs)
    }
  })()

  return {
    async end(limitMs) {
      isOver = true
      await writing
      await within(limitMs, () => unanswered === 0)
      await within(limitMs, () => letters.every(({ id }) => !id || settledAt.has(id)))
      for (const letter of letters) if (letter.id) letter.settledAt = settledAt.get(letter.id)!
      const lost = await lostOf(letters, addresses, limitMs)
      listening.abort()
      return {
        lost,
        written: letters.length,
        timesMs: (since, until) =>
          letters
            .filter(({ at, settledAt }) => settledAt !== undefined && at >= since && at <= until)
            .map(({ at, settledAt }) => settledAt! - at),
      }
    },
  }
}

/** Note when each letter of a person is settled, from its daemon's events, and from its list where those broke off. */
async function follow({ api }: Daemon, settledAt: Map<string, number>, signal: AbortSignal): Promise<void> {
  const note = (id: string) => void (settledAt.has(id) || settledAt.set(id, Date.now()))
  while (!signal.aborted) {
    try {
      for await (const event of await api.events(signal))
        if (event.type === 'message' && event.message.folder === 'sent' && isSettled(event.message.state))
          note(event.message.id)
    } catch {
      // Its API gives no answer under this attack: the list is asked below, and the events again after that.
    }
    if (signal.aborted) return
    await pause(200)
    const sent = await api.messages({ folder: 'sent' }).catch(() => [])
    for (const { id, state } of sent) if (isSettled(state)) note(id)
  }
}

const isSettled = (state: string): boolean => state !== 'submitted' && state !== 'refused'

async function lostOf(
  letters: readonly Letter[],
  addresses: ReadonlyMap<Daemon, string>,
  limitMs: number,
): Promise<string[]> {
  const lost: string[] = []
  for (const { refused, id, settledAt } of letters) {
    if (refused !== undefined) lost.push(`not sent: ${refused}`)
    else if (id === undefined) lost.push('not sent: no answer')
    else if (settledAt === undefined) lost.push('not settled')
  }
  for (const [reader, own] of addresses) {
    const honest = new Set([...addresses.values()].filter((address) => address !== own))
    const wanted = letters.filter(({ to, settledAt }) => to === reader && settledAt !== undefined)
    const listed = async () => (await reader.api.messages({ folder: 'inbox' })).filter(({ from }) => honest.has(from))
    const isThere = async () => {
      const there = new Set((await listed()).map(({ id }) => id))
      return wanted.every(({ id }) => there.has(id!))
    }
    await within(limitMs, isThere)
    const there = (await listed().catch(() => [])).map(({ id }) => id)
    for (const { id } of wanted) if (!there.includes(id!)) lost.push('settled, and not there for its reader')
    const known = new Set(letters.map(({ id }) => id))
    const doubled = there.filter((id, at) => !known.has(id) || there.indexOf(id) !== at)
    for (const id of doubled)
      if (!letters.some((letter) => letter.id === undefined)) lost.push(`twice there: ${id.slice(0, 12)}`)
  }
  return lost
}
