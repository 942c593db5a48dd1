/** The evm anchor over a real chain: what is posted settles once, at every node the same, whatever the chain takes back. */
import { type Test, test } from 'tap'
import { type ChainSettings, createEndpoint, hexOf } from '../../../node/evm/endpoint.ts'
import { openEvmAnchor } from '../../../node/evm/anchor.ts'
import { createFollower } from '../../../node/evm/follow.ts'
import { createStore, keyIn, type Store } from '../../../node/ledger/store.ts'
import { createPending } from '../../../node/peers/pending.ts'
import { createReplica } from '../../../node/ledger/replica.ts'
import { depositBytes } from '../../../protocol/deposit.ts'
import type { Incoming } from '../../../protocol/doorway.ts'
import { headerHash } from '../../../protocol/batch.ts'
import { type Genesis, networkId } from '../../../protocol/rules.ts'
import { type Chain, chainAccount, chainKey, startChain } from '../../kit/anvil.ts'
import { action, ada, bob, context, genesis, type Person, rules, signed, type Wish } from '../../kit/fixtures.ts'
import { registering } from '../../kit/half-epoch.ts'
import { memoryDisk } from '../../kit/memory.ts'
import { plainProofs } from '../../kit/plain-proofs.ts'

const evmRules = { ...rules, anchor: 'evm' } as const
const evmGenesis: Genesis = { ...genesis, grants: [] }
const within = { ...context, rules: evmRules, network: networkId(evmRules, evmGenesis) }
const depth = 10n
const post = { ageMs: 0, bytesMax: 100_000, gasPriceMax: 10n ** 12n, bumpMs: 60_000 }

type Node = Awaited<ReturnType<typeof openNode>>

/** A chain with the contract and deposits for Ada and Bob, all of it stopped with the test. */
async function begin(t: Test) {
  const chain = await startChain({ time: genesis.time / 1_000n })
  t.teardown(chain.stop)
  const contract = await chain.deploy(within)
  for (const { address } of [ada, bob]) await chain.deposit(contract, { to: address, amount: 1_000_000n })
  await chain.mine()
  const settings: ChainSettings = { chainId: 31_337, contract, startBlock: 0n, finality: { depth } }
  return { chain, contract, settings }
}

/** A node over a store; `poster` is the chain's account that pays for what it posts. */
async function openNode(
  { settings, chain }: { settings: ChainSettings; chain: Chain },
  {
    poster,
    store = createStore(memoryDisk()),
    urls,
  }: { poster?: number; store?: Store; urls?: readonly string[] } = {},
) {
  const clock = {
    now: () => Number(genesis.time) + 60_000,
    monotonic: () => 0,
    after: () => () => undefined,
    every: () => () => undefined,
  }
  const replica = await createReplica({
    store,
    context: within,
    genesis: evmGenesis,
    clock,
    proofs: plainProofs,
    writesWith: () => [],
    onDiskFailure(error) {
      throw error
    },
  })
  const pending = createPending(replica, { clock, proofs: plainProofs })
  const settledTimes = new Map<string, number>()
  replica.onSettled((settled) => {
    for (const [at, { id }] of settled.ops.entries())
      if (settled.applied[at]!.kind === 'settled') settledTimes.set(hexOf(id), (settledTimes.get(hexOf(id)) ?? 0) + 1)
    pending.settle(settled)
  })
  const anchor = await openEvmAnchor({
    replica,
    store,
    settings,
    urls: urls ?? [chain.url],
    posting: poster === undefined ? undefined : { key: chainKey(poster), post },
    waiting: pending.list,
    now: clock.now,
  })
  return { replica, pending, anchor, store, settledTimes }
}

const op = (wish: Wish): Incoming => signed(wish, within)
const transfer = (nonce: bigint): Incoming =>
  op({ by: ada, nonce, action: action('transfer', { to: bob.address, amount: 5n }) })
const registrations = (): Incoming[] => [ada, bob].map((by) => op({ by, action: registering(by) }))

async function give(t: Test, { pending }: Node, ops: readonly Incoming[]): Promise<void> {
  for (const one of ops) t.strictSame(await pending.add(one, undefined), { ok: true, value: 'new' })
}

