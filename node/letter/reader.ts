/**
 * Reading foreign messages. A message of 1 KiB may unpack to 16 MiB, written to keep a parser busy for hours or to fill
 * its memory, and none of the parsers is ours: so they work on a thread of their own, with a bound on both.
 */
import { damagedLetter, type ParsedLetter } from './parser.ts'
import { openThread } from '../thread.ts'

export type LetterReader = {
  /** Read any bytes as a message; what takes too much time or memory is shown as `damaged`. One after the other; never throws. */
  read(bytes: Uint8Array): Promise<ParsedLetter>
  close(): Promise<void>
}

/** A reader that gives each message `timeoutMs`. Its thread starts with the first message, and again after a bad one. */
export function openLetterReader({ timeoutMs = 5_000 } = {}): LetterReader {
  const module = new URL('./worker.ts', import.meta.url)
  const thread = openThread<Uint8Array, ParsedLetter>({ module, timeoutMs, memoryMegabytes: 256 })
  return {
    read: (bytes) => thread.ask(bytes).catch(() => damagedLetter(bytes)),
    close: () => thread.close(),
  }
}
