/** Taking a pass before something is done for which one is worth having: a letter, or a verdict. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from './client.ts'
import type { Invocation } from './command.ts'
import { CommandError } from './errors.ts'
import { say, when } from './print.ts'

const pollMs = 300
type PassTaking = Awaited<ReturnType<Client['takePass']>>

/** How long it is waited for a pass that is being proven, before one goes on without. */
const waitMs = 120_000

/**
 * Have a pass taken for one of our pseudonyms, and wait while it is proven; `without` says what it is like to have none.
 * Gives whether it is there: nobody waits for a renewal, and who cannot have one is told why, and goes on without.
 */
export async function passFirst(
  { api, context }: { api: Client; context: Invocation },
  address: string,
  without: string,
): Promise<boolean> {
  // That nobody stands behind it without an enrolment, the price says already.
  if ((await api.reputation()).state === 'not-enrolled') return false
  let taking = await asked(api, address)
  if (taking instanceof CommandError) {
    say(context, `No pass is taken: ${taking.message}`)
    return false
  }
  if (taking.state === 'later') say(context, `${laterText(taking)} ${without}`)
  if (taking.state === 'coming') say(context, `${taking.note} ${without} --no-pass does not wait for it.`)
  for (const begun = Date.now(); taking.state === 'coming'; ) {
    if (Date.now() - begun > waitMs) {
      say(context, 'It takes longer than two minutes, and this goes on without it.')
      return false
    }
    await delay(pollMs)
    const next = await asked(api, address)
    if (next instanceof CommandError) return false
    taking = next
  }
  if (taking.state === 'taken') say(context, taking.note)
  return taking.state === 'taken'
}

/** A sentence of when it can be. */
export const laterText = ({ note, at }: PassTaking): string =>
  at === null ? `There is no pass yet. ${note}` : `There is no pass before ${when(at)}. ${note}`

/** Where the pass stands, or why there is none. */
async function asked(api: Client, address: string): Promise<PassTaking | CommandError> {
  try {
    return await api.takePass({ address })
  } catch (error) {
    if (error instanceof CommandError) return error
    throw error
  }
}
