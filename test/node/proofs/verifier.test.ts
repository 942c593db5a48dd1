/** What stands between whoever asks and the mathematics: memory, batches, the thread and its end. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { test } from 'tap'
import { keyFilesOf, loadArtifacts } from '../../../node/proofs/artifacts.ts'
import { startCurve } from '../../../node/proofs/curve.ts'
import { checkProofs, loadSamples } from '../../../node/proofs/proof-check.ts'
import { openThread } from '../../../node/thread.ts'
import { createProofVerifierInPlace } from '../../../node/proofs/verify-in-place.ts'
import { createProofVerifier, type Engine, gatherProofs, ProofsBusyError } from '../../../node/proofs/verify.ts'
import type { Statement } from '../../../protocol/statement.ts'
import { rerandomised } from '../../kit/forgery.ts'
import { patienceMs, until } from '../../kit/patience.ts'

await startCurve()
const artifacts = loadArtifacts()
const samples = loadSamples()
const [pass, renew, stamp] = samples as [Statement, Statement, Statement]
const key = keyFilesOf(artifacts).stamp

const many = Array.from({ length: 12 }, (_, at) => ({
  ...stamp,
  proof: rerandomised(stamp.proof, key, { r: BigInt(at + 2), s: 3n }),
}))
const bad = (number: number): Statement => ({ ...pass, signals: pass.signals.with(-1, BigInt(number)) })

let drawn = 0
const seeded = (length: number) =>
  new Uint8Array(createHash('shake256', { outputLength: length }).update(`${drawn++}`).digest())

/** The real engine, which writes down what it is asked, and answers only when it is let. */
async function watched(limits = {}) {
  const inPlace = await createProofVerifierInPlace({ artifacts, random: seeded })
  const asked: (readonly Statement[])[] = []
  let gate = Promise.withResolvers<void>()
  const engine: Engine = {
    async verifyEach(statements) {
      asked.push(statements)
      await gate.promise
      return inPlace.verify(statements)
    },
    close: async () => {},
    restarts: 0,
  }
  const verifier = gatherProofs(engine, { artifacts, limits })
  return {
    verifier,
    asked,
    open: () => gate.resolve(),
    shut: () => {
      gate = Promise.withResolvers<void>()
    },
  }
}

test('verifier: answers are remembered, good ones and bad ones', async (t) => {
  const { verifier, asked, open } = await watched()
  open()
  t.strictSame(await verifier.verify([pass, bad(202), stamp]), [true, false, true])
  t.strictSame(await verifier.verify([stamp, bad(202), pass]), [true, false, true])
  t.equal(asked.length, 1)
  t.match(verifier.stats, { held: 2, failed: 1, remembered: 3, batches: 1, waiting: 0 })
})

test('verifier: what was made here and is tried out leaves no trace, so that it counts like anybody’s when it is shown', async (t) => {
  const { verifier, asked, open } = await watched()
  open()
  const counts = ({ held, failed, remembered, joined, waiting }: typeof verifier.stats) => ({
    held,
    failed,
    remembered,
    joined,
    waiting,
  })
  const before = counts(verifier.stats)
  t.strictSame(await Promise.all([pass, bad(202), pass].map(verifier.tryOut)), [true, false, true])
  t.strictSame(await verifier.tryOut({ ...pass, signals: [] }), false)
  t.strictSame(counts(verifier.stats), before)
  t.equal(asked.flat().length, 3)
  t.strictSame(await verifier.verify([pass]), [true])
  t.match(counts(verifier.stats), { held: 1, failed: 0, remembered: 0, joined: 0 }, 'as if it came from elsewhere')
})

test('verifier: what is no statement is false at once, and costs nothing', async (t) => {
  const { verifier, asked } = await watched()
  const wrong = [
    { ...pass, signals: [] },
    { ...pass, signals: [...pass.signals, 1n] },
    { ...pass, signals: pass.signals.with(0, -1n) },
    { ...pass, signals: pass.signals.with(0, 2n ** 255n) },
    { ...pass, proof: pass.proof.subarray(1) },
    { ...pass, proof: new Uint8Array() },
  ]
  t.strictSame(
    await verifier.verify(wrong),
    wrong.map(() => false),
  )
  t.equal(asked.length, 0)
})

test('verifier: whoever asks meanwhile shares the answer; what is new goes together in the next batch', async (t) => {
  const { verifier, asked, open } = await watched()
  const first = verifier.verify([pass])
  await Promise.resolve()
  const others = [verifier.verify([pass]), verifier.verify([many[0]!, renew]), verifier.verify([many[1]!, pass])]
  open()
  t.strictSame(await first, [true])
  t.strictSame(await Promise.all(others), [[true], [true, true], [true, true]])
  t.strictSame(
    asked.map(({ length }) => length),
    [1, 3],
  )
  t.equal(verifier.stats.joined, 2)
})

