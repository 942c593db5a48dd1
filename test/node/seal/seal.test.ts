import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { brotliCompress } from 'node:zlib'
import { test } from 'tap'
import { sealChacha, singleUseNonce } from '../../../node/seal/chacha.ts'
import { pack, pad, unpack, unpad } from '../../../node/seal/content.ts'
import { type Sealed, seal, sealKeyPairFromSeed, unwrap } from '../../../node/seal/seal.ts'
import { SealError } from '../../../node/seal/error.ts'
import { keeperKeyPairFromSeed, openShare, sealShare } from '../../../node/seal/share.ts'
import { openWithContentKey, openWithLockKey, type Settled } from '../../../node/seal/unseal.ts'
import { checkEnvelope, Envelope, envelopeHash, messageId, sealContext } from '../../../protocol/envelope.ts'
import { combineShares, type Share } from '../../../protocol/lock.ts'

const seeded = (seed: string) => {
  let drawn = 0
  return (length: number) =>
    new Uint8Array(createHash('shake256', { outputLength: length }).update(`${seed} ${drawn++}`).digest())
}
const random = seeded('people')
const network = random(32)
const keepers = [1, 2, 3].map(() => keeperKeyPairFromSeed(random(32)))
const keeperSet = { version: 3, threshold: 2, members: keepers.map(({ publicKey }) => ({ lockKey: publicKey })) }

async function person() {
  const { publicKey, seed } = await sealKeyPairFromSeed(random(32))
  return { address: random(20), sealKey: publicKey, seed }
}
const [ann, bob, cleo, mallory] = [await person(), await person(), await person(), await person()]
const text = (words: string) => new TextEncoder().encode(words)
const letter = text('Subject: hello\r\n\r\nA few words.\r\n')

const base = { network, keeperSet, sender: ann, recipients: [bob, cleo], content: letter, maxSizeClass: 8 }
const sealed = await seal({ ...base, random: seeded('one') })
const settled: Settled = {
  network,
  sender: ann.address,
  recipients: [bob.address, cleo.address],
  envelope: sealed.envelope,
}
const reader = (who: typeof ann) => ({ ownAddress: who.address, sealSeeds: [who.seed] })

/** A message as its reader gets it. */
async function openWith(how: Parameters<typeof openWithLockKey>[0]) {
  const { packed, contentKey } = await openWithLockKey(how)
  return { contentKey, content: await unpack(how, packed) }
}

/** The same with the content key. */
async function contentWith(how: Parameters<typeof openWithContentKey>[0]) {
  return { content: await unpack(how, openWithContentKey(how).packed) }
}

/** What the keepers publish for an operation: the shares that open, by keeper. */
function publish(op: Settled): Share[] {
  return keepers.flatMap((keeper, index) => {
    try {
      return [{ index, share: openShare({ ...op, index, keeper }) }]
    } catch (error) {
      if (error instanceof SealError) return []
      throw error
    }
  })
}

/** What a recipient gets to read once the keepers have published: the words, or why there are none. */
async function readAs(who: typeof ann, op: Settled): Promise<string> {
  const lock = combineShares(op.network, op.envelope, publish(op))
  if (lock.state !== 'open') return `the lock is ${lock.state}`
  try {
    return new TextDecoder().decode((await openWith({ ...op, lockKey: lock.lockKey, ...reader(who) })).content)
  } catch (error) {
    if (error instanceof SealError) return 'refused'
    throw error
  }
}

test('each recipient and the sender read what was written', async (t) => {
  for (const who of [bob, cleo, ann]) {
    const lock = combineShares(network, sealed.envelope, publish(settled))
    if (lock.state !== 'open') return t.fail('the lock is open')
    const opened = await openWith({ ...settled, lockKey: lock.lockKey, ...reader(who) })
    t.same(Buffer.from(opened.content), Buffer.from(letter))
    t.same(opened.contentKey, sealed.contentKey)
  }
})

test('what seal hands out belongs together, and has the form that nodes ask for', async (t) => {
  t.ok(Buffer.from(Envelope.encode(sealed.envelope)).equals(sealed.envelopeBytes))
  t.same(sealed.envelopeHash, envelopeHash(network, sealed.envelopeBytes))
  t.same(sealed.messageId, messageId({ ...settled, envelopeHash: sealed.envelopeHash }))
  const demand = { recipientsCount: 2, keeperSet, maxSizeClass: sealed.sizeClass }
  t.match(checkEnvelope(Envelope.decode(sealed.envelopeBytes), demand), { ok: true })
  const opened = await contentWith({ ...settled, contentKey: sealed.contentKey })
  t.same(Buffer.from(opened.content), Buffer.from(letter))
})

