/**
 * The doctor: replays the whole log into a second ledger and holds everything stored against it, and every envelope and
 * lock key against its hash. What can be made again is mended; what has to come from peers is forgotten, so that the
 * node asks for it again.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { MemoryLevel } from 'memory-level'
import { equalBytes, U64 } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import { contradict, Evidence } from '../../protocol/gossip.ts'
import type { Genesis, Rules } from '../../protocol/rules.ts'
import { supplyKey, supplyOf } from '../../protocol/state.ts'
import { amountText } from '../amount.ts'
import { utc } from '../dates.ts'
import { createReplica } from '../ledger/replica.ts'
import type { Clock, Disk, Proofs } from '../seams.ts'
import type { Finding } from '../service.ts'
import { createSales } from '../ledger/sales.ts'
import { createStore, keyIn, rangeOf, type spaces, type Store, type Write } from '../ledger/store.ts'
import { checkEnvelopes, checkLockKeys, checkMarks } from './doctor-mail.ts'

type Patient = {
  readonly store: Store
  readonly context: Context
  readonly genesis: Genesis
  readonly clock: Clock
  readonly proofs: Proofs
  /** Whether this node keeps everybody's mail, and not that of its own shards alone. */
  readonly keepsAll: boolean
  /** Called now and then with what is being looked at. */
  readonly progress: (what: string) => void
}

/** What was found, and the writes that mend it. */
type Diagnosis = { readonly findings: readonly Finding[]; readonly cure: readonly Write[] }

/** What follows from the log alone, and so can be compared and made again. */
const derived = ['state', 'leaf', 'outcomes', 'op', 'head', 'sold'] as const

/** The most faults of one thing that are told. */
const toldMax = 20

/** Look at everything. Reads only. Throws where the disk does; damage to what it gives is a finding. */
export async function examine(patient: Patient): Promise<Diagnosis> {
  const { store, context, clock, keepsAll, progress } = patient
  const findings: Finding[] = []
  const cure: Write[] = []
  const note = (check: string, faults: readonly string[], good: string, writes: readonly Write[]) => {
    const ok = faults.length === 0
    findings.push({ check, ok, detail: ok ? good : toldOf(faults), mendable: !ok && writes.length > 0 })
    cure.push(...writes)
  }

  const log = await replayLog(patient)
  note('log', log.faults, `${log.height} batches follow from each other, and every state root is right`, log.cure)
  note(
    'clock',
    clockFaults(log.time, clock.now(), context.rules),
    `is not behind the last batch, of ${utc(Number(log.time))}`,
    [],
  )
  let isDamaged = log.faults.length > 0
  for (const space of derived) {
    progress(`comparing ${space}`)
    const { faults, writes } = await compare(store, log.fresh, space)
    note(space, faults, 'is what the log leads to', writes)
    isDamaged ||= faults.length > 0
  }
  progress('checking envelopes')
  const envelopes = await checkEnvelopes(store, log.fresh, context)
  note('envelopes', envelopes.faults, `${envelopes.count} are what was paid for`, envelopes.writes)
  const keys = await checkLockKeys(store, context)
  note('lock keys', keys.faults, `${keys.count} open their locks`, keys.writes)
  progress('checking marks')
  const marks = await checkMarks({ store, fresh: log.fresh, context, nowMs: Number(log.time), keepsAll })
  note('marks', marks.faults, `${marks.count} messages are here or asked for`, marks.writes)
  const books = await balance(isDamaged ? log.fresh : store, context.rules)
  note('money', books.faults, books.detail, [])
  const host = await checkEvidence(store, isDamaged)
  note('host', host.faults, 'has not contradicted itself', host.writes)
  return { findings, cure }
}

const toldOf = (faults: readonly string[]): string =>
  [...faults.slice(0, toldMax), ...(faults.length > toldMax ? [`and ${faults.length - toldMax} more`] : [])].join('; ')

/** A ledger is never ahead of a clock that is right: no node takes a batch of a time that has not come. */
function clockFaults(time: bigint, nowMs: number, { clockSkewMs }: Pick<Rules, 'clockSkewMs'>): string[] {
  if (time <= BigInt(nowMs + clockSkewMs)) return []
  return [
    `this machine’s clock says ${utc(nowMs)}, and the last batch is of ${utc(Number(time))}. Until the clock has come to that, nothing is settled here. Set the clock (and have it kept, by NTP). If this clock is right, the host’s was wrong: tell whoever runs the network`,
  ]
}

/**
 * The evidence that is kept against the host. Where the ledger was damaged, evidence that rests on what this node computed
 * is dropped; if the host did lie, the node finds it out again.
 */
