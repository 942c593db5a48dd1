/** What operators ask a daemon, over real HTTP. */
import { test } from 'tap'
import type { Clock } from '../../../node/seams.ts'
import { createTelemetry } from '../../../node/daemon/telemetry.ts'

const listen = { host: '127.0.0.1', port: 0 }

/** A clock on which time passes when the test says so. */
const stoppedClock = () => {
  const tasks = new Set<() => unknown>()
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    after: (_delayMs, task) => {
      tasks.add(task)
      return () => void tasks.delete(task)
    },
    every: () => () => {},
  }
  return { clock, tasks }
}

test('metrics are named bmail_, and show what was counted', async (t) => {
  const { clock } = stoppedClock()
  const telemetry = await createTelemetry({ listen, ready: async () => null, version: '1.2.3', clock })
  t.teardown(telemetry.close)
  const { metrics } = telemetry
  metrics.height.set(12)
  metrics.uncollectedOps.set(3)
  metrics.opsSettled.inc({ action: 'send' }, 5)
  metrics.opsRefused.inc({ reason: 'funds-short' })
  metrics.gossip.inc({ topic: 'mail', answer: 'reject' })
  metrics.batchApplySeconds.observe(0.004)
  const answer = await fetch(`http://127.0.0.1:${telemetry.port}/metrics`)
  t.equal(answer.status, 200)
  t.match(answer.headers.get('content-type'), /^text\/plain/)
  const text = await answer.text()
  for (const line of [
    'bmail_height 12',
    'bmail_uncollected_ops 3',
    'bmail_ops_settled_total{action="send"} 5',
    'bmail_ops_refused_total{reason="funds-short"} 1',
    'bmail_gossip_total{topic="mail",answer="reject"} 1',
    'bmail_batch_apply_seconds_bucket{le="0.005"} 1',
    'bmail_build_info{version="1.2.3",node=',
    'bmail_process_resident_memory_bytes ',
  ])
    t.ok(text.includes(`\n${line}`), line)
  const stray = text.split('\n').filter((line) => line && !line.startsWith('#') && !line.startsWith('bmail_'))
  t.same(stray, [])
})

test('it is healthy while it answers, and ready when it says so', async (t) => {
  const { clock, tasks } = stoppedClock()
  let ready: () => Promise<string | null> = async () => 'It is catching up: 3 of 9 batches.'
  const telemetry = await createTelemetry({ listen, ready: () => ready(), version: '1', clock })
  t.teardown(telemetry.close)
  const ask = async (path: string, method = 'GET') => {
    const answer = await fetch(`http://127.0.0.1:${telemetry.port}${path}`, { method })
    return { status: answer.status, body: await answer.json() }
  }
  t.match(await ask('/healthz'), { status: 200, body: { healthy: true } })
  t.same(await ask('/readyz'), { status: 503, body: { ready: false, reason: 'It is catching up: 3 of 9 batches.' } })
  ready = async () => null
  t.same(await ask('/readyz?verbose'), { status: 200, body: { ready: true } })
  ready = async () => {
    throw new Error('The disk is gone.')
  }
  t.match(await ask('/readyz'), { status: 503, body: { reason: /failed: The disk is gone\./ } })
  t.equal(tasks.size, 0, 'no deadline is left running')
  ready = () => {
    queueMicrotask(() => {
      for (const task of tasks) task()
    })
    return new Promise(() => {})
  }
  t.match(await ask('/readyz'), { status: 503, body: { reason: /did not answer in time/ } })
  t.equal((await ask('/nothing-here')).status, 404)
  t.equal((await ask('/metrics', 'POST')).status, 405)
})

test('a port that is taken is named; no port at all is fine', async (t) => {
  const { clock } = stoppedClock()
  const options = { ready: async () => null, version: '1', clock }
  const first = await createTelemetry({ ...options, listen })
  t.teardown(first.close)
  await t.rejects(
    createTelemetry({ ...options, listen: { ...listen, port: first.port! } }),
    /cannot listen on 127\.0\.0\.1/,
  )
  const silent = await createTelemetry({ ...options, listen: null })
  t.equal(silent.port, null)
  silent.metrics.height.set(1)
  await silent.close()
})
