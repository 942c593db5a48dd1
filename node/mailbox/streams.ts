/** Letters, and what is attached to them, given out piece by piece. */
import { refusalOf } from '../service.ts'

/** How many are given out at one time: each is in memory until somebody has read all of it. */
const streamsMax = 8
const pieceBytes = 64 * 1024

/** Counts what is given out. `admit` throws Refusal where it is too much already. */
export function createStreams() {
  let streaming = 0
  return {
    admit(): void {
      if (streaming >= streamsMax) throw refusalOf('queue-full')
    },
    async *pieces(content: Uint8Array): AsyncGenerator<Uint8Array> {
      streaming++
      try {
        for (let at = 0; at < content.length; at += pieceBytes) yield content.subarray(at, at + pieceBytes)
      } finally {
        streaming--
      }
    },
  }
}
