// Slow: it floods real sockets with rubbish.
/** A peer who sends rubbish over real gossip: each kind is refused by its name, costs its sender, and stops nobody else. */
import { p256 } from '@noble/curves/nist.js'
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js'
import { type Test, test } from 'tap'
import type { Libp2pNetwork } from '../../node/network/libp2p.ts'
import { sign } from '../../node/keys/sign.ts'
import { equalBytes } from '../../protocol/codec.ts'
import { type Header, headerHash, opsRoot, outcomeRoot } from '../../protocol/batch.ts'
import { envelopeHash } from '../../protocol/envelope.ts'
import { CompactBatch, IdsRequest, Mail, Release, shardOf, Stored, streamsOf, topicsOf } from '../../protocol/gossip.ts'
import type { Reason } from '../../protocol/reason.ts'
import { gossipAnswers } from '../../node/gossip-answers.ts'
import { networkId } from '../../protocol/rules.ts'
import type { Action } from '../../protocol/operations.ts'
import { opId, SignedOp } from '../../protocol/wire.ts'
import { action } from '../kit/fixtures.ts'
import { type Actor, createWorld, lockKeyAt, random, type Running, settledAt, type World } from '../kit/nodes.ts'
import { patienceMs, until } from '../kit/patience.ts'

const content = (text: string) => new TextEncoder().encode(`Subject: ${text}\r\n\r\n${text}\r\n`)

/** Two nodes and the host, with everybody registered; then the host goes, so that nothing changes any more. */
async function stillWorld(t: Test) {
  const world = await createWorld(t, { people: ['ada', 'bob', 'cyd'], poor: ['zoe'], keepers: 1, threshold: 1 })
  const [ada, bob, cyd, zoe] = ['ada', 'bob', 'cyd', 'zoe'].map(world.person) as [Actor, Actor, Actor, Actor]
  const host = await world.start('host', { hosts: true, keeps: 0 })
  const near = await world.start('near')
  const far = await world.start('far')
  await world.register(host, ada, bob, cyd)
  const sealed = await world.seal(ada, [bob], content('one that is settled'))
  const settledOp = world.op({ by: ada, action: world.send(sealed, [bob]) })
  await host.node.submit(settledOp, sealed.envelopeBytes)
  for (const node of [host, near, far]) await lockKeyAt(node, sealed.messageId)
  const { mail, ...others } = topicsOf(world.context.network)
  const { mailShards } = world.file.rules
  const shard = shardOf(bob.address, mailShards)
  const topics = {
    ...others,
    mail: mail(shard),
    mailToZoe: mail(shardOf(zoe.address, mailShards)),
    mailElsewhere: mail((shard + 1) % mailShards),
  }
  return { world, ada, bob, cyd, zoe, host, near, far, sealed, settledOp, topics }
}

/** Publish one after the other until it shows. */
const publishUntil = (
  { publish }: Libp2pNetwork,
  topic: string,
  make: (at: number) => Uint8Array,
  holds: () => boolean | Promise<boolean>,
) => {
  let at = 0
  return until(`what is published on ${topic} shows`, async () => {
    if (await holds()) return true
    await publish(topic, make(at++))
    return holds()
  })
}

/** A stranger at a node who is heard already: what is published before links have formed is lost, and never sent again. */
async function strangerAt(world: World, near: Running, topics: { releases: string }): Promise<Libp2pNetwork> {
  const stranger = await world.stranger([near])
  const told = near.told.length
  const unknown = () => ({ message: random(32), lockKey: random(32) })
  const make = () => Release.encode({ TAG: 'lockKeys', data: { keys: [unknown()] } })
  await publishUntil(stranger, topics.releases, make, () =>
    near.told.slice(told).some(({ topic, answer }) => topic === 'releases' && answer === 'ignore'),
  )
  return stranger
}

const hasTold = ({ told }: Running, reason: Reason): boolean =>
  told.some((one) => one.reason === reason && one.answer === gossipAnswers[reason])

/** The other signature of the same op, which a curve with two roots has for free. */
function highTwin(bytes: Uint8Array): Uint8Array {
  const { op, signature } = SignedOp.decode(bytes)
  const { r, s } = p256.Signature.fromBytes(signature, 'compact')
  const twin = new p256.Signature(r, p256.Point.Fn.ORDER - s).toBytes('compact')
  return SignedOp.encode({ op, signature: twin })
}

