/** What foreign bytes become: an operation, or a reason. Nothing that anybody sends makes it throw. */
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import type { CoderType } from 'micro-packed'
import { test } from 'tap'
import { Header, Outcome, SealedHeader } from '../../protocol/batch.ts'
import { compareBytes, decodeStrict, equalBytes } from '../../protocol/codec.ts'
import { readOp } from '../../protocol/doorway.ts'
import { signedOpBytesMax } from '../../protocol/money.ts'
import { checkEnvelope, Envelope, recipientsLimit } from '../../protocol/envelope.ts'
import { fieldModulus } from '../../protocol/field.ts'
import { Batch, CompactBatch, Evidence, Hello, InclusionPromise, Mail, Release } from '../../protocol/gossip.ts'
import { apply } from '../../protocol/ledger.ts'
import { AccountProof, Receipt } from '../../protocol/receipt.ts'
import { Genesis, networkId, Rules } from '../../protocol/rules.ts'
import { verifySignature } from '../../protocol/signature.ts'
import { tables } from '../../protocol/state.ts'
import type { Payment } from '../../protocol/money.ts'
import { type Action, operationOf } from '../../protocol/operations.ts'
import { encodeOp, encodeSignedOp, opId, SignedOp } from '../../protocol/wire.ts'
import { action, ada, bob, context, genesis, network, rules, seedOf, signedBytes, viewOf } from '../kit/fixtures.ts'
import { arrivals, envelopes, fitting, fittingDemand, highTwin, passing } from '../vectors/doorway.ts'
import { world } from '../vectors/world.ts'

for (const { name, bytes, reason } of arrivals)
  test(`doorway: ${name}`, async (t) => t.strictSame(readOp(bytes, context), { ok: false, reason }))

for (const { name, envelope, demand, reason } of envelopes)
  test(`envelope: ${name}`, async (t) => t.strictSame(checkEnvelope(envelope, demand), { ok: false, reason }))

test('envelope: the one that fits', async (t) => {
  t.strictSame(checkEnvelope(fitting, fittingDemand), { ok: true, value: undefined })
  t.match(decodeStrict(Envelope, Envelope.encode(fitting)), { ok: true, value: fitting })
})

for (const [name, bytes] of Object.entries(passing))
  test(`doorway: ${name} comes through as it was`, async (t) => {
    const read = readOp(bytes, context)
    if (!read.ok) return t.fail(read.reason)
    const { op, signature, id } = read.value
    t.strictSame(encodeSignedOp({ op, signature }), bytes)
    t.strictSame(read.value.bytes, bytes)
    t.strictSame(id, opId(network, op))
  })

test('doorway: the id is of the unsigned op, on one network', async (t) => {
  const bytes = passing.transfer!
  const other = { network: networkId({ ...rules, version: 2 }, genesis), rules }
  const [here, there] = [readOp(bytes, context), readOp(bytes, other)]
  if (!here.ok || !there.ok) return t.fail('the form is right on both networks')
  t.notSame(here.value.id, there.value.id)
  t.strictSame(apply(viewOf(world), { ...context, ...other }, there.value), {
    kind: 'void',
    reason: 'signature-wrong',
  })
  t.equal(apply(viewOf(world), context, here.value).kind, 'settled')
})

test('doorway: a wrong signature has the right form, and the ledger refuses it', async (t) => {
  const wish = { by: ada, action: action('transfer', { to: bob.address, amount: 1n }) }
  for (const bytes of [signedBytes({ ...wish, privateKey: bob.privateKey }), withSignature(new Uint8Array(64))]) {
    const read = readOp(bytes, context)
    if (!read.ok) return t.fail(read.reason)
    t.strictSame(apply(viewOf(world), context, read.value), { kind: 'void', reason: 'signature-wrong' })
  }
})

test('doorway: the high-s twin is as valid to any verifier, which is why it is refused', async (t) => {
  const read = readOp(passing.transfer!, context)
  if (!read.ok) return t.fail(read.reason)
  const { id: digest, signature } = read.value
  t.ok(verifySignature({ digest, signature: highTwin(signature), key: ada.signingKey }))
  t.strictSame(readOp(withSignature(highTwin(signature)), context), { ok: false, reason: 'signature-high-s' })
})

