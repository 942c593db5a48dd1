/** Answers that wait for slow readers: whatever order they come in, they hold no more than they may, and a newcomer is served. */
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { test } from 'tap'
import { createAnswers, type UnderWay } from '../../../node/network/under-way.ts'
import { patienceMs, until } from '../../kit/patience.ts'
import { productionNetwork } from '../../kit/production-network.ts'

const kib = 1024
const limits = {
  served: 12,
  servedOfAddress: 4,
  servedOfPeer: 3,
  unreadBytes: 1_024 * kib,
  unreadBytesOfPeer: 300 * kib,
}
const mostOf = () => limits.servedOfAddress
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Give an answer away without waiting for it; says whether it holds what was asked. */
function holding(underWay: UnderWay, bytes: number): { isHeld: boolean; isOver: boolean } {
  const state = { isHeld: false, isOver: false }
  underWay.hold(bytes).then(
    () => (state.isHeld = true),
    () => (state.isOver = true),
  )
  return state
}

test('no order of requests, frames and readers holds more than it may, or keeps a new address from being served', async (t) => {
  const step = fc.record({
    address: fc.nat({ max: 14 }),
    peer: fc.nat({ max: 2 }),
    what: fc.constantFrom('asks', 'asks', 'answers', 'answers', 'reads', 'leaves'),
    bytes: fc.nat({ max: 200 * kib }),
  })
  await t.resolves(
    fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
        const answers = createAnswers(limits, mostOf)
        const here: { address: string; peer: string; isGone: boolean; underWay: UnderWay }[] = []
        const of = (key: 'address' | 'peer', name: string) => here.filter((one) => !one.isGone && one[key] === name)
        for (const { address, peer, what, bytes } of steps) {
          const asker = { address: `${address}`, peer: `${address} ${peer}` }
          const [own] = of('peer', asker.peer)
          if (what === 'asks' && answers.countOf(asker.peer) < limits.servedOfPeer) {
            const one = { ...asker, isGone: false, underWay: undefined as unknown as UnderWay }
            const begun = answers.begin({ ...asker, abort: () => (one.isGone = true) })
            if (typeof begun !== 'string') here.push(Object.assign(one, { underWay: begun }))
            // Everybody here waits for its reader, as those do whom an attacker has.
            if (typeof begun !== 'string') holding(begun, bytes)
          } else if (own && what === 'answers') holding(own.underWay, bytes)
          else if (own && what === 'reads') own.underWay.taken()
          else if (own && what === 'leaves') {
            own.isGone = true
            own.underWay.end()
          }
          await turn()
          const { sizes } = answers
          if (sizes.bytes > limits.unreadBytes || sizes.answers > limits.served) return false
          if (sizes.answers !== here.filter(({ isGone }) => !isGone).length) return false
          if (here.some(({ address: other }) => of('address', other).length > limits.servedOfAddress)) return false
        }
        for (const { underWay, isGone } of here) if (!isGone) holding(underWay, 1)
        await turn()
        const newcomer = answers.begin({ address: 'new', peer: 'new', abort: () => undefined })
        if (typeof newcomer === 'string') return false
        await newcomer.hold(200 * kib)
        newcomer.end()
        for (const { underWay, isGone } of here) if (!isGone) underWay.end()
        return answers.sizes.answers === 0 && answers.sizes.bytes === 0 && answers.sizes.peers === 0
      }),
    ),
  )
})

test('a peer that reads nothing waits for itself, and is given up where others need the room', async (t) => {
  const answers = createAnswers({ ...limits, unreadBytes: 500 * kib }, mostOf)
  const gone: string[] = []
  const begin = (address: string, name: string): UnderWay => {
    const begun = answers.begin({ address, peer: address, abort: () => gone.push(name) })
    if (typeof begun === 'string') throw new Error(begun)
    return begun
  }
  const slow = ['first', 'second', 'third'].map((name) => holding(begin('slow', name), 120 * kib))
  await turn()
  t.same(
    slow.map(({ isHeld }) => isHeld),
    [true, true, false],
    'two of its frames fit its share, and the third waits',
  )
  const [one, other] = [holding(begin('a', 'a'), 150 * kib), holding(begin('b', 'b'), 150 * kib)]
  await turn()
  t.ok(one.isHeld && other.isHeld)
  t.equal(gone[0], 'first', 'who waited longest made room')
  t.ok(slow[2]!.isHeld, 'and left its room to the next of its own')
  t.ok(answers.sizes.bytes <= 500 * kib)
})

test('readers that read nothing, at the settings of production, keep nobody from being answered', async (t) => {
  const node = await productionNetwork()
  t.teardown(() => node.close())
  const large = randomBytes(1024 * kib)
  node.serve('log', async function* () {
    for (let at = 0; at < 64; at++) yield large
  })
  node.serve('hello', async function* (request) {
    yield request
  })
  const [address] = node.addresses()
  const slow = await Promise.all(Array.from({ length: 8 }, () => productionNetwork({ listen: [] })))
  t.teardown(() => Promise.all(slow.map((one) => one.close())))
  let begun = 0
  const isOver = new AbortController()
  for (const one of slow.slice(0, 6)) {
    const peer = await one.dial(address!)
    for (let time = 0; time < 10; time++) {
      const answer = one.request(peer, 'log', new Uint8Array(1), { timeoutMs: patienceMs })
      const reading = async () => {
        for await (const _ of answer) {
          begun += 1
          await new Promise((resolve) => isOver.signal.addEventListener('abort', resolve, { once: true }))
          break
        }
      }
      void reading().catch(() => undefined)
    }
  }
  await until('the node has begun to answer', () => begun >= 6)
  const [, , , , , , newcomer] = slow
  const peer = await newcomer!.dial(address!)
  let heard = 0
  for await (const frame of newcomer!.request(peer, 'hello', new Uint8Array(300), { timeoutMs: patienceMs }))
    heard += frame.length
  t.equal(heard, 300)
  t.equal(node.stats().banned, 0)
  isOver.abort()
})
