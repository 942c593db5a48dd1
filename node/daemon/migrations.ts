/**
 * Bringing the database of a home forward to the format of this program: ledger, envelopes and mailbox alike. Each step is
 * a row, and one atomic write together with the number that it leads to. So whoever is stopped in between goes on with
 * the step that was not made.
 */
import { assert } from '../../protocol/assert.ts'
import { formatOf, formatWrite, operationsOf, rangeOf, type Write } from '../ledger/store.ts'
import type { Disk } from '../seams.ts'

/** A database as a step finds it. */
type Older = {
  readonly disk: Disk
  /** What the mailbox's part is sealed with; a relay has none. */
  readonly mailboxKey: Uint8Array | undefined
}

/** A step from one format to the next. */
export type Migration = {
  readonly from: number
  /** What becomes other, for whoever's home it is. */
  readonly sentence: string
  /** Whether it opens the mailbox's part. Then a mailbox waits for its daemon, as nobody else has the key. */
  readonly opensMailbox: boolean
  /** Everything that it writes and removes. Reads only. */
  readonly writes: (older: Older) => Promise<readonly Write[]>
}

/** Every step there ever was, in order; the last leads to `storeFormat`. */
export const migrations: readonly Migration[] = [
  {
    from: 1,
    sentence: 'The database says from now on which format it has.',
    opensMailbox: false,
    writes: async () => [],
  },
  {
    from: 2,
    // An older program would find no text in them. What it kept itself is read as it lies there (`cabinet.ts`).
    sentence: 'Letters are kept packed from now on, as they came.',
    opensMailbox: false,
    writes: async () => [],
  },
]

/**
 * Make every step from the format of a database on. Throws where it is newer than this program, of another wire, or where
 * a step opens a mailbox whose key is not at hand; every step before that one is made then.
 */
export async function migrate(
  older: Older,
  { rows = migrations, told }: { rows?: readonly Migration[]; told: (sentence: string) => void },
): Promise<void> {
  const { disk, mailboxKey } = older
  let format = await formatOf(disk, rows.at(-1)!.from + 1)
  // An empty one gets its number together with genesis.
  if (format === undefined) return
  for (const { from, sentence, opensMailbox, writes } of rows) {
    if (from < format) continue
    assert(from === format, 'steps follow from each other')
    if (opensMailbox && !mailboxKey && (await holdsMailbox(disk))) throw new Error(locked)
    const all = operationsOf([...(await writes(older)), formatWrite(++format)])
    await disk.batch(all, { sync: true } as object)
    told(sentence)
  }
}

const holdsMailbox = async (disk: Disk): Promise<boolean> =>
  (await disk.keys({ ...rangeOf('mailbox'), limit: 1 }).all()).length > 0

const locked =
  'An older bmail wrote the mailbox in this home, and only its daemon has the key that opens it. Start it once with `bmail up`, which brings it forward.'
