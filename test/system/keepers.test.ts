// Slow: it waits for keepers that are away.
/** The lock: nobody reads before it is settled, t keepers open it and t − 1 do not, and no trick with copies opens it. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { test } from 'tap'
import { unpack } from '../../node/seal/content.ts'
import { unwrap } from '../../node/seal/seal.ts'
import { SealError } from '../../node/seal/error.ts'
import { keeperKeyPairFromSeed, openShare } from '../../node/seal/share.ts'
import { sign } from '../../node/keys/sign.ts'
import { openWithContentKey, openWithLockKey } from '../../node/seal/unseal.ts'
import { Envelope, envelopeHash, messageId, sealContext, wrapBytes } from '../../protocol/envelope.ts'
import { Release, releaseHash, topicsOf } from '../../protocol/gossip.ts'
import {
  type Actor,
  createWorld,
  envelopeAt,
  lockKeyAt,
  random,
  type Running,
  settledAt,
  type World,
} from '../kit/nodes.ts'
import { until } from '../kit/patience.ts'

const content = (text: string) => new TextEncoder().encode(`Subject: ${text}\r\n\r\n${text}\r\n`)

/** What a person's mailbox says of a message. */
const letterAt = async ({ mailbox }: Running, id: Uint8Array) =>
  (await mailbox!.messages({ folder: 'inbox' })).find((letter) => letter.id === bytesToHex(id))

/** The bytes of a message in a person's mailbox, once it can be read. */
const readAt = (running: Running, id: Uint8Array): Promise<Buffer> =>
  until(`${running.name} reads it`, async () => {
    const letter = await letterAt(running, id)
    const read = letter && (await running.mailbox!.message({ id: letter.id }))
    return read?.raw != null && Buffer.from(read.raw, 'base64')
  })

const registeredAt = ({ node }: Running, { address }: Actor) =>
  until('the reader is registered', async () => {
    const view = await node.replica.view([{ table: 'accounts', key: address }])
    return view.read('accounts', address)?.signingKey
  })

/** Start a keeper, and let it publish what it can open until that has shown; by itself it would every ten seconds. */
async function startKeeper(
  world: World,
  { name, keeps }: { name: string; keeps: number },
  holds: () => Promise<boolean>,
): Promise<void> {
  const { node } = await world.start(name, { keeps })
  await until(`what ${name} publishes counts`, async () => {
    await node.keeper!.again(50)
    return holds()
  })
}

/** Everything that a reader can try on an envelope with the keys that are theirs; says what opened it. */
async function attempts(world: World, { bob, ada }: { bob: Actor; ada: Actor }, bytes: Uint8Array): Promise<string[]> {
  const envelope = Envelope.decode(bytes)
  const { network } = world.context
  const parties = { network, sender: ada.address, recipients: [bob.address] }
  const opened: string[] = []
  const attempt = async (what: string, open: () => Promise<unknown> | unknown) => {
    try {
      if (await open()) opened.push(what)
    } catch (error) {
      if (!(error instanceof SealError)) throw error
    }
  }
  const reader = { ownAddress: bob.address, sealSeeds: [bob.sealSeed], envelope, ...parties }
  const guesses: [string, Uint8Array][] = [
    ['zeros', new Uint8Array(32)],
    ['chance', random(32)],
    ['the own seed', bob.sealSeed],
    ['the own signing key', bob.privateKey],
    ['the hash of the lock key', envelope.lockKeyHash],
    ['the hash of the envelope', envelopeHash(network, bytes)],
    ...envelope.shares.map(({ hash }, index): [string, Uint8Array] => [`the hash of share ${index}`, hash]),
    ...envelope.shares.map(({ enc }, index): [string, Uint8Array] => [`the key of share ${index}`, enc]),
  ]
  for (const [what, lockKey] of guesses) {
    await attempt(`${what} as lock key`, () => openWithLockKey({ ...reader, lockKey }))
    await attempt(`${what} as content key`, async () =>
      openWithContentKey({ envelope, ...parties, contentKey: lockKey }),
    )
  }
  const associated = sealContext(parties, envelope)
  for (const at of [0, 16, wrapBytes, envelope.lockedWraps.length - wrapBytes])
    await attempt(`the locked wraps from ${at} as a wrap`, () =>
      unwrap(bob.sealSeed, associated, envelope.lockedWraps.subarray(at, at + wrapBytes)),
    )
  const keeper = keeperKeyPairFromSeed(bob.sealSeed)
  for (const index of envelope.shares.keys())
    await attempt(`share ${index} with the own key`, () => openShare({ index, keeper, envelope, ...parties }))
  return opened
}

