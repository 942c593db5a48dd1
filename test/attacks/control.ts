/** Gossip's own words: topics without end, ids that nobody has, joining and leaving; and messages of one who has spent its budget. */
import { multiaddr } from '@multiformats/multiaddr'
import { startLibp2p } from '../../node/network/libp2p-node.ts'
import { defaultLimits } from '../../node/network/network-options.ts'
import { unbounded } from '../kit/unbounded.ts'
import type { Attack } from './attack.ts'
import { accountSend } from './false-ops.ts'
import { type Mallory, random } from './mallory.ts'
import { pause, within } from './measure.ts'

type Rpc = {
  readonly subscriptions?: readonly object[]
  readonly messages?: readonly object[]
  readonly control?: Readonly<Record<string, readonly object[]>>
}

/** The part of the library's router that its published type leaves out. */
type Router = { sendRpc(peer: string, rpc: object): boolean; readonly streamsOutbound: ReadonlyMap<string, unknown> }

/** Calls of gossip as fast as they go, by four peers. */
const calls = (name: string, what: string, make: (mallory: Mallory, at: number) => Rpc): Attack => ({
  name,
  what,
  victim: 'relay2',
  async strike(mallory) {
    const nodes = await Promise.all(
      Array.from({ length: 4 }, () =>
        startLibp2p({ seed: random(32), listen: [], announce: [] }, defaultLimits, unbounded),
      ),
    )
    const callers = await Promise.all(
      nodes.map(async (node) => {
        const router = node.services.gossip as unknown as Router
        const { remotePeer } = await node.dial(multiaddr(mallory.addresses.relay2!))
        await within(5_000, () => router.streamsOutbound.has(remotePeer.toString()))
        return (rpc: Rpc) => router.sendRpc(remotePeer.toString(), { subscriptions: [], messages: [], ...rpc })
      }),
    )
    await mallory.begin()
    const until = Date.now() + mallory.seconds * 1_000
    await Promise.all(
      callers.map(async (call) => {
        for (let at = 0; Date.now() < until; at++) {
          call(make(mallory, at))
          await pause(1)
        }
      }),
    )
    await Promise.all(nodes.map((node) => node.stop()))
  },
})

const many = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at))

export const topicFlood = calls(
  'topic-flood',
  '128 topics a call, taken up and given up again, by four peers',
  (_, at) => ({
    subscriptions: many(128, (topic) => ({ topic: `/bmail/${at >> 1}-${topic}`, subscribe: at % 2 === 0 })),
  }),
)

export const manyTopics = calls(
  'many-topics',
  'ever new topics, 128 a call, which are never given up, by four peers',
  (_, at) => ({ subscriptions: many(128, (topic) => ({ topic: `/bmail/${at}-${topic}`, subscribe: true })) }),
)

export const idFlood = calls(
  'id-flood',
  '5,000 ids that nobody has offered and asked for in each call, by four peers',
  ({ topics }) => {
    const messageIDs = many(5_000, () => random(8))
    return { control: { ihave: [{ topicID: `/bmail/${topics.ops}`, messageIDs }], iwant: [{ messageIDs }] } }
  },
)

export const graftFlood = calls(
  'graft-flood',
  'a hundred joinings and leavings in each call, by four peers',
  ({ topics }) => ({
    control: {
      graft: many(60, (at) => ({ topicID: at % 2 ? `/bmail/${topics.ops}` : `/bmail/none/${at}` })),
      prune: many(60, (at) => ({
        topicID: at % 2 ? `/bmail/${topics.ops}` : `/bmail/none/${at}`,
        peers: [],
        backoff: 1,
      })),
    },
  }),
)

export const deafened = calls(
  'spent-budget',
  'a hundred ops of accounts that do not exist in each call, by four peers whose budget is spent at once',
  (mallory) => ({
    messages: many(100, () => ({ topic: `/bmail/${mallory.topics.ops}`, data: accountSend(mallory) })),
  }),
)
