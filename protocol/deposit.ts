/**
 * Deposits: what a chain took in stands in the log as an entry of its own form, which is no operation. Only the anchor puts
 * one there. Whoever posts such bytes has brought nothing: the contract finds them void, and they are left out of the batch.
 */
import * as P from 'micro-packed'
import { AddressBytes, decodeStrict, U64 } from './codec.ts'
import { signedOpBytesMax } from './money.ts'

/**
 * A deposit as an entry of a batch: by the chain's address `from`, for `to`, as which entry of the contract's log, which
 * keeps two of one amount apart. No operation begins with 0, and in the place of a signature are zeros.
 */
const Deposit = P.struct({
  form: P.magic(P.U8, 0),
  entry: U64,
  from: AddressBytes,
  to: AddressBytes,
  amount: U64,
  unsigned: P.magicBytes(new Uint8Array(64)),
})
type Deposit = Omit<P.UnwrapCoder<typeof Deposit>, 'form' | 'unsigned'>

/** A deposit in bytes. */
export const depositBytes = ({ entry, from, to, amount }: Deposit): Uint8Array =>
  Deposit.encode({ entry, from, to, amount })

/** What an entry says that was taken in; nothing where it is no deposit. */
export function depositIn(bytes: Uint8Array): Pick<Deposit, 'to' | 'amount'> | undefined {
  const read = decodeStrict(Deposit, bytes)
  return read.ok ? read.value : undefined
}

/** Whether something that was posted can stand in a batch. What cannot is void by its form, whatever the state is. */
export const isPostable = (bytes: Uint8Array): boolean =>
  bytes.length <= signedOpBytesMax && depositIn(bytes) === undefined
