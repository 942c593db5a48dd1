/**
 * An auditor, who follows every balance by the bytes of entries and custody alone, and is told whether a signature or a
 * proof holds.
 */
import { isDeepStrictEqual } from 'node:util'
import { bytesToHex } from '@noble/hashes/utils.js'
import { decodeStrict } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import { custodyTables, type Given, move } from '../../protocol/custody.ts'
import { type Money, moneyOf, SignedPart } from '../../protocol/money.ts'
import { no } from '../../protocol/reason.ts'
import { recordName, type Records, type TableName, type View } from '../../protocol/state.ts'
import { opIdOfSigned } from '../../protocol/wire.ts'
import { network, rules, type State } from './fixtures.ts'

/** What an auditor keeps: the tables of custody, and no other. */
type Books = Map<string, { readonly table: TableName; readonly record: unknown }>
const isMoney = (table: TableName): boolean => (custodyTables as readonly TableName[]).includes(table)
export const booksOf = (state: State): Books =>
  new Map([...state].flatMap(([name, entry]) => (isMoney(entry.table) ? [[name, entry]] : [])))

/** The order of P-256. */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** What stands in bytes as the specification says it, written here once more: what is too long, or has another form, is void. */
function readPaying(bytes: Uint8Array): { readonly money: Money; readonly signature: Uint8Array } | undefined {
  const signed = bytes.length <= 4_096 ? decodeStrict(SignedPart, bytes) : no('too-large')
  const money = signed.ok ? moneyOf(signed.value.part) : signed
  if (!signed.ok || !money.ok) return undefined
  const { signature } = signed.value
  const s = BigInt(`0x${bytesToHex(signature.subarray(32))}`)
  const isRight = money.value.author ? 2n * s <= order : bytesToHex(signature) === '00'.repeat(64)
  return isRight ? { money: money.value, signature } : undefined
}

/** What an auditor does with the bytes of an entry, by its money part alone. */
export function audit(
  books: Books,
  bytes: Uint8Array,
  { verify, ...told }: Pick<Given, 'agreed' | 'paysOut' | 'proven' | 'time'> & Pick<Context, 'verify'>,
): void {
  const paying = readPaying(bytes)
  if (!paying) return
  const { money, signature } = paying
  const view: View = {
    read<T extends TableName>(table: T, key: Uint8Array): Records[T] | undefined {
      if (!isMoney(table)) throw new Error(`custody reads no ${table}`)
      return books.get(recordName({ table, key }))?.record as Records[T] | undefined
    },
  }
  const digest = opIdOfSigned(network, bytes)
  const moved = move(view, money, {
    ...told,
    stamps: rules.identity.stamps,
    signed: (key) => verify({ digest, signature, key }),
  })
  if (!moved.ok) return
  for (const change of moved.value) {
    if (change.after) books.set(recordName(change), { table: change.table, record: change.after })
    else books.delete(recordName(change))
  }
}

/** Throws where the ledger has another record of money than the books. */
export function hold(state: State, books: Books, where: string): void {
  let found = 0
  for (const [name, { table, record }] of state) {
    if (!isMoney(table)) continue
    found++
    if (!isDeepStrictEqual(books.get(name)?.record, record)) throw new Error(`the two differ in ${name}: ${where}`)
  }
  if (found !== books.size) throw new Error(`one of the two has more records: ${where}`)
}
