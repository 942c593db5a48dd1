import { type Test, test } from 'tap'
import type { Incoming } from '../../../protocol/doorway.ts'
import type { Action } from '../../../protocol/operations.ts'
import { no } from '../../../protocol/reason.ts'
import { SignedOp } from '../../../protocol/wire.ts'
import { sentences } from '../../../node/sentences.ts'
import { action, ada, bob, context, cyd, fetchedOf, genesis, sendTo, signed } from '../../kit/fixtures.ts'
import {
  formsOf,
  headAt,
  hourMs,
  letter,
  nonceAt,
  type Node,
  setting,
  settledIn,
  settledState,
  storeOf,
  transfer,
  undeliveredIn,
  unsettled,
} from '../../kit/retrying.ts'

test('retry: what an op became is found after a kill between any two writes', async (t) => {
  const { first, again, outgoing, onDisk } = transfer
  const { cabinet, retryWith } = setting(t, { store: storeOf(settledIn(1n, first)) })
  await cabinet.write(onDisk(cabinet))
  const ends: string[] = []
  const watched = {
    ...cabinet,
    async write(writes: Parameters<typeof cabinet.write>[0]) {
      await cabinet.write(writes)
      for (const { id } of [first, again]) ends.push(await endOf(id))
    },
  }
  async function endOf(id: Uint8Array): Promise<string> {
    let latest = await cabinet.outgoing(id)
    for (let steps = 0; latest?.state === 'superseded'; steps++) {
      if (steps > 2) return 'a circle'
      latest = await cabinet.outgoing(latest.supersededBy!)
    }
    return latest?.state ?? 'nothing'
  }
  await retryWith(watched)(outgoing(again))
  t.ok(ends.length > 0)
  t.strictSame(new Set(ends), new Set(['settled']), 'after each write, under both ids')
})

test('retry: a message that is settled is called so, whichever of its forms a batch refused', async (t) => {
  const { first, again, outgoing, onDisk } = letter
  for (const [title, store] of [
    ['the later one', storeOf(settledIn(1n, first), undeliveredIn(2n, again))],
    ['the earlier one', storeOf(undeliveredIn(1n, first), settledIn(2n, again))],
  ] as const) {
    const { cabinet, retryWith } = setting(t, { store }, settledState)
    await cabinet.write(onDisk(cabinet))
    await retryWith(cabinet)(outgoing(again))
    const states = await Promise.all([first, again].map(async ({ id }) => (await cabinet.outgoing(id))?.state))
    t.strictSame(states.sort(), ['settled', 'superseded'], title)
  }
})

test('retry: a message that another device settled is called so, though ours was refused', async (t) => {
  const { first, outgoing } = letter
  const store = storeOf(undeliveredIn(2n, first))
  const { cabinet, retryWith } = setting(t, { store }, settledState)
  await retryWith(cabinet)(outgoing(first))
  t.match(await cabinet.outgoing(first.id), { state: 'settled', note: /another device/ })
})

test('retry: a message is still on its way where only an earlier form of it was refused', async (t) => {
  const { first, again, outgoing, onDisk } = letter
  const { cabinet, retryWith } = setting(t, { store: storeOf(undeliveredIn(1n, first)), ...waitingFor() })
  await cabinet.write(onDisk(cabinet))
  await retryWith(cabinet)(outgoing(again))
  t.equal((await cabinet.outgoing(again.id))?.state, 'submitted', 'the later form may still be settled')
})

test('retry: a batch that comes between reading and submitting refuses nothing', async (t) => {
  const { first, outgoing } = letter
  for (const reason of ['message-settled', 'nonce-used'] as const) {
    let asked = 0
    const { cabinet, retryWith } = setting(t, {
      submit: async () => {
        asked++
        return no(reason)
      },
    })
    await cabinet.write(cabinet.putOutgoing(outgoing(first)))
    await retryWith(cabinet)(outgoing(first))
    t.equal(asked, 1)
    t.equal((await cabinet.outgoing(first.id))?.state, 'submitted', `${reason} passes`)
  }
  for (const reason of ['funds-short', 'reserve-short'] as const) {
    const { cabinet, retryWith } = setting(t, { submit: async () => no(reason) })
    await retryWith(cabinet)(outgoing(first))
    t.match(await cabinet.outgoing(first.id), { state: 'refused', note: sentences[reason] }, 'what does not pass')
  }
})

const latest = genesis.time + BigInt(context.rules.expiryMaxMs + context.rules.clockSkewMs)

