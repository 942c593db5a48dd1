/** The child process of `prover.ts`: one task comes in, one proof goes out, and it ends. */
import { constants, setPriority } from 'node:os'
import { makeProof, type Said, stopProving, type Task } from './make-proof.ts'

// Before there are threads, which inherit it: mail comes first.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
// Nobody waits for the proof any more.
process.on('disconnect', () => process.exit())

process.once('message', async (task: Task) => {
  try {
    await say({ proof: await makeProof(task, (progress) => void say({ progress })) })
  } catch (error) {
    await say({ failure: failureOf(error as Error) })
  }
  await stopProving()
  process.disconnect()
})

const say = (said: Said) => new Promise<void>((resolve) => process.send!(said, () => resolve()))

/** circom says which line of which template refused, and no value. */
const failureOf = ({ name, message }: Error): string =>
  name === 'ArtifactsError' ? message : `The statement cannot be proven: ${message.trim()}.`