test('each kind of rubbish is refused with its reason, and nobody but its sender suffers', async (t) => {
  const { world, ada, bob, cyd, zoe, host, near, far, settledOp, topics } = await stillWorld(t)
  await host.stop()
  const pay = (amount: bigint): Action => action('transfer', { to: bob.address, amount })
  const mail = (op: Uint8Array, envelope?: Uint8Array) => Mail.encode({ op, envelope })
  const foreign = networkId(
    { ...world.file.rules, inclusionFee: world.file.rules.inclusionFee + 1n },
    world.file.genesis,
  )
  const sealed = await world.seal(cyd, [bob], content('fitting'))
  const other = await world.seal(cyd, [bob], content('another'))
  const sendOp = (each = 1_000_000n) => world.op({ by: cyd, action: world.send(sealed, [bob]), each })
  const broken = random(sealed.envelopeBytes.length)
  const brokenSend = world.send({ ...sealed, envelopeHash: envelopeHash(world.context.network, broken) }, [bob])
  // Each is made anew for each try, so that gossip does not drop it as seen.
  const soon = (at: number) => BigInt(Date.now() + 2_000_000 + at)
  const op = (wish: Partial<Parameters<World['op']>[0]>, at: number) =>
    world.op({ by: cyd, action: pay(1n), expiry: soon(at), ...wish })
  const kinds: [string, keyof typeof topics, Reason, (at: number) => Uint8Array][] = [
    ['truncated', 'ops', 'malformed', (at) => op({}, at).subarray(0, -1)],
    ['with a byte too many', 'ops', 'malformed', (at) => concatBytes(op({}, at), Uint8Array.of(0))],
    ['oversized', 'ops', 'too-large', () => random(5_000)],
    ['mis-signed', 'ops', 'signature-wrong', (at) => op({ privateKey: ada.privateKey }, at)],
    ['its high-s twin', 'ops', 'signature-high-s', (at) => highTwin(op({}, at))],
    ['for another network', 'ops', 'signature-wrong', (at) => op({ within: foreign }, at)],
    ['replayed', 'mail', 'nonce-used', () => mail(settledOp)],
    ['expired', 'ops', 'expired', (at) => op({ expiry: BigInt(Date.now() - 1_000 - at) }, at)],
    ['good for too long', 'ops', 'expiry-too-far', (at) => op({ expiry: BigInt(Date.now() + 10 ** 9 + at) }, at)],
    ['with a gap before it', 'ops', 'nonce-gap', (at) => op({ nonce: 7n }, at)],
    ['overdrawn', 'ops', 'funds-short', (at) => op({ action: pay(10n ** 12n) }, at)],
    ['by somebody without funds', 'ops', 'account-unknown', (at) => op({ by: zoe, nonce: 0n }, at)],
    [
      'to somebody unknown',
      'mailToZoe',
      'recipient-unknown',
      (at) => {
        const to = world.op({ by: cyd, action: world.send(sealed, [zoe]), expiry: soon(at) })
        return mail(to, sealed.envelopeBytes)
      },
    ],
    ['in a shard that it is not for', 'mailElsewhere', 'malformed', () => mail(sendOp(), sealed.envelopeBytes)],
    ['underpaid', 'mail', 'price-short', () => mail(sendOp(1n), sealed.envelopeBytes)],
    ['with another envelope', 'mail', 'envelope-mismatch', () => mail(sendOp(), other.envelopeBytes)],
    ['with a broken envelope', 'mail', 'envelope-malformed', () => mail(op({ action: brokenSend }, 0), broken)],
    ['no batch', 'batches', 'malformed', () => random(300)],
    [
      'a batch by nobody',
      'batches',
      'host-signature-wrong',
      () => {
        const header = { ...near.node.replica.head.sealed.header, height: 99n, opCount: 0 }
        return CompactBatch.encode({
          sealed: { header, signature: sign(headerHash(header), random(32).fill(1, 0, 1)) },
          ops: [],
        })
      },
    ],
    ['no release', 'releases', 'malformed', () => random(300)],
  ]
  for (const [what, topic, reason, make] of kinds) {
    const stranger = await strangerAt(world, near, topics)
    near.told.length = 0
    far.told.length = 0
    await publishUntil(stranger, topics[topic], make, () => hasTold(near, reason))
    t.pass(`${what}: ${reason}`)
    t.strictSame(far.told, [], 'and it went no further')
    await stranger.close()
  }

  const rogue = await strangerAt(world, near, topics)
  near.told.length = 0
  await publishUntil(
    rogue,
    topics.ops,
    (at) => highTwin(op({}, at)),
    () => !near.network.peers().includes(rogue.self),
  )
  const lies = near.told.filter(({ answer }) => answer === 'reject')
  t.ok(lies.length < 40, `after ${lies.length} lies the liar is out`)
  t.ok(
    near.said.some((line) => line.includes(rogue.self) && line.includes('its score fell')),
    'and the log says why',
  )
  await rogue.dial(near.network.addresses()[0]!).catch(() => undefined)
  await until('it is not let in again', () => !rogue.peers().includes(near.network.self))
  t.notOk(near.network.peers().includes(rogue.self))
  t.ok(near.network.peers().includes(far.network.self), 'the honest stay')

  const again = await world.start('host', { hosts: true, keeps: 0 })
  const honest = await world.seal(cyd, [bob], content('after all that'))
  const sent = world.op({ by: cyd, action: world.send(honest, [bob]) })
  t.match(await near.node.submit(sent, honest.envelopeBytes), { ok: true })
  for (const node of [near, far, again]) await settledAt(node, honest.messageId)
  t.pass('and mail goes on')
})

