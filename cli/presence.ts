/** Which passes are taken for each pseudonym, and among whom it is over all of its epochs, as people read it. */
import { door } from '../node/daemon/door.ts'
import type { Pseudonym } from '../node/service.ts'
import { table } from './print.ts'

const { showsText, takenText } = await door.advice()

type Habit = Pseudonym['habit']
type Presence = Pseudonym['presence']

type Row = { readonly label: string; readonly habit: Habit; readonly presence: Presence }

/** A row for each pseudonym, and under them what whoever keeps one apart should do. */
export async function presenceText(rows: readonly Row[]): Promise<string> {
  const list = await table(
    ['passes of', 'taken', 'shows', '>epochs', '>there in all', '>alike in all', '>in no others', '>identities'],
    rows.map(({ label, habit, presence }) => [
      label,
      takenText(habit),
      showsText(habit),
      String(presence.epochs),
      ...(presence.epochs === 0
        ? ['', '', '', '']
        : [presence.present, presence.alike, presence.exactly].map(String).concat(identitiesText(presence))),
    ]),
  )
  return [list, '', ...rows.map(({ label, presence }) => `“${label}”: ${presence.advice}`)].join('\n')
}

/** What the columns count. */
export const presenceHelp =
  '\nFor each pseudonym: in how many epochs that are over it had a pass; how many pseudonyms, it counted, had one in all of ' +
  'these; how many of them with its tier and checkpoint each time; how many of them in no other epoch since; and how many ' +
  'identities that can be. It is counted in the public log, as anybody can. Nobody sees whose a pseudonym is, nor who was ' +
  'there and showed no pass.\n'

const identitiesText = ({ identitiesLeast: least, identitiesMost: most }: Presence): string =>
  most < least ? `${least} or more` : `${least} to ${most}`