test('one seed seals one envelope', async (t) => {
  const again = async (seed: string) => Buffer.from((await seal({ ...base, random: seeded(seed) })).envelopeBytes)
  t.ok((await again('one')).equals(sealed.envelopeBytes))
  t.notOk((await again('two')).equals(sealed.envelopeBytes))
})

const flip = (bytes: Uint8Array) => bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte))
const share = (at: number, change: Partial<Envelope['shares'][number]>) =>
  sealed.envelope.shares.map((one, index) => (index === at ? { ...one, ...change } : one))
const [first, second] = sealed.envelope.shares
const words = new TextDecoder().decode(letter)

const tampered: { name: string; change: Partial<Settled> | Partial<Envelope>; keepers: number; result: string }[] = [
  { name: 'nothing', change: {}, keepers: 3, result: words },
  { name: 'the network', change: { network: random(32) }, keepers: 0, result: 'the lock is closed' },
  { name: 'the sender', change: { sender: mallory.address }, keepers: 0, result: 'the lock is closed' },
  {
    name: 'a recipient',
    change: { recipients: [bob.address, mallory.address] },
    keepers: 0,
    result: 'the lock is closed',
  },
  {
    name: 'the order of recipients',
    change: { recipients: [cleo.address, bob.address] },
    keepers: 0,
    result: 'the lock is closed',
  },
  { name: 'the count of recipients', change: { recipients: [bob.address] }, keepers: 0, result: 'the lock is closed' },
  { name: 'sizeClass', change: { sizeClass: 1 }, keepers: 3, result: 'refused' },
  { name: 'keeperSet', change: { keeperSet: 4 }, keepers: 3, result: 'refused' },
  { name: 'threshold, up', change: { threshold: 3 }, keepers: 3, result: 'refused' },
  { name: 'threshold, down', change: { threshold: 1 }, keepers: 3, result: 'the lock is broken' },
  { name: 'threshold, none', change: { threshold: 0 }, keepers: 3, result: 'the lock is closed' },
  { name: 'lockKeyHash', change: { lockKeyHash: random(32) }, keepers: 3, result: 'the lock is broken' },
  {
    name: 'a share hash',
    change: { shares: share(0, { hash: random(32) }) },
    keepers: 0,
    result: 'the lock is closed',
  },
  { name: 'one encapsulation', change: { shares: share(0, { enc: flip(first!.enc) }) }, keepers: 2, result: words },
  {
    name: 'one ciphertext',
    change: { shares: share(0, { ciphertext: flip(first!.ciphertext) }) },
    keepers: 2,
    result: words,
  },
  {
    name: 'the order of shares',
    change: { shares: [second!, first!, sealed.envelope.shares[2]!] },
    keepers: 0,
    result: 'the lock is closed',
  },
  {
    name: 'a share less',
    change: { shares: sealed.envelope.shares.slice(0, 2) },
    keepers: 0,
    result: 'the lock is closed',
  },
  {
    name: 'lockedWraps',
    change: { lockedWraps: flip(sealed.envelope.lockedWraps) },
    keepers: 0,
    result: 'the lock is closed',
  },
  { name: 'body', change: { body: flip(sealed.envelope.body) }, keepers: 0, result: 'the lock is closed' },
]

for (const { name, change, keepers, result } of tampered)
  test(`changed: ${name}`, async (t) => {
    const outside = 'network' in change || 'sender' in change || 'recipients' in change
    const op = outside ? { ...settled, ...change } : { ...settled, envelope: { ...sealed.envelope, ...change } }
    t.equal(publish(op).length, keepers, 'keepers that open their share')
    t.equal(await readAs(bob, op), result)
    // The sender's daemon publishes the lock key itself, so that it alone must not open what was changed either.
    const opening = openWith({ ...op, lockKey: sealed.lockKey, ...reader(bob) })
    if (result === words || 'shares' in change) t.same(Buffer.from((await opening).content), Buffer.from(letter))
    else await t.rejects(opening, SealError)
  })

