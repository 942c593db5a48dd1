/** What people can ask about what stands in a letter: to read it in each of its forms, what is attached to it, and to have one made. */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Cabinet } from './cabinet.ts'
import { composed } from './compose.ts'
import { bodyOf, type FindLetter, openedOf } from './find-letter.ts'
import type { Wallet } from '../keys/wallet.ts'
import type { LetterReader } from '../letter/reader.ts'
import type { Letters } from './letters.ts'
import { SealError } from '../seal/error.ts'
import type { Seams } from '../seams.ts'
import { Refusal, type Service } from '../service.ts'
import { createStreams } from './streams.ts'
import type { Summaries } from './summaries.ts'
import { shownOf } from './views.ts'

type Options = {
  readonly node: { readonly seams: Pick<Seams, 'clock' | 'random'> }
  readonly wallet: Pick<Wallet, 'pick' | 'bridgeKey'>
  readonly cabinet: Pick<Cabinet, 'body' | 'contacts'>
  readonly letters: Pick<Letters, 'opened'>
  readonly reader: Pick<LetterReader, 'read' | 'unpack' | 'formatted' | 'attachments'>
  readonly find: FindLetter
  readonly summaries: Summaries
}

/** What is wrong with a message. Any other failure is thrown again. */
function flawOf(error: unknown): SealError {
  if (error instanceof SealError) return error
  throw error
}

export function createLetterService({ node, wallet, cabinet, letters, reader, find, summaries }: Options) {
  const opened = (id: string) => openedOf({ cabinet, find }, id)
  const streams = createStreams()

  return {
    async message({ id }) {
      const letter = await find(id)
      const body = await bodyOf(cabinet, letter)
      const content = body && (await reader.unpack(body).catch(flawOf))
      if (!content || content instanceof SealError) return { summary: (await summaries([letter]))[0]!, raw: null }
      await letters.opened(letter)
      return {
        summary: (await summaries([letter]))[0]!,
        raw: Buffer.from(content.buffer as ArrayBuffer, content.byteOffset, content.length).toString('base64'),
      }
    },
    async raw({ id, leave }) {
      streams.admit()
      const { letter, body } = await opened(id)
      const content = await reader.unpack(body).catch(flawOf)
      if (content instanceof SealError) throw new Refusal('not-found', `The message cannot be read: ${content.message}`)
      if (leave === undefined) await letters.opened(letter)
      return streams.pieces(content)
    },
    bridgeKey: async () => ({ key: bytesToHex(wallet.bridgeKey) }),
    async shown({ id }) {
      const { letter, body } = await opened(id)
      const page = await reader.read(body)
      if (page.flaw === undefined) await letters.opened(letter)
      return shownOf(page)
    },
    async formatted({ id }) {
      const { letter, body } = await opened(id)
      const html = await reader.formatted(body)
      if (html !== undefined) await letters.opened(letter)
      return { html: html ?? null }
    },
    async attachment({ id, number }) {
      streams.admit()
      const { letter, body } = await opened(id)
      const all = await reader.attachments(body)
      if (!all)
        throw new Refusal(
          'not-found',
          'What is attached to the message takes too much time or memory to find. `raw` has all of it, as it came.',
        )
      const attached = all[number]
      if (!attached)
        throw new Refusal('not-found', 'The message has no such attachment. `shown` lists them, from 0 on.')
      await letters.opened(letter)
      return streams.pieces(attached.content)
    },
    compose: (draft) => composed({ wallet, cabinet, seams: node.seams }, draft),
  } satisfies Partial<Service>
}
