/**
 * A network's log for whoever follows its money alone (`test/vectors/balances.py`): where it begins, every batch as it was
 * ordered, and, to be compared, what this node says that everybody has in the end. A JSON text; bytes are in hexadecimal.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { Outcome, SealedHeader } from '../../protocol/batch.ts'
import { readEntry } from '../../protocol/doorway.ts'
import { operationOf } from '../../protocol/operations.ts'
import { payeesOf } from '../../protocol/payee.ts'
import { Genesis, networkId, Rules } from '../../protocol/rules.ts'
import { verifySignature } from '../../protocol/signature.ts'
import { carriesProof } from '../../protocol/wire.ts'
import { openDisk } from '../ledger/disk.ts'
import { createStore, type Store } from '../ledger/store.ts'
import type { NetworkFile } from '../settings/network-file.ts'

/** The log that lies in a home. Its daemon must have ended. */
export async function readMoneyLog(home: string, file: NetworkFile): Promise<string> {
  const disk = await openDisk(home)
  try {
    return await moneyLogOf(createStore(disk), file)
  } finally {
    await disk.close()
  }
}

/** The log that a store holds; tests have stores of their own. */
export async function moneyLogOf(
  store: Pick<Store, 'batches' | 'outcomes' | 'records'>,
  { rules, genesis }: NetworkFile,
): Promise<string> {
  const holds = holdsIn({ network: networkId(rules, genesis), rules })
  const batches = []
  for await (const { sealed, ops } of store.batches(1n)) {
    const outcomes = await store.outcomes(sealed.header.height)
    batches.push({
      header: bytesToHex(SealedHeader.encode(sealed)),
      ops: ops.map((bytes, at) => ({
        bytes: bytesToHex(bytes),
        holds: holds(bytes, Outcome.decode(outcomes![at]!)),
      })),
    })
  }
  const log = {
    rules: bytesToHex(Rules.encode(rules)),
    genesis: bytesToHex(Genesis.encode(genesis)),
    payees: payeesOf(rules).map(({ address }) => bytesToHex(address)),
    stamps: rules.identity.stamps.map(String),
    batches,
    says: await saidBy(store),
  }
  return `${JSON.stringify(log, undefined, 1)}\n`
}

/** What custody is told of an operation besides its author's signature: whether a key that it brings agrees, and its proof holds. */
function holdsIn(on: { readonly network: Uint8Array; readonly rules: Rules }) {
  return (bytes: Uint8Array, { result }: Outcome): boolean => {
    const { op } = readEntry(bytes, on)
    if (!op) return false
    const agreed = operationOf(op.action).agreement(on.network, op, op.action.data)
    // A proof was verified where the operation did something, and what did nothing may as well have none.
    return (!agreed || verifySignature(agreed)) && (!carriesProof(op.action) || result.TAG !== 'void')
  }
}

/** Every number of custody at the end, but zeros of what was set aside and of stamps. */
async function saidBy(store: Pick<Store, 'records'>): Promise<Record<string, string>> {
  const said: [name: string, amount: bigint][] = []
  for await (const { record } of store.records('supply'))
    said.push(['minted', record.minted], ['burned', record.burned])
  for await (const { key, record } of store.records('accounts')) {
    const name = bytesToHex(key)
    said.push([`funds of ${name}`, record.funds], [`nonce of ${name}`, record.nonce])
  }
  for await (const { key, record } of store.records('allowances')) {
    const [by, whom] = [key.subarray(0, 20), key.subarray(20)].map(bytesToHex)
    if (record.amount > 0n) said.push([`set aside by ${by} for ${whom}`, record.amount])
  }
  for await (const { key, record } of store.records('pools'))
    if (record.amount > 0n) said.push([`stamps of ${BigInt(`0x${bytesToHex(key)}`)}`, record.amount])
  return Object.fromEntries(said.map(([name, amount]) => [name, String(amount)]))
}
