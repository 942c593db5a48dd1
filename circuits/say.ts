/** What a ceremony tells while it runs: steps as lines, and on a terminal how far the present one is. */

export type Say = {
  /** A line. */
  readonly step: (text: string) => void
  /** What snarkjs is given to talk to. */
  readonly logger: Record<'debug' | 'info' | 'warn' | 'error', (message: string) => void>
  /** What snarkjs said last of why it refuses. */
  readonly complaint: () => string
  /** What snarkjs told of a finished step. */
  readonly told: () => readonly string[]
}

/** Talk to a terminal or a file. `step` begins a new account of what snarkjs tells. */
export function sayTo(out: { write(text: string): unknown; readonly isTTY?: boolean | undefined }): Say {
  let complaint = 'it does not say why'
  let told: string[] = []
  const progress = (message: string) => {
    if (out.isTTY) out.write(`\r\u001b[K  ${message.split('\n')[0]}`)
  }
  return {
    step: (text) => {
      told = []
      out.write(out.isTTY ? `\r\u001b[K${text}\n` : `${text}\n`)
    },
    logger: {
      debug: progress,
      info: (message) => {
        told.push(message)
        progress(message)
      },
      warn: progress,
      error: (message) => {
        complaint = message
      },
    },
    complaint: () => complaint,
    told: () => told,
  }
}
