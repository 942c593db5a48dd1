/** Ops with their envelopes: what a peer answers when it is asked for one is held against it, and against nobody else. */
import { test } from 'tap'
import { createEnvelopes } from '../../../node/envelopes/envelopes.ts'
import { gossipAnswers } from '../../../node/gossip-answers.ts'
import { createIntake } from '../../../node/peers/intake.ts'
import type { StepAside } from '../../../node/seams.ts'
import { bytesToHex } from '@noble/hashes/utils.js'
import { Envelope, envelopeHash } from '../../../protocol/envelope.ts'
import { Mail } from '../../../protocol/gossip.ts'
import { no, yes } from '../../../protocol/reason.ts'
import { ada, bob, context, network, sendTo, signedBytes } from '../../kit/fixtures.ts'
import { fitting } from '../../vectors/doorway.ts'

const envelope = Envelope.encode(fitting)
const named = { envelopeHash: envelopeHash(network, envelope) }
const letter = (details = {}) => signedBytes({ by: ada, action: sendTo([bob], { ...named, ...details }) })
const bare = (details = {}) => Mail.encode({ op: letter(details), envelope: undefined })

/** An intake before a pool that takes everything, among peers that answer as a test says. */
function createWays(pull: (peer: string) => Promise<Uint8Array | undefined>) {
  const unused = () => {
    throw new Error('nothing is on disk')
  }
  const store = { get: async () => undefined, getMany: unused, writeSoon: unused, disk: undefined, fetch: unused }
  const envelopes = createEnvelopes({ store: store as never, context, follows: () => true })
  const waiting = new Map<string, string | undefined>()
  const costs: string[] = []
  const published: Uint8Array[] = []
  let aside = 0
  const away: StepAside = async (wait) => {
    aside += 1
    return wait()
  }
  const intake = createIntake({
    context,
    lanes: {
      async enter({ id }, { from }) {
        if (waiting.has(bytesToHex(id))) return yes('known')
        waiting.set(bytesToHex(id), from)
        return yes('new')
      },
      isAside: () => false,
    },
    pending: {
      get: (id) => (waiting.has(bytesToHex(id)) ? ({ id, from: waiting.get(bytesToHex(id)) } as never) : undefined),
      remove: ({ id }) => void waiting.delete(bytesToHex(id)),
    },
    envelopes,
    budget: { isSpent: () => false, spend: (peer) => void costs.push(peer) },
    pull,
    publishOp: async ({ bytes }) => void published.push(bytes),
    takeKeys: async () => false,
  })
  return {
    ...intake,
    waiting,
    costs,
    published,
    /** As gossip would bring it. */
    gossip(data: Uint8Array, from: string) {
      const received = intake.read(data)
      return received.ok ? intake.take(received.value, { from, forOps: away, forEnvelope: away }) : received
    },
    get aside() {
      return aside
    },
  }
}

test('intake: an envelope is pulled aside, and one that is another rejects nobody', async (t) => {
  const answers = new Map<string, Uint8Array | undefined>([
    ['liar', Envelope.encode({ ...fitting, lockKeyHash: new Uint8Array(32) })],
    ['mute', undefined],
    ['friend', envelope],
  ])
  const ways = createWays(async (peer) => answers.get(peer))
  for (const from of ['liar', 'mute']) {
    const taken = await ways.gossip(bare(), from)
    t.strictSame(taken, no('envelope-missing'), from)
    t.equal(ways.waiting.size, 0, 'and its op does not wait')
  }
  t.equal(gossipAnswers['envelope-missing'], 'ignore', 'others bring the same op, and have its envelope')
  t.strictSame(await ways.gossip(bare(), 'friend'), yes('new'))
  t.equal(ways.aside, 3)
  t.strictSame(await ways.takeGiven([bare()], 'liar'), [true], 'one that is here is not asked for')
})

test('intake: of two that bring a send, the envelope of one is enough', async (t) => {
  const silence = Promise.withResolvers<Uint8Array | undefined>()
  const ways = createWays((peer) => (peer === 'mute' ? silence.promise : Promise.resolve(envelope)))
  const first = ways.gossip(bare(), 'mute')
  t.strictSame(await ways.gossip(bare(), 'friend'), yes('known'))
  silence.resolve(undefined)
  t.strictSame(await first, yes('new'), 'it travels on, for this is the bringer whose answer says so')
  t.equal(ways.waiting.size, 1, 'and it goes on waiting')
})

test('intake: an op that says another size of an envelope that is here is not taken, nor passed on', async (t) => {
  const ways = createWays(async () => undefined)
  t.strictSame(await ways.takeGiven([Mail.encode({ op: letter(), envelope })], 'friend'), [true])
  t.strictSame(await ways.takeGiven([bare({ sizeClass: 1 })], 'liar'), [false])
  t.equal(ways.published.length, 1)
  t.strictSame(ways.costs, ['liar'])
  t.equal(ways.waiting.size, 1)
})
