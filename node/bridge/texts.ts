/**
 * The texts of a message, as searches ask for them. Of letters they are kept in the store: to ask the daemon for ten thousand
 * letters takes minutes, and to look through these a second.
 */
import { decodeWords } from 'postal-mime'
import { textOf } from '../letter/charset.ts'
import { parametersOf, type Part, structureOf } from './mime.ts'

/** In small letters, but for the head. */
export type Texts = {
  /** The fields of the message as bytes in Latin-1. */
  readonly head: string
  /** What its heads say, those of its parts too. */
  readonly heads: string
  /** What it says. */
  readonly bodies: string
}

/** The texts of a message. */
export function textsIn(bytes: Buffer): Texts {
  const whole = structureOf(bytes)
  const parts = [...allParts(whole)]
  return {
    head: bytes.toString('latin1', 0, whole.bodyAt),
    heads: joined(parts.map(({ headAt, bodyAt }) => decodeWords(textOf(bytes.subarray(headAt, bodyAt))))),
    bodies: joined(parts.filter(isText).map((part) => textIn(bytes, part))),
  }
}

/** Parts stand apart, so that nothing is found that begins in one and ends in another. */
const joined = (texts: readonly string[]): string => texts.join('\0').toLowerCase()

function* allParts(part: Part): Generator<Part> {
  yield part
  for (const inner of part.message ? [part.message] : part.parts) yield* allParts(inner)
}

const isText = ({ type, parts }: Part): boolean => type === 'text' && parts.length === 0

function textIn(bytes: Buffer, { bodyAt, end, fields }: Part): string {
  const raw = bytes.subarray(bodyAt, end)
  const encoding = parametersOf(fields.get('content-transfer-encoding') ?? '').value
  return textOf(decoders[encoding]?.(raw.toString('latin1')) ?? raw)
}

const decoders: Readonly<Record<string, (text: string) => Buffer>> = {
  base64: (text) => Buffer.from(text, 'base64'),
  'quoted-printable': (text) =>
    Buffer.from(
      text
        .replace(/[ \t]*=\r\n/g, '')
        .replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
      'latin1',
    ),
}
