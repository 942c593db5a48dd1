/** An operation of Ada’s that is under way, in one form or two, and what looks after it. */
import { bytesToHex } from '@noble/hashes/utils.js'
import pino from 'pino'
import type { Test } from 'tap'
import { costOf } from '../../protocol/custody.ts'
import type { Incoming } from '../../protocol/doorway.ts'
import { moneyOfOp } from '../../protocol/wire.ts'
import { usualHabit } from '../../node/keys/keystore.ts'
import { type Cabinet, createCabinet, type Outgoing } from '../../node/mailbox/cabinet.ts'
import { createRetry } from '../../node/mailbox/retry.ts'
import {
  action,
  ada,
  bob,
  changed,
  context,
  edited,
  fetchedOf,
  genesis,
  registeredState,
  sendTo,
  settle,
  signed,
  rules,
} from './fixtures.ts'
import { memoryStore } from './memory.ts'

export const hourMs = 3_600_000n

export type Node = Parameters<typeof createRetry>[0]['node']
type OutcomeAt = NonNullable<Awaited<ReturnType<Node['store']['outcome']>>>

/** The two forms of an op of Ada's that was signed twice. */
export const formsOf = (action: Parameters<typeof signed>[0]['action']) => {
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

export const transfer = formsOf(action('transfer', { to: bob.address, amount: 5n }))
export const letter = formsOf(sendTo([bob]))

export const settledIn = (height: bigint, { id }: Incoming): OutcomeAt => ({
  height,
  index: 0,
  outcome: { op: id, result: { TAG: 'settled', data: { sent: undefined } } },
})

/** It paid, and does not count. */
export const undeliveredIn = (height: bigint, { id }: Incoming): OutcomeAt => ({
  height,
  index: 0,
  outcome: { op: id, result: { TAG: 'undelivered', data: { reason: 'price-short' } } },
})

/** What finds these outcomes on the disk. */
export const storeOf = (...outcomes: readonly OutcomeAt[]): Node['store'] => ({
  outcome: async (id) => outcomes.find(({ outcome }) => bytesToHex(outcome.op) === bytesToHex(id)),
})

export const unsettled = registeredState(ada, bob)
/** Ada's letter is on the ledger. */
export const settledState = changed(unsettled, settle(unsettled, { ops: [letter.first] }).changes)

/** The head of a ledger whose last batch is of a time. */
export const headAt = (time: bigint) => ({ sealed: { header: { time } } }) as Node['replica']['head']

type More = Partial<
  Pick<Parameters<typeof createRetry>[0], 'clockFault' | 'sign' | 'orderAnew' | 'spending' | 'onChange'>
>

/** The order anew of a letter whose price is as it was. */
export const orderAs: Parameters<typeof createRetry>[0]['orderAnew'] = async ({
  was,
  held = genesis.time + 2n * hourMs,
}) => {
  const { burn, share, lines } = letter.first.op
  const fee = costOf(moneyOfOp(letter.first.op)) - rules.inclusionFee
  return { action: { TAG: 'send', data: was }, amounts: { burn, share, lines }, fee, expiry: held }
}

export function setting(t: Test, { store = storeOf(), ...node }: Partial<Node>, state = unsettled, more: More = {}) {
  const random = (length: number) => new Uint8Array(length)
  const cabinet = createCabinet({ store: memoryStore(), key: new Uint8Array(32), random })
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
      sign: async () => t.fail('nothing is signed') as never,
      orderAnew: orderAs,
      spending: { correct: async () => [], count: async () => [] },
      onChange: async () => undefined,
      ...more,
    })
    return async (outgoing: Outgoing): Promise<void> => (await look(outgoing))?.()
  }
  return { cabinet, retryWith }
}

/** Ada has used so many nonces. */
export const nonceAt = (nonce: bigint): typeof unsettled =>
  edited(unsettled, [{ table: 'accounts', key: ada.address, fields: { nonce } }])
