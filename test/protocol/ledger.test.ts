/** The state transition: every operation, every refusal, with exact changes. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { move } from '../../protocol/custody.ts'
import type { Applied } from '../../protocol/ledger.ts'
import { quote, touchesOfQuote } from '../../protocol/quote.ts'
import { type Reason, reasons } from '../../protocol/reason.ts'
import { readEntry } from '../../protocol/doorway.ts'
import { signedOpBytesMax } from '../../protocol/money.ts'
import { type Change, decodeRecord, encodeRecord, recordName, type TableName } from '../../protocol/state.ts'
import { sentences } from '../../node/sentences.ts'
import { operations } from '../../protocol/operations.ts'
import { moneyOfOp } from '../../protocol/wire.ts'
import {
  action,
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
  viewOf,
  type Wish,
} from '../kit/fixtures.ts'
import { applyTo, becomes, contextOf, refused, settled, settleIn } from '../vectors/all.ts'
import { custody, givenOf } from '../vectors/custody.ts'
import { arrivals, envelopes } from '../vectors/doorway.ts'
import { keyless } from '../vectors/keyless.ts'
import { account, world } from '../vectors/world.ts'

/** Custody where all that it is told holds. */
const all = givenOf({ signed: true, agreed: true, proven: true, paysOut: true })

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
    const { pre = [], op, reason } = vector
    const state = edited(world, pre)
    const within = contextOf(vector)
    t.strictSame(settleIn(state, op, within), { ok: false, reason }, 'it is not relayed')
    const applied = applyTo(state, op, within)
    t.match(applied, becomes(vector))
    if (applied.kind !== 'undelivered') return
    const moved = move(viewOf(state), moneyOfOp(signed(op, within, viewOf(state)).op), all)
    if (!moved.ok) return t.fail(moved.reason)
    const leaf = changesOf(state, vector.leaf ?? [])
    t.strictSame(canonical(applied.changes), canonical([...moved.value, ...leaf]), 'it does what custody does')
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
    'reserve-short',
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
  const posting = {
    sender: ada.address,
    recipients,
    sizeClass,
    lifetimeDays,
    automatic: false,
    epochKey: undefined,
    until: genesis.time,
  }
  const quoted = quote(fetchedOf(world, touchesOfQuote(posting)), context, posting)
  const applied = applyTo(world, { by: ada, action: sendTo([bob, cyd]) })
  if (!quoted.ok || applied.kind !== 'settled') return t.fail('both are possible')
  const lines = quoted.value.lines.map(({ counts: _, granted: _granted, ...line }) => line)
  t.strictSame(applied.sent?.lines, lines)
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

test('ledger: what is void changes nothing, wherever in a batch it stands', async (t) => {
  const good = [
    signed({ by: ada, action: sendTo([bob]) }),
    signed({ by: bob, action: action('transfer', { to: cyd.address, amount: 5n }) }),
  ]
  const bad = [
    good[0]!,
    signed({ by: bob, nonce: 9n, action: sendTo([cyd]) }),
    signed({ by: cyd, privateKey: bob.privateKey, action: sendTo([bob]) }),
    signed({ by: dan, action: action('transfer', { to: bob.address, amount: 1n }) }),
    readEntry(Uint8Array.of(1, 2, 3), context),
    readEntry(new Uint8Array(signedOpBytesMax + 1), context),
  ]
  const alone = settle(world, { ops: good })
  const among = settle(world, { ops: [bad[2]!, good[0]!, ...bad, good[1]!, good[1]!] })
  t.strictSame(
    among.applied.map((applied) => [applied.kind, reasonOf(applied)]),
    [
      ['void', 'signature-wrong'],
      ['settled', 'none'],
      ['void', 'nonce-used'],
      ['void', 'nonce-gap'],
      ['void', 'signature-wrong'],
      ['void', 'not-registered'],
      ['void', 'malformed'],
      ['void', 'malformed'],
      ['settled', 'none'],
      ['void', 'nonce-used'],
    ],
  )
  t.strictSame(canonical(among.changes), canonical(alone.changes))
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
