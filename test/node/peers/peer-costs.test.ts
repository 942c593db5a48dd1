/** What a peer can cost: the worst of each kind, counted in reads and calls. */
import { test } from 'tap'
import { createOpenedLately } from '../../../node/envelopes/opened-lately.ts'
import { createReleases } from '../../../node/envelopes/releases.ts'
import { costs, createPeerBudget } from '../../../node/peers/peer-budget.ts'
import { createPulls } from '../../../node/peers/pulls.ts'
import { serveStreams } from '../../../node/peers/serve.ts'
import { batchValidator } from '../../../node/peers/validators.ts'
import type { Handler } from '../../../node/seams.ts'
import { CompactBatch, IdsRequest, SetUpRequest, streamsOf } from '../../../protocol/gossip.ts'

type Any = never
const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill)
const network = bytes(32, 7)
const peer = 'peer'

/** A ledger in which every message is settled, and open; every read of it is counted. */
function counted(isOpen: boolean) {
  const reads = { records: 0, keys: 0, envelopes: 0 }
  const store = {
    fetch: async () => {
      reads.records += 1
      return { read: () => ({ height: 5n, recipients: [], sender: bytes(20, 1), keptUntil: 0n }) }
    },
    get: async () => {
      reads.keys += 1
      return isOpen ? bytes(32, 1) : undefined
    },
    getMany: async () => [],
    writeSoon: async () => undefined,
  }
  const envelopes = {
    holds: () => false,
    keeps: () => true,
    get: async () => {
      reads.envelopes += 1
      return undefined
    },
  }
  const context = { network, rules: { keepers: { version: 1, members: [] } } }
  return { reads, releases: createReleases({ store, envelopes, context } as unknown as Any) }
}

test('a lock key that is repeated in one message is malformed, and nothing is read', async (t) => {
  const { reads, releases } = counted(true)
  const keys = Array.from({ length: 255 }, () => ({ message: bytes(32, 1), lockKey: bytes(32, 2) }))
  t.same(await releases.take({ TAG: 'lockKeys', data: { keys } }), { answer: 'reject', looks: 0, echoes: 0 })
  t.same(reads, { records: 0, keys: 0, envelopes: 0 })
})

test('lock keys of open locks cost two keys each, no envelope, and are charged; so are those that come early', async (t) => {
  const { reads, releases } = counted(true)
  const keys = Array.from({ length: 255 }, (_, at) => ({ message: bytes(32, at), lockKey: bytes(32, 2) }))
  t.same(await releases.take({ TAG: 'lockKeys', data: { keys } }), { answer: 'ignore', looks: 255, echoes: 0 })
  t.same(reads, { records: 255, keys: 255, envelopes: 0 })
  const early = counted(false)
  t.match(await early.releases.take({ TAG: 'lockKeys', data: { keys } }), { answer: 'ignore', looks: 255 })
})

test('what opened a moment ago is named again for nearly nothing, but not for ever', async (t) => {
  const lately = createOpenedLately()
  const message = bytes(32, 1)
  t.equal(lately.echo(message), undefined)
  lately.add(message)
  const echoes = Array.from({ length: 50 }, () => lately.echo(message))
  t.equal(echoes.filter((echo) => echo === 'fair').length, 40)
  t.equal(echoes.at(-1), 'idle')
})

test('whoever comes back under new ids has no more than those who are there together', (t) => {
  const at = { ms: 0 }
  const here = new Map<string, string>()
  const budget = createPeerBudget({ now: () => at.ms }, (peer) => here.get(peer) ?? peer)
  here.set('chosen', 'chosen')
  for (let id = 0; id < 8; id++) {
    here.set(`peer ${id}`, 'address')
    t.equal(budget.isSpent(`peer ${id}`), false)
    budget.spend(`peer ${id}`, 599)
    here.delete(`peer ${id}`)
    budget.spend(`peer ${id}`, 1)
    t.equal(budget.isSpent(`peer ${id}`), true)
  }
  here.set('ninth', 'address')
  t.equal(budget.isSpent('ninth'), true)
  t.equal(budget.isSpent('chosen'), false)
  t.equal(budget.isSpent('elsewhere'), false)
  at.ms += 60_000
  t.equal(budget.isSpent('ninth'), false)
  t.end()
})

