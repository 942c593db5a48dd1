/** Batches that are made and not final yet: nothing is seen of them, and nothing stays of those that are dropped. */
import { test } from 'tap'
import { sign } from '../../../node/keys/sign.ts'
import type { MadeBatch, Replica } from '../../../node/ledger/replica.ts'
import { headerHash } from '../../../protocol/batch.ts'
import type { Incoming } from '../../../protocol/doorway.ts'
import { readAccount } from '../../../protocol/receipt.ts'
import { ada, bob, genesis, genesisState, host, type Person, signedInTurn } from '../../kit/fixtures.ts'
import { registering } from '../../kit/half-epoch.ts'
import { memoryStore, openLedger } from '../../kit/memory.ts'

const { time } = genesis
const sealing = (digest: Uint8Array): Uint8Array => sign(digest, host.privateKey)
const registered = (...people: Person[]): readonly Incoming[] =>
  signedInTurn(genesisState(), { time, wishes: people.map((by) => ({ by, action: registering(by) })) })

async function made(replica: Replica, ...people: Person[]): Promise<MadeBatch> {
  const { made: next } = await replica.make(time, registered(...people), sealing)
  if (!next) throw new Error('there was nothing to do')
  return next
}

/** Whether what the replica shows of an account leads to the state root of its head. */
async function isShown(replica: Replica, { address }: Person): Promise<boolean> {
  const proof = await replica.accountProof(address)
  return proof !== undefined && readAccount(replica.head.sealed.header, proof) !== undefined
}

test('made: a batch is written only once it is taken', async (t) => {
  const store = memoryStore()
  const replica = await openLedger(store)
  const told: bigint[] = []
  replica.onSettled(({ header }) => void told.push(header.height))
  const next = await made(replica, ada, bob)
  t.strictSame([replica.head.sealed.header.height, await store.batch(1n), told], [0n, undefined, []])
  t.equal(await replica.take(next), 'final')
  t.strictSame([replica.head.sealed.header.height, told], [1n, [1n]])
  t.strictSame(headerHash((await store.batch(1n))!.sealed.header), next.final.head.hash)
  t.ok(await isShown(replica, ada))
  t.equal(await replica.take(next), 'stale', 'and only once')
})

test('made: of what is dropped nothing stays', async (t) => {
  const [replica, other] = [await openLedger(memoryStore()), await openLedger(memoryStore())]
  const lost = await made(replica, ada, bob)
  await replica.drop()
  t.equal(await replica.take(lost), 'stale')
  t.ok(await isShown(replica, ada), 'accounts are those of the head')
  const { made: next } = await other.produce(time, registered(bob), sealing)
  t.equal(
    await replica.accept(next!.batch),
    'final',
    'and another batch leads to the same state as where none was dropped',
  )
  t.ok(await isShown(replica, bob))
})

test('made: whatever is asked of the replica before a batch is taken drops it', async (t) => {
  const [replica, other] = [await openLedger(memoryStore()), await openLedger(memoryStore())]
  const first = await made(replica, ada)
  const second = await made(replica, bob)
  t.equal(await replica.take(first), 'stale')
  t.ok(await isShown(replica, ada), 'which asks')
  t.equal(await replica.take(second), 'stale')
  const lost = await made(replica, bob)
  const { made: theirs } = await other.produce(time, registered(ada), sealing)
  t.equal(await replica.accept(theirs!.batch), 'final')
  t.equal(await replica.take(lost), 'stale', 'somebody else’s is in its place')
  t.ok(await isShown(replica, ada))
})