test('what costs its sender nothing is relayed by nobody', async (t) => {
  const { world, ada, bob, zoe, host, near, far, sealed, topics } = await stillWorld(t)
  const last = (await near.node.store.batch(near.node.replica.head.sealed.header.height))!
  await host.stop()
  // One op waits everywhere, and is what some of the flood is made of.
  const waiting = world.op({ by: ada, nonce: 2n, action: action('transfer', { to: bob.address, amount: 1n }) })
  t.match(await near.node.submit(waiting), { ok: true })
  await until('it waits at the other node', () => far.node.pending.size === 1)
  const stranger = await strangerAt(world, near, topics)
  const before = (node: Running) => node.told.filter(({ answer }) => answer === 'accept').length

  const lockKey = await lockKeyAt(near, sealed.messageId)
  const { op } = SignedOp.decode(waiting)
  const floods: [string, keyof typeof topics, (at: number) => Uint8Array][] = [
    [
      'ops of an address without funds',
      'ops',
      (at) => world.op({ by: zoe, nonce: 0n, action: action('transfer', { to: bob.address, amount: BigInt(at) }) }),
    ],
    [
      'mail of an address without funds',
      'mail',
      (at) => {
        const op = world.op({ by: zoe, nonce: 0n, action: world.send(sealed, [bob]), each: BigInt(at) })
        return Mail.encode({ op, envelope: sealed.envelopeBytes })
      },
    ],
    [
      'an op that waits, under other signatures',
      'ops',
      () => {
        const signature = random(64).fill(1, 0, 1).fill(1, 32, 33)
        return SignedOp.encode({ op, signature })
      },
    ],
    [
      'a header that is known, with other ids',
      'batches',
      () => CompactBatch.encode({ sealed: last.sealed, ops: last.ops.map(() => random(32)) }),
    ],
    [
      'lock keys that are known',
      'releases',
      () => {
        const keys = [
          { message: sealed.messageId, lockKey },
          { message: random(32), lockKey },
        ]
        return Release.encode({ TAG: 'lockKeys', data: { keys } })
      },
    ],
  ]
  for (const [what, topic, make] of floods) {
    const [accepted, told] = [before(near), near.told.length]
    far.told.length = 0
    let made = 0
    await publishUntil(
      stranger,
      topics[topic],
      () => make(made++),
      () => near.told.length >= told + 40,
    )
    t.ok(before(near) - accepted <= 1, `${what}: of ${made} it takes ${before(near) - accepted}`)
    t.ok(far.told.length <= 1, `and ${far.told.length} travel on`)
    if (!near.network.peers().includes(stranger.self)) break
  }
  t.equal(near.node.pending.size, 1)
  t.equal(far.node.pending.size, 1)
  const again = await world.start('host', { hosts: true, keeps: 0 })
  await until('what waited is settled', () => again.node.store.outcome(opId(world.context.network, op)))
  t.pass('what was paid for is settled')
})

