/** Proofs that a light client checks with nothing but a batch header: what became of an op, and what an account holds. */
import * as P from 'micro-packed'
import { accountLeaf, accountsRootOf } from './accounts.ts'
import { headerHash, type Header, Outcome, SealedHeader, stateRoot } from './batch.ts'
import { AddressBytes, Bytes32, bytesUpTo, decodeStrict, equalBytes, listOf } from './codec.ts'
import type { Context } from './context.ts'
import { readEntry } from './doorway.ts'
import { leafHash, verifyMerkle } from './merkle.ts'
import { type Money, signedOpBytesMax } from './money.ts'
import type { Rules } from './rules.ts'
import { isLowS } from './signature.ts'
import { type Account, tables } from './state.ts'

const Path = listOf(Bytes32, { min: 0, max: 32 })

/** What became of an entry of a batch, with the proof that it is in an anchored one. */
export const Receipt = P.struct({
  sealed: SealedHeader,
  index: P.U32BE,
  op: bytesUpTo(signedOpBytesMax),
  opPath: Path,
  outcome: bytesUpTo(65_536),
  outcomePath: Path,
})
export type Receipt = P.UnwrapCoder<typeof Receipt>

/** One account under a header: its record, its place in the tree, and the rest of the state's commitment. */
export const AccountProof = P.struct({
  address: AddressBytes,
  slot: P.U32BE,
  record: bytesUpTo(256),
  siblings: listOf(Bytes32, { min: 48, max: 48 }),
  chain: Bytes32,
})
export type AccountProof = P.UnwrapCoder<typeof AccountProof>

/** Whether a header belongs to this network and is signed by its host. Where a chain orders the log there is none. */
export const headerIsBy = ({ network, rules, verify }: Context, { header, signature }: SealedHeader): boolean =>
  rules.anchor === 'embedded' &&
  equalBytes(header.network, network) &&
  isLowS(signature) &&
  verify({ digest: headerHash(header), signature, key: rules.hostKey })

/**
 * What a receipt proves under a header that the client trusts: an entry's money part, where it has one, and its outcome.
 * Nothing where a path does not lead to the header's root, or the two do not belong together.
 */
export function readReceipt(
  rules: Rules,
  header: Header,
  receipt: Omit<Receipt, 'sealed'>,
): { money: Money | undefined; outcome: Outcome } | undefined {
  const { index } = receipt
  const place = { index, count: header.opCount }
  if (!verifyMerkle(leafHash(receipt.op), { ...place, path: receipt.opPath, root: header.opsRoot })) return undefined
  if (!verifyMerkle(leafHash(receipt.outcome), { ...place, path: receipt.outcomePath, root: header.outcomeRoot }))
    return undefined
  // A host may commit to any bytes, so what is proven to be there is read all the same.
  const { op, money, id } = readEntry(receipt.op, { network: header.network, rules })
  const outcome = decodeStrict(Outcome, receipt.outcome)
  if (!outcome.ok || !equalBytes(outcome.value.op, id)) return undefined
  const { TAG } = outcome.value.result
  const isPossible = TAG === 'void' || (TAG === 'undelivered' ? money : op) !== undefined
  return isPossible ? { money, outcome: outcome.value } : undefined
}

/** The account that a proof shows under a header; nothing where it does not lead to the header's state root. */
export function readAccount(
  header: Header,
  { address, slot, record, siblings, chain }: AccountProof,
): Account | undefined {
  const root = accountsRootOf({ leaf: accountLeaf({ slot, address, record }), slot, siblings })
  if (!root || !equalBytes(stateRoot({ accountsRoot: root, chain }), header.stateRoot)) return undefined
  // A host may commit to any bytes, so what is proven to be there need not be an account.
  const account = decodeStrict(tables.accounts.codec, record)
  return account.ok ? account.value : undefined
}
