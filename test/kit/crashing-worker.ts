/** The thread of proofs with a mistake in it: it ends at a statement with the beneficiary 666, and says nothing to 667. */
import { randomBytes } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { startCurve } from '../../node/proofs/curve.ts'
import { readKeys, verifyEach } from '../../node/proofs/groth16.ts'
import type { Statement } from '../../protocol/statement.ts'

await startCurve()
const keys = readKeys(workerData)
parentPort?.on('message', (statements: readonly Statement[]) => {
  const last = statements.map(({ signals }) => signals.at(-1))
  if (last.includes(666n)) throw new Error('what nobody foresaw')
  if (last.includes(667n)) return
  parentPort?.postMessage(verifyEach(keys, statements, randomBytes))
})
