/** What holds after every batch, whatever people try. */
import fc from 'fast-check'
import { bytesToHex } from '@noble/hashes/utils.js'
import { test } from 'tap'
import { reserveOf } from '../protocol/account.ts'
import { accountLeaf, createAccountsTree } from '../protocol/accounts.ts'
import { chainHash, stateRoot } from '../protocol/batch.ts'
import { equalBytes } from '../protocol/codec.ts'
import { genesisChain } from '../protocol/genesis.ts'
import type { Reason } from '../protocol/reason.ts'
import { type Account, type Change, encodeRecord, imbalance, recordName, worth } from '../protocol/state.ts'
import type { ActionName } from '../protocol/wire.ts'
import { firstLink, nextLink, treeOf } from './chain.ts'
import { admit, changed, rules, settle, type State, totalsOf, viewOf } from './fixtures.ts'
import { beginning, people, reasonOf, rememberingContext, type Step, stories, tell } from './story.ts'

const runs = { numRuns: 60 }

test('stories: they do and fail to do everything', async (t) => {
  const steps = fc.sample(stories, { numRuns: 90, seed: 5 }).flatMap((story) => tell(story))
  const tried = steps.flatMap((step) => step.tried)
  const settled = new Set(
    tried.flatMap(({ applied, incoming }) => (applied.kind === 'settled' ? [incoming.op.action.TAG] : [])),
  )
  const all: readonly ActionName[] = ['register', 'rekey', 'policy', 'transfer', 'send', 'ack', 'grant', 'revoke']
  for (const name of all) t.ok(settled.has(name), `some ${name} settles`)
  const met = new Set(tried.map(reasonOf))
  const expected: readonly Reason[] = [
    'account-unknown',
    'ack-repeated',
    'consent-wrong',
    'expired',
    'expiry-too-far',
    'funds-short',
    'grant-ending',
    'grant-unknown',
    'keepers-unknown',
    'lifetime-unknown',
    'message-settled',
    'message-unknown',
    'nonce-gap',
    'nonce-used',
    'not-recipient',
    'not-registered',
    'over-maximum',
    'pass-unknown',
    'policy-out-of-range',
    'proof-wrong',
    'recipient-unknown',
    'registered-already',
    'reserve-short',
    'signature-wrong',
    'sponsorship-short',
    'tier-short',
  ]
  for (const reason of expected) t.ok(met.has(reason), `some op is ${reason}`)
  t.ok(
    steps.some(({ before, after }) => totalsOf(after).epoch > totalsOf(before).epoch),
    'epochs close',
  )
  t.ok(
    steps.some(({ batch }) => batch.changes.some(({ table, after }) => table === 'due' && !after)),
    'grants end',
  )
  t.ok(
    steps.some(({ tried }) =>
      tried.some(({ applied }) => applied.kind === 'settled' && (applied.sent?.lines.length ?? 0) > 1),
    ),
    'some have several recipients',
  )
})

