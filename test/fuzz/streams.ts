/**
 * Every topic and every stream of a running node, over changed messages, requests, answers and frames: a message is
 * answered, a request is served or refused as malformed, an answer of a peer is borne, a frame that ends too early ends
 * its stream; and after all of it the node goes on.
 */
import { multiaddr } from '@multiformats/multiaddr'
import { startLibp2p } from '../../node/network/libp2p-node.ts'
import { defaultLimits } from '../../node/network/network-options.ts'
import { helloOf } from '../../node/peers/serve.ts'
import {
  CompactBatch,
  Given,
  Hello,
  IdsRequest,
  Mail,
  Release,
  SetUpRequest,
  streamsOf,
  topicsOf,
} from '../../protocol/gossip.ts'
import { LogRequest, ReleasesRequest, ShardRequest, Stored } from '../../protocol/gossip.ts'
import { opIdOfSigned } from '../../protocol/wire.ts'
import { ada, bob, cyd } from '../kit/fixtures.ts'
import { unbounded } from '../kit/unbounded.ts'
import { type Draw, drawFrom } from './draw.ts'
import { mutated } from './mutate.ts'
import { type Fuzzed, openNode } from './node.ts'
import { type Fuzzer, type Input, withinMs } from './run.ts'

/** Nothing of this takes longer, on a machine that has other things to do. */
const slowMs = 60_000
/** A frame over a socket is handed over within so long, or the connection is given up. */
const socketMs = 2_000
const frameMaxBytes = 1024 * 1024
/** An answer is read so far. */
const framesMax = 300

type Streams = ReturnType<typeof streamsOf>
type Socket = Awaited<ReturnType<typeof startLibp2p>>

export async function openStreams() {
  // Answers of peers are drawn beside the inputs, so that rounds of the node do not change which inputs come next.
  const answering = drawFrom(1)
  let frames: readonly Uint8Array[] = [new Uint8Array(0)]
  const fuzzed = await openNode(function* () {
    for (let left = answering.below(4); left > 0; left--) yield mutated(answering, answering.pick(frames), frames)
  })
  const kinds = await kindsOf(fuzzed)
  frames = kinds.map(({ good }) => good)
  /** Inputs that come at once share it, also while it is being opened. */
  let socket: Promise<Socket> | undefined
  let from = 0

  async function overSocket(protocol: string, bytes: Uint8Array): Promise<string> {
    socket ??= startLibp2p({ seed: drawFrom(from++).bytes(32), listen: [], announce: [] }, defaultLimits, unbounded)
    const opened = socket
    const signal = AbortSignal.timeout(socketMs)
    try {
      const connection = await (await opened).dial(multiaddr(fuzzed.address), { signal })
      const stream = await connection.newStream([`/bmail/${protocol}`], { signal })
      stream.send(bytes)
      await stream.close({ signal })
      stream.abort(new Error('enough'))
      return 'sent'
    } catch (error) {
      // To be hung up on is what whoever sends this expects; then it comes back as somebody else.
      if (socket === opened) socket = undefined
      await (await opened).stop()
      return `refused ${(error as Error).name}`
    }
  }

  const fuzzer: Fuzzer = {
    name: 'streams',
    atOnce: 16,
    next(draw: Draw, corpus): Input {
      const kind = draw.pick(kinds)
      const known = [kind.good, ...corpus(kind.target).map((hex) => Buffer.from(hex, 'hex'))]
      const bytes = draw.percent(5) ? kind.good : mutated(draw, draw.pick(known), frames)
      const how = kind.stream && draw.percent(8) ? `frame ${kind.target}` : kind.target
      return { target: how, input: Buffer.from(bytes).toString('hex') }
    },
    async attempt({ target, input }) {
      const bytes = new Uint8Array(Buffer.from(input, 'hex'))
      const name = target.replace(/^frame /, '')
      const kind = kinds.find((one) => one.target === name)
      if (!kind) return 'gone'
      if (target !== name) return withinMs(slowMs, target, overSocket(kind.stream!, bytes))
      // Another peer every few inputs, because one whose failures are many is not looked at any more.
      const peer = `peer ${Math.floor(from++ / 20)}`
      const shown = await withinMs(
        slowMs,
        target,
        kind.topic ? heard(fuzzed, kind.topic, bytes, peer) : served(fuzzed, kind.stream!, bytes, peer),
      )
      if (from % 500 === 0) for (const listener of fuzzed.listeners) listener('someone', 'up')
      if (fuzzed.node.replica.halted) throw new Error(`the node stopped: ${fuzzed.node.replica.halted}`)
      return shown
    },
    async after() {
      if (fuzzed.said.length > 0) throw new Error(`the node logged an error: ${fuzzed.said[0]}`)
      const { op, envelopeBytes, messageId } = await fuzzed.letter(cyd, ada)
      const taken = await fuzzed.node.submit(op, envelopeBytes)
      if (!taken.ok) throw new Error(`the node does not take an honest letter any more: ${taken.reason}`)
      await withinMs(slowMs, 'an honest letter', fuzzed.whenSettled(messageId))
    },
  }
  return {
    fuzzer,
    async close() {
      await (await socket)?.stop()
      await fuzzed.close()
    },
  }
}

