/** A letter of the daemon's as it lies in its first folder: its bytes fetched, and shown as a mail program gets them. */
import type { Summary } from '../service.ts'
import { type DaemonApi, noOf } from './daemon-api.ts'
import type { FolderName, NewEntry } from './folders.ts'
import { frontOfReceived, frontOfSent, indexOf, viewOf } from './letter-view.ts'
import { about, notice } from './reports.ts'
import { textsIn } from './texts.ts'

/** What all letters of one time are shown with. */
type Around = Pick<Parameters<typeof frontOfReceived>[1], 'coin' | 'contacts'>

/** Of what is larger, the texts are not kept: searches ask the daemon for it. */
const textsOfMax = 512 * 1024

export function createArrival(api: Pick<DaemonApi, 'raw' | 'receipt' | 'status' | 'contacts'>) {
  async function made(summary: Summary, around: Around): Promise<NewEntry> {
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
    const front = await frontOf(raw, summary, around)
    const bytes = viewOf(raw, front)
    const source = { letter: summary.id, front }
    const texts = bytes.length <= textsOfMax ? textsIn(bytes) : undefined
    return { folder: folderOf(summary), source, index: indexOf(bytes), texts, at, flags: [...flags, ...starred] }
  }

  async function frontOf(raw: Buffer, summary: Summary, { coin, contacts }: Around): Promise<string> {
    if (summary.folder === 'sent') return frontOfSent(raw, { summary, coin })
    const receipt = await api.receipt({ id: summary.id }).catch(() => undefined)
    const line = receipt?.lines.find(({ recipient }) => recipient === summary.own)
    return frontOfReceived(raw, { summary, coin, contacts, line })
  }

  return {
    /** A letter as it lies in its first folder. Throws where the daemon cannot be asked for it. */
    made,
    around: async (): Promise<Around> => ({
      coin: (await api.status()).network.coin,
      contacts: await api.contacts(),
    }),
  }
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
