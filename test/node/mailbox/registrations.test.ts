/** Addresses that have funds are registered by themselves: each at a moment of its own, and none in the way of the others. */
import { type Test, test } from 'tap'
import { createRegistrations } from '../../../node/mailbox/registrations.ts'
import { createMoments } from '../../../node/moments.ts'
import { Refusal } from '../../../node/service.ts'
import { createSimulation } from '../../../node/simulated/simulated.ts'
import { ada, bob, context, cyd, genesis } from '../../kit/fixtures.ts'
import { memoryStore, openLedger } from '../../kit/memory.ts'

const roundMs = 2_000
const firstWithinMs = 2 * context.rules.batchIntervalMs
const quarterMs = Number(context.rules.epochMs) / 4
const othersWithinMs = Math.min(1_200 * context.rules.batchIntervalMs, quarterMs)

/** A mailbox of three funded addresses that lives for a while; `act` says what becomes of each registration. */
async function live(t: Test, seed: string, act: (text: string, tries: number) => void) {
  const simulation = createSimulation(seed, { startMs: Number(genesis.time) })
  const { clock, random } = simulation.join('one')
  const replica = await openLedger(memoryStore(), { clock })
  const own = [ada, bob, cyd].map(({ address }, index) => ({ address, index, text: `own ${index}` }))
  const tries: { readonly text: string; readonly at: number }[] = []
  const pending = new Set<Uint8Array>()
  const started = clock.now()
  const registrations = createRegistrations({
    context,
    replica,
    pending: { count: (address) => (pending.has(address) ? 1 : 0) },
    wallet: { own, keys: async () => ({ signingKey: ada.signingKey, sealKey: ada.sealKey }) } as never,
    outbox: {
      act: async ({ text, address }) => {
        tries.push({ text, at: clock.now() - started })
        act(text, tries.filter((one) => one.text === text).length)
        pending.add(address)
        return {} as never
      },
    },
    clock,
    moments: createMoments({ clock, random, failed: (error) => void t.fail(error.message) }),
    logger: { debug: () => undefined, warn: () => undefined } as never,
  })
  clock.every(roundMs, registrations.round)
  return { ...registrations, tries, pass: (ms: number) => simulation.run({ untilMs: simulation.now() + ms }) }
}

test('registrations: the first comes soon, each other at a moment of its own, and never two together', async (t) => {
  const waits: number[] = []
  for (let seed = 0; seed < 12; seed++) {
    const { tries, pass } = await live(t, `registrations ${seed}`, () => undefined)
    await pass(roundMs + firstWithinMs)
    t.strictSame(
      tries.map(({ text }) => text),
      ['own 0'],
    )
    await pass(othersWithinMs + 4 * roundMs)
    t.strictSame(new Set(tries.map(({ text }) => text)), new Set(['own 0', 'own 1', 'own 2']))
    const [first, second, third] = tries.map(({ at }) => at) as [number, number, number]
    t.ok(second - first >= 2_000 && third - second >= 2_000, `${first}, ${second}, ${third}`)
    waits.push(second, third)
  }
  const middle = waits.sort((a, b) => a - b)[waits.length / 2]!
  t.ok(middle > othersWithinMs / 4, 'and they are spread over all of the time there is')
})

test('registrations: what cannot be registered now is tried again, and holds up none of the others', async (t) => {
  for (const refusal of [
    ...(['over-daily-limit', 'clock-apart', 'halted'] as const).map((code) => new Refusal(code, 'Not now.')),
    new Refusal('funds-short', 'It does not fit.'),
    new Error('The disk is gone.'),
  ]) {
    const { tries, failing, pass } = await live(t, refusal.message, (text, count) => {
      if (text === 'own 0' && count < 4) throw refusal
    })
    await pass(3 * othersWithinMs)
    const isPassing = refusal.message === 'Not now.'
    t.equal(tries.filter(({ text }) => text === 'own 0').length, 4, `${refusal}`)
    t.equal(tries.filter(({ text }) => text !== 'own 0').length, 2)
    t.strictSame(failing(), [], 'in the end nothing fails')
    if (!isPassing) t.equal(tries[1]?.text, 'own 1', 'the next one is registered soon instead')
  }
})