/** Each says what is wrong with a batch of a story, if anything. */
const invariants: Readonly<Record<string, (step: Step) => unknown>> = {
  'value is conserved: minted − burned = funds + allowances + pot': ({ after }) => held(after) !== 0n,
  'what changes say of value is what a full sum says': ({ batch }) => imbalance(batch.changes) !== 0n,
  'every single op conserves value': ({ tried }) =>
    tried.find(({ applied }) => applied.kind !== 'omitted' && imbalance(applied.changes) !== 0n),
  'nothing is negative, and everything can be written': ({ after }) => {
    const amounts = [...after.values()].flatMap(({ table, record }) => {
      encodeRecord(table, record as never)
      return Object.values(record).filter((value) => typeof value === 'bigint')
    })
    return amounts.find((amount) => amount < 0n)
  },
  'nonces are sequential, one for each op': ({ before, after, ops }) =>
    people.find((person) => {
      const nonces = ops.filter(({ op }) => equalBytes(op.account, person.address)).map(({ op }) => op.nonce)
      const [from, to] = [before, after].map((state) => nonceOf(state, person.address))
      return to !== from! + BigInt(nonces.length) || nonces.some((nonce, index) => nonce !== from! + BigInt(index))
    }),
  'a settled id never settles again, and stays': ({ before, after, tried }) => {
    const ids = tried.flatMap(({ applied }) =>
      applied.kind === 'settled' && applied.sent ? [nameOf(applied.sent.message)] : [],
    )
    const known = [...before.keys()].filter((name) => name.startsWith('messages/'))
    return (
      new Set([...ids, ...known]).size !== ids.length + known.length || [...ids, ...known].find((id) => !after.has(id))
    )
  },
  'of a settled message only verdicts that were open change': ({ batch }) =>
    batch.changes.find((change) => {
      if (change.table !== 'messages' || !change.before || !change.after) return false
      const { before, after } = change
      const reopened = before.recipients.map((recipient, index) => ({
        ...after.recipients[index]!,
        verdict: recipient.verdict ?? undefined,
      }))
      const final = before.recipients.every(
        ({ verdict }, index) => !verdict || after.recipients[index]!.verdict === verdict,
      )
      return (
        !final ||
        recordBytes({ ...change, after: { ...after, recipients: reopened } }) !==
          recordBytes({ ...change, after: before })
      )
    }),
  'nobody’s account is lessened or steered by somebody else': ({ tried }) =>
    tried.find(({ incoming, applied }) => {
      if (applied.kind === 'omitted') return false
      return applied.changes.some((change) => {
        if (change.table !== 'accounts' || equalBytes(change.key, incoming.op.account) || !change.before) return false
        const { before, after } = change
        const registered = incoming.op.action.TAG === 'register' && !before.signingKey
        const { funds, signingKey, ...rest } = after!
        const { funds: had, signingKey: key, ...was } = before
        return (
          funds < had ||
          (signingKey !== key && !registered) ||
          rest.nonce !== was.nonce ||
          rest.policy !== was.policy ||
          rest.slot !== was.slot
        )
      })
    }),
  'what is refused costs one inclusion fee and one nonce, and nothing else': ({ tried }) =>
    tried.find(({ applied, incoming }) => {
      if (applied.kind !== 'refused') return false
      const [payer, meta, ...rest] = applied.changes
      const { before, after } = payer as { before: Account; after: Account }
      return (
        rest.length > 0 ||
        meta?.table !== 'meta' ||
        !equalBytes(payer!.key, incoming.op.account) ||
        after.nonce !== before.nonce + 1n ||
        after.funds !== before.funds - rules.inclusionFee
      )
    }),
  'what settles leaves the reserve alone': ({ tried }) =>
    tried.find(({ applied, incoming }) => {
      if (applied.kind !== 'settled' || incoming.op.action.TAG === 'ack') return false
      const own = applied.changes.find(({ table, key }) => table === 'accounts' && equalBytes(key, incoming.op.account))
      return (own!.after as Account).funds < rules.reserve
    }),
  'as many ops as the reserve pays for can always be paid': ({ before, tried }) =>
    tried.find((one, index) => {
      if (reasonOf(one) !== 'reserve-short') return false
      const { account } = one.incoming.op
      const own = tried
        .slice(0, index)
        .filter(({ incoming, applied }) => applied.kind !== 'omitted' && equalBytes(incoming.op.account, account))
      return BigInt(own.length + 1) * rules.inclusionFee <= reserveOf(rules, viewOf(before).read('accounts', account)!)
    }),
  'a send’s lines add up, and are what the sender and the recipients see': ({ tried }) =>
    tried.find(({ applied, incoming: { op } }) => {
      if (applied.kind !== 'settled' || !applied.sent) return false
      const { lines } = applied.sent
      const cost = lines.reduce((sum, { payer, paid }) => sum + (payer === 'sender' ? paid : 0n), rules.inclusionFee)
      const moved = (key: Uint8Array) => {
        const change = applied.changes.find((change) => change.table === 'accounts' && equalBytes(change.key, key))
        return change ? worth('accounts', change.after as Account) - worth('accounts', change.before as Account) : 0n
      }
      return (
        lines.some(({ credit, burned, operators, paid }) => credit + burned + operators !== paid) ||
        lines.some(({ recipient, credit }) => moved(recipient) !== credit) ||
        moved(op.account) !== -cost
      )
    }),
  'changes name what was and what is, once for each record': ({ before, after, batch }) =>
    new Set(batch.changes.map(recordName)).size !== batch.changes.length ||
    batch.changes.find((change) => {
      const name = recordName(change)
      return before.get(name)?.record !== change.before || after.get(name)?.record !== change.after
    }),
  'undone, a batch leaves no trace': ({ before, after, batch }) => {
    const undo = batch.changes
      .toReversed()
      .map((change) => ({ ...change, before: change.after, after: change.before }) as Change)
    return print(changed(after, undo)) !== print(before)
  },
  'time and height move, epochs by one at most': ({ before, after, time }) => {
    const [was, is] = [totalsOf(before), totalsOf(after)]
    return (
      is.time !== time ||
      is.height !== was.height + 1n ||
      is.epoch - was.epoch > 1 ||
      is.epoch < was.epoch ||
      is.epochEnd <= time
    )
  },
  'slots are given out in order, each once, for good': ({ before, after }) => {
    const slots = (state: State) =>
      new Map([...state].flatMap(([name, entry]) => (entry.table === 'accounts' ? [[name, entry.record.slot]] : [])))
    const [was, is] = [slots(before), slots(after)]
    const all = [...is.values()].sort((a, b) => a - b)
    return (
      all.some((slot, index) => slot !== index) ||
      all.length !== totalsOf(after).slots ||
      [...was].find(([name, slot]) => is.get(name) !== slot)
    )
  },
}

test('stories: what holds after every batch', async (t) => {
  fc.assert(
    fc.property(stories, (story) => {
      for (const step of tell(story))
        for (const [name, broken] of Object.entries(invariants))
          if (broken(step)) throw new Error(`it should hold that ${name}`)
    }),
    runs,
  )
  for (const name of Object.keys(invariants)) t.pass(name)
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
        link = nextLink(link, { time, ops: bytes.map(admit) })
        chain = chainHash(chain, steps[index]!.batch.changes)
        const root = stateRoot({ accountsRoot: treeOf(steps[index]!.after).root(), chain })
        return equalBytes(link.sealed.header.stateRoot, root)
      })
    }),
    { numRuns: 20 },
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
    { numRuns: 20 },
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
    { numRuns: 20 },
  )
  t.pass('always')
})

/** Everything there is less everything there should be, summed over all records. */
function held(state: State): bigint {
  const { minted, burned, pot } = totalsOf(state)
  let sum = pot + burned - minted
  for (const entry of state.values()) {
    if (entry.table === 'accounts') sum += entry.record.funds
    if (entry.table === 'grants') sum += entry.record.allowance
  }
  return sum
}

function nonceOf(state: State, address: Uint8Array): bigint {
  return viewOf(state).read('accounts', address)?.nonce ?? 0n
}

function nameOf(message: Uint8Array): string {
  return recordName({ table: 'messages', key: message })
}

function recordBytes({ table, after }: Change): string {
  return bytesToHex(encodeRecord(table, after as never))
}

/** All of a state in one text, whatever the order in which it was made. */
function print(state: State): string {
  return [...state]
    .map(([name, { table, record }]) => `${name}=${bytesToHex(encodeRecord(table, record as never))}`)
    .sort()
    .join()
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
