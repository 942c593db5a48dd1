/** The commitment: headers, outcomes, the chain of changes, and the proofs that light clients check. */
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js'
import fc from 'fast-check'
import { test } from 'tap'
import { sign } from '../../node/keys/sign.ts'
import { accountLeaf, accountsRootOf } from '../../protocol/accounts.ts'
import {
  chainHash,
  type Header,
  headerHash,
  Outcome,
  opsRoot,
  outcomeOf,
  outcomeRoot,
  stateRoot,
} from '../../protocol/batch.ts'
import { decodeStrict } from '../../protocol/codec.ts'
import { readEntry } from '../../protocol/doorway.ts'
import { genesisChain, genesisChanges } from '../../protocol/genesis.ts'
import { contradict } from '../../protocol/gossip.ts'
import { leafHash, merkleRoot } from '../../protocol/merkle.ts'
import { type Shortcoming, shortcomings } from '../../protocol/reason.ts'
import { AccountProof, headerIsBy, readAccount, readReceipt, Receipt } from '../../protocol/receipt.ts'
import { type Change, grantKey, treeKey } from '../../protocol/state.ts'
import { accountProofOf, firstLink, nextLink, receiptOf } from '../kit/chain.ts'
import {
  accountOf,
  action,
  ada,
  bob,
  changesOf,
  edit,
  context,
  cyd,
  dan,
  genesis,
  host,
  keepers,
  personOf,
  rules,
  seedOf,
  sendTo,
  signed,
} from '../kit/fixtures.ts'
import { highTwin } from '../vectors/doorway.ts'
import {
  account,
  grant,
  message,
  messageTo,
  ofAda,
  pool,
  sealKey,
  settledMessage,
  totals,
  unread,
  world,
} from '../vectors/world.ts'

/** A batch with a message to two, one that pays for nothing, a transfer, a grant, an ack, and one that is void. */
const link = nextLink(firstLink(world), {
  time: genesis.time + 5n,
  ops: [
    signed({ by: ada, action: sendTo([bob, cyd]) }),
    signed({ by: bob, action: action('revoke', { sender: ada.address }) }),
    signed({ by: cyd, action: action('transfer', { to: ada.address, amount: 5n }) }),
    signed({ by: cyd, nonce: 1n, action: action('grant', { sender: ada.address, payer: 'recipient', allowance: 5n }) }),
    signed({
      by: bob,
      nonce: 1n,
      action: action('ack', {
        giveBack: 0n,
        ...ofAda,
        message: messageTo(bob, cyd),
        verdict: 'value',
        epochKey: undefined,
      }),
    }),
    signed({ by: ada, action: action('transfer', { to: cyd.address, amount: 7n }) }),
  ],
})
const { header } = link.sealed

test('header: its hash changes with every field', async (t) => {
  const others: { [Field in keyof Header]: Header[Field] } = {
    network: seedOf('other'),
    height: 2n,
    time: genesis.time + 6n,
    epoch: 2,
    previous: seedOf('other'),
    opCount: 7,
    opsRoot: seedOf('other'),
    outcomeRoot: seedOf('other'),
    stateRoot: seedOf('other'),
  }
  const hashes = Object.entries(others).map(([field, value]) => bytesToHex(headerHash({ ...header, [field]: value })))
  t.equal(new Set([...hashes, bytesToHex(headerHash(header))]).size, Object.keys(others).length + 1)
  t.strictSame(headerHash({ ...header }), headerHash(header))
})

test('header: only the host of this network seals it', async (t) => {
  const { sealed } = link
  t.ok(headerIsBy(context, sealed))
  t.notOk(headerIsBy(context, { header, signature: sign(headerHash(header), ada.privateKey) }), 'not somebody else')
  t.notOk(headerIsBy({ ...context, network: seedOf('other') }, sealed), 'not on another network')
  t.notOk(headerIsBy({ ...context, rules: { ...rules, hostKey: ada.signingKey } }, sealed), 'not under other rules')
  const foreign = { ...header, network: seedOf('other') }
  t.notOk(
    headerIsBy(context, { header: foreign, signature: sign(headerHash(foreign), host.privateKey) }),
    'not a header of another network',
  )
})