/** What is done for an op of Ada's that expires then, under a nonce, where the ledger has used none; `forms` were signed before it. */
async function doneFor(
  t: Test,
  {
    expiry,
    nonce = 0n,
    forms = [],
    head = genesis.time,
  }: { expiry: bigint; nonce?: bigint; forms?: readonly Incoming[]; head?: bigint },
  {
    of = action('transfer', { to: bob.address, amount: 5n }),
    clockFault,
  }: { of?: Action; clockFault?: () => string } = {},
): Promise<readonly string[]> {
  const done: string[] = []
  const op = signed({ by: ada, nonce, expiry, action: of })
  const { outgoing } = formsOf(of)
  const sign = async () => {
    done.push('signed')
    return signed({ by: ada, nonce: 0n, expiry: genesis.time + hourMs, action: of }).bytes
  }
  const submit: Node['submit'] = async (bytes) => {
    const { op: submitted } = SignedOp.decode(bytes)
    done.push(`submitted, good for ${(submitted.expiry - genesis.time) / hourMs} h`)
    return no('queue-full')
  }
  const view = async (references: Parameters<typeof fetchedOf>[1]) => fetchedOf(unsettled, references)
  const node = { submit, replica: { head: headAt(head), view } }
  const { cabinet, retryWith } = setting(t, node, unsettled, { sign, ...(clockFault && { clockFault }) })
  const first = forms[0]?.id ?? op.id
  const now = outgoing(op, { first })
  const before = forms.flatMap((form) =>
    cabinet.putOutgoing(outgoing(form, { first, state: 'superseded', supersededBy: op.id })),
  )
  const ids = [...forms, op].map(({ id }) => id)
  await cabinet.write([...cabinet.putOutgoing(now), ...before, cabinet.putForms(ids)])
  await retryWith(cabinet)(now)
  return done
}

const anew = ['signed', 'submitted, good for 1 h']

test('retry: what was signed for a time that is far off is signed anew, under its nonce', async (t) => {
  const day = 24n * hourMs
  for (const what of [undefined, sendTo([bob]), action('transfer', { to: cyd.address, amount: 1n })]) {
    const form = what && { of: what }
    t.strictSame(await doneFor(t, { expiry: latest }, form), ['submitted, good for 24 h'], 'the latest that is taken')
    t.strictSame(await doneFor(t, { expiry: latest + 1n }, form), anew, 'a little later')
    t.strictSame(await doneFor(t, { expiry: latest + 300n * day }, form), anew, 'next year')
    const clockFault = () => 'This clock is wrong.'
    t.strictSame(
      await doneFor(t, { expiry: latest + day }, { ...form, clockFault }),
      [],
      'not by a clock that is wrong',
    )
    t.strictSame(
      await doneFor(t, { expiry: genesis.time - day }, { ...form, clockFault }),
      [],
      'nor what seems to be over',
    )
  }
})

test('retry: what was signed for later is never signed under another nonce beside it', async (t) => {
  const [far, over] = [latest + hourMs, genesis.time - 24n * hourMs]
  for (const what of [action('transfer', { to: bob.address, amount: 5n }), sendTo([bob])]) {
    const form = (nonce: bigint, expiry: bigint) => signed({ by: ada, nonce, expiry, action: what })
    const done = (...wish: [Parameters<typeof doneFor>[1]]) => doneFor(t, ...wish, { of: what })
    t.strictSame(await done({ expiry: far, nonce: 1n }), [], 'what comes before it is first signed again')
    t.strictSame(await done({ expiry: genesis.time + hourMs, nonce: 1n }), [], 'or waits for it')
    t.strictSame(await done({ expiry: over, forms: [form(0n, far)] }), anew, 'its nonce is the other’s')
    t.strictSame(await done({ expiry: over, forms: [form(1n, far)] }), [], 'another may still be settled')
    t.strictSame(await done({ expiry: over, forms: [form(1n, over)] }), anew, 'until its time is over')
    // By our clock it is over; a batch of an hour ago may still come, as the last one is older.
    const late = { head: genesis.time - 48n * hourMs }
    t.strictSame(await done({ expiry: over, forms: [form(1n, over)], ...late }), [], 'by the ledger')
    t.strictSame(await done({ expiry: over, ...late }), anew, 'its own nonce is used once in any case')
  }
})

/** A pool in which everything waits. */
const waitingFor = (): Pick<Node, 'pending'> => ({ pending: { has: () => true, nextNonce: (_account, used) => used } })

test('retry: a letter whose nonce another device took keeps its expiry, until which its price holds', async (t) => {
  const { first, outgoing } = letter
  const expiries: (bigint | undefined)[] = []
  const at = async (now: bigint) => {
    const node: Partial<Node> = {
      pending: { has: () => false, nextNonce: () => 5n },
      seams: { clock: { now: () => Number(now) } },
      submit: async () => ({ ok: false, reason: 'message-pending' }),
    }
    const { cabinet, retryWith } = setting(t, node, nonceAt(5n), {
      async sign(_own, _nonce, { action, expiry }) {
        expiries.push(expiry)
        return signed({ by: ada, nonce: 5n, action, expiry: expiry! }).bytes
      },
    })
    await cabinet.write(cabinet.putOutgoing(outgoing(first)))
    await retryWith(cabinet)(outgoing(first))
  }
  await at(genesis.time)
  t.strictSame(expiries, [first.op.expiry], 'not the half a day and more that a new one has')
  await at(first.op.expiry + 10_000n)
  t.ok(expiries[1]! > first.op.expiry, 'once it is over there is another price')
})
