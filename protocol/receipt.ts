/** Proofs that a light client checks with nothing but a batch header: what became of an op, and what an account holds. */
import * as P from 'micro-packed'
import { accountLeaf, accountsRootOf } from './accounts.ts'
import { headerHash, type Header, Outcome, SealedHeader, stateRoot } from './batch.ts'
import { AddressBytes, Bytes32, bytesUpTo, decodeStrict, equalBytes, listOf } from './codec.ts'
import type { Context } from './context.ts'
import { readOp } from './doorway.ts'
import { signedOpBytesMax } from './money.ts'
import { leafHash, verifyMerkle } from './merkle.ts'
import type { Rules } from './rules.ts'
import { isLowS } from './signature.ts'
import { type Account, tables } from './state.ts'
import type { Op } from './wire.ts'

const Path = listOf(Bytes32, { min: 0, max: 32 })

/** What an op cost and why, with the proof that it is in an anchored batch. */
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

/** Whether a header belongs to this network and is signed by its host. */
export const headerIsBy = ({ network, rules, verify }: Context, { header, signature }: SealedHeader): boolean =>
  equalBytes(header.network, network) &&
  isLowS(signature) &&
  verify({ digest: headerHash(header), signature, key: rules.hostKey })

/**
 * What a receipt proves under a header that the client trusts: the op and its outcome. Nothing where a path does not
 * lead to the header's root, or the two do not belong together; nor of an entry that is no op to `readOp`, though its money
 * part may have paid: of that there is no receipt, and whoever follows custody sees it in the batch.
 */
export function readReceipt(
  rules: Rules,
  header: Header,
  receipt: Omit<Receipt, 'sealed'>,
): { op: Op; outcome: Outcome } | undefined {
  const { index } = receipt
  const place = { index, count: header.opCount }
  if (!verifyMerkle(leafHash(receipt.op), { ...place, path: receipt.opPath, root: header.opsRoot })) return undefined
  if (!verifyMerkle(leafHash(receipt.outcome), { ...place, path: receipt.outcomePath, root: header.outcomeRoot }))
    return undefined
  // A host may commit to any bytes, so what is proven to be there goes through the doorway all the same.
  const read = readOp(receipt.op, { network: header.network, rules })
  const outcome = decodeStrict(Outcome, receipt.outcome)
  if (!read.ok || !outcome.ok) return undefined
  const { op, id } = read.value
  return equalBytes(outcome.value.op, id) ? { op, outcome: outcome.value } : undefined
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
