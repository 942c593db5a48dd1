/**
 * What is inside a sealed body: the parties and the message as it was written, compressed, then padded to a size class.
 * Compression comes first, so that the price follows information and not bytes.
 */
import { promisify } from 'node:util'
import { brotliCompress, brotliDecompress, constants } from 'node:zlib'
import * as P from 'micro-packed'
import { assert } from '../../protocol/assert.ts'
import { AddressBytes, equalBytes, listOf } from '../../protocol/codec.ts'
import { bodyOverheadBytes, type Parties, recipientsLimit, unitBytes } from '../../protocol/envelope.ts'
import { SealError } from './error.ts'

/** The largest message that is sealed, and the most that is ever unpacked: 16 MiB. */
export const contentBytesMax = 16 * 1024 * 1024

/** Who wrote to whom, as the operation says it. */
export type Correspondents = Pick<Parties, 'sender' | 'recipients'>

/**
 * The most that a packed message of so many bytes unpacks to, its parties included. Brotli makes sixteen megabytes of a
 * few bytes; mail is not like that, and what is charged for is the packed size. So a message is free to unpack to what is
 * quickly read, and beyond that to so many times its packed size. No rule of the network: sender and reader keep it alike.
 */
export const unpackedBytesMax = (packedBytes: number): number =>
  Math.min(contentBytesMax + partiesBytesMax, unpackedBytesFree + ratioMax * packedBytes)

const unpackedBytesFree = 256 * 1024
/** Logs, the densest mail that people send in earnest, come to a third of it; letters with their headers to three. */
const ratioMax = 128

/**
 * The parties and the raw message, compressed with Brotli. Throws SealError where the message is too large, or would
 * unpack to more than a reader takes.
 */
export async function pack({ sender, recipients }: Correspondents, content: Uint8Array): Promise<Uint8Array> {
  if (content.length > contentBytesMax)
    throw new SealError(
      `The message has ${mebibytes(content.length)} MiB, and no reader unpacks more than ${mebibytes(contentBytesMax)}. Split it.`,
    )
  const plain = Content.encode({ sender, recipients: [...recipients], content })
  const packed = await compress(plain, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: plain.length <= carefulBytes ? 9 : 5,
      [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
    },
  })
  if (plain.length > unpackedBytesMax(packed.length))
    throw new SealError(
      `The message says one thing over and over: ${kibibytes(plain.length)} KiB of it pack into ${kibibytes(packed.length)} KiB, and readers unpack no more than ${ratioMax} times what came. Attach what repeats as a compressed file.`,
    )
  return packed
}

/** The message again. Throws SealError where it is damaged, unpacks to too much, or names other parties than the operation. */
export async function unpack({ sender, recipients }: Correspondents, packed: Uint8Array): Promise<Uint8Array> {
  const maxOutputLength = unpackedBytesMax(packed.length)
  const plain = await decompress(packed, { maxOutputLength }).catch((cause) => {
    if (cause.code === 'ERR_BUFFER_TOO_LARGE')
      throw new SealError(
        `The message has ${kibibytes(packed.length)} KiB and unpacks to more than ${kibibytes(maxOutputLength)} KiB, which no honest program sends. It was not unpacked.`,
        { cause },
      )
    throw new SealError(
      'The message inside the envelope is damaged: it does not decompress. Ask the sender to send it again.',
      { cause },
    )
  })
  const message = decodeContent(plain)
  const same =
    equalBytes(message.sender, sender) &&
    message.recipients.length === recipients.length &&
    message.recipients.every((recipient, at) => equalBytes(recipient, recipients[at]!))
  if (!same)
    throw new SealError(
      'The message inside the envelope is from or to somebody else than the operation that paid for it. Do not trust it.',
    )
  return message.content
}

/**
 * A body's plaintext: 32 zero bytes, the length in four, the packed message, zeros up to the class. The zeros in front
 * commit to the key: ChaCha20-Poly1305 alone lets a sender make one body that two recipients, given different keys,
 * read differently; to find two keys whose streams begin with the same 32 bytes is to break the cipher.
 */
export function pad(packed: Uint8Array, sizeClass: number): Uint8Array {
  assert(packed.length <= unitBytes << sizeClass, 'a packed message fits its class')
  const padded = new Uint8Array((unitBytes << sizeClass) + prefixBytes)
  new DataView(padded.buffer).setUint32(commitmentBytes, packed.length)
  padded.set(packed, prefixBytes)
  return padded
}

/** The packed message, without its padding. Throws SealError where the zeros are none, or the length is no length. */
export function unpad(padded: Uint8Array): Uint8Array {
  if (padded.length < prefixBytes) throw paddingWrong()
  const length = new DataView(padded.buffer, padded.byteOffset).getUint32(commitmentBytes)
  const end = prefixBytes + length
  const zeros = [padded.subarray(0, commitmentBytes), padded.subarray(end)]
  if (end > padded.length || zeros.some((part) => part.some((byte) => byte !== 0))) throw paddingWrong()
  return padded.subarray(prefixBytes, end)
}

const commitmentBytes = 32
const prefixBytes = commitmentBytes + 4
assert(prefixBytes + 16 === bodyOverheadBytes, 'the prefix and the tag are what the envelope counts')

/** Up to here the slower, denser setting takes a few milliseconds. */
const carefulBytes = 64 * 1024

const Content = P.struct({
  sender: AddressBytes,
  recipients: listOf(AddressBytes, { min: 1, max: recipientsLimit }),
  content: P.bytes(null),
})
const partiesBytesMax = 20 + 1 + recipientsLimit * 20

const compress = promisify(brotliCompress)
const decompress = promisify(brotliDecompress)

function decodeContent(plain: Uint8Array): P.UnwrapCoder<typeof Content> {
  try {
    return Content.decode(plain)
  } catch (cause) {
    throw new SealError(
      'The message inside the envelope is damaged: its form is unknown. Ask the sender to update their program.',
      { cause },
    )
  }
}

const paddingWrong = (): SealError =>
  new SealError(
    'The message inside the envelope is padded wrongly, or was sealed under more than one key. Do not trust it.',
  )

const kibibytes = (bytes: number): number => Math.ceil(bytes / 1024)
const mebibytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(bytes % (1024 * 1024) ? 1 : 0)
