/** What a mailbox does by itself: what stands in the way for a while ends no round. */
import { MemoryLevel } from 'memory-level'
import { test } from 'tap'
import { systemClock } from '../../../node/daemon/system.ts'
import { createReplica } from '../../../node/ledger/replica.ts'
import { createStore } from '../../../node/ledger/store.ts'
import { registerFunded } from '../../../node/mailbox/upkeep.ts'
import type { Disk } from '../../../node/seams.ts'
import { Refusal } from '../../../node/service.ts'
import { ada, bob, context, genesis } from '../../kit/fixtures.ts'
import { plainProofs } from '../../kit/plain-proofs.ts'

test('a funded address that cannot be registered now is tried again, and only what is a fault ends the round', async (t) => {
  const replica = await createReplica({
    store: createStore(new MemoryLevel({ keyEncoding: 'view', valueEncoding: 'view' }) as unknown as Disk),
    context,
    genesis,
    clock: systemClock,
    proofs: plainProofs,
    writesWith: () => [],
    onDiskFailure: (error) => t.fail(error.message),
  })
  const own = [ada, bob].map(({ address }, index) => ({ address, index, text: `own ${index}` }))
  const keys = async () => ({ signingKey: ada.signingKey, sealKey: ada.sealKey })
  const tries: string[] = []
  const said: string[] = []
  const round = (refusal?: Error) =>
    registerFunded({
      context,
      replica,
      pending: { count: () => 0 },
      wallet: { own, keys } as never,
      outbox: {
        act: async ({ text }) => {
          tries.push(text)
          if (refusal) throw refusal
          return {} as never
        },
      },
      logger: { info: (_fields: object, what: string) => void said.push(what) } as never,
    })

  for (const code of ['over-daily-limit', 'clock-apart', 'halted'] as const) await round(new Refusal(code, 'Not now.'))
  t.strictSame(tries.splice(0), Array(3).fill(['own 0', 'own 1']).flat(), 'each is tried, in each round')
  t.strictSame(said, [], 'and none is said to be registered')
  await t.rejects(round(new Refusal('funds-short', 'It does not fit.')), { code: 'funds-short' })
  await t.rejects(round(new Error('The disk is gone.')), /The disk is gone/)
  tries.length = 0
  await round()
  t.strictSame(tries, ['own 0', 'own 1'])
  t.equal(said.length, 2)
})