test('a send whose envelope does not come is shown to nobody, who would blame us for it', async (t) => {
  const { world, cyd, bob, host, near, topics } = await stillWorld(t)
  await host.stop()
  const sealed = await world.seal(cyd, [bob], content('kept back'))
  const op = world.op({ by: cyd, action: world.send(sealed, [bob]) })
  const id = opId(world.context.network, SignedOp.decode(op).op)
  const streams = streamsOf(world.context.network)
  const stranger = await strangerAt(world, near, topics)
  const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  stranger.serve(streams.envelopes, async function* () {
    asked.resolve()
    await answered.promise
    yield Stored.encode({ message: sealed.messageId, envelope: sealed.envelopeBytes })
  })
  await stranger.publish(topics.mail, Mail.encode({ op, envelope: undefined }))
  await asked.promise
  const all = (stream: string, request: Uint8Array) =>
    framesOf(stranger.request(near.network.self, stream, request, { timeoutMs: patienceMs }))
  const shown = async () => {
    const waiting = (await all(streams.waiting, new Uint8Array(0))).flatMap((frame) => IdsRequest.decode(frame).ids)
    const ops = await all(streams.ops, IdsRequest.encode({ ids: [id] }))
    return { waiting: waiting.some((other) => equalBytes(other, id)), ops: ops.length }
  }
  t.ok(near.node.pending.has(id), 'it waits')
  t.strictSame(await shown(), { waiting: false, ops: 0 })
  answered.resolve()
  await until('the envelope is here', () => near.node.envelopes.holds(sealed.messageId))
  t.strictSame(await shown(), { waiting: true, ops: 1 }, 'and is shown then')
})

async function framesOf(answer: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = []
  for await (const frame of answer) frames.push(frame)
  return frames
}

test('one number in the rules changed is another network, and the two refuse each other', async (t) => {
  const world = await createWorld(t, { people: ['ada'], keepers: 1, threshold: 1 })
  const { rules, genesis } = world.file
  const ours = await world.start('ours')
  const changed = { rules: { ...rules, inclusionFee: rules.inclusionFee + 1n }, genesis }
  const theirs = await world.start('theirs', { file: changed })
  t.notSame(theirs.node.context.network, ours.node.context.network)
  for (const [one, other] of [
    [ours, theirs],
    [theirs, ours],
  ] as const)
    await until(`${one.name} says why`, () =>
      one.said.some((line) => line.startsWith(`the peer is on network ${idOf(other)}, and this node on ${idOf(one)}`)),
    )
  await until('they have parted', () => [ours, theirs].every(({ network }) => network.peers().length === 0))
  t.strictSame([...ours.node.sync.heights, ...theirs.node.sync.heights], [], 'neither counts on the other')
})

const idOf = ({ node }: Running): string => bytesToHex(node.context.network).slice(0, 16)

test('a batch of the host that commits to a wrong state is kept as evidence, and the node stops on it', async (t) => {
  const { world, host, near, far, topics } = await stillWorld(t)
  await host.stop()
  const { sealed, hash } = near.node.replica.head
  const header: Header = {
    ...sealed.header,
    height: sealed.header.height + 1n,
    time: sealed.header.time + 1n,
    previous: hash,
    opCount: 0,
    opsRoot: opsRoot([]),
    outcomeRoot: outcomeRoot([]),
    stateRoot: random(32),
  }
  const wrong = { header, signature: sign(headerHash(header), world.hostKey) }
  const liar = await strangerAt(world, near, topics)
  const announce = () => CompactBatch.encode({ sealed: wrong, ops: [] })
  await publishUntil(liar, topics.batches, announce, () => near.node.replica.halted !== undefined)
  t.match(near.node.replica.halted, /commits to another state than its operations lead to.*evidence/)
  t.match(await near.node.store.evidence(), [{ second: { header: { height: header.height } } }])
  t.notOk(near.node.synced())
  await until('the others hear of it and stop too', () => far.node.replica.halted)
  t.equal(near.node.replica.head.sealed.header.height, sealed.header.height, 'nothing of it is taken over')
})
