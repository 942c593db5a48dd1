import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { test } from 'tap'
import { decodeStrict } from '../../protocol/codec.ts'
import { wireVersion } from '../../protocol/version.ts'
import {
  bodyOverheadBytes,
  checkEnvelope,
  Envelope,
  envelopeBytes,
  envelopeHash,
  messageId,
  recipientsHash,
  sealContext,
  sealedHash,
  sharesHash,
  sizeClassOf,
  unitBytes,
  wrapBytes,
} from '../../protocol/envelope.ts'

const filled = (length: number, value: number) => new Uint8Array(length).fill(value)

/** An envelope of the right lengths, whose content is of no matter here. */
function sample({ sizeClass = 0, recipients = 1, keepers = 3, threshold = 2 } = {}): Envelope {
  return {
    sizeClass,
    keeperSet: 7,
    threshold,
    lockKeyHash: filled(32, 1),
    shares: Array.from({ length: keepers }, (_, at) => ({
      hash: filled(32, 10 + at),
      enc: filled(32, 50 + at),
      ciphertext: filled(49, 90 + at),
    })),
    lockedWraps: filled((recipients + 1) * wrapBytes + 16, 2),
    body: filled((unitBytes << sizeClass) + bodyOverheadBytes, 3),
  }
}

const demand = { recipientsCount: 1, keeperSet: { version: 7, threshold: 2, members: [0, 0, 0] }, maxSizeClass: 4 }

test('an envelope survives its encoding, and weighs what is foretold', async (t) => {
  const forms = fc.record({
    sizeClass: fc.integer({ min: 0, max: 3 }),
    recipients: fc.integer({ min: 1, max: 5 }),
    keepers: fc.integer({ min: 1, max: 32 }),
  })
  fc.assert(
    fc.property(forms, (form) => {
      const bytes = Envelope.encode(sample(form))
      t.equal(bytes.length, envelopeBytes(form))
      t.same(decodeStrict(Envelope, bytes), { ok: true, value: Envelope.decode(bytes) })
      t.same(Envelope.encode(Envelope.decode(bytes)), bytes)
    }),
    { numRuns: 30 },
  )
  // What the design tells people: about 4 KB for 1 KiB.
  t.ok(envelopeBytes({ sizeClass: 0, recipients: 1, keepers: 5 }) < 4096 + 200)
})

test('the encoding is strict', async (t) => {
  const bytes = Envelope.encode(sample())
  const refused = (name: string, changed: Uint8Array) =>
    t.same(decodeStrict(Envelope, changed), { ok: false, reason: 'malformed' }, name)
  refused('a byte too many', Uint8Array.from([...bytes, 0]))
  for (const length of [0, 1, 7, 40, 41, 100, 400, bytes.length - 1])
    refused(`cut at ${length}`, bytes.slice(0, length))
  for (const [name, at, value] of [
    ['another version', 0, wireVersion - 1],
    ['suite 0', 1, 0],
    ['no shares', 40, 0],
    ['33 shares', 40, 33],
    ['wraps longer than any', 41 + 3 * 113, 0x7f],
  ] as const) {
    const changed = Uint8Array.from(bytes)
    changed[at] = value
    refused(name, changed)
  }
})

const forms = [
  { name: 'as asked', envelope: sample(), result: 'ok' },
  { name: 'the largest class', envelope: sample({ sizeClass: 4 }), result: 'ok' },
  { name: 'a class too large', envelope: sample({ sizeClass: 5 }), result: 'too-large' },
  { name: 'a class beyond all', envelope: { ...sample(), sizeClass: 255 }, result: 'too-large' },
  { name: 'another keeper set', envelope: { ...sample(), keeperSet: 8 }, result: 'keepers-unknown' },
  { name: 'another threshold', envelope: sample({ threshold: 1 }), result: 'envelope-malformed' },
  { name: 'a share too few', envelope: sample({ keepers: 2 }), result: 'envelope-malformed' },
  { name: 'a share too many', envelope: sample({ keepers: 4 }), result: 'envelope-malformed' },
  { name: 'a wrap too few', envelope: sample({ recipients: 0 }), result: 'envelope-malformed' },
  { name: 'a wrap too many', envelope: sample({ recipients: 2 }), result: 'envelope-malformed' },
  {
    name: 'a body of another class',
    envelope: { ...sample({ sizeClass: 1 }), sizeClass: 0 },
    result: 'envelope-malformed',
  },
  { name: 'a body a byte short', envelope: { ...sample(), body: filled(1024 + 51, 3) }, result: 'envelope-malformed' },
] as const

