/**
 * A network in memory: the ledger's own `settle`, over a map, with every signature and proof taken as good. What happens
 * in it is what would happen on a real network, at the times of a trace.
 */
import { addressOf } from '../../protocol/address.ts'
import { assert } from '../../protocol/assert.ts'
import type { Context } from '../../protocol/context.ts'
import { genesisChanges } from '../../protocol/genesis.ts'
import { hash } from '../../protocol/hash.ts'
import { type Applied, asks, openBatch, settle } from '../../protocol/ledger.ts'
import { networkId, type Rules } from '../../protocol/rules.ts'
import {
  createDraft,
  type Draft,
  imbalance,
  type Meta,
  metaOf,
  type Records,
  recordName,
  type TableName,
  type View,
  writeAll,
} from '../../protocol/state.ts'
import { moneyOfOp } from '../../protocol/wire.ts'
import type { Action } from '../../protocol/operations.ts'
import type { Numbers } from '../settings/presets.ts'

/** An address and its key. */
export type Party = { readonly address: Uint8Array; readonly signingKey: Uint8Array }

export type World = {
  readonly rules: Rules
  /** Begin a batch at a time, in milliseconds; the one before is closed, and money was conserved. */
  readonly open: (timeMs: bigint) => void
  /** Put an op into the batch. */
  readonly submit: (account: Uint8Array, action: Action) => Applied
  /** What an op would take out of an account's funds now. Nothing where it would be refused. */
  readonly asks: (account: Uint8Array, action: Action) => bigint | undefined
  readonly fundsOf: (party: Party) => bigint
  readonly view: View
  readonly meta: () => Meta
  /** Close the last batch. */
  readonly close: () => void
}

/** The network of a number of parties that hold funds from genesis on and are registered in its first batch. */
export function createWorld(
  numbers: Numbers,
  { timeMs, funded }: { timeMs: bigint; funded: readonly { party: Party; funds: bigint }[] },
): World {
  const rules: Rules = {
    ...numbers,
    // Passes are taken when they are needed, also in the first minutes of an epoch; and as nobody proves anything, one root
    // an epoch suffices, which is most of what an epoch without traffic takes.
    identity: { ...numbers.identity, verdictDelayMs: 0, checkpoints: 1 },
    name: 'simulation',
    hostKey: partyOf('host').signingKey,
    operators: [{ address: treasury.address, weight: 1 }],
    keepers: {
      version: 1,
      threshold: 1,
      members: [{ address: treasury.address, weight: 1, lockKey: bytes32, signingKey: treasury.signingKey }],
    },
  }
  const all = [{ party: treasury, funds: rules.reserve + rules.inclusionFee }, ...funded]
  const grants = all.map(({ party, funds }) => ({ address: party.address, amount: funds }))
  const genesis = { time: timeMs, salt: bytes32, grants }
  const context: Context = { network: networkId(rules, genesis), rules, verify: () => true, verifyProof: () => true }
  const records = new Map<string, Records[TableName]>()
  const base: View = {
    read: <T extends TableName>(table: T, key: Uint8Array, name = recordName({ table, key })) =>
      records.get(name) as Records[T] | undefined,
  }
  let draft = createDraft(base)

  const commit = (made: Draft): void => {
    const changes = made.changes()
    for (const change of changes) {
      const name = recordName(change)
      if (change.after) records.set(name, change.after)
      else records.delete(name)
    }
  }
  const close = (): void => {
    assert(imbalance(draft.changes()) === 0n, 'minted − burned = funds + allowances + stamps + withdrawals')
    commit(draft)
    draft = createDraft(base)
  }
  const open = (time: bigint): void => {
    close()
    openBatch(draft, context, { time, verdictRoot: unproven })
  }
  const headOf = (account: Uint8Array) => ({
    account,
    nonce: draft.read('accounts', account)?.nonce ?? 0n,
    expiry: metaOf(draft).time,
  })
  const submit = (account: Uint8Array, action: Action): Applied => {
    const head = headOf(account)
    const asked = asks(draft, context, { ...head, action })
    if (!asked.ok) return { kind: 'void', reason: asked.reason }
    const op = { ...head, ...asked.value, action }
    const settled = settle(draft, context, { op, money: moneyOfOp(op), signature: bytes64, id: bytes32 })
    if (!settled.ok) return { kind: 'void', reason: settled.reason }
    writeAll(draft, settled.value.changes)
    return settled.value
  }

  const first = createDraft(base)
  writeAll(first, genesisChanges(rules, genesis))
  commit(first)
  open(timeMs)
  for (const { party } of all) {
    const data = { signingKey: party.signingKey, sealKey, sponsorship: undefined }
    const { kind } = submit(party.address, { TAG: 'register', data })
    assert(kind === 'settled', 'everybody can register')
  }
  return {
    rules,
    open,
    submit,
    asks(account, action) {
      const asked = asks(draft, context, { ...headOf(account), action })
      if (!asked.ok) return undefined
      const { burn, share, lines } = asked.value
      // What is burned out of an allowance is the one who granted's.
      return lines.reduce(
        (sum, { amount, from }) => (from === 'funds' ? sum + amount : sum - amount),
        burn + (share?.amount ?? 0n),
      )
    },
    fundsOf: ({ address }) => draft.read('accounts', address)?.funds ?? 0n,
    close,
    view: { read: (table, key, name) => draft.read(table, key, name) },
    meta: () => metaOf(draft),
  }
}

/** A party by its name; no secret belongs to it. */
export function partyOf(name: string): Party {
  const digest = hash('address', new TextEncoder().encode(`simulated ${name}`))
  const signingKey = new Uint8Array(33)
  signingKey[0] = 2
  signingKey.set(digest, 1)
  return { address: addressOf(signingKey), signingKey }
}

/** Who runs the network. */
const treasury = partyOf('treasury')

/** Nobody proves anything here, so that no tree of verdicts is built: any number can stand for its root. */
const unproven = (epoch: number): bigint => BigInt(epoch)
const bytes32 = new Uint8Array(32)
const bytes64 = new Uint8Array(64)
const sealKey = new Uint8Array(1216)
