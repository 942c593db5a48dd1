/** Requests between simulated nodes: run inline, inside the event that made them. */
import { frameMaxBytes } from '../network/limits.ts'
import type { Handler } from '../seams.ts'
import type { Driver } from './driver.ts'
import { digest, type SimulatedNode, type SimulatedNodes } from './node.ts'

/** Requests inside requests: deeper than this is taken for nodes that ask each other for ever. */
const deepest = 256

type Question = { readonly peer: string; readonly protocol: string; readonly bytes: Uint8Array }
type Failed = { readonly failure: Error }

/** Ask a peer as one of the nodes: yields the frames of the answer. */
export function createRequests(driver: Pick<Driver, 'record'>, nodes: SimulatedNodes) {
  let depth = 0

  async function deeper<T>(task: () => Promise<T>): Promise<T> {
    depth += 1
    try {
      return await task()
    } finally {
      depth -= 1
    }
  }

  /** Why a question cannot even be asked; nothing where it can. */
  function whyNot(asker: SimulatedNode, { peer, bytes }: Question, handler: Handler | undefined): string | undefined {
    if (!asker.links.has(peer)) return 'it is not connected'
    if (handler === undefined) return 'it does not serve this protocol'
    if (bytes.length > frameMaxBytes) return `the request has ${bytes.length} bytes; ${frameMaxBytes} is the most`
    return depth >= deepest ? 'nodes ask each other without end' : undefined
  }

  return async function* request(asker: SimulatedNode, question: Question): AsyncGenerator<Uint8Array> {
    const { peer, protocol, bytes } = question
    const fail = (why: string, cause?: unknown) =>
      new Error(`Peer ${peer} gave no full answer to ${protocol}: ${why}. Ask another peer, or later.`, { cause })
    const connection = asker.links.get(peer)
    const handler = nodes.get(peer)?.handlers.get(protocol)
    driver.record(`request ${asker.name} ${peer} ${protocol} ${digest(bytes)}`)
    const why = whyNot(asker, question, handler)
    if (why) throw fail(why)
    let steps: AsyncIterator<Uint8Array> | undefined
    const next = (): Promise<IteratorResult<Uint8Array> | Failed> =>
      deeper(async () => {
        steps ??= handler!(new Uint8Array(bytes), asker.name)[Symbol.asyncIterator]()
        return steps.next()
      }).catch((cause) => ({ failure: fail(cause instanceof Error ? cause.message : String(cause), cause) }))
    try {
      let step = await next()
      while (true) {
        if (asker.links.get(peer) !== connection) throw fail('the connection was lost')
        if ('failure' in step) throw step.failure
        if (step.done) break
        const frame = step.value
        if (frame.length > frameMaxBytes)
          throw fail(`it yielded ${frame.length} bytes; a frame has at most ${frameMaxBytes}`)
        driver.record(`frame ${peer} ${asker.name} ${protocol} ${digest(frame)}`)
        // The server is ahead of its reader, as on a wire: it goes on although the reader may want no more.
        step = await next()
        yield new Uint8Array(frame)
      }
    } finally {
      await steps?.return?.()
    }
  }
}