test('before it is settled nobody opens it, the reader with all their keys included', async (t) => {
  const world = await createWorld(t, { people: ['ada', 'bob'], keepers: 3, threshold: 2 })
  const [ada, bob] = [world.person('ada'), world.person('bob')]
  const host = await world.start('host', { hosts: true, keeps: 0 })
  const keeper = await world.start('keeper', { keeps: 1 })
  const reader = await world.start('reader', { reads: bob })
  await world.register(host, ada)
  await registeredAt(reader, bob)
  await host.stop() // Nothing is settled from here on.

  const text = content('not before it is paid')
  const sealed = await world.seal(ada, [bob], text)
  const { messageId: id, envelopeBytes } = sealed
  t.match(await keeper.node.submit(world.op({ by: ada, action: world.send(sealed, [bob]) }), envelopeBytes), {
    ok: true,
  })
  const held = await envelopeAt(reader, id)
  t.strictSame(await attempts(world, { ada, bob }, held), [], 'nothing that bob has opens what he holds')
  await keeper.node.keeper!.again(50)
  t.match(await reader.node.releases.progress(id), { state: 'closed', valid: 0 }, 'a keeper that runs gives nothing')
  const letter = await until('it is in his inbox', () => letterAt(reader, id))
  t.match(letter, { state: 'submitted', subject: '', amount: '0' }, 'which knows no more of it')
  t.equal((await reader.mailbox!.message({ id: bytesToHex(id) })).raw, null)

  await world.start('host', { hosts: true, keeps: 0 })
  t.strictSame(await readAt(reader, id), Buffer.from(text), 'settled, it opens')
  const lockKey = await lockKeyAt(reader, id)
  const opened = await openWithLockKey({
    network: world.context.network,
    sender: ada.address,
    recipients: [bob.address],
    envelope: Envelope.decode(held),
    lockKey,
    ownAddress: bob.address,
    sealSeeds: [bob.sealSeed],
  })
  const parties = { sender: ada.address, recipients: [bob.address] }
  const said = await unpack(parties, opened.packed)
  t.strictSame(Buffer.from(said), Buffer.from(text), 'and the lock was all that was missing')
})

test('t − 1 keepers do not open it, and it says so; with one more it opens', async (t) => {
  const world = await createWorld(t, { people: ['ada', 'bob'], keepers: 3, threshold: 2 })
  const [ada, bob] = [world.person('ada'), world.person('bob')]
  const host = await world.start('host', { hosts: true })
  await world.start('keeper 1', { keeps: 0 })
  const reader = await world.start('reader', { reads: bob })
  await world.register(host, ada)
  await registeredAt(reader, bob)

  const text = content('two of three')
  // The sender is gone once it is submitted: nobody publishes the lock key that they kept.
  const sealed = await world.seal(ada, [bob], text)
  const { messageId: id, envelopeBytes } = sealed
  await host.node.submit(world.op({ by: ada, action: world.send(sealed, [bob]) }), envelopeBytes)
  const closed = await until('the reader knows how many keepers there are', async () => {
    const letter = await letterAt(reader, id)
    return letter?.note.includes('1 of the 2') && letter
  })
  t.match(closed, { state: 'settled', note: /keepers unavailable: 1 of the 2/ })
  t.equal((await reader.mailbox!.message({ id: closed.id })).raw, null)
  await t.rejects(reader.mailbox!.shown({ id: closed.id }), { code: 'not-ready' })
  t.match(await reader.node.releases.progress(id), { state: 'closed', valid: 1, threshold: 2 })
  t.strictSame(await attempts(world, { ada, bob }, await envelopeAt(reader, id)), [])

  await startKeeper(
    world,
    { name: 'keeper 3', keeps: 2 },
    async () => (await letterAt(reader, id))?.state === 'released',
  )
  t.strictSame(await readAt(reader, id), Buffer.from(text), 'the second keeper opens it')
})

test('a wrong share is recognised and skipped', async (t) => {
  const world = await createWorld(t, { people: ['ada', 'bob'], keepers: 3, threshold: 2 })
  const [ada, bob] = [world.person('ada'), world.person('bob')]
  const host = await world.start('host', { hosts: true })
  const reader = await world.start('reader', { reads: bob })
  await world.register(host, ada)
  await registeredAt(reader, bob)
  const text = content('one of the keepers lies')
  const sealed = await world.seal(ada, [bob], text)
  const { messageId: id, envelopeBytes } = sealed
  await host.node.submit(world.op({ by: ada, action: world.send(sealed, [bob]) }), envelopeBytes)
  await settledAt(reader, id)
  await envelopeAt(reader, id)

  // Keeper 1 is a liar who signs well: its share has the right form, and is another one.
  const liar = await world.stranger([host, reader])
  const topic = topicsOf(world.context.network).releases
  liar.subscribe(topic, async () => 'ignore')
  const lie = (keeper: number, signingKey: Uint8Array): Uint8Array => {
    const share = random(33).fill(keeper + 1, 0, 1)
    const unsigned = { keeperSet: 1, keeper, shares: [{ message: id, share }] }
    const signature = sign(releaseHash(world.context.network, unsigned), signingKey)
    return Release.encode({ TAG: 'shares', data: { ...unsigned, signature } })
  }
  await until('the lie is heard', async () => {
    await liar.publish(topic, lie(0, world.keeperKeys[0]!.signingKey))
    const lock = await reader.node.releases.progress(id)
    return lock?.state === 'closed' && lock.wrong.length > 0
  })
  t.match(await reader.node.releases.progress(id), { state: 'closed', valid: 0, wrong: [0] }, 'it is known as wrong')
  await until('one that is not signed by the keeper is rejected', async () => {
    await liar.publish(topic, lie(1, random(32).fill(1, 0, 1)))
    return reader.told.some(({ topic, answer }) => topic === 'releases' && answer === 'reject')
  })

  await startKeeper(world, { name: 'keeper 2', keeps: 1 }, async () => {
    const lock = await reader.node.releases.progress(id)
    return lock?.state === 'closed' && lock.valid === 1
  })
  t.match(await letterAt(reader, id), { state: 'settled' })
  await startKeeper(
    world,
    { name: 'keeper 3', keeps: 2 },
    async () => (await letterAt(reader, id))?.state === 'released',
  )
  t.strictSame(await readAt(reader, id), Buffer.from(text), 'the honest two open it')
})