test('verifier: what is known is answered while proofs are being verified', async (t) => {
  const { verifier, open, shut } = await watched()
  open()
  await verifier.verify([pass, bad(203)])
  shut()
  const late = verifier.verify([stamp])
  t.strictSame(await verifier.verify([pass, bad(203)]), [true, false])
  open()
  t.strictSame(await late, [true])
})

test('verifier: at most 64 go in one batch', async (t) => {
  const { verifier, asked, open } = await watched()
  open()
  const answers = await verifier.verify(Array.from({ length: 130 }, (_, at) => bad(at + 300)))
  t.notOk(answers.includes(true))
  t.strictSame(
    asked.map(({ length }) => length),
    [64, 64, 2],
  )
})

test('verifier: the memories are bounded, and bad ones drive out no good one', async (t) => {
  const { verifier, asked, open } = await watched({ rememberedMax: 3, rememberedBadMax: 2 })
  open()
  await verifier.verify([pass, renew, stamp])
  await verifier.verify([bad(202), bad(203), bad(204)])
  t.equal(asked.length, 2)
  await verifier.verify([pass, renew, stamp, bad(203), bad(204)])
  t.equal(asked.length, 2, 'these are still known')
  await verifier.verify([bad(202)])
  t.equal(asked.length, 3, 'the oldest bad one was forgotten')
  await verifier.verify([many[0]!])
  await verifier.verify([pass])
  t.equal(asked.length, 5, 'and so was the oldest good one')
})

test('verifier: where too many wait, no more are taken, but what is known is answered', async (t) => {
  const { verifier, open, shut } = await watched({ waitingMax: 3 })
  open()
  await verifier.verify([pass])
  shut()
  const busy = verifier.verify([renew])
  await Promise.resolve()
  await Promise.resolve()
  const waiting = verifier.verify(many.slice(0, 3))
  await t.rejects(verifier.verify([many[3]!]), ProofsBusyError)
  await t.rejects(verifier.verify([many[0]!, many[4]!]), ProofsBusyError)
  t.strictSame(await verifier.verify([pass]), [true])
  open()
  t.strictSame(await busy, [true])
  t.strictSame(await waiting, [true, true, true])
  t.strictSame(await verifier.verify([many[3]!]), [true], 'and later it is')
})

test('verifier: the thread verifies as the place does', async (t) => {
  const verifier = createProofVerifier({ artifacts })
  t.teardown(() => verifier.close())
  await checkProofs(verifier, loadSamples())
  const batch = [...many, bad(205), renew, bad(206)]
  t.strictSame(await verifier.verify(batch), [...many.map(() => true), false, true, false])
  t.equal(verifier.stats.restarts, 0)
  await verifier.close()
  await t.rejects(verifier.verify([{ ...bad(207) }]), { cause: { message: 'The thread is closed.' } })
  t.strictSame(await verifier.verify([pass]), [true], 'what it knows it still knows')
})

/** The thread of proofs, with a mistake. */
function openFaulty(timeoutMs: number) {
  const module = new URL('../../kit/crashing-worker.ts', import.meta.url)
  const data = keyFilesOf(artifacts)
  const thread = openThread<readonly Statement[], boolean[]>({ module, data, timeoutMs, memoryMegabytes: 128 })
  const engine = { verifyEach: thread.ask, close: thread.close, restarts: 0 }
  return { thread, verifier: gatherProofs(engine, { artifacts, limits: {} }) }
}

test('verifier: a thread that falls over is started again, and only what made it fall goes without an answer', async (t) => {
  const { thread, verifier } = openFaulty(patienceMs)
  t.teardown(() => verifier.close())
  const batch = [many[0]!, many[1]!, bad(666), renew, bad(208)]
  const answers = batch.map((statement) => verifier.verify([statement]))
  t.strictSame(
    (await Promise.allSettled(answers)).map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  )
  t.strictSame(await verifier.verify([many[0]!, renew, bad(208)]), [true, true, false])
  t.ok(thread.starts > 1)
})

test('verifier: a thread that says nothing is ended, and another started', async (t) => {
  const { verifier } = openFaulty(3_000)
  t.teardown(() => verifier.close())
  await t.rejects(verifier.verify([bad(667)]), { message: 'The proof could not be verified.' })
  // The other may be late as well, where a thread takes seconds to start.
  t.strictSame(await until('another verifies', () => verifier.verify([pass])), [true])
})

test('verifier: it keeps no process alive', async (t) => {
  const program = join(import.meta.dirname, '../../kit/verify-once.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: patienceMs })
  t.equal(stdout, 'verified\n')
})
