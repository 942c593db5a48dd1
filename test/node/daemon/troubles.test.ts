/** The list of troubles: what looks find, in order, told as it comes and goes. */
import { test } from 'tap'
import { createTroubles, type Look, type Looks } from '../../../node/daemon/troubles.ts'
import type { Clock } from '../../../node/seams.ts'
import { isReady, severities, type TroubleName, troubleNames } from '../../../node/troubles.ts'

/** A list over looks that the test changes, on a clock that the test moves. */
function openList() {
  let now = 1_000
  const tasks = new Map<object, { readonly delayMs: number; readonly task: () => Promise<void> | void }>()
  const keep = (delayMs: number, task: () => Promise<void> | void) => {
    const name = {}
    tasks.set(name, { delayMs, task })
    return () => void tasks.delete(name)
  }
  const clock: Clock = { now: () => now, monotonic: () => now, after: keep, every: keep }
  const said: { readonly level: string; readonly trouble: string; readonly sentence: string }[] = []
  const log = (level: string) => (what: object, sentence: string) =>
    void said.push({ level, trouble: (what as { trouble: string }).trouble, sentence })
  const logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }
  const found = new Map<TroubleName, Look>()
  const looks = Object.fromEntries(troubleNames.map((name) => [name, () => found.get(name)?.()])) as Looks
  const troubles = createTroubles({ clock, logger })
  const told: string[] = []
  troubles.onChange(({ name }, state) => told.push(`${name} ${state}`))
  const stop = troubles.watch(looks)
  return {
    ...troubles,
    stop,
    tasks,
    found,
    said,
    told,
    /** Run whatever stands at a delay. */
    async pass(delayMs: number, ms = 0): Promise<void> {
      now += ms
      for (const one of [...tasks.values()]) if (one.delayMs === delayMs) await one.task()
    },
  }
}

test('a list that was never looked at is no empty one', async (t) => {
  const { current, pass, told, stop, tasks } = openList()
  t.match(current(), [{ name: 'starting', severity: 'waits', since: 1_000 }])
  t.notOk(isReady(current()))
  await pass(0)
  t.same(current(), [])
  t.ok(isReady(current()))
  t.same(told, ['starting over'])
  stop()
  t.equal(tasks.size, 0, 'and no look or deadline is left')
})

test('troubles come and go with their causes, the worst first, and are told once', async (t) => {
  const { current, pass, found, told, said } = openList()
  await pass(0)
  found.set('not-registered', () => 'Nobody can write here.')
  await pass(1_000, 500)
  found.set('halted', () => 'The host lied.')
  found.set('catching-up', async () => 'It fetches.')
  await pass(1_000, 500)
  t.match(current(), [
    { name: 'halted', severity: 'stops', since: 2_000, sentence: 'The host lied.' },
    { name: 'catching-up', severity: 'waits', since: 2_000 },
    { name: 'not-registered', severity: 'hinders', since: 1_500 },
  ])
  found.delete('halted')
  found.set('catching-up', () => 'It fetches the rest.')
  await pass(1_000, 500)
  t.match(current(), [
    { name: 'catching-up', since: 2_000, sentence: 'It fetches the rest.' },
    { name: 'not-registered', since: 1_500 },
  ])
  t.same(told, ['starting over', 'not-registered came', 'halted came', 'catching-up came', 'halted over'])
  t.same(
    said.map(({ level, trouble }) => `${level} ${trouble}`),
    ['info starting', 'warn not-registered', 'error halted', 'info catching-up', 'info halted'],
  )
})

test('a look that fails, or never answers, has found something', async (t) => {
  const { current, pass, found, tasks } = openList()
  found.set('registering', () => Promise.reject(new Error('The disk is gone.')))
  found.set('halted', () => new Promise(() => {}))
  const looking = pass(0)
  await pass(10_000)
  await looking
  t.match(current(), [
    { name: 'halted', sentence: /Nothing answered within 10 s/ },
    { name: 'registering', sentence: /could not be looked at: The disk is gone\./ },
  ])
  t.strictSame(
    [...tasks.values()].filter(({ delayMs }) => delayMs === 10_000),
    [],
    'no deadline is left running',
  )
})

test('the table goes from what stops a daemon to what hinders it', async (t) => {
  const order = ['stops', 'waits', 'hinders']
  const places = troubleNames.map((name) => order.indexOf(severities[name]))
  t.same(places, [...places].sort())
})
