/** What operators ask a daemon, over real HTTP. */
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import { createMetrics } from '../../../node/daemon/metrics.ts'
import { outlineOf, severities, type Trouble, type TroubleName, troubleNames } from '../../../node/troubles.ts'
import { createTelemetry } from '../../../node/daemon/telemetry.ts'

const listen = { host: '127.0.0.1', port: 0 }

/** Ask by a name and from a page: `fetch` lets nobody say either. */
const askAs = (port: number, path: string, headers: Record<string, string>) =>
  new Promise<number>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, headers }, (answer) => {
      answer.resume()
      resolve(answer.statusCode!)
    })
    asked.on('error', reject).end()
  })

const none = () => []

test('metrics are named bmail_, and show what was counted', async (t) => {
  const telemetry = await createTelemetry({ listen, names: [], troubles: none, version: '1.2.3' })
  t.teardown(telemetry.close)
  const { metrics } = telemetry
  metrics.height.set(12)
  metrics.uncollectedOps.set(3)
  metrics.opsSettled.inc({ action: 'send' }, 5)
  metrics.opsRefused.inc({ reason: 'funds-short' })
  metrics.gossip.inc({ topic: 'mail', answer: 'reject' })
  metrics.batchIntervalSeconds.observe(4)
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
    'bmail_batch_interval_seconds_bucket{le="5"} 1',
    'bmail_build_info{version="1.2.3",node=',
    'bmail_process_resident_memory_bytes ',
  ])
    t.ok(text.includes(`\n${line}`), line)
  const stray = text.split('\n').filter((line) => line && !line.startsWith('#') && !line.startsWith('bmail_'))
  t.same(stray, [])
})

test('every metric is counted by the daemon, and none stands at 0 for ever', async (t) => {
  const { metrics } = createMetrics()
  const observer = readFileSync(join(import.meta.dirname, '../../../node/daemon/observer.ts'), 'utf8')
  t.strictSame(
    Object.keys(metrics).filter((name) => !new RegExp(`\\bmetrics\\.${name}\\.(inc|observe|set)\\(`).test(observer)),
    [],
  )
})

const stopping: Trouble = { name: 'no-peers', severity: 'stops', since: 1, sentence: 'No peer is connected.' }
const waiting: Trouble = { name: 'catching-up', severity: 'waits', since: 2, sentence: 'It fetches 3 of 9 batches.' }
const hindering: Trouble = { name: 'not-registered', severity: 'hinders', since: 3, sentence: 'Nobody can write here.' }

test('it is healthy while it answers, and ready unless a trouble stops it or is waited for', async (t) => {
  let troubles: readonly Trouble[] = [stopping, waiting, hindering]
  const telemetry = await createTelemetry({ listen, names: [], troubles: () => troubles, version: '1' })
  t.teardown(telemetry.close)
  const ask = async (path: string, method = 'GET') => {
    const answer = await fetch(`http://127.0.0.1:${telemetry.port}${path}`, { method })
    return { status: answer.status, body: await answer.json() }
  }
  t.match(await ask('/healthz'), { status: 200, body: { healthy: true } })
  const told = () => troubles.map(outlineOf)
  const notReady = { ready: false, reason: told()[0]!.sentence, troubles: told() }
  t.same(await ask('/readyz'), { status: 503, body: notReady })
  troubles = [waiting]
  t.same(await ask('/readyz'), { status: 503, body: { ready: false, reason: told()[0]!.sentence, troubles: told() } })
  troubles = [hindering]
  t.same(
    await ask('/readyz?verbose'),
    { status: 200, body: { ready: true, troubles: told() } },
    'it works, and something hinders',
  )
  troubles = []
  t.same(await ask('/readyz'), { status: 200, body: { ready: true, troubles: [] } })
  t.equal((await ask('/nothing-here')).status, 404)
  t.equal((await ask('/metrics', 'POST')).status, 405)
})

test('who has no token is told nothing of the home, of addresses, or of what the system said', async (t) => {
  const secret = '/srv/ada/.bmail /ip4/192.0.2.1/tcp/4420/p2p/12D3KooW bm1qqq'
  const all = troubleNames.map(
    (name: TroubleName): Trouble => ({ name, severity: severities[name], since: 1, sentence: secret }),
  )
  const telemetry = await createTelemetry({ listen, names: [], troubles: () => all, version: '1' })
  t.teardown(telemetry.close)
  for (const path of ['/readyz', '/healthz', '/metrics']) {
    const text = await (await fetch(`http://127.0.0.1:${telemetry.port}${path}`)).text()
    for (const part of secret.split(' ')) t.notOk(text.includes(part), `${path} without ${part}`)
  }
  const sentences = all.map((trouble) => outlineOf(trouble).sentence)
  t.equal(new Set(sentences).size, all.length, 'and yet what is wrong')
})

test('a port that is taken is named; no port at all is fine', async (t) => {
  const options = { names: [], troubles: none, version: '1' }
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

test('a page in a browser gets nothing, by whatever name DNS led it here', async (t) => {
  const options = { troubles: none, version: '1' }
  const local = await createTelemetry({ ...options, names: ['relay.example'], listen })
  const open = await createTelemetry({ ...options, names: ['Relay.Example'], listen: { host: '0.0.0.0', port: 0 } })
  t.teardown(() => Promise.all([local.close(), open.close()]))
  const [near, far] = [local.port!, open.port!]
  const cases: [port: number, headers: Record<string, string>, status: number][] = [
    [near, { host: `127.0.0.1:${near}` }, 200],
    [near, { host: `LOCALHOST:${near}`, origin: `http://localhost:${near}` }, 200],
    [near, { host: `[::1]:${near}` }, 200],
    [near, { host: `evil.example:${near}` }, 421],
    [near, { host: `relay.example:${near}` }, 421],
    [near, { host: '127.0.0.1' }, 421],
    [near, { host: `127.0.0.1:${near + 1}` }, 421],
    [near, { host: `127.0.0.1.evil.example:${near}` }, 421],
    [near, { host: `127.0.0.1:${near}`, origin: 'http://evil.example' }, 421],
    [near, { host: `127.0.0.1:${near}`, origin: 'null' }, 421],
    [far, { host: '192.0.2.7:80' }, 200],
    [far, { host: '[2001:db8::1]' }, 200],
    [far, { host: `relay.example:${far}` }, 200],
    [far, { host: hostname() }, 200],
    [far, { host: `evil.example:${far}` }, 421],
    [far, { host: '192.0.2.7.evil.example' }, 421],
    [far, { host: `relay.example:${far}`, origin: 'https://relay.example' }, 421],
  ]
  for (const [port, headers, status] of cases)
    for (const path of ['/metrics', '/healthz', '/readyz'])
      t.equal(await askAs(port, path, headers), status, `${path} ${JSON.stringify(headers)}`)
})
