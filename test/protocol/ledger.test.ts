/** The state transition: every operation, every refusal, with exact changes. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import type { Applied } from '../../protocol/ledger.ts'
import { quote, touchesOfQuote } from '../../protocol/quote.ts'
import { isCharge, type Reason, reasons } from '../../protocol/reason.ts'
import { type Change, decodeRecord, encodeRecord, recordName, type TableName } from '../../protocol/state.ts'
import { sentences } from '../../node/sentences.ts'
import { operations } from '../../protocol/operations.ts'
import { isAnonymous } from '../../protocol/wire.ts'
import {
  ada,
  bob,
  changesOf,
  context,
  cyd,
  dan,
  edited,
  fetchedOf,
  genesis,
  seedOf,
  sendTo,
  settle,
  signed,
  type Wish,
} from '../kit/fixtures.ts'
import { applyTo, contextOf, refused, settled } from '../vectors/all.ts'
import { custody } from '../vectors/custody.ts'
import { arrivals, envelopes } from '../vectors/doorway.ts'
import { keyless } from '../vectors/keyless.ts'
import { account, totals, world } from '../vectors/world.ts'

for (const vector of settled)
  test(`ledger: ${vector.name}`, async (t) => {
    const { pre = [], op, changes } = vector
    const state = edited(world, pre)
    const applied = applyTo(state, op, contextOf(vector))
    t.equal(applied.kind, 'settled', reasonOf(applied))
    if (applied.kind === 'settled') t.strictSame(canonical(applied.changes), canonical(changesOf(state, changes)))
  })

for (const vector of refused)
  test(`ledger: ${vector.name}`, async (t) => {
    const { pre = [], op, kind, reason } = vector
    const state = edited(world, pre)
    const applied = applyTo(state, op, contextOf(vector))
    t.strictSame([applied.kind, reasonOf(applied)], [kind, reason])
    if (applied.kind !== 'refused') return
    const before = fetchedOf(state, [{ table: 'accounts', key: op.by.address }]).read('accounts', op.by.address)!
    const charged = [account(op.by, { funds: before.funds - 10n, nonce: before.nonce + 1n }), totals({ burned: 10n })]
    t.strictSame(canonical(applied.changes), canonical(changesOf(state, charged)))
  })

test('ledger: every operation has a vector that settles and one that does not', async (t) => {
  const lacking = (vectors: readonly { readonly op: Wish }[]) => {
    const tried = new Set<string>(vectors.map(({ op }) => op.action.TAG))
    return Object.keys(operations).filter((name) => !tried.has(name))
  }
  for (const name of lacking(settled))
    t.fail(`\`${name}\` has no vector that settles: add one to test/vectors/settled.ts`)
  for (const name of lacking(refused))
    t.fail(`\`${name}\` has no vector that does not settle: add one to test/vectors/refused.ts`)
})

test('ledger: what an account without keys is refused would settle if it had them', async (t) => {
  for (const { name, pre = [], action } of keyless) {
    const state = edited(edited(world, pre), [account(dan, { signingKey: dan.signingKey })])
    const applied = applyTo(state, { by: dan, action })
    t.equal(applied.kind, 'settled', `${name}: ${reasonOf(applied)}`)
  }
})

test('reason: every one has a vector', async (t) => {
  const voids = custody.flatMap(({ became }) => (typeof became === 'string' ? [became] : []))
  const here = new Set<Reason>([...voids, ...[...refused, ...arrivals, ...envelopes].map(({ reason }) => reason)])
  // A node's own reasons: each is tried in a test of the node, which says it by name.
  const elsewhere: readonly Reason[] = [
    'envelope-mismatch',
    'host-signature-wrong',
    'envelope-missing',
    'message-pending',
    'nonce-pending',
    'nullifier-pending',
    'queue-full',
  ]
  const tests = join(import.meta.dirname, '..')
  const texts = readdirSync(tests, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts') && !file.endsWith('ledger.test.ts'))
    .map((file) => readFileSync(join(tests, file), 'utf8'))
  for (const reason of reasons)
    t.ok(
      here.has(reason) || (elsewhere.includes(reason) && texts.some((text) => text.includes(`'${reason}'`))),
      `${reason} has a vector`,
    )
})

test('reason: the ledger omits and charges as `reason.ts` says, but nobody pays for what is nobody’s', async (t) => {
  for (const { name, op, kind, reason } of refused) {
    const isFree = !isCharge(reason) || isAnonymous(op.action)
    t.equal(kind, isFree ? 'omitted' : 'refused', name)
  }
})

test('reason: every sentence says what and what to do', async (t) => {
  for (const [reason, sentence] of Object.entries(sentences)) {
    const parts = sentence.split(/[.;] /)
    t.ok(parts.length >= 2 && sentence.endsWith('.'), `${reason}: two sentences`)
    t.match(sentence, /^[A-Z]/, `${reason}: begins like a sentence`)
  }
})

test('ledger: a quote is what the send then costs, and reads only what it names', async (t) => {
  const { recipients, sizeClass, lifetimeDays } = sendTo([bob, cyd]).data as never as {
    recipients: Uint8Array[]
    sizeClass: number
    lifetimeDays: number
  }
  const posting = { sender: ada.address, recipients, sizeClass, lifetimeDays, epochKey: undefined, until: genesis.time }
  const quoted = quote(fetchedOf(world, touchesOfQuote(posting)), context, posting)
  const applied = applyTo(world, { by: ada, action: sendTo([bob, cyd]) })
  if (!quoted.ok || applied.kind !== 'settled') return t.fail('both are possible')
  t.strictSame(applied.sent?.lines, quoted.value)
})

test('ledger: one batch sees what its earlier ops did', async (t) => {
  const ops = [
    signed({ by: ada, action: sendTo([bob]) }),
    signed({ by: ada, nonce: 1n, action: sendTo([bob], { envelopeHash: seedOf('another envelope') }) }),
  ]
  const { applied, state } = settle(world, { ops })
  t.strictSame(
    applied.map(({ kind }) => kind),
    ['settled', 'settled'],
  )
  t.equal(fetchedOf(state, [{ table: 'accounts', key: bob.address }]).read('accounts', bob.address)?.funds, 1_001_500n)
})

test('ledger: a batch names the op that cannot be in it', async (t) => {
  const op = signed({ by: ada, action: sendTo([bob]) })
  t.throws(() => settle(world, { ops: [op, op] }), { message: 'op 1 is in no valid batch: nonce-used' })
})

function reasonOf(applied: Applied): string {
  return 'reason' in applied ? applied.reason : 'none'
}

/** Changes by the name of their record, with records as they are once encoded: the order of writing means nothing. */
function canonical(changes: readonly Change[]): Record<string, unknown> {
  const recoded = (table: TableName, record: Change['before']) =>
    record && decodeRecord(table, encodeRecord(table, record as never))
  return Object.fromEntries(
    changes
      .map(
        (change) =>
          [
            recordName(change),
            { before: recoded(change.table, change.before), after: recoded(change.table, change.after) },
          ] as const,
      )
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}
