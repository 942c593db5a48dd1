/** What holds whatever people try: value, nonces, replay, undo. */
import fc from 'fast-check'
import { test } from 'tap'
import { accountLeaf, createAccountsTree } from '../../protocol/accounts.ts'
import { chainHash, stateRoot } from '../../protocol/batch.ts'
import { equalBytes } from '../../protocol/codec.ts'
import { genesisChain } from '../../protocol/genesis.ts'
import type { Reason } from '../../protocol/reason.ts'
import { type Change, encodeRecord, grantKey } from '../../protocol/state.ts'
import type { ActionName } from '../../protocol/operations.ts'
import { firstLink, nextLink, treeOf } from '../kit/chain.ts'
import {
  accountOf,
  ada,
  admit,
  bob,
  changed,
  cyd,
  dan,
  type Edit,
  edit,
  edited,
  keepers,
  olga,
  type Person,
  registeredState,
  rules,
  sendTo,
  settle,
  signed,
  type State,
  supplyIn,
  totalsOf,
  viewOf,
} from '../kit/fixtures.ts'
import { growth } from '../kit/growth.ts'
import { held, invariants, print } from '../kit/invariants.ts'
import { beginning, reasonOf, rememberingContext, stories, tell } from '../kit/story.ts'
import { totals } from '../vectors/world.ts'

test('stories: they do and fail to do everything', async (t) => {
  const steps = fc.sample(stories, { numRuns: 160, seed: 11 }).flatMap((story) => tell(story))
  const tried = steps.flatMap((step) => step.tried)
  const settled = new Set(
    tried.flatMap(({ applied, incoming }) => (applied.kind === 'settled' ? [incoming.op.action.TAG] : [])),
  )
  const all: readonly ActionName[] = [
    'register',
    'rekey',
    'policy',
    'transfer',
    'send',
    'ack',
    'grant',
    'revoke',
    'pass',
    'enroll',
    'renew',
    'stampBuy',
    'stampRedeem',
    'giveBack',
  ]
  for (const name of all) t.ok(settled.has(name), `some ${name} settles`)
  const met = new Set(tried.map(reasonOf))
  const expected: readonly Reason[] = [
    'account-unknown',
    'ack-repeated',
    'checkpoint-unknown',
    'consent-wrong',
    'denomination-unknown',
    'enrolled-already',
    'epoch-key-used',
    'expired',
    'expiry-too-far',
    'funds-short',
    'give-back-over',
    'give-back-repeated',
    'grant-unknown',
    'keepers-unknown',
    'lifetime-unknown',
    'message-other',
    'message-settled',
    'message-unknown',
    'nonce-gap',
    'nonce-used',
    'not-recipient',
    'not-registered',
    'note-repeated',
    'nullifier-used',
    'price-short',
    'pass-repeated',
    'pass-unknown',
    'unproven',
    'policy-out-of-range',
    'proof-wrong',
    'recipient-unknown',
    'registered-already',
    'signature-wrong',
    'sponsorship-short',
    'target-unknown',
    'tier-unknown',
    'tier-short',
  ]
  for (const reason of expected) t.ok(met.has(reason), `some op is ${reason}`)
  t.ok(
    steps.some(({ before, after }) => totalsOf(after).epoch > totalsOf(before).epoch),
    'epochs close',
  )
  t.ok(
    steps.some(({ batch }) => batch.changes.some(({ table, after }) => table === 'allowances' && !after)),
    'allowances are taken back',
  )
  t.ok(
    steps.some(({ tried }) =>
      tried.some(({ applied }) => applied.kind === 'settled' && (applied.sent?.lines.length ?? 0) > 1),
    ),
    'some have several recipients',
  )
})

const wanted = { ...invariants, ...growth }
/** How long after the beginning of an epoch verdicts are committed. */
const delays = fc.constantFrom(0, 1, Number(rules.epochMs) / 8, Number(rules.epochMs) / 2)

test('stories: what holds after every batch', async (t) => {
  fc.assert(
    fc.property(stories, delays, (story, verdictDelayMs) => {
      const known = rememberingContext()
      const within = { ...known, rules: { ...rules, identity: { ...rules.identity, verdictDelayMs } } }
      for (const step of tell(story, within))
        for (const [name, broken] of Object.entries(wanted))
          if (broken(step)) throw new Error(`it should hold that ${name}`)
    }),
    { numRuns: 60 },
  )
  for (const name of Object.keys(wanted)) t.pass(name)
})

test('stories: replayed from bytes alone, every batch leads to the same roots', async (t) => {
  const within = rememberingContext()
  fc.assert(
    fc.property(stories, (story) => {
      const steps = tell(story, within)
      const log = steps.map(({ time, ops }) => ({ time, bytes: ops.map(({ bytes }) => bytes) }))
      let link = firstLink(beginning)
      let { chain } = link
      return log.every(({ time, bytes }, index) => {
        link = nextLink(link, { time, ops: bytes.map((bytes) => admit(bytes)) })
        chain = chainHash(chain, steps[index]!.batch.changes)
        const root = stateRoot({ accountsRoot: treeOf(steps[index]!.after).root(), chain })
        return equalBytes(link.sealed.header.stateRoot, root)
      })
    }),
    { numRuns: 12 },
  )
  t.pass('every one')
})