test('a closed lock says what is missing', async (t) => {
  const shares = publish(settled)
  const wrong = { index: 0, share: flip(shares[0]!.share) }
  const stolen = { index: 1, share: shares[2]!.share }
  const lock = (...published: Share[]) => combineShares(network, sealed.envelope, published)
  t.same(lock(), { state: 'closed', valid: 0, threshold: 2, wrong: [] })
  t.same(lock(shares[1]!), { state: 'closed', valid: 1, threshold: 2, wrong: [] })
  t.same(lock(shares[1]!, shares[1]!), { state: 'closed', valid: 1, threshold: 2, wrong: [] }, 'repeated')
  t.same(lock(shares[1]!, wrong), { state: 'closed', valid: 1, threshold: 2, wrong: [0] })
  t.same(lock(shares[2]!, stolen), { state: 'closed', valid: 1, threshold: 2, wrong: [1] }, "another keeper's")
  t.same(lock(shares[2]!, { index: 9, share: shares[0]!.share }), {
    state: 'closed',
    valid: 1,
    threshold: 2,
    wrong: [9],
  })
  t.same(lock(shares[2]!, { index: 0, share: new Uint8Array(0) }), {
    state: 'closed',
    valid: 1,
    threshold: 2,
    wrong: [0],
  })
  for (const pair of [
    [0, 1],
    [0, 2],
    [2, 1],
    [2, 1, 0],
  ])
    t.same(lock(...pair.map((at) => shares[at]!)), { state: 'open', lockKey: sealed.lockKey })
  t.same(
    lock(wrong, shares[2]!, stolen, shares[0]!),
    { state: 'open', lockKey: sealed.lockKey },
    'wrong ones are skipped',
  )
})

test('shares copied into an envelope of one’s own do not open', async (t) => {
  const theirs = await seal({ ...base, sender: mallory, recipients: [cleo], random: seeded('mallory') })
  const op = { network, sender: mallory.address, recipients: [cleo.address] }
  const { lockKeyHash, shares, lockedWraps, body } = sealed.envelope
  t.same(publish({ ...op, envelope: { ...theirs.envelope, shares, lockKeyHash } }), [])
  t.same(publish({ ...op, envelope: { ...theirs.envelope, shares, lockKeyHash, lockedWraps } }), [])
  t.same(publish({ ...op, envelope: { ...theirs.envelope, shares, lockKeyHash, lockedWraps, body } }), [])
  t.same(publish({ ...op, envelope: sealed.envelope }), [], 'the whole envelope, paid for by somebody else')
  t.equal(publish({ ...op, envelope: theirs.envelope }).length, 3, 'their own opens')
})

test('a keeper refuses a share that is not the announced one', async (t) => {
  const random = seeded('liar')
  const locked = { ...sealed.envelope }
  const lie = sealShare(
    random,
    settled,
    { index: 0, lockKey: keepers[0]!.publicKey },
    locked,
    new Uint8Array(33).fill(1),
  )
  const envelope = { ...sealed.envelope, shares: share(0, lie) }
  t.throws(
    () => openShare({ ...settled, envelope, index: 0, keeper: keepers[0]! }),
    /not the one that the envelope announces/,
  )
  t.throws(() => openShare({ ...settled, index: 5, keeper: keepers[0]! }), SealError)
})

test('without the lock key nobody reads', async (t) => {
  await t.rejects(openWith({ ...settled, lockKey: random(32), ...reader(bob) }), /lock key is not the one/)
  await t.rejects(openWith({ ...settled, lockKey: new Uint8Array(0), ...reader(bob) }), /lock key is not the one/)
  await t.rejects(contentWith({ ...settled, contentKey: random(32) }), SealError)
  await t.rejects(contentWith({ ...settled, contentKey: new Uint8Array(3) }), SealError)
  const context = sealContext(settled, sealed.envelope)
  t.equal(await unwrap(bob.seed, context, sealed.envelope.lockedWraps.subarray(0, 1168)), undefined)
})

test('with the lock key only the parties read', async (t) => {
  const { lockKey } = sealed
  await t.rejects(openWith({ ...settled, lockKey, ...reader(mallory) }), /neither to nor from this address/)
  const pretending = { ownAddress: bob.address, sealSeeds: [mallory.seed] }
  await t.rejects(openWith({ ...settled, lockKey, ...pretending }), /a key that this mailbox does not have/)
  await t.rejects(openWith({ ...settled, lockKey, ...reader(bob), sealSeeds: [] }), /does not have/)
})

test('mail to an older key stays readable', async (t) => {
  const opening = openWith({
    ...settled,
    lockKey: sealed.lockKey,
    ownAddress: bob.address,
    sealSeeds: [random(32), bob.seed],
  })
  t.same(Buffer.from((await opening).content), Buffer.from(letter))
})

/** Put another plaintext under the same keys, as its sender could. */
async function resealed(
  { envelope, contentKey }: Sealed,
  plaintext: Uint8Array,
): Promise<Settled & { contentKey: Uint8Array }> {
  const body = sealChacha(
    { key: contentKey, nonce: singleUseNonce, associated: sealContext(settled, envelope) },
    plaintext,
  )
  return { ...settled, envelope: { ...envelope, body }, contentKey }
}

