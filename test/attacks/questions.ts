/** Questions that are cheap to ask: again and again, about everything, with answers that nobody reads, and under ever new names. */
import { Hello, IdsRequest, LogRequest, ReleasesRequest, ShardRequest } from '../../protocol/gossip.ts'
import type { Libp2pNetwork } from '../../node/network/libp2p.ts'
import { accountSend } from './false-ops.ts'
import type { Attack } from './attack.ts'
import { comeFrom, connectPeer, headOf, type Mallory, random } from './mallory.ts'
import { pause } from './measure.ts'

/** All that can be asked, in the way that takes most. */
async function questionsOf(mallory: Mallory, peer: Libp2pNetwork): Promise<readonly [string, Uint8Array][]> {
  const { streams, id } = mallory
  const greeting = Hello.encode({ network: id, head: await headOf(peer, mallory), time: 0n })
  const ids = IdsRequest.encode({ ids: Array.from({ length: 1_024 }, () => random(32)) })
  return [
    [streams.hello, greeting],
    [streams.log, LogRequest.encode({ from: 1n, count: 500 })],
    [streams.log, LogRequest.encode({ from: 2n ** 64n - 1n, count: 65_535 })],
    [streams.envelopes, ids],
    [streams.ops, ids],
    [streams.promises, ids],
    [streams.shard, ShardRequest.encode({ shard: 0, from: 0n })],
    [streams.shard, ShardRequest.encode({ shard: 255, from: 2n ** 64n - 1n })],
    [streams.releases, ReleasesRequest.encode({ from: 0n })],
    [streams.waiting, new Uint8Array()],
  ]
}

/** Ask one question, and read all of the answer, or nothing of it for as long as one is let. */
async function ask(
  peer: Libp2pNetwork,
  [protocol, request]: readonly [string, Uint8Array],
  reads: boolean,
): Promise<void> {
  for await (const _ of peer.request(peer.peers()[0]!, protocol, request, { timeoutMs: 60_000 }))
    if (!reads) await pause(60_000)
}

export const questionFlood: Attack = {
  name: 'question-flood',
  what: 'every question, by eight peers, as fast as the answers come',
  victim: 'relay2',
  async strike(mallory) {
    const peers = await Promise.all(Array.from({ length: 8 }, () => mallory.peer(['relay2'])))
    const questions = await questionsOf(mallory, peers[0]!)
    await mallory.begin()
    const until = Date.now() + mallory.seconds * 1_000
    await Promise.all(
      peers.flatMap((peer) =>
        questions.map(async (question) => {
          while (Date.now() < until) await ask(peer, question, true).catch(() => pause(20))
        }),
      ),
    )
  },
}

export const slowReaders: Attack = {
  name: 'slow-readers',
  what: 'the largest answers, asked 32 times each by 32 peers at four addresses, and never read',
  victim: 'relay2',
  async strike(mallory) {
    const first = await mallory.peer(['relay2'])
    const questions = await questionsOf(mallory, first)
    const large = questions.filter(([protocol]) => protocol !== mallory.streams.hello)
    await mallory.begin()
    for (let at = 0; at < 32; at++) {
      comeFrom(`127.0.5.${1 + (at % 4)}`)
      const peer = await connectPeer([mallory.addresses.relay2!])
      for (let time = 0; time < 32; time++) void ask(peer, large[time % large.length]!, false).catch(() => undefined)
    }
    await pause(mallory.seconds * 1_000)
  },
}

export const newNames: Attack = {
  name: 'new-names',
  what: 'ops of accounts that do not exist, 600 by each peer, and the next peer comes from the same address',
  victim: 'relay2',
  async strike(mallory) {
    await mallory.begin()
    const until = Date.now() + mallory.seconds * 1_000
    const one = async () => {
      while (Date.now() < until) {
        const peer = await connectPeer([mallory.addresses.relay2!])
        await pause(1_200)
        const topic = mallory.topics.ops
        for (let at = 0; at < 600; at++) void mallory.tell(peer, topic, accountSend(mallory))
        await pause(600)
        await peer.close()
      }
    }
    await Promise.all(Array.from({ length: 4 }, one))
  },
}
