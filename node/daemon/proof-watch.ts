/** Whether this machine tells a true proof from a false one, which takes a few seconds to find out after the start. */
import type { OpenProofs } from '../proofs/proofs.ts'

export type ProofWatch = ReturnType<typeof watchProofs>

export function watchProofs({ check }: Pick<OpenProofs, 'check'>) {
  let isOver = false
  let fault: string | undefined
  check()
    .catch((error: Error) => {
      fault = `This daemon cannot verify proofs: ${error.message} Install it anew (\`npm ci\`), and check that the machine has memory left.`
    })
    .finally(() => {
      isOver = true
    })
  return { isOver: (): boolean => isOver, fault: (): string | undefined => fault }
}
