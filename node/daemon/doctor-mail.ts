/**
 * What the doctor looks at beside the ledger: envelopes and lock keys against their hashes, and the marks by which what is
 * not here is asked for. What has to come from peers is forgotten and marked, so that the node asks for it again.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { equalBytes, U64 } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import { Envelope, envelopeHash, messageId } from '../../protocol/envelope.ts'
import { shardsOf } from '../../protocol/gossip.ts'
import { checkLockKey } from '../../protocol/lock.ts'
import type { Message } from '../../protocol/state.ts'
import { askingFor, writesOfKept } from '../envelopes/envelope-records.ts'
import { writeOfClosed } from '../envelopes/lock-records.ts'
import { keyIn, rangeOf, type Store, type Write } from '../ledger/store.ts'

type Looked = { readonly faults: string[]; readonly writes: Write[]; count: number }

/** Every envelope is the one that was paid for. `fresh` is the state that the log leads to. */
export async function checkEnvelopes(store: Store, fresh: Store, { network }: Context): Promise<Looked> {
  const looked: Looked = { faults: [], writes: [], count: 0 }
  for await (const [key, bytes] of store.disk.iterator(rangeOf('envelope'))) {
    looked.count++
    const id = key.slice(1)
    const record = (await fresh.fetch([{ table: 'messages', key: id }])).read('messages', id)
    if (record && equalBytes(nameFrom(record, network, bytes), id)) continue
    looked.faults.push(`the envelope of ${shortly(id)} was changed; it is fetched again from peers`)
    looked.writes.push({ key, value: undefined })
    if (record) looked.writes.push(askingFor({ height: record.height, message: id }))
  }
  return looked
}

const nameFrom = ({ sender, recipients }: Message, network: Uint8Array, bytes: Uint8Array): Uint8Array =>
  messageId({
    network,
    sender,
    recipients: recipients.map(({ address }) => address),
    envelopeHash: envelopeHash(network, bytes),
  })

/** Every lock key opens its lock. */
export async function checkLockKeys(store: Store, { network }: Context): Promise<Looked> {
  const looked: Looked = { faults: [], writes: [], count: 0 }
  for await (const [key, lockKey] of store.disk.iterator(rangeOf('lockKey'))) {
    looked.count++
    const id = key.slice(9)
    const bytes = await store.get(keyIn('envelope', id))
    if (!bytes || opens(network, bytes, lockKey)) continue
    looked.faults.push(`the lock key of ${shortly(id)} was changed; it is asked for again`)
    looked.writes.push({ key, value: undefined }, writeOfClosed({ height: U64.decode(key.slice(1, 9)), message: id }))
  }
  return looked
}

/** An envelope that does not decode was changed itself, and is looked at as such. */
function opens(network: Uint8Array, bytes: Uint8Array, lockKey: Uint8Array): boolean {
  let envelope: Envelope
  try {
    envelope = Envelope.decode(bytes)
  } catch {
    return true
  }
  return checkLockKey(network, envelope, lockKey)
}

type Keeping = {
  readonly store: Store
  readonly fresh: Store
  readonly context: Context
  readonly nowMs: number
  /** Whether this node keeps everybody's mail, as relays and keepers do. Whose else it keeps only its wallet says. */
  readonly keepsAll: boolean
}

/** Each message within its lifetime is here or asked for, and has a lock key or is marked as closed. */
export async function checkMarks({ store, fresh, context, nowMs, keepsAll }: Keeping): Promise<Looked> {
  const looked: Looked = { faults: [], writes: [], count: 0 }
  const marks = {
    kept: await idsIn(store, 'keptUntil'),
    missing: await idsIn(store, 'missing'),
    closed: await idsIn(store, 'closed'),
    lockKeys: await idsIn(store, 'lockKey'),
    served: await servedIn(store),
  }
  for await (const { key: message, record } of fresh.records('messages')) {
    if (record.keptUntil <= BigInt(nowMs)) continue
    looked.count++
    const name = bytesToHex(message)
    const { height, keptUntil } = record
    const bytes = await store.get(keyIn('envelope', message))
    const shards = [
      ...shardsOf(
        record.recipients.map(({ address }) => address),
        context.rules.mailShards,
      ),
    ]
    const need = (isThere: boolean, what: string, ...writes: Write[]): void => {
      if (isThere) return
      looked.faults.push(`${shortly(message)} ${what}`)
      looked.writes.push(...writes)
    }
    if (!bytes && keepsAll)
      need(marks.missing.has(name), 'is neither here nor asked for', askingFor({ height, message }))
    if (bytes) {
      const isServed = !keepsAll || shards.every((shard) => marks.served.has(`${shard} ${name}`))
      const kept = writesOfKept({ height, message }, { shards: keepsAll ? shards : [], keptUntil, bytes })
      need(marks.kept.has(name) && isServed, 'is here and not served', ...kept)
    }
    if (bytes || keepsAll) {
      const isMarked = marks.lockKeys.has(name) || marks.closed.has(name)
      need(isMarked, 'has no lock key, and none is asked for', writeOfClosed({ height, message }))
    }
  }
  return looked
}

/** The messages that have a record under a height or a time in a space. */
async function idsIn({ disk }: Store, space: 'keptUntil' | 'missing' | 'closed' | 'lockKey'): Promise<Set<string>> {
  const ids = new Set<string>()
  for await (const key of disk.keys(rangeOf(space))) ids.add(bytesToHex(key.subarray(9)))
  return ids
}

async function servedIn({ disk }: Store): Promise<Set<string>> {
  const ids = new Set<string>()
  for await (const key of disk.keys(rangeOf('shard'))) ids.add(`${key[1]} ${bytesToHex(key.subarray(10))}`)
  return ids
}

const shortly = (id: Uint8Array): string => bytesToHex(id).slice(0, 16)