test('an old header said again with other lists is neither verified nor held against ours', async (t) => {
  const calls = { verify: 0, compare: 0 }
  const budget = createPeerBudget({ now: () => 0 })
  const header = {
    version: undefined,
    network,
    height: 3n,
    time: 1n,
    epoch: 0,
    previous: bytes(32, 0),
    opCount: 1,
    opsRoot: bytes(32, 1),
    outcomeRoot: bytes(32, 2),
    stateRoot: bytes(32, 3),
  }
  const validate = batchValidator({
    replica: {
      context: { network, rules: { hostKey: bytes(33, 2) }, verify: () => ++calls.verify > 0 },
      head: { sealed: { header: { height: 9n } } },
      compare: async () => void calls.compare++,
    } as unknown as Any,
    judge: (_, result) => (result.ok ? 'accept' : 'reject'),
    budget,
    onAnswer: () => undefined,
    onAnnounced: () => t.fail('it is old'),
  })
  const said = (fill: number) =>
    CompactBatch.encode({ sealed: { header, signature: bytes(64, 1) }, ops: [bytes(32, fill)] })
  const aside = <T>(wait: () => Promise<T>) => wait()
  t.equal(await validate(said(1), peer, aside), 'accept')
  let ignored = 0
  for (let at = 2; !budget.isSpent(peer); at++) {
    t.equal(await validate(said(at), peer, aside), 'ignore')
    ignored++
  }
  t.same(calls, { verify: 1, compare: 1 })
  t.ok(ignored <= 600)
})

test('envelopes that never come are asked for a few at a time, cost the budget, and a row of them the connection', async (t) => {
  const budget = createPeerBudget({ now: () => 0 })
  const hungUp: string[] = []
  let underWay = 0
  let most = 0
  const pull = createPulls({
    budget,
    network: { peers: () => [peer, 'honest'], disconnect: async (name) => void hungUp.push(name) },
    ask: {
      async envelope(name, message) {
        if (name === 'honest') return message
        most = Math.max(most, ++underWay)
        await new Promise((resolve) => setImmediate(resolve))
        underWay -= 1
        throw new Error('it did not come')
      },
    },
  })
  const pulled = Array.from({ length: 96 }, (_, at) => pull(peer, bytes(32, at)))
  const honest = Array.from({ length: 60 }, (_, at) => pull('honest', bytes(32, at)))
  t.ok((await Promise.all(honest)).every((envelope) => envelope !== undefined))
  t.ok((await Promise.all(pulled)).every((envelope) => envelope === undefined))
  t.equal(most, 4)
  t.same(hungUp, [peer])
  t.notOk(budget.isSpent('honest'))
})

test('ids that are asked for in vain are charged by the look, and whoever asks too much gets no answer', async (t) => {
  const handlers = new Map<string, Handler>()
  const limits = new Map<string, number>()
  let looks = 0
  serveStreams({
    replica: { context: { network }, head: {} },
    pending: { get: () => undefined, list: () => [] },
    envelopes: { get: async () => void looks++, shard: () => [] },
    releases: { from: () => [] },
    store: { batches: () => [] },
    network: {
      serve: (name: string, handler: Handler, { requestBytesMax }: { requestBytesMax: number }) => {
        handlers.set(name, handler)
        limits.set(name, requestBytesMax)
      },
    },
    budget: createPeerBudget({ now: () => 0 }),
    isServed: () => true,
    async *readSetUp() {
      yield new Uint8Array(9 * 1024 * 1024)
    },
  } as unknown as Any)
  const { envelopes, hello, setUp } = streamsOf(network)
  t.ok(limits.get(hello)! <= 512)
  t.equal(limits.size, 10)
  const request = IdsRequest.encode({ ids: Array.from({ length: 1_024 }, (_, at) => bytes(32, at % 251)) })
  t.equal(limits.get(envelopes), request.length)
  let refused = 0
  for (let times = 0; times < 100; times++)
    try {
      for await (const _ of handlers.get(envelopes)!(request, peer)) t.fail('there is nothing')
    } catch {
      refused++
    }
  t.ok(refused > 50)
  t.ok(looks * costs.look <= 600 + 1_024 * costs.look)

  // Files of the set-up are sent 4 MiB at a time, and what was sent is charged.
  let sentBytes = 0
  let answers = 0
  const fetch = async () => {
    for await (const piece of handlers.get(setUp)!(SetUpRequest.encode({ file: 4, from: 0 }), 'another'))
      sentBytes += piece.length
    answers++
  }
  await fetch()
  t.equal(sentBytes, 4 * 1024 * 1024)
  await t.rejects(async () => {
    for (;;) await fetch()
  }, /asked too much/)
  t.ok(answers > 100 && sentBytes <= 604 * 1024 * 1024, `${answers} answers`)
})