/** Mine, a round at each node after each block. */
async function pass(chain: Chain, nodes: readonly Node[], blocks: number): Promise<void> {
  for (let mined = 0; mined < blocks; mined++) {
    for (const { anchor } of nodes) await anchor.round!()
    await chain.mine()
  }
  for (const { anchor } of nodes) await anchor.round!()
}

async function fundsOf({ replica }: Node, { address }: Person): Promise<bigint> {
  const view = await replica.view([{ table: 'accounts', key: address }])
  return view.read('accounts', address)!.funds
}

test('evm: what is posted is settling, then final at every node, and funds are the contract’s', async (t) => {
  const world = await begin(t)
  const { chain, contract } = world
  const [poster, other] = [await openNode(world, { poster: 1 }), await openNode(world)]
  await pass(chain, [poster, other], Number(depth))
  t.equal(poster.replica.head.sealed.header.height, 2n, 'two deposits are final')
  await give(t, poster, registrations())
  await pass(chain, [poster, other], 1)
  t.equal(other.anchor.settling().size, 2, 'in order, and not for good')
  t.equal(other.replica.head.sealed.header.height, 2n)
  await pass(chain, [poster, other], Number(depth) + 1)
  t.equal(other.anchor.settling().size, 0)
  await give(t, poster, [transfer(1n), transfer(2n)])
  await pass(chain, [poster, other], Number(depth) + 2)
  t.equal(poster.pending.list().length, 0)
  t.same(headerHash(poster.replica.head.sealed.header), headerHash(other.replica.head.sealed.header))
  t.equal(await fundsOf(other, bob), 1_000_000n - rules.inclusionFee + 10n)
  for (const person of [ada, bob])
    t.equal(await fundsOf(other, person), await chain.fundsOf(contract, person.address), person.name)
  t.equal(poster.anchor.poster!.underWay(), 0)
  const late = await openNode(world)
  await late.anchor.round!()
  t.same(late.replica.head.hash, other.replica.head.hash, 'the log is read back from the chain alone')
})

test('evm: a reorganisation of 1 to 8 blocks loses nothing, and nothing is paid twice', async (t) => {
  const world = await begin(t)
  const { chain, contract } = world
  const nodes = [await openNode(world, { poster: 1 }), await openNode(world, { poster: 2 })]
  const [poster, other] = nodes as [Node, Node]
  await pass(chain, nodes, Number(depth))
  for (const node of nodes) await give(t, node, registrations())
  await pass(chain, nodes, Number(depth) + 2)
  const ops: Incoming[] = []
  for (let blocks = 1; blocks <= 8; blocks++) {
    const next = transfer(BigInt(blocks))
    ops.push(next)
    for (const node of nodes) await give(t, node, [next])
    await pass(chain, nodes, blocks)
    await chain.reorganise(blocks)
    await pass(chain, nodes, 1)
  }
  await pass(chain, nodes, Number(depth) + 3)
  for (const node of nodes) {
    t.strictSame(
      ops.map(({ id }) => node.settledTimes.get(hexOf(id))),
      ops.map(() => 1),
      'each settled, once',
    )
    t.equal(await fundsOf(node, bob), 1_000_000n - rules.inclusionFee + 40n)
    t.equal(await fundsOf(node, ada), await chain.fundsOf(contract, ada.address))
  }
  t.same(poster.replica.head.hash, other.replica.head.hash)
})

