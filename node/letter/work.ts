/** What the thread of `reader.ts` does with letters, by name. Nothing else unpacks or seals a message. */
import { type Correspondents, unpack } from '../seal/content.ts'
import { seal, type Sealing } from '../seal/seal.ts'
import { systemRandom } from '../system-random.ts'
import { damagedPage, parseFormatted, parseHead, parseLetter, parsePage } from './parser.ts'

/** A message as it came, packed, with the parties of the operation that paid for it; or its bytes themselves. */
export type Body = { readonly parties: Correspondents; readonly packed: Uint8Array } | { readonly content: Uint8Array }

const contentOf = async (body: Body): Promise<Uint8Array> =>
  'content' in body ? body.content : unpack(body.parties, body.packed)

/** Each throws SealError with what is wrong with a message. */
export const works = {
  seal: (letter: Sealing & { readonly content: Uint8Array }) => seal({ random: systemRandom, ...letter }),
  unpack: contentOf,
  head: async (body: Body) => parseHead(await contentOf(body)),
  page: async (body: Body) => parsePage(await contentOf(body)),
  /** As it came, without taking it apart. */
  plainPage: async (body: Body) => damagedPage(await contentOf(body)),
  formatted: async (body: Body) => parseFormatted(await contentOf(body)),
  attachments: async (body: Body) => (await parseLetter(await contentOf(body))).attachments,
}
type Works = typeof works

/** What the thread is asked. */
export type Question = {
  [Name in keyof Works]: { readonly work: Name; readonly given: Parameters<Works[Name]>[0] }
}[keyof Works]

/** What a work comes to. */
export type Value<Name extends keyof Works> = Awaited<ReturnType<Works[Name]>>

/** What the thread says: what the work came to, or the sentence of a SealError. */
export type Answer<Name extends keyof Works = keyof Works> = { readonly value: Value<Name> } | { readonly flaw: string }
