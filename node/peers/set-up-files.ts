/**
 * The files of a set-up as peers hand them on: asked for by a node that lacks them and cannot begin without, served by
 * every node that has them. They come in pieces, from a place on, so that what broke off goes on where it did.
 */
import type * as P from 'micro-packed'
import { SetUpRequest, setUpFiles, streamsOf } from '../../protocol/gossip.ts'
import type { Network } from '../seams.ts'

/** A file of a set-up by its name. */
export type SetUpFile = (typeof setUpFiles)[number]

/** The bytes of a file of this node's set-up from a place on, piece by piece; nothing beyond its end. */
export type ReadSetUp = (file: SetUpFile, from: number) => AsyncIterable<Uint8Array>

/** The bytes of one answer, unless the file ends before. */
export const bytesPerAnswer = 4 * 1024 * 1024
/** The most bytes of a frame of it. */
const pieceBytes = 256 * 1024

/** How long one answer may take: 4 MiB over a line of 300 kbit a second. */
const timeoutMs = 120_000

/** What a node answers. A file that there is not has no bytes. */
export async function* setUpAnswer(
  read: ReadSetUp,
  { file, from }: P.UnwrapCoder<typeof SetUpRequest>,
  sent: (piece: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  const name = setUpFiles[file]
  if (name === undefined) return
  let left = bytesPerAnswer
  for await (const bytes of read(name, from))
    for (let at = 0; at < bytes.length && left > 0; at += pieceBytes) {
      const piece = bytes.subarray(at, at + Math.min(pieceBytes, left))
      left -= piece.length
      sent(piece)
      yield piece
      if (left <= 0) return
    }
}

/** Ask a peer for a part of a file. Throws on a lost connection, a deadline, or an answer that is longer than any. */
export async function* askSetUp(
  { network, id }: { readonly network: Pick<Network, 'request'>; readonly id: Uint8Array },
  { peer, file, from }: { readonly peer: string; readonly file: SetUpFile; readonly from: number },
): AsyncGenerator<Uint8Array> {
  const request = SetUpRequest.encode({ file: setUpFiles.indexOf(file), from })
  let left = bytesPerAnswer
  for await (const bytes of network.request(peer, streamsOf(id).setUp, request, { timeoutMs })) {
    left -= bytes.length
    if (left < 0) throw new Error('the peer answered with more bytes than one answer has')
    yield bytes
  }
}
