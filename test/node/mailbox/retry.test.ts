/** What is done for an operation that no batch has settled: whatever happens in between, it comes to the one true end. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { MemoryLevel } from 'memory-level'
import pino from 'pino'
import { type Test, test } from 'tap'
import type { Incoming } from '../../../protocol/doorway.ts'
import type { Action } from '../../../protocol/operations.ts'
import { no } from '../../../protocol/reason.ts'
import { SignedOp } from '../../../protocol/wire.ts'
import { usualHabit } from '../../../node/keys/keystore.ts'
import { createStore } from '../../../node/ledger/store.ts'
import { type Cabinet, createCabinet, type Outgoing } from '../../../node/mailbox/cabinet.ts'
import { createRetry } from '../../../node/mailbox/retry.ts'
import type { Disk } from '../../../node/seams.ts'
import { sentences } from '../../../node/sentences.ts'
import {
  action,
  ada,
  bob,
  changed,
  context,
  cyd,
  fetchedOf,
  genesis,
  registeredState,
  sendTo,
  settle,
  signed,
} from '../../kit/fixtures.ts'

type Node = Parameters<typeof createRetry>[0]['node']
type OutcomeAt = NonNullable<Awaited<ReturnType<Node['store']['outcome']>>>

/** The two forms of an op of Ada's that was signed twice. */
const formsOf = (action: Parameters<typeof signed>[0]['action']) => {
  const [first, again] = [0n, 1n].map((nonce) => signed({ by: ada, nonce, action })) as [Incoming, Incoming]
  const outgoing = ({ id, bytes, message }: Incoming, fields: Partial<Outgoing> = {}): Outgoing => ({
    id,
    account: ada.address,
    bytes,
    message: message && { id: message, envelope: new Uint8Array(1), lockKey: new Uint8Array(32) },
    state: 'submitted',
    note: '',
    height: undefined,
    supersededBy: undefined,
    first: first.id,
    ...fields,
  })
  return {
    first,
    again,
    outgoing,
    onDisk: (cabinet: Cabinet) => [
      ...cabinet.putOutgoing(outgoing(first, { state: 'superseded', supersededBy: again.id })),
      ...cabinet.putOutgoing(outgoing(again)),
      cabinet.putForms([first.id, again.id]),
    ],
  }
}

const transfer = formsOf(action('transfer', { to: bob.address, amount: 5n }))
const letter = formsOf(sendTo([bob]))

const settledIn = (height: bigint, { id }: Incoming): OutcomeAt => ({
  height,
  index: 0,
  outcome: { op: id, result: { TAG: 'settled', data: { sent: undefined } } },
})

/** It paid, and does not count. */
const undeliveredIn = (height: bigint, { id }: Incoming): OutcomeAt => ({
  height,
  index: 0,
  outcome: { op: id, result: { TAG: 'undelivered', data: { reason: 'price-short' } } },
})

/** What finds these outcomes on the disk. */
const storeOf = (...outcomes: readonly OutcomeAt[]): Node['store'] => ({
  outcome: async (id) => outcomes.find(({ outcome }) => bytesToHex(outcome.op) === bytesToHex(id)),
})

const unsettled = registeredState(ada, bob)
/** Ada's letter is on the ledger. */
const settledState = changed(unsettled, settle(unsettled, { ops: [letter.first] }).changes)

/** The head of a ledger whose last batch is of a time. */
const headAt = (time: bigint) => ({ sealed: { header: { time } } }) as Node['replica']['head']

type More = Partial<Pick<Parameters<typeof createRetry>[0], 'clockFault' | 'sign'>>

function setting(t: Test, { store = storeOf(), ...node }: Partial<Node>, state = unsettled, more: More = {}) {
  const disk = new MemoryLevel({ keyEncoding: 'view', valueEncoding: 'view' }) as unknown as Disk
  const random = (length: number) => new Uint8Array(length)
  const cabinet = createCabinet({ store: createStore(disk), key: new Uint8Array(32), random })
  /** What finds out what became of an op, and does at once what is to be done again. */
  const retryWith = (over: Cabinet) => {
    const look = createRetry({
      node: {
        context,
        store,
        replica: { head: headAt(genesis.time), view: async (references) => fetchedOf(state, references) },
        pending: { has: () => false, nextNonce: (_account, used) => used },
        seams: { clock: { now: () => Number(genesis.time) } },
        submit: async () => t.fail('nothing is submitted') as never,
        ...node,
      },
      wallet: {
        find: (address) => ({
          index: 0,
          label: '',
          address,
          text: '',
          generation: 0,
          retired: false,
          habit: usualHabit,
        }),
      },
      cabinet: over,
      logger: pino({ level: 'silent' }),
      keyOf: async () => undefined,
      sign: async () => t.fail('nothing is signed') as never,
      spending: { correct: async () => [] },
      onChange: async () => undefined,
      ...more,
    })
    return async (outgoing: Outgoing): Promise<void> => (await look(outgoing))?.()
  }
  return { cabinet, retryWith }
}

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
  const { cabinet, retryWith } = setting(t, { submit: async () => no('funds-short') })
  await retryWith(cabinet)(outgoing(first))
  t.match(await cabinet.outgoing(first.id), { state: 'refused', note: sentences['funds-short'] }, 'what does not pass')
})

const hourMs = 3_600_000n
const latest = genesis.time + BigInt(context.rules.expiryMaxMs + context.rules.clockSkewMs)

/** What is done for an op of Ada's that expires then, under a nonce, where the ledger has used none; `forms` were signed before it. */
async function doneFor(
  t: Test,
  { expiry, nonce = 0n, forms = [] }: { expiry: bigint; nonce?: bigint; forms?: readonly Incoming[] },
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
  const { cabinet, retryWith } = setting(t, { submit }, unsettled, { sign, ...(clockFault && { clockFault }) })
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

test('retry: what is no message and was signed for later is never signed under another nonce beside it', async (t) => {
  const [far, over] = [latest + hourMs, genesis.time - 24n * hourMs]
  const transfer = action('transfer', { to: bob.address, amount: 5n })
  const form = (nonce: bigint, expiry: bigint) => signed({ by: ada, nonce, expiry, action: transfer })
  t.strictSame(await doneFor(t, { expiry: far, nonce: 1n }), [], 'what comes before it is first signed again')
  t.strictSame(await doneFor(t, { expiry: far, nonce: 1n }, { of: sendTo([bob]) }), anew, 'a message is paid once')
  t.strictSame(await doneFor(t, { expiry: over, forms: [form(0n, far)] }), anew, 'its nonce is the other’s')
  t.strictSame(await doneFor(t, { expiry: over, forms: [form(1n, far)] }), [], 'another may still be settled')
  t.strictSame(await doneFor(t, { expiry: over, forms: [form(1n, over)] }), anew, 'until its time is over')
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
    const { cabinet, retryWith } = setting(t, node, unsettled, {
      async sign(_own, { action, expiry }) {
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