test('header: two of one height contradict each other, if they differ', async (t) => {
  t.notOk(contradict(header, { ...header }))
  t.ok(contradict(header, { ...header, stateRoot: seedOf('other') }))
  t.notOk(contradict(header, { ...header, height: 2n, stateRoot: seedOf('other') }))
  t.notOk(contradict(header, { ...header, network: seedOf('other') }), 'not across networks')
})

test('outcome: what became of each op decodes to what it was', async (t) => {
  for (const [index, applied] of link.applied.entries()) {
    const outcome = outcomeOf(link.ops[index]!.id, applied)
    const decoded = decodeStrict(Outcome, link.outcomes[index]!)
    t.strictSame(decoded, { ok: true, value: outcome })
  }
  const [sent, undelivered, , , acknowledged, left] = link.outcomes.map((bytes) => Outcome.decode(bytes).result)
  t.match(sent, {
    TAG: 'settled',
    data: { sent: { message: messageTo(bob, cyd), basePrice: 1_000n, lines: [{ paid: 1_100n }, { paid: 1_100n }] } },
  })
  t.strictSame(undelivered, { TAG: 'undelivered', data: { reason: 'grant-unknown' } })
  t.strictSame(acknowledged, { TAG: 'settled', data: { sent: undefined } })
  t.strictSame(left, { TAG: 'void', data: {} }, 'which says no more, for nothing depends on why')
})

test('outcome: the receipt of a send names each factor of each line', async (t) => {
  const { result } = Outcome.decode(link.outcomes[0]!)
  if (result.TAG !== 'settled') return t.fail('it settled')
  t.strictSame(result.data.sent?.lines[1], {
    recipient: cyd.address,
    payer: 'sender',
    factors: [
      { name: 'size', basisPoints: 10_000n },
      { name: 'lifetime', basisPoints: 10_000n },
      { name: 'correspondence', basisPoints: 10_000n },
      { name: 'recipients', basisPoints: 11_000n },
      { name: 'reputation', basisPoints: 10_000n },
    ],
    floor: 0n,
    fee: 1_100n,
    paid: 1_100n,
    credit: 825n,
    burned: 220n,
    operators: 55n,
  })
})

test('outcome: every reason for which what is paid is not delivered can be committed to', async (t) => {
  for (const reason of Object.keys(shortcomings) as Shortcoming[])
    t.doesNotThrow(() => Outcome.encode(outcomeOf(seedOf('op'), { kind: 'undelivered', changes: [], reason })), reason)
})

test('outcome: why something is void enters no hash', async (t) => {
  const [one, other] = (['nonce-used', 'funds-short'] as const).map((reason) =>
    Outcome.encode(outcomeOf(seedOf('op'), { kind: 'void', reason })),
  )
  t.strictSame(one, other)
})

test('roots: over ops and outcomes, in their order', async (t) => {
  const items = [seedOf('a'), seedOf('b'), seedOf('c')]
  for (const root of [opsRoot, outcomeRoot]) {
    t.strictSame(root(items), merkleRoot(items.map(leafHash)))
    t.notSame(root(items), root([...items].reverse()))
  }
})

test('stateRoot: changes with the accounts and with the chain', async (t) => {
  const [accountsRoot, chain] = [seedOf('accounts'), seedOf('chain')]
  const all = [
    { accountsRoot, chain },
    { accountsRoot: chain, chain: accountsRoot },
    { accountsRoot, chain: accountsRoot },
    { accountsRoot: chain, chain },
  ]
  t.equal(new Set(all.map((parts) => bytesToHex(stateRoot(parts)))).size, 4)
})

const changes: readonly Change[] = changesOf(world, [
  account(ada, { nonce: 1n }),
  totals({ burned: 10n, demand: 3n }),
  sealKey(ada, bob.sealKey),
  sealKey(bob, ada.sealKey),
  message(messageTo(bob), { ...settledMessage, recipients: [unread] }),
  message(messageTo(cyd), { ...settledMessage, recipients: [unread] }),
  grant(bob, ada, { payer: 'sender', allowance: 1n, endsAt: undefined }),
  edit('grants', grantKey({ granter: ada.address, sender: bob.address }), undefined),
  pool(1_000n, 1n),
  pool(10_000n, 1n),
])

test('chain: the order of changes does not matter', async (t) => {
  const expected = bytesToHex(chainHash(seedOf('chain'), changes))
  const shuffled = fc.shuffledSubarray([...changes], { minLength: changes.length })
  fc.assert(fc.property(shuffled, (other) => bytesToHex(chainHash(seedOf('chain'), other)) === expected))
  t.pass('in any order')
})

