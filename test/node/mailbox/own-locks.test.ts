/** The lock keys of one's own letters: handed in only where keepers did not open, later each time, and until it is seen open. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { test } from 'tap'
import { createOwnLocks } from '../../../node/mailbox/own-locks.ts'
import type { Span } from '../../../node/moments.ts'
import { ada, context } from '../../kit/fixtures.ts'

type Options = Parameters<typeof createOwnLocks>[0]
type Letters = ReturnType<Options['cabinet']['closedLetters']>

/** A mailbox that sent two letters, and in which every moment comes when the test says so. */
function setting() {
  const ids = [1, 2].map((value) => new Uint8Array(32).fill(value))
  const open = new Set<string>()
  const closed = new Set(ids)
  const drawn = new Map<string, { readonly span: Span; readonly task: () => Promise<void> }>()
  const handed: (readonly [id: string, tries: number, lane: string])[] = []
  const peers = { areThere: true }
  const round = createOwnLocks({
    cabinet: {
      closedLetters: async function* () {
        for (const id of closed) yield { id, folder: 'sent', state: 'settled', opId: id, height: 7n, own: ada.address }
      } as () => unknown as () => Letters,
      outgoing: async (id) => ({ message: { id, envelope: new Uint8Array(), lockKey: id } }) as never,
    },
    releases: { lockKeyOf: async (id) => (open.has(bytesToHex(id)) ? id : undefined) },
    rules: context.rules,
    moments: {
      draw: (name, span, task) => void (drawn.has(name) || drawn.set(name, { span, task })),
    },
    async handIn({ message, tries, lane }) {
      if (peers.areThere) handed.push([bytesToHex(message), tries, lane])
      return peers.areThere
    },
  })
  async function moment(): Promise<Span[]> {
    await round()
    const now = [...drawn.values()]
    drawn.clear()
    for (const { task } of now) await task()
    return now.map(({ span }) => span)
  }
  return { ids, open, closed, handed, peers, round, drawn, moment }
}

test('own locks: what keepers opened meanwhile is not handed in, and what stays closed is, later each time', async (t) => {
  const { ids, open, handed, round, drawn, moment } = setting()
  const [first, second] = ids.map(bytesToHex) as [string, string]
  await round()
  t.equal(drawn.size, 2, 'each has a moment of its own')
  t.strictSame(handed, [], 'and nothing goes before it')
  // Keepers open one before its moment, perhaps before its batch was read here.
  open.add(first)
  const lane = bytesToHex(ada.address)
  const spans = [await moment(), await moment(), await moment()].map((all) => all.at(-1)!)
  t.strictSame(handed, [
    [second, 0, lane],
    [second, 1, lane],
    [second, 2, lane],
  ])
  const { batchIntervalMs } = context.rules
  t.strictSame(spans[0], { fromMs: 4 * batchIntervalMs, toMs: 12 * batchIntervalMs })
  t.strictSame(
    spans.map(({ toMs }) => toMs / spans[0]!.toMs),
    [1, 2, 4],
  )
})

test('own locks: a letter is looked after until its lock is seen open here, whatever a peer said', async (t) => {
  const { ids, open, closed, handed, peers, moment } = setting()
  closed.delete(ids[1]!)
  peers.areThere = false
  await moment()
  await moment()
  peers.areThere = true
  await moment()
  t.strictSame(
    handed.map(([, tries]) => tries),
    [0],
    'where nobody was there, nobody was tried',
  )
  await moment()
  t.equal(handed.length, 2, 'it was taken, and is still closed here')
  open.add(bytesToHex(ids[0]!))
  await moment()
  t.equal(handed.length, 2, 'it is seen open')
})
