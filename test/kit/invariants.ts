/** What must hold after every batch of a story. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { equalBytes } from '../../protocol/codec.ts'
import { costOf, custodyTables } from '../../protocol/custody.ts'
import {
  type Account,
  type Change,
  encodeRecord,
  imbalance,
  recordName,
  type TableName,
  worth,
} from '../../protocol/state.ts'
import { changed, rules, type State, supplyIn, totalsOf, viewOf } from './fixtures.ts'
import { people, type Step } from './story.ts'

/** What custody writes, and where the leaf of a stamp that it sold stands. */
const followsCustody: ReadonlySet<TableName> = new Set([...custodyTables, 'stampLeaves', 'trees', 'nodes'])

/** Each says what is wrong with a batch of a story, if anything. */
export const invariants: Readonly<Record<string, (step: Step) => unknown>> = {
  'value is conserved: minted − burned = funds + allowances + stamps': ({ after }) => held(after) !== 0n,
  'what changes say of value is what a full sum says': ({ batch }) => imbalance(batch.changes) !== 0n,
  'every single op conserves value': ({ tried }) =>
    tried.find(({ applied }) => applied.kind !== 'void' && imbalance(applied.changes) !== 0n),
  'nothing is negative, and everything can be written': ({ after }) => {
    const amounts = [...after.values()].flatMap(({ table, record }) => {
      encodeRecord(table, record as never)
      return Object.values(record).filter((value) => typeof value === 'bigint')
    })
    return amounts.find((amount) => amount < 0n)
  },
  'nonces are sequential, one for each op that is not void': ({ before, after, tried }) =>
    people.find((person) => {
      const nonces = tried.flatMap(({ applied, incoming: { op } }) =>
        applied.kind !== 'void' && equalBytes(op.account, person.address) ? [op.nonce] : [],
      )
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
  'of a settled message only verdicts that were open change, and what was not given back yet': ({ batch }) =>
    batch.changes.find((change) => {
      if (change.table !== 'messages' || !change.before || !change.after) return false
      const { before, after } = change
      const reopened = before.recipients.map((recipient, index) => ({
        ...after.recipients[index]!,
        verdict: recipient.verdict ?? undefined,
        given: recipient.given,
      }))
      const final = before.recipients.every(
        ({ verdict, given, credit }, index) =>
          (!verdict || after.recipients[index]!.verdict === verdict) &&
          (given === 0n ? after.recipients[index]!.given <= credit : after.recipients[index]!.given === given),
      )
      return (
        !final ||
        recordBytes({ ...change, after: { ...after, recipients: reopened } }) !==
          recordBytes({ ...change, after: before })
      )
    }),
  'nobody’s account is lessened or steered by somebody else': ({ tried }) =>
    tried.find(({ incoming, applied }) => {
      if (applied.kind === 'void') return false
      return applied.changes.some((change) => {
        if (change.table !== 'accounts' || equalBytes(change.key, incoming.op.account) || !change.before) return false
        const { before, after } = change
        const { TAG } = incoming.op.action
        const registered = (TAG === 'register' || TAG === 'stampRedeem') && !before.signingKey
        const { funds, signingKey, ...rest } = after!
        const { funds: had, signingKey: key, ...was } = before
        return funds < had || (signingKey !== key && !registered) || rest.nonce !== was.nonce || rest.slot !== was.slot
      })
    }),
  'what is undelivered moved what it named, and wrote nothing else': ({ tried }) =>
    tried.find(
      ({ applied }) =>
        applied.kind === 'undelivered' && applied.changes.some(({ table }) => !followsCustody.has(table)),
    ),
  'a send’s lines add up, and what it names is what everybody sees': ({ tried }) =>
    tried.find(({ applied, incoming: { op, money } }) => {
      if (applied.kind !== 'settled' || !applied.sent) return false
      const { lines } = applied.sent
      const moved = (key: Uint8Array) => movedIn(applied.changes, key)
      const shareOf = (key: Uint8Array) => (op.share && equalBytes(op.share.payee, key) ? op.share.amount : 0n)
      const asked = lines.reduce((sum, { payer, paid }) => sum + (payer === 'sender' ? paid : 0n), rules.inclusionFee)
      return (
        lines.some(({ credit, burned, operators, paid }) => credit + burned + operators !== paid) ||
        op.lines.some(
          ({ address, amount, from }) => from === 'funds' && moved(address) !== amount + shareOf(address),
        ) ||
        moved(op.account) !== shareOf(op.account) - costOf(money) ||
        costOf(money) < asked
      )
    }),
  'what is given back the reader pays and the sender gets, beside what burns': ({ tried }) =>
    tried.find(({ applied, incoming: { op } }) => {
      const { TAG, data } = op.action
      if (applied.kind !== 'settled' || (TAG !== 'ack' && TAG !== 'giveBack')) return false
      const amount = TAG === 'ack' ? data.giveBack : data.amount
      return (
        movedIn(applied.changes, data.sender) !== amount ||
        movedIn(applied.changes, op.account) !== -amount - op.burn ||
        op.burn < (amount === 0n ? 0n : rules.inclusionFee)
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
      all.length !== supplyIn(after).slots ||
      [...was].find(([name, slot]) => is.get(name) !== slot)
    )
  },
}

/** What changes add to an account’s funds. */
function movedIn(changes: readonly Change[], address: Uint8Array): bigint {
  const change = changes.find(({ table, key }) => table === 'accounts' && equalBytes(key, address))
  return change ? worth('accounts', change.after as Account) - worth('accounts', change.before as Account) : 0n
}

/** Everything there is less everything there should be, summed over all records. */
export function held(state: State): bigint {
  const { minted, burned } = supplyIn(state)
  let sum = burned - minted
  for (const entry of state.values()) {
    if (entry.table === 'accounts') sum += entry.record.funds
    if (entry.table === 'allowances' || entry.table === 'pools') sum += entry.record.amount
  }
  return sum
}

/** All of a state in one text, whatever the order in which it was made. */
export function print(state: State): string {
  return [...state]
    .map(([name, { table, record }]) => `${name}=${bytesToHex(encodeRecord(table, record as never))}`)
    .sort()
    .join()
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
