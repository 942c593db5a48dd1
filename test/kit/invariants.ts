/** What must hold after every batch of a story. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { reserveOf } from '../../protocol/account.ts'
import { equalBytes } from '../../protocol/codec.ts'
import { type Account, type Change, encodeRecord, imbalance, recordName, worth } from '../../protocol/state.ts'
import { changed, rules, type State, supplyIn, totalsOf, viewOf } from './fixtures.ts'
import type { Action } from '../../protocol/operations.ts'
import { isAnonymous } from '../../protocol/wire.ts'
import { people, reasonOf, type Step } from './story.ts'

/** Each says what is wrong with a batch of a story, if anything. */
export const invariants: Readonly<Record<string, (step: Step) => unknown>> = {
  'value is conserved: minted − burned = funds + allowances + stamps': ({ after }) => held(after) !== 0n,
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
      if (applied.kind === 'omitted') return false
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
  'what is refused costs one inclusion fee and one nonce, and nothing else': ({ tried }) =>
    tried.find(({ applied, incoming }) => {
      if (applied.kind !== 'refused') return false
      const [payer, supply, ...rest] = applied.changes
      const { before, after } = payer as { before: Account; after: Account }
      return (
        rest.length > 0 ||
        supply?.table !== 'supply' ||
        !equalBytes(payer!.key, incoming.op.account) ||
        after.nonce !== before.nonce + 1n ||
        after.funds !== before.funds - rules.inclusionFee
      )
    }),
  'what settles leaves the reserve alone': ({ tried }) =>
    tried.find(({ applied, incoming }) => {
      if (applied.kind !== 'settled' || isFree(incoming.op.action)) return false
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
      const had = viewOf(before).read('accounts', account)
      return had && BigInt(own.length + 1) * rules.inclusionFee <= reserveOf(rules, had)
    }),
  'a send’s lines add up, and are what the sender and the recipients see': ({ tried }) =>
    tried.find(({ applied, incoming: { op } }) => {
      if (applied.kind !== 'settled' || !applied.sent) return false
      const { lines } = applied.sent
      const cost = lines.reduce((sum, { payer, paid }) => sum + (payer === 'sender' ? paid : 0n), rules.inclusionFee)
      const moved = (key: Uint8Array) => movedIn(applied.changes, key)
      return (
        lines.some(({ credit, burned, operators, paid }) => credit + burned + operators !== paid) ||
        lines.some(({ recipient, credit }) => moved(recipient) !== credit) ||
        moved(op.account) !== -cost
      )
    }),
  'what is given back the reader pays and the sender gets, beside the inclusion fee': ({ tried }) =>
    tried.find(({ applied, incoming: { op } }) => {
      const { TAG, data } = op.action
      if (applied.kind !== 'settled' || (TAG !== 'ack' && TAG !== 'giveBack')) return false
      const amount = TAG === 'ack' ? data.giveBack : data.amount
      return (
        movedIn(applied.changes, data.sender) !== amount ||
        movedIn(applied.changes, op.account) !== (amount === 0n ? 0n : -amount - rules.inclusionFee)
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

/** What burns no inclusion fee of an account. */
const isFree = (action: Action): boolean =>
  isAnonymous(action) || (action.TAG === 'ack' && action.data.giveBack === 0n) || action.TAG === 'pass'

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