for (const { name, envelope, result } of forms)
  test(`envelope form: ${name}`, async (t) => {
    t.same(
      checkEnvelope(envelope, demand),
      result === 'ok' ? { ok: true, value: undefined } : { ok: false, reason: result },
    )
  })

test('a limit above all classes does not open a larger one', async (t) => {
  t.match(checkEnvelope({ ...sample(), sizeClass: 9 }, { ...demand, maxSizeClass: 255 }), { reason: 'too-large' })
})

test('size classes begin and end where they should', async (t) => {
  const classes = [0, 1, 1024, 1025, 2048, 2049, 4096, 4097, 256 * 1024, 256 * 1024 + 1].map(sizeClassOf)
  t.same(classes, [0, 0, 0, 1, 1, 2, 2, 3, 8, 9])
})

const network = filled(32, 1)
const sender = filled(20, 2)
const recipients = [filled(20, 3), filled(20, 4)]

/** The tagged hash, written down once more from its definition. */
function tagged(tag: string, ...parts: Uint8Array[]): Uint8Array {
  const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest()
  return new Uint8Array(sha256(Buffer.concat([sha256(tag), sha256(tag), ...parts])))
}

test('hashes are of what they say', async (t) => {
  const named = { network, sender, recipients, envelopeHash: filled(32, 5) }
  t.same(messageId(named), tagged('bmail/message/1', network, sender, filled(1, 2), ...recipients, filled(32, 5)))
  t.same(recipientsHash(network, recipients), tagged('bmail/recipients/1', network, filled(1, 2), ...recipients))
  t.same(envelopeHash(network, filled(9, 9)), tagged('bmail/envelope/1', network, filled(9, 9)))
  const length = (value: number) => Uint8Array.from([0, 0, 0, value])
  const sealed = { lockedWraps: filled(5, 6), body: filled(7, 8) }
  t.same(
    sealedHash(network, sealed),
    tagged('bmail/sealed/1', network, length(5), sealed.lockedWraps, length(7), sealed.body),
  )
  const shares = [{ hash: filled(32, 1) }, { hash: filled(32, 2) }]
  t.same(sharesHash(network, { shares }), tagged('bmail/shares/1', network, filled(1, 2), filled(32, 1), filled(32, 2)))
})

test('a message id is of its parties, in their order, on its network', async (t) => {
  const named = { network, sender, recipients, envelopeHash: filled(32, 5) }
  const ids = [
    named,
    { ...named, network: filled(32, 9) },
    { ...named, sender: filled(20, 9) },
    { ...named, recipients: recipients.toReversed() },
    { ...named, recipients: recipients.slice(0, 1) },
    { ...named, envelopeHash: filled(32, 9) },
  ].map((name) => Buffer.from(messageId(name)).toString('hex'))
  t.equal(new Set(ids).size, ids.length)
})

test('the seal is bound to the parties and to the header', async (t) => {
  const parties = { network, sender, recipients }
  const contexts = [
    sealContext(parties, sample()),
    sealContext({ ...parties, network: filled(32, 9) }, sample()),
    sealContext({ ...parties, sender: filled(20, 9) }, sample()),
    sealContext({ ...parties, recipients: recipients.toReversed() }, sample()),
    sealContext(parties, sample({ sizeClass: 1 })),
    sealContext(parties, sample({ threshold: 1 })),
    sealContext(parties, { ...sample(), keeperSet: 8 }),
  ].map((context) => Buffer.from(context).toString('hex'))
  t.equal(new Set(contexts).size, contexts.length)
})
