/** The thread of `proof-thread.ts`: statements in, which of them hold out. Its coefficients nobody else can know. */
import { randomBytes } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import type { Statement } from '../../protocol/statement.ts'
import { startCurve } from './curve.ts'
import { readKeys, verifyEach } from './groth16.ts'

await startCurve()
const keys = readKeys(workerData)
parentPort?.on('message', (statements: readonly Statement[]) =>
  parentPort?.postMessage(verifyEach(keys, statements, randomBytes)),
)