async function checkEvidence(store: Store, isDamaged: boolean): Promise<{ faults: string[]; writes: Write[] }> {
  const faults: string[] = []
  const writes: Write[] = []
  for await (const [key, bytes] of store.disk.iterator(rangeOf('evidence'))) {
    const evidence = decoded(() => Evidence.decode(bytes))
    const height = U64.decode(key.slice(1))
    faults.push(evidence ? `evidence against the host at height ${height}` : `evidence at ${height} does not decode`)
    if (!evidence || (isDamaged && !contradict(evidence.first.header, evidence.second.header)))
      writes.push({ key, value: undefined })
  }
  return { faults, writes }
}

/** Minted − burned = funds + allowances + stamps + withdrawals, counted over every record. */
async function balance(store: Store, { coin }: Rules): Promise<{ faults: string[]; detail: string }> {
  let held = 0n
  for await (const { record } of store.records('accounts')) held += record.funds
  for await (const { record } of store.records('allowances')) held += record.amount
  let stamps = 0n
  for await (const { record } of store.records('pools')) stamps += record.amount
  let withdrawn = 0n
  for await (const { record } of store.records('withdrawals')) withdrawn += record.amount
  const { minted, burned } = supplyOf(await store.fetch([{ table: 'supply', key: supplyKey }]))
  const shown = (amount: bigint): string => amountText(amount, coin)
  const sum = `minted ${shown(minted)} − burned ${shown(burned)} = held ${shown(held)} + stamps ${shown(stamps)}`
  const left = withdrawn > 0n ? ` + withdrawn ${shown(withdrawn)}` : ''
  return {
    faults: minted - burned === held + stamps + withdrawn ? [] : [`it does not hold that ${sum}${left}`],
    detail: `${sum}${left}`,
  }
}

/** The decoded value, or undefined if it does not decode. */
function decoded<T>(decode: () => T): T | undefined {
  try {
    return decode()
  } catch {
    return undefined
  }
}

/** Replay the stored log, as far as it can be replayed, into a ledger in memory. */
async function replayLog({ store, context, genesis, clock, proofs, progress }: Patient) {
  const fresh = createStore(new MemoryLevel({ keyEncoding: 'view', valueEncoding: 'view' }) as unknown as Disk)
  const failed = (error: Error): void => {
    throw error
  }
  const sales = await createSales({ store: fresh, rules: context.rules })
  const replica = await createReplica({
    store: fresh,
    context,
    genesis,
    proofs,
    // What was taken once is not too early now, whatever this machine's clock says.
    clock: { ...clock, now: () => Number.MAX_SAFE_INTEGER },
    writesWith: sales.writesOf,
    onDiskFailure: failed,
  })
  replica.onSettled(sales.settled)
  const faults: string[] = []
  const cure: Write[] = []
  const head = (await store.head().catch(() => undefined))?.sealed.header.height
  for (let height = 1n; ; height++) {
    progress(`replaying batch ${height}${head ? ` of ${head}` : ''}`)
    const read = await store.batch(height).then(
      (batch) => batch ?? ('none' as const),
      () => 'undecodable' as const,
    )
    if (read === 'none' && (head === undefined || height > head)) break
    const taken = read === 'none' || read === 'undecodable' ? read : await replica.accept(read)
    if (taken === 'final') continue
    const why =
      taken === 'none' ? 'is missing' : taken === 'undecodable' ? 'does not decode' : (replica.halted ?? `is ${taken}`)
    faults.push(
      `batch ${height} ${taken === 'halted' ? `was changed: ${why}` : why}; it and what follows is fetched again from peers`,
    )
    const rest = await store.disk.keys({ gte: keyIn('batch', U64.encode(height)), lt: rangeOf('batch').lt }).all()
    cure.push(...rest.map((key) => ({ key, value: undefined })))
    const last = rest.at(-1)
    const known = [head ?? 0n, last ? U64.decode(last.slice(1)) : 0n, await store.signedTo().catch(() => 0n)]
    // Forgotten, a host would sign other batches of these heights, and everybody would stand still.
    cure.push({ key: keyIn('signed'), value: U64.encode(known.reduce((most, at) => (at > most ? at : most))) })
    break
  }
  const { height, time } = replica.head.sealed.header
  return { fresh, faults, cure, height, time }
}

/** Every difference between two stores in one space, and the writes that take the first to the second. */
async function compare(store: Store, fresh: Store, space: keyof typeof spaces) {
  const faults: string[] = []
  const writes: Write[] = []
  const range = rangeOf(space)
  for await (const [key, value] of fresh.disk.iterator(range)) {
    const stored = await store.get(key)
    if (stored && equalBytes(stored, value)) continue
    faults.push(`${nameOf(space, key)} ${stored ? 'was changed' : 'is missing'}`)
    writes.push({ key, value })
  }
  for await (const key of store.disk.keys(range)) {
    if (await fresh.get(key)) continue
    faults.push(`${nameOf(space, key)} does not follow from the log`)
    writes.push({ key, value: undefined })
  }
  return { faults, writes }
}

const nameOf = (space: string, key: Uint8Array): string =>
  `${space} ${bytesToHex(key.slice(1)).slice(0, 24) || 'record'}`