test('doorway: the largest ops that rules can allow are not too large', async (t) => {
  const recipients = Array.from({ length: recipientsLimit }, (_, index) => seedOf(`${index}`).slice(0, 20))
  const send = { recipients, envelopeHash: seedOf('e'), sizeClass: 8, lifetimeDays: 365, keeperSet: 1 }
  const bytes = signedBytes({
    by: ada,
    action: action('send', { ...send, epochKey: new Uint8Array(20), automatic: false }),
  })
  t.ok(bytes.length <= signedOpBytesMax)
  t.ok(readOp(bytes, { network, rules: { ...rules, recipientsMax: recipientsLimit } }).ok)
  for (const passes of Object.values(passing)) t.ok(passes.length <= signedOpBytesMax)
})

test('doorway: every truncation is malformed', async (t) => {
  for (const [name, bytes] of Object.entries(passing)) {
    let passed = 0
    for (let length = 0; length < bytes.length; length++) if (readOp(bytes.slice(0, length), context).ok) passed++
    t.equal(passed, 0, name)
  }
})

test('doorway: random bytes never throw', async (t) => {
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ minLength: 4000, maxLength: 4200 }))
  fc.assert(fc.property(bytes, (input) => !readOp(input, context).ok))
  t.pass('none came through')
})

test('doorway: what comes through after tampering is canonical all the same', async (t) => {
  let through = 0
  const whole = fc.constantFrom(...Object.values(passing))
  const tampering = fc.array(fc.record({ at: fc.nat(), value: fc.integer({ min: 0, max: 255 }) }), {
    minLength: 1,
    maxLength: 3,
  })
  fc.assert(
    fc.property(whole, tampering, (original, patches) => {
      const bytes = original.slice()
      for (const { at, value } of patches) bytes[at % bytes.length] = value
      const read = readOp(bytes, context)
      if (!read.ok) return true
      through++
      return equalBytes(encodeSignedOp(read.value), bytes) && equalBytes(read.value.bytes, bytes)
    }),
    { numRuns: 500 },
  )
  t.ok(through > 0, 'some came through')
})

test('wire: every op decodes to what was encoded', async (t) => {
  fc.assert(
    fc.property(signedOps, (signed) => {
      const bytes = SignedOp.encode(signed)
      const decoded = decodeStrict(SignedOp, bytes)
      return decoded.ok && equalBytes(SignedOp.encode(decoded.value), bytes) && isDeepStrictEqual(decoded.value, signed)
    }),
    { numRuns: 300 },
  )
  t.pass('all of them')
})

test('wire: different ops have different bytes and ids', async (t) => {
  fc.assert(
    fc.property(signedOps, signedOps, ({ op: one }, { op: other }) => {
      const same = isDeepStrictEqual(one, other)
      return (
        same === equalBytes(encodeOp(one), encodeOp(other)) &&
        same === equalBytes(opId(network, one), opId(network, other))
      )
    }),
  )
  t.pass('all of them')
})

test('codec: no codec throws on foreign bytes, and what it takes it gives back', async (t) => {
  const records = Object.fromEntries(Object.entries(tables).map(([name, { codec }]) => [name, codec]))
  const all = {
    ...records,
    Header,
    SealedHeader,
    Outcome,
    Receipt,
    AccountProof,
    Rules,
    Genesis,
    Envelope,
    Mail,
    CompactBatch,
    Batch,
    Release,
    Hello,
    InclusionPromise,
    Evidence,
  }
  for (const [name, codec] of Object.entries(all) as [string, CoderType<unknown>][]) {
    // Small numbers make lengths, flags and tags that lead further into a codec.
    const bytes = fc.array(fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 255 })), {
      maxLength: 400,
    })
    fc.assert(
      fc.property(bytes, (input) => {
        const decoded = decodeStrict(codec, Uint8Array.from(input))
        return decoded.ok
          ? equalBytes(codec.encode(decoded.value), Uint8Array.from(input))
          : decoded.reason === 'malformed'
      }),
      { numRuns: 100 },
    )
    t.pass(name)
  }
})

test('codec: rules and genesis decode to what they were', async (t) => {
  t.strictSame(Rules.decode(Rules.encode(rules)), rules)
  t.strictSame(Genesis.decode(Genesis.encode(genesis)), genesis)
})

test('codec: the order of byte strings is total, and by unsigned bytes', async (t) => {
  const bytes = fc.uint8Array({ maxLength: 4 })
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      const order = Math.sign(Buffer.compare(a, b))
      return Math.sign(compareBytes(a, b)) === order && equalBytes(a, b) === (order === 0)
    }),
  )
  t.pass('as Buffer orders them')
})

