/** The thread on which proofs are verified. */
import type { Statement } from '../../protocol/statement.ts'
import { type Artifacts, keyFilesOf } from './artifacts.ts'
import { openThread } from '../thread.ts'
import type { Engine } from './verify.ts'

/** Verify on a thread, whose randomness is its own. Each question may take `timeoutMs`. */
export function openProofThread({ artifacts, timeoutMs }: { artifacts: Artifacts; timeoutMs: number }): Engine {
  const module = new URL('./proof-worker.ts', import.meta.url)
  const data = keyFilesOf(artifacts)
  const thread = openThread<readonly Statement[], boolean[]>({ module, data, timeoutMs, memoryMegabytes: 128 })
  return {
    verifyEach: (statements) => thread.ask(statements),
    close: () => thread.close(),
    get restarts() {
      return Math.max(0, thread.starts - 1)
    },
  }
}
