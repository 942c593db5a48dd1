/** Run by itself, with a folder: brings its database forward by two steps, and is killed while the second is made. */
import { openDisk } from '../../node/ledger/disk.ts'
import { type Migration, migrate, migrations } from '../../node/daemon/migrations.ts'
import { keyIn, rangeOf, storeFormat, type Write } from '../../node/ledger/store.ts'
import { systemRandom } from '../../node/system-random.ts'

/** Steps that nobody needs: missing envelopes are listed under another key, then every one of the mailbox's records too. */
export const madeUp: readonly Migration[] = [
  ...migrations,
  {
    from: storeFormat,
    sentence: 'What is missing is listed in another order.',
    opensMailbox: async () => false,
    writes: async ({ disk }) =>
      (await disk.iterator(rangeOf('missing')).all()).flatMap(([key, value]): Write[] => [
        { key, value: undefined },
        { key: keyIn('missing', key.slice(1).reverse()), value },
      ]),
  },
  {
    from: storeFormat + 1,
    sentence: 'The mailbox is sealed anew.',
    opensMailbox: async (disk) => (await disk.keys({ ...rangeOf('mailbox'), limit: 1 }).all()).length > 0,
    writes: async ({ disk, mailboxKey }) =>
      (await disk.iterator(rangeOf('mailbox')).all()).map(
        ([key, value]): Write => ({ key, value: value.map((byte) => byte ^ mailboxKey![0]!) }),
      ),
  },
]

/** The key that the second step is made with. */
export const mailboxKey = new Uint8Array(32).fill(7)

const [, program, folder, when] = process.argv
if (program === import.meta.filename && folder) {
  const disk = await openDisk(folder)
  const die = (): never => process.kill(process.pid, 'SIGKILL') as never
  const [last] = madeUp.slice(-1) as [Migration]
  const rows: Migration[] = [
    ...madeUp.slice(0, -1),
    {
      ...last,
      async writes(older) {
        const writes = await last.writes(older)
        if (when === 'before') die()
        // While the write is under way: all of it is there afterwards, or nothing.
        setImmediate(die)
        return writes
      },
    },
  ]
  await migrate({ disk, mailboxKey, random: systemRandom }, { rows, told: () => undefined })
  // Where the write was faster than its end, that still comes.
  setInterval(() => undefined, 1_000)
}
