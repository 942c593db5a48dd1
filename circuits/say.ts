/** What a ceremony tells while it runs: steps as lines, and of whatever takes longer than a second how far it is. */

export type Say = {
  /** A line: something begins. */
  readonly step: (text: string) => void
  /** Nothing is going on any more. */
  readonly end: () => void
  /** What snarkjs is given to talk to. */
  readonly logger: Record<'debug' | 'info' | 'warn' | 'error', (message: string) => void>
  /** What snarkjs said last of why it refuses. */
  readonly complaint: () => string
  /** What snarkjs told of a finished step. */
  readonly told: () => readonly string[]
}

/** So often it is said how far a step is: on a terminal, over and over in one line, and elsewhere in lines of their own. */
const everyMs = { terminal: 1_000, lines: 5_000 } as const

/** Talk to a terminal or a file. `step` begins a new account of what snarkjs tells. */
export function sayTo(out: { write(text: string): unknown; readonly isTTY?: boolean | undefined }): Say {
  let complaint = 'it does not say why'
  let told: string[] = []
  let [at, beganMs] = ['', 0]
  let timer: NodeJS.Timeout | undefined
  const hear = (message: string) => void (at = message.split('\n')[0]!)

  function end(): void {
    clearInterval(timer)
    if (timer && out.isTTY) out.write('\r\u001b[K')
    timer = undefined
  }

  function tell(): void {
    const line = `  ${Math.round((Date.now() - beganMs) / 1_000)} s${at && `: ${at}`}${percentIn(at)}`
    out.write(out.isTTY ? `\r\u001b[K${line}` : `${line}\n`)
  }

  return {
    step(text) {
      end()
      told = []
      at = ''
      beganMs = Date.now()
      out.write(`${text}\n`)
      timer = setInterval(tell, out.isTTY ? everyMs.terminal : everyMs.lines)
      timer.unref()
    },
    end,
    logger: {
      debug: hear,
      info(message) {
        told.push(message)
        hear(message)
      },
      warn: hear,
      error(message) {
        complaint = message
      },
    },
    complaint: () => complaint,
    told: () => told,
  }
}

/** snarkjs says how far it is as “n/of”, of a part of what it does. */
function percentIn(message: string): string {
  const [, done, of] = /(\d+)\/(\d+)/.exec(message) ?? []
  return done && Number(of) > 0 ? ` (${Math.floor((100 * Number(done)) / Number(of))} %)` : ''
}