type Kind = {
  readonly target: string
  readonly good: Uint8Array
  readonly topic?: string
  readonly stream?: keyof Streams | string
}

/** One good message for each topic, and one good request for each stream. */
async function kindsOf(fuzzed: Fuzzed): Promise<Kind[]> {
  const { id, node, settled } = fuzzed
  const [topics, streams] = [topicsOf(id), streamsOf(id)]
  const payment = fuzzed.op(ada, { TAG: 'transfer', data: { to: bob.address, amount: 1n } })
  const letter = await fuzzed.letter(bob, ada)
  const batch = (await node.store.batch(node.replica.head.sealed.header.height))!
  const ids = IdsRequest.encode({ ids: [opIdOfSigned(id, payment), settled.messageId] })
  const lockKeys = [{ message: settled.messageId, lockKey: settled.lockKey }]
  const shares = [{ message: settled.messageId, share: new Uint8Array(33) }]
  const signature = new Uint8Array(64).fill(1)
  const mail = Mail.encode({ op: letter.op, envelope: letter.envelopeBytes })
  const shards = Array.from({ length: node.context.rules.mailShards }, (_, shard) => topics.mail(shard))
  const asked: Readonly<Record<keyof Streams, Uint8Array>> = {
    hello: Hello.encode(helloOf(node.replica, node.seams.clock)),
    log: LogRequest.encode({ from: 0n, count: 10 }),
    envelopes: ids,
    shard: ShardRequest.encode({ shard: 1, from: 0n }),
    releases: ReleasesRequest.encode({ from: 0n }),
    waiting: new Uint8Array(0),
    ops: ids,
    promises: ids,
    give: Given.encode({ mails: [mail, Mail.encode({ op: payment, envelope: undefined })] }),
    setUp: SetUpRequest.encode({ file: 0, from: 0 }),
  }
  return [
    { target: 'topic ops', topic: topics.ops, good: payment },
    ...shards.map((topic, shard) => ({ target: `topic mail ${shard}`, topic, good: mail })),
    {
      target: 'topic batches',
      topic: topics.batches,
      good: CompactBatch.encode({ sealed: batch.sealed, ops: batch.ops.map((op) => opIdOfSigned(id, op)) }),
    },
    {
      target: 'topic releases',
      topic: topics.releases,
      good: Release.encode({ TAG: 'lockKeys', data: { keys: lockKeys } }),
    },
    {
      target: 'topic releases, shares',
      topic: topics.releases,
      good: Release.encode({ TAG: 'shares', data: { keeperSet: 1, keeper: 0, shares, signature } }),
    },
    {
      target: 'stream envelopes, stored',
      stream: streams.envelopes,
      good: Stored.encode({ message: settled.messageId, envelope: settled.envelopeBytes }),
    },
    ...Object.entries(asked).map(([name, good]) => ({
      target: `stream ${name}`,
      stream: streams[name as keyof Streams],
      good,
    })),
  ]
}

async function heard({ validators }: Fuzzed, topic: string, bytes: Uint8Array, peer: string): Promise<string> {
  const answer = await validators.get(topic)!(bytes, peer, (wait) => wait())
  if (!['accept', 'ignore', 'reject'].includes(answer)) throw new Error(`a validator answered ${answer}`)
  return answer
}

async function served({ handlers }: Fuzzed, stream: string, bytes: Uint8Array, peer: string): Promise<string> {
  let count = 0
  try {
    for await (const frame of handlers.get(stream)!(bytes, peer)) {
      if (frame.length > frameMaxBytes) throw new Error(`a frame of ${frame.length} bytes`)
      if (++count === framesMax) break
    }
  } catch (error) {
    if (/malformed/.test((error as Error).message)) return 'malformed'
    throw error
  }
  return `served ${Math.min(count, 3)}`
}