test('chain: every other thing does', async (t) => {
  const hashes = [
    chainHash(seedOf('chain'), changes),
    chainHash(seedOf('another chain'), changes),
    chainHash(seedOf('chain'), []),
  ]
  for (const [index, change] of changes.entries()) {
    if (change.table === 'accounts') continue
    const without = changes.toSpliced(index, 1)
    hashes.push(chainHash(seedOf('chain'), without))
    if (change.after) hashes.push(chainHash(seedOf('chain'), [...without, { ...change, after: undefined }]))
    const key = Uint8Array.from([...change.key, 0])
    hashes.push(chainHash(seedOf('chain'), [...without, { ...change, key }]))
  }
  t.equal(new Set(hashes.map(bytesToHex)).size, hashes.length)
})

test('chain: accounts have a tree of their own, and what was before follows from before', async (t) => {
  const expected = chainHash(seedOf('chain'), changes)
  t.strictSame(
    chainHash(
      seedOf('chain'),
      changes.filter(({ table }) => table !== 'accounts'),
    ),
    expected,
  )
  t.strictSame(
    chainHash(
      seedOf('chain'),
      changes.map((change) => ({ ...change, before: undefined })),
    ),
    expected,
  )
})

test('genesis: the first state, and the chain that it begins', async (t) => {
  const begun = genesisChanges(rules, genesis)
  t.strictSame(begun[0]?.after, {
    height: 0n,
    time: genesis.time,
    epoch: 1,
    epochEnd: genesis.time + rules.epochMs,
    epochStart: genesis.time,
    basePrice: 1_000n,
    demand: 0n,
    since: genesis.time,
    lows: [],
    passes: 0,
    committedAt: 0n,
    checkpoint: 0,
  })
  t.strictSame(begun[1]?.after, { minted: 3_007_000n, burned: 0n, slots: 8 })
  // Two keepers were granted nothing, and have accounts all the same, or nobody could pay them.
  const holders = [...genesis.grants.map(({ address }) => address), keepers[1]!.address, keepers[2]!.address]
  t.strictSame(
    begun.slice(2, 10).map(({ key, after }) => [key, (after as { slot: number }).slot]),
    holders.map((address, slot) => [address, slot]),
  )
  t.strictSame(
    begun.slice(10).map(({ table, key, after }) => [table, key, after]),
    [
      ['trees', treeKey('identities'), { count: 0, levels: [] }],
      ['trees', treeKey('history'), { count: 1, levels: [[0n]] }],
      ['trees', treeKey('stamps'), { count: 0, levels: [] }],
    ],
    'epochs are numbered from 1, so that the history begins with an empty place',
  )
  const other = genesisChanges(rules, { ...genesis, time: genesis.time + 1n })
  t.notSame(genesisChain(begun), genesisChain(other))
  t.strictSame(firstLink().sealed.header.height, 0n)
})

test('receipt: of every op of a batch', async (t) => {
  for (const [index, { money, id }] of link.ops.entries()) {
    const read = readReceipt(rules, header, receiptOf(link, index))
    t.strictSame(read?.outcome.op, id)
    t.strictSame(read?.money, money)
  }
})

test('receipt: every byte that is changed makes it none', async (t) => {
  const holds = (bytes: Uint8Array): boolean => {
    const decoded = decodeStrict(Receipt, bytes)
    return (
      decoded.ok &&
      headerIsBy(context, decoded.value.sealed) &&
      readReceipt(rules, decoded.value.sealed.header, decoded.value) !== undefined
    )
  }
  for (const index of [0, 2, 4]) {
    const bytes = Receipt.encode(receiptOf(link, index))
    t.ok(holds(bytes), 'the receipt itself')
    t.strictSame(
      tampered(bytes)
        .filter(({ bytes }) => holds(bytes))
        .map(({ at }) => at),
      [],
      `of ${bytes.length} bytes`,
    )
  }
})

test('receipt: the op of one does not go with the outcome of another', async (t) => {
  const [one, two] = [receiptOf(link, 1), receiptOf(link, 2)]
  t.equal(readReceipt(rules, header, { ...one, outcome: two.outcome, outcomePath: two.outcomePath }), undefined)
  t.equal(readReceipt(rules, header, { ...two, index: 1 }), undefined)
  // A host that commits to the outcomes in another order than the ops is not believed either.
  const outcomes = [link.outcomes[1]!, link.outcomes[0]!, ...link.outcomes.slice(2)]
  const lying = { ...header, outcomeRoot: outcomeRoot(outcomes) }
  t.equal(readReceipt(rules, lying, receiptOf({ ...link, outcomes }, 0)), undefined)
})

