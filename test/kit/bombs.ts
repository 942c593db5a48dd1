/** Letters that are small on their way and large where they are read. No program of ours seals them. */
import { promisify } from 'node:util'
import { brotliCompress, constants } from 'node:zlib'
import type { Correspondents } from '../../node/seal/content.ts'

/** What a sender packs whose program asks nothing: parties and message, compressed. */
export function packedAnyhow({ sender, recipients }: Correspondents, content: Uint8Array): Promise<Buffer> {
  const plain = Buffer.concat([sender, Uint8Array.of(recipients.length), ...recipients, content])
  const params = { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length }
  return promisify(brotliCompress)(plain, { params })
}

/** A message of so many bytes that says one thing, with a number that makes it another message. */
export function bombOf(bytes: number, number: number): Buffer {
  const head = Buffer.from(`Subject: bomb ${number}\r\n\r\n`)
  return Buffer.concat([head, Buffer.alloc(bytes - head.length, 'Dear reader,\r\n')])
}
