/**
 * Bringing the database of a home forward to the format of this program: ledger, envelopes and mailbox alike. Each step is
 * a row, and one atomic write together with the number that it leads to. So whoever is stopped in between goes on with
 * the step that was not made. It is done once a person's keystore is unlocked, and before anything else reads the mailbox.
 */
import { assert } from '../../protocol/assert.ts'
import { rangesOfMessages, unservedIn } from '../envelopes/envelope-records.ts'
import { forgetRemoved } from '../ledger/disk.ts'
import { FormatError, formatOf, formatWrite, operationsOf, rangeOf, type Write } from '../ledger/store.ts'
import { createRecords, namedInTheOpen } from '../mailbox/records.ts'
import type { Disk, Random } from '../seams.ts'

/** A database as a step finds it. */
type Older = {
  readonly disk: Disk
  /** What the mailbox's part is sealed with; a relay has none. */
  readonly mailboxKey: Uint8Array | undefined
  readonly random: Random
}

/** A step from one format to the next. */
export type Migration = {
  readonly from: number
  /** What becomes other, for whoever's home it is. */
  readonly sentence: string
  /** Whether it has to open records of this mailbox. Then they wait for their daemon, as nobody else has the key. */
  readonly opensMailbox: (disk: Disk) => Promise<boolean>
  /** What is too much for one write, in parts that come before it, each of which leaves the step to be begun again. */
  readonly ahead?: (older: Older) => AsyncIterable<readonly Write[]>
  /** Everything else that it writes and removes. Reads only. */
  readonly writes: (older: Older) => Promise<readonly Write[]>
}

const never = async (): Promise<boolean> => false

/** Every step there ever was, in order; the last leads to `storeFormat`. */
export const migrations: readonly Migration[] = [
  {
    from: 1,
    sentence: 'The database says from now on which format it has.',
    opensMailbox: never,
    writes: async () => [],
  },
  {
    from: 2,
    // An older program would find no text in them. What it kept itself is read as it lies there (`cabinet.ts`).
    sentence: 'Letters are kept packed from now on, as they came.',
    opensMailbox: never,
    writes: async () => [],
  },
  {
    from: 3,
    sentence: 'The names of the mailbox’s records, and what is kept of letters, do not tell any more which are yours.',
    async opensMailbox(disk) {
      for await (const _ of namedInTheOpen(disk)) return true
      return false
    },
    ahead: forgetNames,
    writes: async () => [],
  },
  {
    from: 4,
    // An older program would send a second time, and pay, what this one knows that it sent.
    sentence: 'What was sent under which key is kept from now on, so that a letter sent twice is paid once.',
    opensMailbox: never,
    writes: async () => [],
  },
]

/** So many bytes of records are renamed, and so many removed, in one write. */
const renamedBytes = 4 * 1024 * 1024
const removedCount = 10_000

/** Name a mailbox's records anew, and remove what was kept of letters for no reason but that they are its own. */
async function* forgetNames({ disk, mailboxKey, random }: Older): AsyncGenerator<readonly Write[]> {
  if (!mailboxKey) return
  yield* renameRecords(disk, { key: mailboxKey, random })
  let gone: Write[] = []
  for await (const key of unservedIn({ disk })) {
    gone.push({ key, value: undefined })
    if (gone.length < removedCount) continue
    yield gone
    gone = []
  }
  yield gone
  // Until then it lies in the files.
  await forgetRemoved(disk, [rangeOf('mailbox'), ...rangesOfMessages])
}

async function* renameRecords(
  disk: Disk,
  { key, random }: { key: Uint8Array; random: Random },
): AsyncGenerator<readonly Write[]> {
  const { renamed } = createRecords({ key, random })
  let writes: Write[] = []
  let bytes = 0
  for await (const [name, sealed] of namedInTheOpen(disk)) {
    writes.push(...renamed(name, sealed))
    bytes += sealed.length
    if (bytes < renamedBytes) continue
    yield writes
    writes = []
    bytes = 0
  }
  yield writes
}

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
  for (const { from, sentence, opensMailbox, ahead, writes } of rows) {
    if (from < format) continue
    assert(from === format, 'steps follow from each other')
    if (!mailboxKey && (await opensMailbox(disk))) throw new FormatError(locked)
    if (ahead) for await (const part of ahead(older)) await write(disk, part)
    await write(disk, [...(await writes(older)), formatWrite(++format)])
    told(sentence)
  }
}

const write = (disk: Disk, writes: readonly Write[]): Promise<void> =>
  disk.batch(operationsOf(writes), { sync: true } as object)

const locked =
  'An older bmail wrote the mailbox in this home, and only its daemon has the key that opens it. Start it once with `bmail up`, which brings it forward.'
