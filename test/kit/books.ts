/** The books of a stopped daemon: what its disk says of money and messages, added up by hand. */
import { existsSync } from 'node:fs'
import { bytesToHex } from '@noble/hashes/utils.js'
import { openDisk } from '../../node/ledger/disk.ts'
import { examine } from '../../node/daemon/doctor.ts'
import type { NetworkFile } from '../../node/settings/network-file.ts'
import type { Finding } from '../../node/service.ts'
import { pathsOf } from '../../node/settings/home.ts'
import { openProofs } from '../../node/proofs/proofs.ts'
import { createStore } from '../../node/ledger/store.ts'
import { systemClock } from '../../node/daemon/system.ts'
import { believesNone, createVerifier } from '../../node/ledger/verified.ts'
import { Outcome } from '../../protocol/batch.ts'
import { networkId } from '../../protocol/rules.ts'
import { supplyKey, supplyOf } from '../../protocol/state.ts'
import { isAnonymous, SignedOp } from '../../protocol/wire.ts'

export type Books = {
  readonly height: bigint
  readonly stateRoot: string
  readonly minted: bigint
  readonly burned: bigint
  readonly stamps: bigint
  /** All funds of all accounts, and all allowances. */
  readonly held: bigint
  readonly funds: ReadonlyMap<string, bigint>
  /** Ids of all settled messages, as often as outcomes in the log name them. */
  readonly settled: readonly string[]
  /** Verdicts by message and reader. */
  readonly verdicts: ReadonlyMap<string, string>
  /** Ops in the log, by account and nonce, as often as they are there. */
  readonly nonces: readonly string[]
  readonly findings: readonly Finding[]
}

/** Open a home that no daemon runs in, and add up. */
export async function booksOf(home: string, { rules, genesis }: NetworkFile): Promise<Books> {
  const disk = await openDisk(home)
  const proofs = openProofs(rules)
  try {
    const store = createStore(disk)
    const head = (await store.head())!
    const funds = new Map<string, bigint>()
    for await (const { key, record } of store.records('accounts')) funds.set(bytesToHex(key), record.funds)
    let held = [...funds.values()].reduce((sum, amount) => sum + amount, 0n)
    for await (const { record } of store.records('allowances')) held += record.amount
    let stamps = 0n
    for await (const { record } of store.records('pools')) stamps += record.amount
    const verdicts = new Map<string, string>()
    for await (const { key, record } of store.records('messages'))
      for (const { address, verdict } of record.recipients)
        if (verdict) verdicts.set(`${bytesToHex(key)} ${bytesToHex(address)}`, verdict)
    const settled: string[] = []
    const nonces: string[] = []
    for await (const { sealed, ops } of store.batches(1n)) {
      for (const bytes of (await store.outcomes(sealed.header.height))!) {
        const { result } = Outcome.decode(bytes)
        if (result.TAG === 'settled' && result.data.sent) settled.push(bytesToHex(result.data.sent.message))
      }
      for (const bytes of ops) {
        const { op } = SignedOp.decode(bytes)
        if (!isAnonymous(op.action)) nonces.push(`${bytesToHex(op.account)} ${op.nonce}`)
      }
    }
    const { findings } = await examine({
      store,
      context: { network: networkId(rules, genesis), rules, verify: createVerifier(), verifyProof: believesNone },
      genesis,
      clock: systemClock,
      proofs,
      keepsAll: !existsSync(pathsOf(home).keystore),
      progress: () => undefined,
    })
    const { height, stateRoot } = head.sealed.header
    const { minted, burned } = supplyOf(await store.fetch([{ table: 'supply', key: supplyKey }]))
    return {
      height,
      stateRoot: bytesToHex(stateRoot),
      minted,
      burned,
      stamps,
      held,
      funds,
      settled,
      verdicts,
      nonces,
      findings,
    }
  } finally {
    await proofs.close()
    await disk.close()
  }
}

/** Minted − burned = funds + allowances + stamps. */
export const isConserved = ({ minted, burned, held, stamps }: Books): boolean => minted - burned === held + stamps

/** Whether no item is there twice. */
export const isUnique = (items: readonly string[]): boolean => new Set(items).size === items.length

/** What the doctor objects to, in words; empty where all is well. */
export const complaints = ({ findings }: Books): string[] =>
  findings.filter(({ ok }) => !ok).map(({ check, detail }) => `${check}: ${detail}`)
