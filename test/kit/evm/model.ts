/** What the contract should hold, by `custody.ts`: a word of storage for a record. */
import { concatBytes } from '@noble/hashes/utils.js'
import { p256 } from '@noble/curves/nist.js'
import { bytesToHex, type Hex, keccak256, numberToHex, padHex } from 'viem'
import { addressOf } from '../../../protocol/address.ts'
import { equalBytes } from '../../../protocol/codec.ts'
import { deposit, move } from '../../../protocol/custody.ts'
import { type Entry, readEntry } from '../../../protocol/doorway.ts'
import { leafHash, merkleRoot } from '../../../protocol/merkle.ts'
import { operationOf } from '../../../protocol/operations.ts'
import { verifySignature } from '../../../protocol/signature.ts'
import {
  type Change,
  grantKey,
  type Records,
  recordName,
  supplyKey,
  type TableName,
  type View,
} from '../../../protocol/state.ts'
import { network, rules } from '../fixtures.ts'
import type { Frame } from './chain.ts'

/** Rules of a network whose money a chain holds. */
const onChain = { ...rules, anchor: 'evm', identity: { ...rules.identity, stamps: [] as bigint[] } } as const

type Stored = { readonly table: TableName; readonly key: Uint8Array; readonly record: unknown }

export type Model = ReturnType<typeof createModel>

/** The tables of custody as a chain begins them, and all that was ever named, so that it can be looked for. */
export function createModel(payees: readonly Uint8Array[]) {
  const records = new Map<string, Stored>()
  const owed = new Map<Hex, bigint>()
  const roots: Uint8Array[] = []
  let entries = 0
  const write = ({ table, key, after }: Change): void => {
    const name = recordName({ table, key })
    if (after) records.set(name, { table, key, record: after })
    else records.delete(name)
  }
  const put = <T extends TableName>(table: T, key: Uint8Array, after: Records[T]): void =>
    write({ table, key, before: undefined, after } as Change)
  for (const [slot, payee] of payees.entries())
    put('accounts', payee, { slot, signingKey: undefined, nonce: 0n, funds: 0n })
  put('supply', supplyKey, { minted: 0n, burned: 0n, slots: payees.length })
  const view: View = {
    read: <T extends TableName>(table: T, key: Uint8Array) =>
      records.get(recordName({ table, key }))?.record as Records[T] | undefined,
  }

  return {
    view,
    get entries() {
      return entries
    },
    /** Do what a deposit does. */
    deposit(to: Uint8Array, amount: bigint): void {
      const done = deposit(view, { to, amount })
      if (!done.ok) throw new Error(`the model refuses a deposit: ${done.reason}`)
      for (const change of done.value) write(change)
      entries++
    },
    /** Pay out what is owed to an address of the chain. Says how much that is. */
    collect(to: Hex): bigint {
      const amount = owed.get(to) ?? 0n
      owed.set(to, 0n)
      return amount
    },
    /** Do what a post does, at a block's time in milliseconds. Says of each frame why it is void, or that it settled. */
    post(frames: readonly Frame[], time: bigint): string[] {
      const became = frames.map((frame) => settle(frame, time))
      entries++
      roots[entries] = merkleRoot(
        frames.map(({ bytes }, at) => leafHash(concatBytes(bytes, Uint8Array.of(became[at] === 'settled' ? 1 : 0)))),
      )
      return became
    },
    /** Every word that there should be, by the slot that it is in. */
    words(): Map<Hex, bigint> {
      const words = new Map<Hex, bigint>([[numberToHex(4n, { size: 32 }), totals()]])
      for (const { table, key, record } of records.values()) {
        if (table === 'accounts') words.set(slotOf(0n, key), accountWord(record as Records['accounts']))
        if (table === 'allowances') words.set(allowanceSlot(key), (record as Records['allowances']).amount)
      }
      for (const [entry, root] of roots.entries())
        if (root) words.set(slotOfNumber(2n, BigInt(entry)), BigInt(bytesToHex(root)))
      for (const [to, amount] of owed)
        words.set(keccak256(`0x${padHex(to, { size: 32 }).slice(2)}${numberToHex(3n, { size: 32 }).slice(2)}`), amount)
      return words
    },
  }

  function totals(): bigint {
    const { minted, burned, slots } = view.read('supply', supplyKey)!
    let withdrawn = 0n
    for (const { table, record } of records.values())
      if (table === 'withdrawals') withdrawn += (record as Records['withdrawals']).amount
    return minted | (burned << 64n) | (withdrawn << 128n) | (BigInt(slots) << 192n) | (BigInt(entries) << 224n)
  }

  function settle({ bytes, key: point }: Frame, time: bigint): string {
    const entry = readEntry(bytes, { network, rules: onChain })
    if (!entry.money) return 'malformed'
    const moved = move(view, entry.money, {
      time,
      stamps: onChain.identity.stamps,
      paysOut: true,
      signed: (key) => isPointOf(point, key) && verifySignature({ digest: entry.id, signature: entry.signature, key }),
      agreed: () => isAgreed(entry),
      proven: () => false,
    })
    if (!moved.ok) return moved.reason
    for (const change of moved.value) write(change)
    const { deed } = entry.money
    if (deed.kind === 'withdraw') owed.set(bytesToHex(deed.to), (owed.get(bytesToHex(deed.to)) ?? 0n) + deed.amount)
    return 'settled'
  }
}

function isAgreed({ op }: Entry): boolean {
  const agreement = op && operationOf(op.action).agreement(network, op, op.action.data)
  return agreement !== undefined && verifySignature(agreement)
}

/** x ‖ y of a compressed key; 64 zeros where it is none. */
export function pointOf(key: Uint8Array): Uint8Array {
  try {
    return p256.Point.fromBytes(key).toBytes(false).slice(1)
  } catch {
    return new Uint8Array(64)
  }
}
const isPointOf = (point: Uint8Array, key: Uint8Array): boolean => equalBytes(point, pointOf(key))

const accountWord = ({ funds, nonce, signingKey }: Records['accounts']): bigint =>
  funds | ((nonce + 1n) << 56n) | ((signingKey ? BigInt(bytesToHex(addressOf(signingKey))) : 0n) << 96n)

/** Where Solidity keeps what a mapping has under bytes, and under a number. */
const slotOf = (mapping: bigint | Hex, key: Uint8Array): Hex =>
  keccak256(
    concatBytes(
      key,
      new Uint8Array(32 - key.length),
      hexWord(typeof mapping === 'bigint' ? numberToHex(mapping, { size: 32 }) : mapping),
    ),
  )
const slotOfNumber = (mapping: bigint, key: bigint): Hex =>
  keccak256(`${numberToHex(key, { size: 32 })}${numberToHex(mapping, { size: 32 }).slice(2)}` as Hex)
const hexWord = (hex: Hex): Uint8Array => Uint8Array.from(Buffer.from(hex.slice(2), 'hex'))

function allowanceSlot(key: Uint8Array): Hex {
  const [granter, sender] = [key.subarray(0, 20), key.subarray(20)]
  return slotOf(slotOf(1n, granter), sender)
}

/** Where what was set aside by one for another is kept. */
export const allowanceSlotOf = (granter: Uint8Array, sender: Uint8Array): Hex =>
  allowanceSlot(grantKey({ granter, sender }))
/** Where an account is kept. */
export const accountSlotOf = (address: Uint8Array): Hex => slotOf(0n, address)
