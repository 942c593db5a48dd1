/** The strings by which a pseudonym can be known, all of them public but its label, and finding them in bytes of any kind. */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { encodeAddress } from '../../protocol/address.ts'
import { messageOf, opId, SignedOp } from '../../protocol/wire.ts'
import type { Lived } from './days.ts'

/** One of them: whose it is, and when the ledger first named it. */
export type Token = { readonly pseudonym: number; readonly timeMs: number }

/** An op as the log has it. */
type Logged = {
  readonly bytes: Uint8Array
  readonly timeMs: number
  readonly height: number
  readonly epoch: number
}

export type Known = {
  /** Addresses in hex. */
  readonly pseudonyms: readonly string[]
  /** By their bytes in hex. */
  readonly tokens: ReadonlyMap<string, Token>
  /** The same as text: addresses as people write them, and labels. */
  readonly words: ReadonlyMap<string, Token>
  readonly log: readonly Logged[]
}

/** So many bytes of a token are enough to know it by: log lines shorten keys to six. */
const prefixBytes = 6

/** Read the whole log, and gather what it ties to each pseudonym. */
export async function knownFrom(lived: Lived): Promise<Known> {
  const pseudonyms = [...lived.owners.keys()]
  const tokens = new Map<string, Token>()
  const words = new Map<string, Token>()
  const log: Logged[] = []
  const learn = (text: string, pseudonym: number, timeMs: number): void => {
    if (!tokens.has(text)) tokens.set(text, { pseudonym, timeMs })
  }
  for (const [pseudonym, address] of pseudonyms.entries()) {
    learn(address, pseudonym, 0)
    words.set(encodeAddress(hexToBytes(address)), { pseudonym, timeMs: 0 })
  }
  for (const name of lived.people)
    for (const [at, { label }] of lived.keystoreOf(name).pseudonyms.entries())
      words.set(label, { pseudonym: pseudonyms.indexOf(ownedBy(lived, name)[at]!), timeMs: 0 })
  const { context, store } = lived.host
  for await (const { sealed, ops } of store.batches(1n)) {
    const { time, height, epoch } = sealed.header
    const timeMs = Number(time)
    for (const bytes of ops) {
      log.push({ bytes, timeMs, height: Number(height), epoch })
      const { op } = SignedOp.decode(bytes)
      const pseudonym = pseudonyms.indexOf(bytesToHex(op.account))
      if (pseudonym < 0) continue
      learn(bytesToHex(opId(context.network, op)), pseudonym, timeMs)
      const message = messageOf(context.network, op)
      if (message) learn(bytesToHex(message), pseudonym, timeMs)
      if (op.action.TAG === 'pass') learn(bytesToHex(op.action.data.epochKey), pseudonym, timeMs)
    }
  }
  return { pseudonyms, tokens, words, log }
}

const ownedBy = ({ owners }: Lived, name: string): string[] =>
  [...owners].filter(([, owner]) => owner === name).map(([address]) => address)

/** Finds tokens: in bytes as they are, and in text as hex or words, by their first bytes. */
export type Search = ReturnType<typeof createSearch>

export function createSearch({ tokens, words }: Pick<Known, 'tokens' | 'words'>) {
  const byPrefix = new Map<string, Token>()
  /** Whether any token begins with two bytes: most places in a file are done with that. */
  const begins = new Uint8Array(1 << 16)
  for (const [text, token] of tokens) {
    byPrefix.set(text.slice(0, 2 * prefixBytes), token)
    begins[Number.parseInt(text.slice(0, 4), 16)] = 1
  }

  return {
    /** The token that some bytes are. */
    exact: (bytes: Uint8Array): Token | undefined => tokens.get(bytesToHex(bytes)),
    inBytes(bytes: Uint8Array): Token[] {
      const found = new Set<Token>()
      const { buffer, byteOffset } = bytes
      for (let at = 0; at + prefixBytes <= bytes.length; at++) {
        if (begins[(bytes[at]! << 8) | bytes[at + 1]!] === 0) continue
        const token = byPrefix.get(Buffer.from(buffer, byteOffset + at, prefixBytes).toString('hex'))
        if (token) found.add(token)
      }
      return [...found]
    },
    inText(text: string): Token[] {
      const found = new Set<Token>()
      for (const [digits] of text.matchAll(/[0-9a-f]{12,}/g))
        for (let at = 0; at + 2 * prefixBytes <= digits.length; at++) {
          const token = byPrefix.get(digits.slice(at, at + 2 * prefixBytes))
          if (token) found.add(token)
        }
      for (const [word, token] of words) if (text.includes(word)) found.add(token)
      return [...found]
    },
  }
}