test('evm: a crash between signing and sending posts the same transaction, twenty times', async (t) => {
  const world = await begin(t)
  const { chain } = world
  let node = await openNode(world, { poster: 1 })
  await pass(chain, [node], Number(depth))
  await give(t, node, registrations())
  await pass(chain, [node], Number(depth) + 2)
  const { store } = node
  const endpoint = createEndpoint(chain.url, world.settings)
  for (let time = 1; time <= 20; time++) {
    const next = transfer(BigInt(time))
    const crashing: Store = {
      ...store,
      async write(writes) {
        await store.write(writes)
        if (writes.some(({ key }) => key[0] === keyIn('posted')[0])) throw new Error('crash')
      },
    }
    // It dies when what was signed is on disk; who comes after it has nothing but that.
    node = await openNode(world, { poster: 1, store: crashing })
    await give(t, node, [next])
    await t.rejects(node.anchor.round!(), /crash/)
    const { poster } = (await openNode(world, { poster: 1, store })).anchor
    node = await openNode(world, { poster: 1, store })
    await give(t, node, [next])
    await pass(chain, [node], Number(depth) + 2)
    const entry = node.replica.head.sealed.header.height
    const { transaction } = (await endpoint.entries({ after: -1n, to: (await endpoint.head()).number })).at(-1)!
    t.equal(entry, BigInt(time) + 3n)
    t.ok(poster!.isOurs(transaction), 'the one that was on disk')
    t.equal(node.settledTimes.get(hexOf(next.id)), 1)
  }
  t.equal(await fundsOf(node, bob), 1_000_000n - rules.inclusionFee + 100n)
  t.equal(await world.chain.client.getTransactionCount({ address: node.anchor.poster!.address }), 21)
})

test('evm: what differs stops a node with a sentence', async (t) => {
  const world = await begin(t)
  const { chain, settings } = world
  const elsewhere = await begin(t)
  await elsewhere.chain.mine(20)
  await chain.mine(20)
  await chain.deposit(world.contract, { to: ada.address, amount: 7n })
  const torn = await openNode(world, { urls: [chain.url, elsewhere.chain.url] })
  await chain.mine(Number(depth) + 1)
  await elsewhere.chain.mine(Number(depth) + 1)
  await t.rejects(torn.anchor.round!(), /disagree/)
  await t.rejects(torn.anchor.round!(), /disagree/, 'and goes on standing')
  t.notOk(torn.anchor.synced())
  const wrong = await openNode({ ...world, settings: { ...settings, chainId: 1 } })
  await t.rejects(wrong.anchor.round!(), /chain 31337/)
  const nowhere = await openNode({ ...world, settings: { ...settings, contract: hexOf(ada.address) } })
  await t.rejects(nowhere.anchor.round!(), /no contract/)
  const late = await openNode({ ...world, settings: { ...settings, startBlock: 15n } })
  await t.rejects(late.anchor.round!(), /does not show entry 1/)
})

test('evm: a ledger whose root is not the contract’s stops', async (t) => {
  const world = await begin(t)
  const { chain, settings } = world
  const node = await openNode(world, { poster: 1 })
  await pass(chain, [node], Number(depth))
  await give(t, node, registrations())
  await pass(chain, [node], Number(depth) + 2)
  let [delivered, isHonest] = [0n, true]
  const follower = () =>
    createFollower({
      settings,
      endpoints: [createEndpoint(chain.url, settings)],
      cursor: { read: async () => undefined, write: async () => undefined },
      delivered: () => delivered,
      async deliver(entry) {
        delivered = entry.entry
        return entry.kind === 'post' ? entry.ops.map(() => isHonest) : [true]
      },
    })
  await follower().round()
  t.equal(delivered, 3n)
  ;[delivered, isHonest] = [0n, false]
  await t.rejects(follower().round(), /differ on entry 3/)
})

test('evm: whoever posts what looks like a deposit brings nothing', async (t) => {
  const world = await begin(t)
  const { chain, contract } = world
  const node = await openNode(world)
  const { callOf } = createEndpoint(chain.url, world.settings)
  const forged = depositBytes({ entry: 1n, from: ada.address, to: ada.address, amount: 99n })
  const frame = new Uint8Array([forged.length >> 8, forged.length & 255, ...forged, ...new Uint8Array(64)])
  await chain.client.sendTransaction({
    account: chainAccount(3),
    to: contract,
    data: callOf(frame),
    gas: 1_000_000n,
  })
  await chain.mine(Number(depth) + 1)
  await node.anchor.round!()
  t.equal(node.replica.head.sealed.header.height, 3n)
  t.equal(await fundsOf(node, ada), 1_000_000n)
})
