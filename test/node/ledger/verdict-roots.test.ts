/** The roots of verdicts in a ledger over a store: the same for everybody, after a crash too, and never of half an epoch. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'tap'
import { openDisk } from '../../../node/ledger/disk.ts'
import type { Replica } from '../../../node/ledger/replica.ts'
import type { Proofs } from '../../../node/seams.ts'
import { sign } from '../../../node/keys/sign.ts'
import { createStore, leafOf, type Store } from '../../../node/ledger/store.ts'
import { headerHash } from '../../../protocol/batch.ts'
import { equalBytes } from '../../../protocol/codec.ts'
import { metaKey, metaOf, nodeKey } from '../../../protocol/state.ts'
import { verdictTree } from '../../../protocol/verdict-tree.ts'
import { firstLink, type Link, nextLink } from '../../kit/chain.ts'
import { action, ada, bob, context, genesis, host, sendTo, signed } from '../../kit/fixtures.ts'
import {
  adasKey,
  batchesOf,
  bobValues,
  delayMs,
  end,
  openReplica,
  passOf,
  produce,
  registering,
  untilClose,
} from '../../kit/half-epoch.ts'
import { plainProofs } from '../../kit/plain-proofs.ts'
import { beginning, stories, tell } from '../../kit/story.ts'
import { memoryStore } from '../../kit/memory.ts'

/** What Ada's key gathered: one value, and nothing against it. */
const rootOfFirst = verdictTree([{ key: 1n, positive: 65_536n, negative: 0n }]).root

const committedIn = async (store: Store, epoch: number): Promise<bigint | undefined> => {
  const key = nodeKey('history', { level: 0, index: epoch })
  return (await store.fetch([{ table: 'nodes', key }])).read('nodes', key)?.node
}
const totalsIn = async (store: Store) => metaOf(await store.fetch([{ table: 'meta', key: metaKey }]))

/** Replay everything that a store holds; says what became of the last batch. */
async function follow(replica: Replica, store: Store): Promise<string> {
  let last = 'nothing'
  for await (const batch of store.batches(replica.head.sealed.header.height + 1n)) last = await replica.accept(batch)
  return last
}

test('verdict roots: a host killed while it makes one, after the close, commits the same', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bmail-epoch-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const died = spawnSync(process.execPath, [join(import.meta.dirname, '../../kit/half-epoch.ts'), folder], {
    encoding: 'utf8',
  })
  t.equal(died.signal, 'SIGKILL', died.stderr)

  const disk = await openDisk(folder)
  t.teardown(() => disk.close())
  const store = createStore(disk)
  t.match(await totalsIn(store), { epoch: 3, committedAt: 0n }, 'the close is kept')
  const replica = await openReplica(store)
  await produce(replica, end(2) + delayMs)
  t.equal(await committedIn(store, 1), rootOfFirst)

  const other = await openReplica(memoryStore())
  await untilClose(other)
  await produce(other, end(2) + delayMs)
  t.strictSame(replica.head.hash, other.head.hash, 'as if nothing had happened')
  const follower = await openReplica(memoryStore())
  t.equal(await follow(follower, store), 'final')
  t.strictSame(follower.head.hash, replica.head.hash)
})

test('verdict roots: made beside other batches, once, and not again where they are committed', async (t) => {
  const asked: number[] = []
  const begun = Promise.withResolvers<void>()
  const proofs: Proofs = {
    ...plainProofs,
    verdictRoot(gathered) {
      asked.push(gathered.length)
      begun.resolve()
      return plainProofs.verdictRoot(gathered)
    },
  }
  const replica = await openReplica(memoryStore(), { proofs })
  await untilClose(replica)
  await begun.promise
  await produce(replica, end(2) + 1n, [
    signed({ by: ada, nonce: 3n, expiry: end(2) + 1n, action: action('transfer', { to: bob.address, amount: 1n }) }),
  ])
  await produce(replica, end(2) + delayMs)
  t.strictSame(asked, [1], 'for the one epoch that had a key')
})

test('verdict roots: where a node finds another one than the host, it stands still', async (t) => {
  const store = memoryStore()
  const replica = await openReplica(store)
  await untilClose(replica)
  const wrong = await openReplica(memoryStore(), { proofs: { ...plainProofs, verdictRoot: async () => 1n } })
  t.equal(await follow(wrong, store), 'final', 'nothing is committed yet')
  await produce(replica, end(2) + delayMs)
  t.equal(await follow(wrong, store), 'halted')
})

test('verdict roots: of an epoch that a failed batch would have closed, nothing is remembered', async (t) => {
  let fails = false
  const proofs: Proofs = {
    ...plainProofs,
    async verify(statements) {
      if (fails) throw new Error('the worker is gone')
      return plainProofs.verify(statements)
    },
  }
  const store = memoryStore()
  const replica = await openReplica(store, { proofs, within: context })
  const batch = batchesOf(replica, context)
  const key = (byte: number) => new Uint8Array(20).fill(byte)
  const { time } = genesis
  await batch(
    time,
    [ada, bob].map((by) => ({ by, action: registering(by) })),
  )
  await batch(time, [
    { by: ada, action: passOf(1, adasKey) },
    { by: ada, action: sendTo([bob], { epochKey: adasKey }) },
    { by: bob, action: passOf(1, key(9)) },
  ])
  await batch(end(1), [{ by: bob, action: passOf(2, key(8)) }])
  const third = [{ by: ada, action: passOf(3, key(7)) }]
  fails = true
  await t.rejects(batch(end(2), third), /the worker is gone/)
  fails = false
  // The clock of the host was ahead, and is right again: the second epoch goes on.
  await batch(end(2) - 1n, [{ by: bob, action: bobValues(key(8)) }])
  await batch(end(2), third)
  const silent = { key: BigInt(`0x${'09'.repeat(20)}`), positive: 0n, negative: 0n }
  t.equal(await committedIn(store, 1), verdictTree([{ key: 1n, positive: 65_536n, negative: 0n }, silent]).root)
  const follower = await openReplica(memoryStore(), { within: context })
  t.equal(await follow(follower, store), 'final')
})

/** A store that begins with the state of a story. */
async function storeWith({ changes, sealed, chain }: Link): Promise<Store> {
  const store = memoryStore()
  const leaves = changes.flatMap(({ table, key, after }) =>
    table === 'accounts' && after ? [{ slot: after.slot, leaf: leafOf(key, after) }] : [],
  )
  const head = { sealed, hash: headerHash(sealed.header), chain }
  await store.commit({ batch: { sealed, ops: [] }, outcomes: [], opIds: [], changes, leaves, head })
  return store
}

test('replica: whoever makes a batch, replays it, or only reckons, comes to the same root', async (t) => {
  await fc.assert(
    fc.asyncProperty(stories, async (story) => {
      let link = firstLink(beginning)
      const store = await storeWith(link)
      const [maker, follower] = [
        await openReplica(store, { within: context }),
        await openReplica(await storeWith(link), { within: context }),
      ]
      for (const { time, ops } of tell(story)) {
        const { made } = await maker.produce(time, ops, (digest) => sign(digest, host.privateKey))
        // Where there was nothing to do, no batch is made.
        if (!made) continue
        link = nextLink(link, { time, ops: made.settled.ops })
        if ((await follower.accept(made.batch)) !== 'final') return false
        const { stateRoot } = link.sealed.header
        if (![maker, follower].every(({ head }) => equalBytes(head.sealed.header.stateRoot, stateRoot))) return false
      }
      return true
    }),
    { numRuns: 12 },
  )
  t.pass('always')
})