test('an envelope, or its shares, in somebody else’s message does not open', async (t) => {
  const world = await createWorld(t, { people: ['ada', 'bob', 'eve', 'mal'], keepers: 3, threshold: 2 })
  const [ada, bob, eve, mal] = ['ada', 'bob', 'eve', 'mal'].map(world.person) as [Actor, Actor, Actor, Actor]
  const host = await world.start('host', { hosts: true, keeps: 0 })
  const keeper = await world.start('keeper', { keeps: 1 })
  const reader = await world.start('reader', { reads: bob })
  const accomplice = await world.start('accomplice', { reads: mal })
  await world.register(host, ada, eve)
  await registeredAt(reader, bob)
  await registeredAt(accomplice, mal)
  const { network } = world.context

  const text = content('for bob alone')
  const sealed = await world.seal(ada, [bob], text)
  // Eve has seen Ada's message on its way, and is faster: she pays for a copy to her accomplice first.
  const whole = sealed
  const parts = await (async () => {
    const own = await world.seal(eve, [mal], content('a cover'))
    const envelope: Envelope = {
      ...own.envelope,
      shares: sealed.envelope.shares,
      lockKeyHash: sealed.envelope.lockKeyHash,
    }
    const envelopeBytes = Envelope.encode(envelope)
    return { ...own, envelope, envelopeBytes, envelopeHash: envelopeHash(network, envelopeBytes) }
  })()
  const copies = [whole, parts].map(({ envelopeHash, ...copy }) => ({
    ...copy,
    envelopeHash,
    messageId: messageId({ network, sender: eve.address, recipients: [mal.address], envelopeHash }),
  }))
  t.notSame(copies[0]!.messageId, sealed.messageId, 'the id is bound to who sends to whom')
  for (const [at, copy] of copies.entries()) {
    const op = world.op({ by: eve, nonce: BigInt(at + 1), action: world.send(copy, [mal]) })
    t.match(await host.node.submit(op, copy.envelopeBytes), { ok: true })
    await settledAt(accomplice, copy.messageId)
    await until('the keepers have looked at it', () =>
      [host, keeper].every(
        ({ said }) =>
          said.filter((line) => line.includes('a share was not sealed for this keeper and this message')).length > at,
      ),
    )
    t.match(await accomplice.node.releases.progress(copy.messageId), { state: 'closed', valid: 0 }, 'it stays closed')
    const letter = await until('the mailbox has read the batch', () => letterAt(accomplice, copy.messageId))
    t.match(letter, { state: 'settled' })
  }

  // With Ada's own signature nothing can be changed, and she gets her message through as if nothing were.
  const forged = world.op({ by: ada, action: world.send(sealed, [mal]), privateKey: eve.privateKey })
  t.match(await host.node.submit(forged, sealed.envelopeBytes), { ok: false, reason: 'signature-wrong' })
  const honest = world.op({ by: ada, action: world.send(sealed, [bob]) })
  t.match(await host.node.submit(honest, sealed.envelopeBytes), { ok: true })
  t.strictSame(await readAt(reader, sealed.messageId), Buffer.from(text), 'bob reads it')

  // Now the lock key is public, and still of no use to Eve and Mal.
  const lockKey = await lockKeyAt(accomplice, sealed.messageId)
  for (const [who, copy] of [eve, mal].flatMap((who) => copies.map((copy) => [who, copy] as const)))
    await t.rejects(
      openWithLockKey({
        network,
        sender: eve.address,
        recipients: [mal.address],
        envelope: copy.envelope,
        lockKey,
        ownAddress: who.address,
        sealSeeds: [who.sealSeed],
      }),
      SealError,
      `${who.name} has paid for nothing`,
    )
})
