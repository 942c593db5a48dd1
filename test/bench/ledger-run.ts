/**
 * One size of the ledger's benchmark, in a process of its own: `node ledger-run.ts '{"accounts":1000,"batches":6}'`.
 * Prints one JSON object. The host makes batches of sends; a second node replays them, with signatures not seen before
 * and then with signatures remembered from gossip.
 */
import { verify } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createVerifier } from '../../node/verified.ts'
import { sign } from '../../node/sign.ts'
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
import { profiled } from './profile.ts'

const {
  accounts,
  batches,
  active: activeCount,
} = JSON.parse(process.argv[2]!) as { accounts: number; batches: number; active: number }
const phases = {
  verify: ['verifySignature'],
  remembered: ['createVerifier'],
  fetch: ['fetch', 'due'],
  doorway: ['readOp'],
  apply: ['replay', 'choose'],
  commitment: ['conclude', 'opsRoot'],
  write: ['commit', 'writesOf', 'write', 'finish'],
}
const byText = new Map<string, Uint8Array>()
const opsPerBatch = 1000
const say = (text: string) => process.stderr.write(`${text}\n`)

const folder = mkdtempSync(join(tmpdir(), 'bmail-bench-'))
try {
  const result = await run()
  process.stdout.write(`${JSON.stringify(result)}\n`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function run() {
  const file = foundBenchNetwork({ time: BigInt(Date.now()) })
  const [a, b] = [join(folder, 'a'), join(folder, 'b')]
  mkdirSync(a)
  const active = createActive(Math.min(activeCount, accounts / 2))
  const addresses = createAddresses(accounts - active.length)
  let t = Date.now()
  const first = await openReplica(a, file, { verify: verifySignature })
  await writeAccounts(
    first.store,
    { addresses, active },
    (done) => done % 100000 === 0 && say(`${done} ${Date.now() - t}`),
  )
  await first.close()
  say(`written ${Date.now() - t}`)
  cpSync(a, b, { recursive: true })
  const { context } = first
  t = Date.now()
  const rounds: Incoming[][] = []
  for (let n = 0; n < batches * 3; n++) rounds.push(createSends(context, { active, addresses, count: opsPerBatch }))
  say(`signed ${Date.now() - t}`)

  const host = await openReplica(a, file, { verify: createVerifierOf(rounds.flat(), active) })
  const made: Batch[] = []
  const cpu = process.cpuUsage()
  t = performance.now()
  const p0 = await profiled(async () => {
    for (const ops of rounds) {
      const produced = await host.replica.produce(BigInt(Date.now()), ops, (digest) => sign(digest, hostKey))
      if (produced.made?.batch.ops.length !== opsPerBatch)
        throw new Error(JSON.stringify(produced.omitted.map((o) => o.reason).slice(0, 3)))
      made.push(produced.made.batch)
    }
  }, phases)
  report('host warm', rounds.length * opsPerBatch, t, cpu)
  console.error(p0)
  await host.close()
  const remembered = createVerifier()
  const opened = performance.now()
  const before = process.memoryUsage()
  const follower = await openReplica(b, file, { verify: remembered })
  say(`opened in ${performance.now() - opened} ${process.memoryUsage().arrayBuffers - before.arrayBuffers}`)
  bare(active, rounds[0]!)
  {
    const cpu = process.cpuUsage()
    t = performance.now()
    const p = await profiled(async () => {
      for (const batch of made.slice(0, batches))
        if ((await follower.replica.accept(batch)) !== 'final') throw new Error('no')
    }, phases)
    report('cold', batches * opsPerBatch, t, cpu)
    console.error(p)
  }
  bare(active, rounds[0]!)
  for (const { id, signature, op } of rounds.slice(batches).flat())
    remembered({ digest: id, signature, key: keyOf(active, op.account) })
  {
    const cpu = process.cpuUsage()
    t = performance.now()
    const p = await profiled(async () => {
      for (const batch of made.slice(batches))
        if ((await follower.replica.accept(batch)) !== 'final') throw new Error('no')
    }, phases)
    report('warm', batches * 2 * opsPerBatch, t, cpu)
    console.error(p)
  }
  bare(active, rounds[0]!)
  await follower.close()
  return process.memoryUsage()
}

function report(name: string, ops: number, t: number, cpu: NodeJS.CpuUsage) {
  const ms = performance.now() - t
  const { user, system } = process.cpuUsage(cpu)
  say(`${name}: ${Math.round((ops / ms) * 1000)}/s wall, ${Math.round((ops / (user + system)) * 1e6)}/s cpu`)
}


function keyOf(active: any[], address: Uint8Array): Uint8Array {
  if (byText.size === 0) for (const a of active) byText.set(Buffer.from(a.address).toString('hex'), a.signingKey)
  return byText.get(Buffer.from(address).toString('hex'))!
}
function bare(active: any[], ops: Incoming[]) {
  const cpu = process.cpuUsage()
  const t = performance.now()
  for (const { id, signature, op } of ops)
    if (!verifySignature({ digest: id, signature, key: keyOf(active, op.account) })) throw new Error('bad')
  report('bare', ops.length, t, cpu)
}

function createVerifierOf(ops: readonly Incoming[], active: any[]) {
  return () => true
}

void verify