test('stories: the order in which records reach a state means nothing', async (t) => {
  const within = rememberingContext()
  fc.assert(
    fc.property(stories, fc.infiniteStream(fc.nat()), (story, numbers) => {
      let shuffled = beginning
      let chains = [genesisChain([]), genesisChain([])]
      for (const { time, ops, batch, after } of tell(story, within)) {
        const other = settle(shuffle(shuffled, numbers), { time, ops }, within)
        chains = [chainHash(chains[0]!, batch.changes), chainHash(chains[1]!, [...other.changes].reverse())]
        shuffled = changed(shuffled, shuffleList(other.changes, numbers))
        if (print(shuffled) !== print(after) || !equalBytes(chains[0]!, chains[1]!)) return false
        if (!equalBytes(treeOf(shuffled).root(), treeOf(after).root())) return false
      }
      return true
    }),
    { numRuns: 12 },
  )
  t.pass('nothing')
})

test('stories: the tree that follows the changes is the tree of the state', async (t) => {
  fc.assert(
    fc.property(stories, (story) => {
      const tree = createAccountsTree()
      const follow = (changes: readonly Change[]) => {
        for (const { table, key, after } of changes)
          if (table === 'accounts' && after)
            tree.set(
              after.slot,
              accountLeaf({ slot: after.slot, address: key, record: encodeRecord('accounts', after) }),
            )
      }
      follow(firstLink(beginning).changes)
      return tell(story).every(({ batch, after }) => {
        follow(batch.changes)
        return equalBytes(tree.root(), treeOf(after).root())
      })
    }),
    { numRuns: 12 },
  )
  t.pass('always')
})

const prices = fc.record({
  price: fc.bigInt({ min: 1n, max: 50n }).map((start) => ({ ...rules.price, start, floor: 1n, ceiling: 50n })),
  burnShare: fc.bigInt({ min: 0n, max: 6_000n }),
  operatorsShare: fc.bigInt({ min: 0n, max: 4_000n }),
  recipientFactor: fc.bigInt({ min: 0n, max: 3_000n }),
})
const grants = fc.array(fc.constantFrom('none', 'sender', 'recipient', 'short'), { minLength: 3, maxLength: 3 })

test('send: whatever the prices, every unit that is paid arrives, burns, or goes to the operators', async (t) => {
  const readers = [bob, cyd, dan]
  fc.assert(
    fc.property(prices, grants, (some, given) => {
      const state = edited(registeredState(ada, ...readers), [
        ...readers.flatMap((reader, index) => grantOf(reader, given[index]!)),
        ...totals({
          basePrice: some.price.start,
          minted: 3_007_000n + 1_000n * BigInt(given.filter((kind) => kind === 'recipient').length),
        }),
      ])
      const within = { ...rememberingContext(), rules: { ...rules, ...some } }
      const message = signed({ by: ada, action: sendTo(readers) }, within, viewOf(state))
      const { state: after, applied } = settle(state, { ops: [message] }, within)
      if (applied[0]?.kind !== 'settled') return false
      const { lines } = applied[0].sent!
      const earned = readers.map((reader) => accountOf(after, reader).funds - accountOf(state, reader).funds)
      const sum = (part: 'paid' | 'burned' | 'operators') => lines.reduce((total, line) => total + line[part], 0n)
      const { burned } = supplyIn(after)
      const shared = [olga, ...keepers].reduce(
        (sum, person) => sum + accountOf(after, person).funds - accountOf(state, person).funds,
        0n,
      )
      return (
        held(after) === 0n &&
        lines.every(({ credit }, index) => credit === earned[index]) &&
        burned === sum('burned') + rules.inclusionFee &&
        shared === sum('operators') &&
        sum('paid') === burned - rules.inclusionFee + shared + earned.reduce((total, part) => total + part, 0n)
      )
    }),
    { numRuns: 150 },
  )
  t.pass('always')
})

function grantOf(reader: Person, kind: string): Edit[] {
  if (kind === 'none') return []
  const payer = kind === 'sender' ? 'sender' : 'recipient'
  const key = grantKey({ granter: reader.address, sender: ada.address })
  return [
    edit('grants', key, { payer, endsAt: undefined }),
    ...(kind === 'recipient' ? [edit('allowances', key, { amount: 1_000n })] : []),
  ]
}

function shuffleList<T>(list: readonly T[], numbers: Iterator<number>): T[] {
  return list
    .map((item) => ({ item, rank: numbers.next().value as number }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item)
}

function shuffle(state: State, numbers: Iterator<number>): State {
  return new Map(shuffleList([...state], numbers))
}
