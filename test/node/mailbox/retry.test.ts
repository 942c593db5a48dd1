/** What is done for an operation that no batch has settled: whenever the daemon is killed, what superseded what has an end. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { MemoryLevel } from 'memory-level'
import pino from 'pino'
import { test } from 'tap'
import { createStore } from '../../../node/ledger/store.ts'
import { createCabinet, type Outgoing } from '../../../node/mailbox/cabinet.ts'
import { createRetry } from '../../../node/mailbox/retry.ts'
import type { Disk } from '../../../node/seams.ts'
import { action, ada, bob, context, fetchedOf, registeredState, signed } from '../../kit/fixtures.ts'

/** An op of Ada's that was signed twice. The first form was settled while she was cut off. */
const [first, again] = [0n, 1n].map((nonce) =>
  signed({ by: ada, nonce, action: action('transfer', { to: bob.address, amount: 5n }) }),
) as [ReturnType<typeof signed>, ReturnType<typeof signed>]

const outgoing = ({ id, bytes }: typeof first, fields: Partial<Outgoing>): Outgoing => ({
  id,
  account: ada.address,
  bytes,
  message: undefined,
  state: 'submitted',
  note: '',
  height: undefined,
  supersededBy: undefined,
  first: first.id,
  ...fields,
})

test('retry: what an op became is found after a kill between any two writes', async (t) => {
  const disk = new MemoryLevel({ keyEncoding: 'view', valueEncoding: 'view' }) as unknown as Disk
  const store = createStore(disk)
  const cabinet = createCabinet({ store, key: new Uint8Array(32), random: (length) => new Uint8Array(length) })
  await cabinet.write([
    ...cabinet.putOutgoing(outgoing(first, { state: 'superseded', supersededBy: again.id })),
    ...cabinet.putOutgoing(outgoing(again, {})),
    cabinet.putForms([first.id, again.id]),
  ])
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
  const state = registeredState(ada, bob)
  const retry = createRetry({
    node: {
      context,
      store: {
        outcome: async (id) =>
          bytesToHex(id) === bytesToHex(first.id)
            ? { height: 1n, index: 0, outcome: { op: id, result: { TAG: 'settled', data: { sent: undefined } } } }
            : undefined,
      },
      replica: { view: async (references) => fetchedOf(state, references) },
      pending: { has: () => false, nextNonce: (_account, used) => used },
      seams: { clock: { now: () => 0 } },
      submit: async () => t.fail('nothing is submitted') as never,
    },
    wallet: { find: () => undefined },
    cabinet: watched,
    logger: pino({ level: 'silent' }),
    keyOf: async () => undefined,
    sign: async () => t.fail('nothing is signed') as never,
    spending: { correct: async () => [] },
    onChange: async () => undefined,
  })
  await retry(outgoing(again, {}))
  t.ok(ends.length > 0)
  t.strictSame(new Set(ends), new Set(['settled']), 'after each write, under both ids')
})
