/** Makes one proof in a process of its own, as a daemon does, and says what that took. */
import { makeProof, stopProving, type Task } from '../../node/proofs/make-proof.ts'

/** What making a proof took. `readyMs` is from the start of the process until the witness begins. */
export type Made = {
  readonly readyMs: number
  readonly witnessMs: number
  readonly proveMs: number
  readonly cpuMs: number
  readonly peakBytes: number
}

process.once('message', async (task: Task) => {
  const at: Record<string, number> = {}
  await makeProof(task, (progress) => {
    at[progress] = performance.now()
  })
  const done = performance.now()
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
  await stopProving()
  const made: Made = {
    readyMs: at.witness!,
    witnessMs: at.proving! - at.witness!,
    proveMs: done - at.proving!,
    cpuMs: (userCPUTime + systemCPUTime) / 1000,
    peakBytes: maxRSS * 1024,
  }
  process.send!(made, () => process.disconnect())
})
