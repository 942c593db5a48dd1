/** A stranger on the simulated network who follows no rule: lies, damages, withholds and repeats. */
import type { Random, Seams } from '../../node/seams.ts'
import { sign } from '../../node/keys/sign.ts'
import { Batch, CompactBatch, Hello, IdsRequest, Mail, Release, streamsOf, topicsOf } from '../../protocol/gossip.ts'
import { type Op, opId, SignedOp } from '../../protocol/wire.ts'

type Mallory = {
  /** Names of what she can do. */
  readonly tricks: readonly Trick[]
  /** Do one of them now; says whether there was anything to do it with. */
  readonly play: (trick: Trick) => Promise<boolean>
}

type Trick = keyof ReturnType<typeof tricksOf>

type Options = Pick<Seams, 'network'> & {
  readonly random: Random
  /** The network's id. */
  readonly id: Uint8Array
  readonly shards: number
}

/** Let her join. She hears everything that is gossiped, and keeps what she can use. */
export function createMallory(options: Options): Mallory {
  const { network } = options
  const topics = topicsOf(options.id)
  const streams = streamsOf(options.id)
  const heard: Heard = { ops: [], mail: [], batches: [], releases: [] }
  const keep = (list: Uint8Array[]) => async (data: Uint8Array) => {
    list.push(data)
    if (list.length > 20) list.shift()
    return 'ignore' as const
  }
  network.subscribe(topics.ops, keep(heard.ops))
  network.subscribe(topics.batches, keep(heard.batches))
  network.subscribe(topics.releases, keep(heard.releases))
  for (let shard = 0; shard < options.shards; shard++) network.subscribe(topics.mail(shard), keep(heard.mail))
  // She is as far as anybody, and has nothing to show for it.
  network.serve(streams.hello, async function* (request) {
    const [batch] = heard.batches.slice(-1)
    const head = batch && CompactBatch.decode(batch).sealed
    yield head ? Hello.encode({ ...Hello.decode(request), head }) : request
  })
  network.serve(streams.log, async function* () {
    const [batch] = heard.batches.slice(-1)
    if (!batch) return
    const { sealed } = CompactBatch.decode(batch)
    yield Buffer.concat([Uint8Array.of(1), Batch.encode({ sealed, ops: [new Uint8Array(40)] })])
  })
  network.serve(streams.envelopes, async function* () {})
  // What she says is waiting has long been settled, and comes without what belongs to it.
  network.serve(streams.waiting, async function* () {
    const ids = heard.mail.map((bytes) => opId(options.id, SignedOp.decode(Mail.decode(bytes).op).op))
    yield IdsRequest.encode({ ids })
  })
  network.serve(streams.ops, async function* () {
    for (const bytes of heard.mail) yield bytes
    for (const bytes of heard.mail) yield Mail.encode({ ...Mail.decode(bytes), envelope: undefined })
  })
  const tricks = tricksOf(options, heard)
  return { tricks: Object.keys(tricks) as Trick[], play: (trick) => tricks[trick]() }
}

/** A stranger who claims to be far ahead, and is nowhere. */
export function createBraggart({ network }: Pick<Seams, 'network'>): void {
  network.serve(streamsOf(new Uint8Array(0)).hello, async function* (request) {
    const { head, ...hello } = Hello.decode(request)
    const header = { ...head.header, height: head.header.height + 1_000n }
    yield Hello.encode({ ...hello, head: { ...head, header } })
  })
}

type Heard = {
  readonly ops: Uint8Array[]
  readonly mail: Uint8Array[]
  readonly batches: Uint8Array[]
  readonly releases: Uint8Array[]
}

function tricksOf({ network, random, id, shards }: Options, heard: Heard) {
  const topics = topicsOf(id)
  const pick = <T>(list: readonly T[]): T | undefined => list[random(1)[0]! % (list.length || 1)]
  const everywhere = async (data: Uint8Array) => {
    for (let shard = 0; shard < shards; shard++) await network.publish(topics.mail(shard), data)
  }
  /** Somebody's op, changed, and signed with a key of her own. */
  async function forge(bytes: Uint8Array | undefined, change: (op: Op) => Op): Promise<boolean> {
    if (!bytes) return false
    const op = change(SignedOp.decode(bytes).op)
    await network.publish(topics.ops, SignedOp.encode({ op, signature: sign(opId(id, op), random(32)) }))
    return true
  }

  return {
    async noise() {
      await network.publish(topics.ops, random(200))
      await everywhere(random(200))
      return true
    },
    'an op of somebody else': () =>
      forge(pick(heard.ops), (op) => ({ ...op, nonce: op.nonce + 1n, expiry: op.expiry + 1_000n })),
    async 'an op with a bit flipped'() {
      const bytes = pick(heard.ops)?.slice()
      if (!bytes) return false
      bytes[random(1)[0]! % bytes.length]! ^= 1
      await network.publish(topics.ops, bytes)
      return true
    },
    /** Whoever takes this has an op that nobody can deliver. */
    async 'mail without its envelope'() {
      const bytes = heard.mail.at(-1)
      if (!bytes) return false
      await everywhere(Mail.encode({ ...Mail.decode(bytes), envelope: undefined }))
      return true
    },
    async 'mail in another envelope'() {
      const [one, other] = [pick(heard.mail), pick(heard.mail)]
      if (!one || !other || one === other) return false
      await everywhere(Mail.encode({ ...Mail.decode(one), envelope: Mail.decode(other).envelope }))
      return true
    },
    async 'a batch of her own'() {
      const bytes = heard.batches.at(-1)
      if (!bytes) return false
      const { sealed, ops } = CompactBatch.decode(bytes)
      const header = { ...sealed.header, height: sealed.header.height + 1n }
      await network.publish(topics.batches, CompactBatch.encode({ sealed: { ...sealed, header }, ops }))
      return true
    },
    async 'a batch with other ops'() {
      const bytes = heard.batches.at(-1)
      if (!bytes) return false
      await network.publish(topics.batches, CompactBatch.encode({ ...CompactBatch.decode(bytes), ops: [random(32)] }))
      return true
    },
    async 'a wrong lock key'() {
      const release = pick(heard.releases.map((bytes) => Release.decode(bytes)))
      const messages = release?.TAG === 'shares' ? release.data.shares : release?.data.keys
      const message = messages?.[0]?.message
      if (!message) return false
      const data = { keys: [{ message, lockKey: random(32) }] }
      await network.publish(topics.releases, Release.encode({ TAG: 'lockKeys', data }))
      return true
    },
    async 'a share that no keeper signed'() {
      const release = heard.releases.map((bytes) => Release.decode(bytes)).find(({ TAG }) => TAG === 'shares')
      if (release?.TAG !== 'shares') return false
      const shares = release.data.shares.map(({ message }) => ({ message, share: random(33) }))
      const signature = sign(random(32), random(32))
      const data = { ...release.data, shares, signature }
      await network.publish(topics.releases, Release.encode({ TAG: 'shares', data }))
      return true
    },
    async 'endless questions'() {
      const ids = IdsRequest.encode({ ids: Array.from({ length: 64 }, () => random(32)) })
      for (const peer of network.peers())
        for (const protocol of Object.values(streamsOf(id)))
          await drained(network.request(peer, protocol, ids, { timeoutMs: 1_000 }))
      return true
    },
  }
}

/** Read an answer to its end, whatever it is. */
async function drained(answer: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const _ of answer);
  } catch {
    // To be refused is what she expects.
  }
}
