/**
 * One size of the ledger's benchmark, in a process of its own: `node ledger-run.ts '{"accounts":1000,"batches":6}'`.
 * A host makes batches of 1,000 sends; a second node replays them, first with signatures that it has not seen, then
 * with signatures that it remembers, as after gossip. Prints one JSON object.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createVerifier } from '../../node/ledger/verified.ts'
import { sign } from '../../node/keys/sign.ts'
import type { Incoming } from '../../protocol/doorway.ts'
import type { Batch } from '../../protocol/gossip.ts'
import { verifySignature } from '../../protocol/signature.ts'
import {
  createActive,
  createAddresses,
  createSends,
  foundBenchNetwork,
  hostKey,
  openReplica,
  writeAccounts,
} from './crowd.ts'
import { digits, median, megabytes, type Spent, spent, tell } from './measure.ts'
import { type Profiled, profiled } from './profile.ts'
import { bareVerifications, perSecondOf } from './yardstick.ts'

/** One way of settling sends. The ratios are medians over batches, each against signatures verified just before it. */
export type Rate = {
  readonly perSecond: number
  readonly perCpuSecond: number
  /** Sends a second over bare verifications a second. */
  readonly ofVerify: number
  readonly ofVerifyCpu: number
}

export type LedgerSize = {
  readonly accounts: number
  readonly senders: number
  /** Bare verifications of one core: node:crypto, keys imported. */
  readonly verifyPerSecond: number
  /** Replaying a batch whose signatures were never seen: everything that the figure to hold names. */
  readonly cold: Rate
  /** The same, of people of whom nothing was ever verified: their keys are imported too. */
  readonly strangers: Rate
  /** Replaying after gossip: the signatures are remembered. */
  readonly warm: Rate
  /** Making the batches, after gossip. */
  readonly host: Rate
  readonly profile: Profiled
  readonly treeMegabytes: number
  readonly openMs: number
  readonly residentMegabytes: number
}

const opsPerBatch = 1000
const warmUps = 2

type Round = { readonly ops: readonly Incoming[]; readonly keys: readonly Uint8Array[] }

async function run({ accounts, batches }: { accounts: number; batches: number }): Promise<LedgerSize> {
  const file = foundBenchNetwork({ time: BigInt(Date.now()) })
  const [hostHome, ownHome] = [join(folder, 'host'), join(folder, 'own')]
  mkdirSync(hostHome)
  const active = createActive(Math.min(2_000, accounts / 2))
  const strangers = createActive(opsPerBatch * 3)
  const addresses = createAddresses(accounts - active.length)
  const begun = await openReplica(hostHome, file, { verify: verifySignature })
  await writeAccounts(begun.store, { addresses, active: [...active, ...strangers] })
  await begun.close()
  cpSync(hostHome, ownHome, { recursive: true })
  tell(`ledger: ${accounts} accounts are written; signing`)

  const roundOf = (from: typeof active): Round => {
    const ops = createSends(begun.context, { active: from, addresses, count: opsPerBatch })
    return { ops, keys: ops.map((_, at) => from[at % from.length]!.signingKey) }
  }
  const rounds = (count: number): Round[] =>
    Array.from({ length: count }, () => {
      active.push(...active.splice(0, opsPerBatch % active.length))
      return roundOf(active)
    })
  const plan = { warmUp: rounds(warmUps), cold: rounds(batches), profile: rounds(batches), warm: rounds(batches) }
  const fresh = Array.from({ length: 3 }, (_, at) => roundOf(strangers.slice(at * opsPerBatch, (at + 1) * opsPerBatch)))
  const all = [...plan.warmUp, ...plan.cold, ...fresh, ...plan.profile, ...plan.warm]

  const made = new Map<Round, Batch>()
  const host = await openReplica(hostHome, file, { verify: () => true })
  const hostRates = await rated(all, async (round) => {
    const { made: produced } = await host.replica.produce(BigInt(Date.now()), round.ops, (digest) =>
      sign(digest, hostKey),
    )
    if (produced?.batch.ops.length !== opsPerBatch) throw new Error('the host left out a send of the benchmark')
    made.set(round, produced.batch)
  })
  await host.close()

  const verify = createVerifier()
  globalThis.gc?.()
  const before = process.memoryUsage().arrayBuffers
  const openedAt = performance.now()
  const own = await openReplica(ownHome, file, { verify })
  const openMs = performance.now() - openedAt
  globalThis.gc?.()
  const treeBytes = process.memoryUsage().arrayBuffers - before
  const settle = async (round: Round): Promise<void> => {
    const taken = await own.replica.accept(made.get(round)!)
    if (taken !== 'final') throw new Error(`a batch of the benchmark is ${taken}`)
  }
  tell(`ledger: ${accounts} accounts, replaying`)
  await rated(plan.warmUp, settle)
  const cold = await rated(plan.cold, settle)
  const strange = await rated(fresh, settle)
  const profile = await profiled(async () => {
    for (const round of plan.profile) await settle(round)
  }, phases)
  for (const round of plan.warm) eachSigned(round, verify)
  const warm = await rated(plan.warm, settle)
  await own.close()
  return {
    accounts,
    senders: active.length,
    verifyPerSecond: Math.round(median([...cold, ...warm].map(({ bare }) => bare.cpu))),
    cold: rateOf(cold),
    strangers: rateOf(strange),
    warm: rateOf(warm),
    host: rateOf(hostRates.slice(warmUps)),
    profile,
    treeMegabytes: megabytes(treeBytes),
    openMs: Math.round(openMs),
    residentMegabytes: megabytes(process.memoryUsage().rss),
  }
}

/** The functions that a phase begins with. */
const phases = {
  verify: ['verifySignature'],
  doorway: ['readOp'],
  fetch: ['viewFor', 'fetch'],
  apply: ['replay'],
  pricing: ['quote', 'noteTraffic'],
  commitment: ['conclude', 'opsRoot'],
  write: ['commit'],
  memory: ['(garbage collector)'],
}

type Measured = { readonly batch: Spent; readonly bare: ReturnType<typeof perSecondOf> }

/** Settle batches one by one, each right after as many bare verifications. */
async function rated(rounds: readonly Round[], settle: (round: Round) => Promise<void>): Promise<Measured[]> {
  const measured: Measured[] = []
  for (const round of rounds) {
    const bare = perSecondOf(await bareVerifications())
    measured.push({ bare, batch: await spent(() => settle(round)) })
  }
  return measured
}

function rateOf(measured: readonly Measured[]): Rate {
  return {
    perSecond: Math.round(median(measured.map(({ batch }) => perSecond(batch.wallMs)))),
    perCpuSecond: Math.round(median(measured.map(({ batch }) => perSecond(batch.cpuMs)))),
    ofVerify: digits(median(measured.map(({ batch, bare }) => perSecond(batch.wallMs) / bare.wall))),
    ofVerifyCpu: digits(median(measured.map(({ batch, bare }) => perSecond(batch.cpuMs) / bare.cpu))),
  }
}

const perSecond = (ms: number): number => (opsPerBatch / ms) * 1000

function eachSigned({ ops, keys }: Round, verify: typeof verifySignature): void {
  for (const [at, { id, signature }] of ops.entries())
    if (!verify({ digest: id, signature, key: keys[at]! })) throw new Error('a signature of the benchmark is wrong')
}

const folder = mkdtempSync(join(tmpdir(), 'bmail-bench-'))
try {
  process.stdout.write(`${JSON.stringify(await run(JSON.parse(process.argv[2]!)))}\n`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