/** Records with an ordinary prototype, as codecs make them. */
const struct = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(model, { noNullPrototype: true })
const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const byte = fc.integer({ min: 0, max: 255 })
const field = fc.bigInt({ min: 0n, max: fieldModulus - 1n })
const named = { epoch: fc.integer({ min: 0, max: 4_294_967_295 }), checkpoint: byte }
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const tagged = (TAG: string, data: fc.Arbitrary<unknown>) => struct({ TAG: fc.constant(TAG), data })

const actions = fc.oneof(
  tagged(
    'register',
    struct({
      signingKey: bytesOf(33),
      sealKey: fc.constant(ada.sealKey),
      sponsorship: maybe(struct({ amount: u64, consent: bytesOf(64) })),
    }),
  ),
  tagged(
    'rekey',
    struct({
      signing: maybe(struct({ key: bytesOf(33), signature: bytesOf(64) })),
      sealKey: maybe(fc.constant(bob.sealKey)),
    }),
  ),
  tagged('policy', struct({ leastTier: byte, leastFee: u64 })),
  tagged('transfer', struct({ to: bytesOf(20), amount: u64 })),
  tagged(
    'send',
    struct({
      recipients: fc.array(bytesOf(20), { minLength: 1, maxLength: 5 }),
      envelopeHash: bytesOf(32),
      sizeClass: byte,
      lifetimeDays: fc.integer({ min: 0, max: 65_535 }),
      keeperSet: fc.integer({ min: 0, max: 4_294_967_295 }),
      epochKey: maybe(bytesOf(20)),
      automatic: fc.boolean(),
    }),
  ),
  tagged(
    'ack',
    struct({
      message: bytesOf(32),
      sender: bytesOf(20),
      senderKey: maybe(bytesOf(20)),
      verdict: fc.constantFrom('value', 'abstain', 'spam', 'abuse'),
      epochKey: maybe(bytesOf(20)),
      giveBack: u64,
    }),
  ),
  tagged('giveBack', struct({ message: bytesOf(32), sender: bytesOf(20), amount: u64 })),
  tagged('grant', struct({ sender: bytesOf(20), payer: fc.constantFrom('sender', 'recipient'), allowance: u64 })),
  tagged('revoke', struct({ sender: bytesOf(20) })),
  tagged('pass', struct({ ...named, epochKey: bytesOf(20), tier: byte, proof: bytesOf(256) })),
  tagged('enroll', struct({ commitment: field })),
  tagged(
    'renew',
    struct({
      ...named,
      nullifier: field,
      leaf: field,
      endorsement: maybe(struct({ target: bytesOf(20), amount: u64 })),
      proof: bytesOf(256),
    }),
  ),
  tagged('withdraw', struct({ to: bytesOf(20), amount: u64 })),
  tagged('stampBuy', struct({ denomination: u64, note: field })),
  tagged(
    'stampRedeem',
    struct({
      ...named,
      nullifier: field,
      denomination: u64,
      to: bytesOf(20),
      registration: maybe(struct({ signingKey: bytesOf(33), sealKey: fc.constant(ada.sealKey), consent: bytesOf(64) })),
      proof: bytesOf(256),
    }),
  ),
) as fc.Arbitrary<Action>

/** What stands in the lines of an op: whom it says, and where a price says how much, anything. */
const linesOf = (action: Action): fc.Arbitrary<readonly Payment[]> => {
  const { TAG, data } = action
  if (TAG === 'stampRedeem') return u64.map((amount) => [{ address: data.to, amount, from: 'funds' }])
  if (TAG !== 'send') return fc.constant(operationOf(action).lines(data, rules)!)
  const line = { amount: u64, from: fc.constantFrom<Payment['from'][]>('funds', 'allowance') }
  return fc.tuple(...data.recipients.map((address) => struct<Payment>({ address: fc.constant(address), ...line })))
}
const share = maybe(struct({ payee: bytesOf(20).filter((payee) => payee.some((value) => value > 0)), amount: u64 }))

const signedOps = actions.chain((action) =>
  struct({
    op: struct({
      account: bytesOf(20),
      nonce: u64,
      expiry: u64,
      burn: u64,
      share,
      lines: linesOf(action),
      action: fc.constant(action),
    }),
    signature: bytesOf(64),
  }),
)

/** The transfer of the vectors under another signature. */
const withSignature = (signature: Uint8Array): Uint8Array =>
  Uint8Array.from([...passing.transfer!.slice(0, -64), ...signature])
