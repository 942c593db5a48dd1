/**
 * The doctor: replays the whole log into a second ledger and holds everything stored against it, and every envelope and
 * lock key against its hash. What can be made again is mended; what has to come from peers is forgotten, so that the
 * node asks for it again.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { MemoryLevel } from 'memory-level'
import { equalBytes, U64 } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import { Envelope, envelopeHash, messageId } from '../../protocol/envelope.ts'
import { checkLockKey } from '../../protocol/lock.ts'
import { contradict } from '../../protocol/gossip.ts'
import type { Genesis } from '../../protocol/rules.ts'
import { type Message, metaKey, metaOf } from '../../protocol/state.ts'
import { createReplica } from '../ledger/replica.ts'
import type { Clock, Disk, Proofs } from '../seams.ts'
import type { Finding } from '../service.ts'
import { createSales } from '../ledger/sales.ts'
import { createStore, keyIn, rangeOf, type spaces, type Store, type Write } from '../ledger/store.ts'

type Patient = {
  readonly store: Store
  readonly context: Context
  readonly genesis: Genesis
  readonly clock: Clock
  readonly proofs: Proofs
  /** Called now and then with what is being looked at. */
  readonly progress: (what: string) => void
}

/** What was found, and the writes that mend it. */
type Diagnosis = { readonly findings: readonly Finding[]; readonly cure: readonly Write[] }

/** What follows from the log alone, and so can be compared and made again. */
const derived = ['state', 'leaf', 'outcomes', 'op', 'head', 'sold'] as const

/** Look at everything. Reads only. */
export async function examine(patient: Patient): Promise<Diagnosis> {
  const { store, context, progress } = patient
  const findings: Finding[] = []
  const cure: Write[] = []
  const note = (check: string, faults: readonly string[], good: string) =>
    findings.push({
      check,
      ok: faults.length === 0,
      detail: faults.length === 0 ? good : faults.slice(0, 20).join('; '),
    })

  const log = await replayLog(patient)
  note('log', log.faults, `${log.height} batches follow from each other, and every state root is right`)
  cure.push(...log.cure)
  let isDamaged = log.faults.length > 0
  for (const space of derived) {
    progress(`comparing ${space}`)
    const { faults, writes } = await compare(store, log.fresh, space)
    note(space, faults, 'is what the log leads to')
    cure.push(...writes)
    isDamaged ||= faults.length > 0
  }
  progress('checking envelopes')
  const envelopes = await checkEnvelopes(store, log.fresh, context)
  note('envelopes', envelopes.faults, `${envelopes.count} are what was paid for`)
  const keys = await checkLockKeys(store, context)
  note('lock keys', keys.faults, `${keys.count} open their locks`)
  cure.push(...envelopes.writes, ...keys.writes)
  const books = await balance(store)
  note('money', books.faults, books.detail)
  const evidence = await store.evidence()
  note(
    'host',
    evidence.map(({ second }) => `evidence against the host at height ${second.header.height}`),
    'has not contradicted itself',
  )
  // What a damaged ledger accused the host of counts for nothing. If the host did lie, it is found out again.
  if (isDamaged)
    for (const { first, second } of evidence)
      if (!contradict(first.header, second.header))
        cure.push({ key: keyIn('evidence', U64.encode(first.header.height)), value: undefined })
  return { findings, cure }
}

/** Minted − burned = funds + allowances + stamps + pot, counted over every record. */
async function balance(store: Store): Promise<{ faults: string[]; detail: string }> {
  let held = 0n
  for await (const { record } of store.records('accounts')) held += record.funds
  for await (const { record } of store.records('grants')) held += record.allowance
  const { minted, burned, pot, stamps } = metaOf(await store.fetch([{ table: 'meta', key: metaKey }]))
  const sum = `minted ${minted} − burned ${burned} = held ${held} + stamps ${stamps} + pot ${pot}`
  return { faults: minted - burned === held + stamps + pot ? [] : [`it does not hold that ${sum}`], detail: sum }
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
    if (height % 1_000n === 0n) progress(`replaying batch ${height}`)
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
    break
  }
  return { fresh, faults, cure, height: replica.head.sealed.header.height }
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

async function checkEnvelopes(store: Store, fresh: Store, { network }: Context) {
  const faults: string[] = []
  const writes: Write[] = []
  let count = 0
  for await (const [key, bytes] of store.disk.iterator(rangeOf('envelope'))) {
    count++
    const id = key.slice(1)
    const record = (await fresh.fetch([{ table: 'messages', key: id }])).read('messages', id)
    if (record && equalBytes(nameFrom(record, network, bytes), id)) continue
    faults.push(`the envelope of ${bytesToHex(id).slice(0, 16)} was changed; it is fetched again from peers`)
    writes.push({ key, value: undefined })
    if (record) writes.push({ key: keyIn('missing', U64.encode(record.height), id), value: Uint8Array.of() })
  }
  return { faults, writes, count }
}

const nameFrom = ({ sender, recipients }: Message, network: Uint8Array, bytes: Uint8Array): Uint8Array =>
  messageId({
    network,
    sender,
    recipients: recipients.map(({ address }) => address),
    envelopeHash: envelopeHash(network, bytes),
  })

async function checkLockKeys(store: Store, { network }: Context) {
  const faults: string[] = []
  const writes: Write[] = []
  let count = 0
  for await (const [key, lockKey] of store.disk.iterator(rangeOf('lockKey'))) {
    count++
    const id = key.slice(9)
    const bytes = await store.get(keyIn('envelope', id))
    if (!bytes || checkLockKey(network, Envelope.decode(bytes), lockKey)) continue
    faults.push(`the lock key of ${bytesToHex(id).slice(0, 16)} was changed; it is asked for again`)
    writes.push({ key, value: undefined }, { key: keyIn('closed', key.slice(1, 9), id), value: Uint8Array.of() })
  }
  return { faults, writes, count }
}

const nameOf = (space: string, key: Uint8Array): string =>
  `${space} ${bytesToHex(key.slice(1)).slice(0, 24) || 'record'}`