test('sealed parties must be those of the operation', async (t) => {
  const fine = await resealed(sealed, pad(await pack(settled, letter), 0))
  t.same(Buffer.from((await contentWith(fine)).content), Buffer.from(letter))
  for (const other of [
    { ...settled, sender: mallory.address },
    { ...settled, recipients: [bob.address] },
    { ...settled, recipients: [cleo.address, bob.address] },
  ])
    await t.rejects(contentWith(await resealed(sealed, pad(await pack(other, letter), 0))), /somebody else/)
})

test('damage inside the seal is told from a wrong key', async (t) => {
  const packed = await pack(settled, letter)
  const set = (bytes: Uint8Array, at: number, value: number) =>
    Uint8Array.from(bytes, (byte, index) => (index === at ? value : byte))
  const padded = pad(packed, 0)
  t.same(unpad(padded), packed)
  for (const [name, plaintext, sentence] of [
    ['a commitment that is none', set(padded, 0, 1), /padded wrongly/],
    ['a commitment that is none, at its end', set(padded, 31, 1), /padded wrongly/],
    ['a byte in the padding', set(padded, padded.length - 1, 1), /padded wrongly/],
    ['a length beyond the end', set(padded, 32, 255), /padded wrongly/],
    ['a length too short', set(padded, 35, padded[35]! - 1), /padded wrongly/],
    ['nothing at all', new Uint8Array(0), /padded wrongly/],
    ['no Brotli', pad(text('not compressed'), 0), /does not decompress/],
    ['an empty message', pad(await promisify(brotliCompress)(''), 0), /its form is unknown/],
  ] as const)
    await t.rejects(contentWith(await resealed(sealed, plaintext)), sentence, name)
})

const sizes = [
  { name: 'nothing', content: new Uint8Array(0), sizeClass: 0 },
  { name: 'noise that just fits', content: random(900), sizeClass: 0 },
  { name: 'noise that does not', content: random(1025), sizeClass: 1 },
  { name: 'noise of 5 KiB', content: random(5 * 1024), sizeClass: 3 },
  { name: 'noise of 200 KiB', content: random(200 * 1024), sizeClass: 8 },
  { name: '200 KiB that say little', content: text('again and '.repeat(20_000)), sizeClass: 0 },
]
for (const { name, content, sizeClass } of sizes)
  test(`size class: ${name}`, async (t) => {
    const one = await seal({ ...base, recipients: [bob], content, random: seeded(name) })
    t.equal(one.sizeClass, sizeClass)
    t.equal(one.envelope.body.length, 1024 * 2 ** sizeClass + 52)
    t.match(checkEnvelope(one.envelope, { recipientsCount: 1, keeperSet, maxSizeClass: 8 }), { ok: true })
    const op = { network, sender: ann.address, recipients: [bob.address], envelope: one.envelope }
    const opened = await openWith({ ...op, lockKey: one.lockKey, ...reader(bob) })
    t.ok(Buffer.from(opened.content).equals(content))
  })

test('what cannot be sealed is told in a sentence', async (t) => {
  const large = seal({ ...base, content: random(3000), maxSizeClass: 1, random })
  await t.rejects(large, {
    name: 'SealError',
    message: 'The message has 3 KiB after compression, and this network takes at most 2 KiB. Split it, or send less.',
  })
  const nobody = { address: bob.address, sealKey: new Uint8Array(1216).fill(255) }
  await t.rejects(seal({ ...base, recipients: [nobody], random }), /^The encryption key of bm1[a-z0-9]{38} is no key/)
  const short = { address: bob.address, sealKey: new Uint8Array(32) }
  await t.rejects(seal({ ...base, recipients: [short], random }), /is no key/)
  const members = [{ lockKey: new Uint8Array(32) }, ...keeperSet.members]
  await t.rejects(seal({ ...base, keeperSet: { ...keeperSet, members }, random }), /The key of keeper 1 is no key/)
})

test('the key pair of X-Wing is that of its draft', async (t) => {
  // draft-connolly-cfrg-xwing-kem, appendix C, the first vector: a seed and the beginning and end of its public key.
  const seed = Buffer.from('7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26', 'hex')
  const { publicKey } = await sealKeyPairFromSeed(seed)
  const hex = Buffer.from(publicKey).toString('hex')
  t.equal(publicKey.length, 1216)
  t.equal(hex.slice(0, 64), 'e2236b35a8c24b39b10aa1323a96a919a2ced88400633a7b07131713fc14b2b5')
  t.equal(hex.slice(-64), '859edb06eff389b27dce59844570216223593d4ba32d9abac8cd049040ef6534')
})
