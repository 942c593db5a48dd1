/**
 * Sealing letters, and reading foreign ones. A message of a quarter of a megabyte may unpack to sixteen, written to keep a
 * parser busy for hours or to fill its memory, and none of the parsers is ours: so they work on a thread of their own, with
 * a bound on both, one message after the other. What we write ourselves is sealed on another,
 * which takes some milliseconds for each recipient, and waits for no stranger.
 */
import { type Attachment, flawedPage, type LetterHead, type Page } from './parser.ts'
import { SealError } from '../seal/error.ts'
import type { seal, Sealing } from '../seal/seal.ts'
import { openThread } from '../thread.ts'
import type { Answer, Body, Question, Value } from './work.ts'

type SealedLetter = Awaited<ReturnType<typeof seal>>

export type LetterReader = {
  /** Seal a message. Throws SealError where it is too large, unpacks to more than readers take, or a key is not valid. */
  seal(letter: Sealing & { readonly content: Uint8Array }): Promise<SealedLetter>
  /** The bytes of a message. Throws SealError where it is damaged, unpacks to too much, or names other parties. */
  unpack(body: Body): Promise<Uint8Array>
  /**
   * The subject and the date of a message by somebody else, which take no longer for one that is written to keep a parser
   * busy. Throws only where the reader was closed.
   */
  head(body: Body): Promise<LetterHead>
  /** The same of what we write ourselves, which waits for no stranger's. */
  ownHead(body: Body): Promise<LetterHead>
  /**
   * Read any bytes as a message. What cannot be unpacked, or takes too much time or memory, is shown as `damaged`. Throws
   * only where the reader was closed.
   */
  read(body: Body): Promise<Page>
  /** The page (HTML) of a message; undefined where it has none, or takes too much time or memory to find. */
  formatted(body: Body): Promise<string | undefined>
  /** What is attached to a message; undefined where it takes too much time or memory to find. */
  attachments(body: Body): Promise<readonly Attachment[] | undefined>
  close(): Promise<void>
}

/** A reader that gives each message `timeoutMs`. Its threads start when they are needed, and again after a bad message. */
export function openLetterReader({ timeoutMs = 5_000 } = {}): LetterReader {
  const module = new URL('./worker.ts', import.meta.url)
  const foreign = openThread<Question, Answer>({ module, timeoutMs, memoryMegabytes: 256 })
  // Nobody seals to do harm, and a large message on a slow machine takes its time.
  const own = openThread<Question, Answer>({ module, timeoutMs: 6 * timeoutMs, memoryMegabytes: 256 })
  let isClosed = false

  async function ask<Name extends Question['work']>(
    thread: typeof foreign,
    work: Name,
    given: Extract<Question, { work: Name }>['given'],
  ): Promise<Value<Name>> {
    const answer = (await thread.ask({ work, given } as Question)) as Answer<Name>
    if ('flaw' in answer) throw new SealError(answer.flaw)
    return answer.value
  }

  const headOn =
    (thread: typeof foreign) =>
    async (body: Body): Promise<LetterHead> => {
      try {
        return await ask(thread, 'head', body)
      } catch (error) {
        if (isClosed) throw error
        return flawedPage(error instanceof SealError ? error.message : tooMuch, sizeOf(body))
      }
    }

  return {
    head: headOn(foreign),
    ownHead: headOn(own),
    seal: (letter) => ask(own, 'seal', letter),
    unpack: (body) => ask(foreign, 'unpack', body),
    async read(body) {
      for (const work of ['page', 'plainPage'] as const)
        try {
          return await ask(foreign, work, body)
        } catch (error) {
          if (isClosed) throw error
          if (error instanceof SealError) return flawedPage(error.message, sizeOf(body))
        }
      return flawedPage(tooMuch, sizeOf(body))
    },
    formatted: (body) => ask(foreign, 'formatted', body).catch(() => undefined),
    attachments: (body) => ask(foreign, 'attachments', body).catch(() => undefined),
    async close() {
      isClosed = true
      await Promise.all([foreign.close(), own.close()])
    },
  }
}

const tooMuch = 'It takes too much time or memory to be read. Look at it with --raw.'

const sizeOf = (body: Body): number => ('content' in body ? body.content : body.packed).length
