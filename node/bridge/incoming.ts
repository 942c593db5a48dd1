/** A letter of the daemon's as it lies in its first folder. */
import type { Coin } from '../../protocol/rules.ts'
import type { Contact, Summary } from '../service.ts'
import { type DaemonApi, noOf } from './daemon-api.ts'
import type { FolderName, NewEntry } from './folders.ts'
import { frontOfReceived, frontOfSent, indexOf, viewOf } from './letter-view.ts'
import { notice } from './reports.ts'

/** What is the same for all letters. */
export type Surroundings = { readonly coin: Coin; readonly contacts: readonly Contact[] }

/** What stands in letters besides their bytes; asked once for many. */
export async function surroundings(api: Pick<DaemonApi, 'status' | 'contacts'>): Promise<Surroundings> {
  const [status, contacts] = await Promise.all([api.status(), api.contacts()])
  return { coin: status.network.coin, contacts }
}

/** A letter as it lies in its first folder. */
export async function entryOf(api: DaemonApi, summary: Summary, around: Surroundings): Promise<NewEntry> {
  const at = summary.settledAt ?? summary.date
  const raw = await bytesOf(api, summary.id).catch((error) => {
    const { sentence, isPassing } = noOf(error)
    if (isPassing) throw error
    return sentence
  })
  const flags = ['\\Seen'].filter(() => summary.folder === 'sent' || summary.state !== 'released')
  const starred = summary.verdict === 'value' ? ['\\Flagged'] : []
  if (typeof raw === 'string') {
    const source = notice({ ...about(summary, 'unreadable'), at, subject: 'A letter that cannot be read', text: raw })
    return { folder: 'INBOX', source, index: indexOf(source), at, flags }
  }
  const front = await frontOf(api, raw, { summary, around })
  const index = indexOf(viewOf(raw, front))
  return {
    folder: folderOf(summary),
    source: { letter: summary.id, front },
    index,
    at,
    flags: [...flags, ...starred],
  }
}

async function frontOf(
  api: DaemonApi,
  raw: Buffer,
  { summary, around: { coin, contacts } }: { readonly summary: Summary; readonly around: Surroundings },
): Promise<string> {
  if (summary.folder === 'sent') return frontOfSent(raw, { summary, coin })
  const receipt = await api.receipt({ id: summary.id }).catch(() => undefined)
  const line = receipt?.lines.find(({ recipient }) => recipient === summary.own)
  return frontOfReceived(raw, { summary, coin, contacts, line })
}

/** The bytes of a letter, without its counting as opened. */
export async function bytesOf(api: Pick<DaemonApi, 'raw'>, id: string): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of await api.raw({ id, leave: 'unopened' })) pieces.push(piece)
  return Buffer.concat(pieces)
}

function folderOf({ folder, verdict }: Summary): FolderName {
  if (folder === 'sent') return 'Sent'
  return verdict === 'spam' || verdict === 'abuse' ? 'Junk' : 'INBOX'
}

/** By what a message of ours about a letter is known, and whom it is for. */
export const about = ({ id, own }: Summary, what: string) => ({ name: `${what}-${id.slice(0, 32)}`, to: own })