test('receipt: an op that no doorway lets through is none, although the host commits to it', async (t) => {
  const [first, ...others] = link.ops
  // The same signature with the other s: it verifies as well, and only one of the two is an op's.
  const twin = highTwin(first!.signature)
  const bytes = concatBytes(first!.bytes.subarray(0, -twin.length), twin)
  const ops = [{ ...first!, bytes }, ...others]
  const lying = { ...header, opsRoot: opsRoot(ops.map((op) => op.bytes)) }
  t.equal(readReceipt(rules, lying, receiptOf({ ...link, ops }, 0)), undefined)
  t.ok(readReceipt(rules, lying, receiptOf({ ...link, ops }, 1)), 'and its neighbours are what they were')
})

test('receipt: what cannot be read paid nothing, whatever the host commits to', async (t) => {
  const rubbish = readEntry(new Uint8Array(200), context)
  const ops = [rubbish, ...link.ops.slice(1)]
  for (const result of [
    { TAG: 'settled', data: { sent: undefined } },
    { TAG: 'undelivered', data: { reason: 'malformed' } },
    { TAG: 'void', data: {} },
  ] as const) {
    const outcomes = [Outcome.encode({ op: rubbish.id, result }), ...link.outcomes.slice(1)]
    const roots = { opsRoot: opsRoot(ops.map((op) => op.bytes)), outcomeRoot: outcomeRoot(outcomes) }
    const read = readReceipt(rules, { ...header, ...roots }, receiptOf({ ...link, ops, outcomes }, 0))
    t.strictSame(read, result.TAG === 'void' ? { money: undefined, outcome: { op: rubbish.id, result } } : undefined)
  }
})

test('account proof: of everybody, also of who is not registered', async (t) => {
  for (const person of [ada, bob, cyd, dan])
    t.strictSame(readAccount(header, accountProofOf(link, person)), accountOf(link.state, person), person.name)
})

test('account proof: every byte that is changed makes it none', async (t) => {
  const holds = (bytes: Uint8Array): boolean => {
    const decoded = decodeStrict(AccountProof, bytes)
    return decoded.ok && readAccount(header, decoded.value) !== undefined
  }
  const bytes = AccountProof.encode(accountProofOf(link, bob))
  t.ok(holds(bytes), 'the proof itself')
  t.strictSame(
    tampered(bytes)
      .filter(({ bytes }) => holds(bytes))
      .map(({ at }) => at),
    [],
    `of ${bytes.length} bytes`,
  )
})

test('account proof: it is of one batch, one address and one slot', async (t) => {
  const proof = accountProofOf(link, bob)
  const later = nextLink(link, {
    ops: [signed({ by: ada, nonce: 1n, action: action('transfer', { to: cyd.address, amount: 1n }) })],
  })
  t.equal(readAccount(later.sealed.header, proof), undefined)
  t.equal(readAccount(header, { ...proof, address: personOf('mallory').address }), undefined)
  t.equal(readAccount(header, { ...proof, slot: proof.slot + 4 }), undefined)
  t.equal(readAccount(header, { ...proof, slot: 2 ** 31 }), undefined)
})

test('account proof: of bytes that are no account, which a host can commit to, it is none', async (t) => {
  const proof = accountProofOf(link, bob)
  for (const record of [new Uint8Array(0), seedOf('no account'), concatBytes(proof.record, Uint8Array.of(0))]) {
    const leaf = accountLeaf({ slot: proof.slot, address: proof.address, record })
    const accountsRoot = accountsRootOf({ leaf, slot: proof.slot, siblings: proof.siblings })!
    const lie = { ...header, stateRoot: stateRoot({ accountsRoot, chain: proof.chain }) }
    t.equal(readAccount(lie, { ...proof, record }), undefined)
  }
})

/** The bytes with each of them changed, in one bit and in all. */
function tampered(bytes: Uint8Array): { at: number; bytes: Uint8Array }[] {
  return [1, 255].flatMap((flip) => [...bytes].map((value, at) => ({ at, bytes: bytes.with(at, value ^ flip) })))
}
