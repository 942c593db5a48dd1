/** What it costs to find out whether a message under a pass is good: the pass was proven once, and a message has a signature. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPending } from '../../node/peers/pending.ts'
import { atTime } from '../../node/peers/state-ahead.ts'
import { keyIn, type Store } from '../../node/ledger/store.ts'
import { type Incoming, readOp } from '../../protocol/doorway.ts'
import { apply } from '../../protocol/ledger.ts'
import { touches } from '../../protocol/touches.ts'
import { verifySignature } from '../../protocol/signature.ts'
import { encodeRecord, metaKey, metaOf, tables, type View } from '../../protocol/state.ts'
import {
  type Active,
  createActive,
  createAddresses,
  createSends,
  foundBenchNetwork,
  openReplica,
  writeAccounts,
} from './crowd.ts'
import { digits, median, spent } from './measure.ts'
import { bareVerifications, perSecondOf } from './yardstick.ts'
import { plainProofs } from '../kit/plain-proofs.ts'

/** Milliseconds of one core for one message. */
export type MessageCost = {
  /** A signature alone, its key imported. */
  readonly signatureMs: number
  /** From bytes through the doorway and the ledger's `apply`, which checks the signature; the records are at hand. */
  readonly applyMs: number
  /** The same with everything that waits before it, and the records read from disk: what gossip waits for. */
  readonly gossipMs: number
}

const count = 400

export async function messageCost({ rounds }: { rounds: number }): Promise<MessageCost> {
  const folder = mkdtempSync(join(tmpdir(), 'bmail-bench-'))
  try {
    return await measured(folder, rounds)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measured(folder: string, rounds: number): Promise<MessageCost> {
  const file = foundBenchNetwork({ time: BigInt(Date.now()) })
  const active = createActive(count)
  const addresses = createAddresses(1_000)
  const begun = await openReplica(folder, file, { verify: verifySignature })
  await writeAccounts(begun.store, { addresses, active })
  await writePasses(begun.store, active)
  await begun.close()
  const { replica, context, close } = await openReplica(folder, file, { verify: verifySignature })
  const pending = createPending(replica, { clock: { now: Date.now }, proofs: plainProofs })
  const costs: MessageCost[] = []
  for (let round = 0; round < rounds; round++) {
    for (const sender of active) sender.nonce = 0n
    const sends = createSends(context, { active, addresses, count, epochKeyOf })
    const views = new Map<Incoming, View>()
    for (const send of sends) views.set(send, atTime(await replica.view(touches(context, send)), Date.now()))
    const signatures = perSecondOf(await bareVerifications())
    const applied = await spent(() => {
      for (const send of sends) settled(apply(views.get(send)!, context, through(send)).kind)
    })
    const gossip = await spent(async () => {
      for (const send of sends) settled((await pending.check(through(send))).ok ? 'settled' : 'refused')
    })
    costs.push({
      signatureMs: 1000 / signatures.cpu,
      applyMs: applied.cpuMs / count,
      gossipMs: gossip.cpuMs / count,
    })
  }
  await close()
  const middle = (of: keyof MessageCost) => digits(median(costs.map((cost) => cost[of])))
  return { signatureMs: middle('signatureMs'), applyMs: middle('applyMs'), gossipMs: middle('gossipMs') }

  function through({ bytes }: Incoming): Incoming {
    const read = readOp(bytes, context)
    if (!read.ok) throw new Error(`The doorway refuses a send of the benchmark: ${read.reason}.`)
    return read.value
  }
}

function settled(kind: string): void {
  if (kind !== 'settled') throw new Error(`A send of the benchmark is ${kind}.`)
}

/** A pass of tier 1 for everybody, as if it had been proven. */
async function writePasses(store: Store, active: readonly Active[]): Promise<void> {
  const { epoch } = metaOf(await store.fetch([{ table: 'meta', key: metaKey }]))
  const empty = { positive: 0n, negative: 0n, valueSpent: 0n, flagSpent: 0n, falls: [] }
  await store.write(
    active.map((sender) => ({
      key: keyIn('state', Uint8Array.of(tables.passes.number), epochKeyOf(sender)),
      value: encodeRecord('passes', { pseudonym: sender.address, epoch, tier: 1, ...empty }),
    })),
  )
}

const epochKeyOf = ({ address }: Active): Uint8Array => address.toReversed()
