/** Commands before a daemon whose mailbox is in memory: what they ask, what they say, how they end. */
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'tap'
import { newToken, writeApiFile } from '../../node/settings/home.ts'
import { routes } from '../../node/api/routes.ts'
import { bmail, mailboxHome } from '../kit/command.ts'
import { everyCommand } from '../kit/every-command.ts'
import { other, own, plain, quote, received, reputation, shop, status } from '../kit/service-fixture.ts'

test('every command answers in JSON just what the daemon says', async (t) => {
  const { run, service } = await mailboxHome(t)
  service.put(received, plain)
  const id = received.id.slice(0, 63)
  const setUp = { id: 'fe'.repeat(32), worth: null, contributors: null, caution: null }
  const cases: [args: string[], value: unknown][] = [
    [['whoami'], await service.pseudonyms()],
    [['pseudonym'], await service.pseudonyms()],
    [['pseudonym', 'new', 'shop'], await service.createPseudonym({ label: 'shop' })],
    [['network'], { ...(await service.network()), height: status.height, stateRoot: status.stateRoot, setUp }],
    [['inbox'], [received]],
    [['contacts'], await service.contacts()],
    [['receipt', id], await service.receipt({ id: received.id })],
    [['quote', '--to', 'anna', '--text', 'Hello'], { ...quote, lines: [{ ...quote.lines[0]!, recipient: other }] }],
    [['up'], { started: false, ...status, setUp }],
    [['status'], { ...status, own: await service.pseudonyms() }],
  ]
  for (const [args, value] of cases) {
    const [{ code, stdout, stderr, json }, shown] = await Promise.all([run([...args, '--json']), run(args)])
    t.equal(code, 0, `${args.join(' ')} ${stderr}`)
    t.same(json(), value, args.join(' '))
    t.equal(stdout.trimEnd().split('\n').length, 1, 'one line')
    t.equal(shown.code, 0)
    t.match(shown.stdout, /\w.*\n$/s, `${args.join(' ')} says something to people`)
  }
})

test('trouble stands on top of the inbox, and at the end of a status, the worst first', async (t) => {
  const { run, service } = await mailboxHome(t)
  const troubles = [
    { name: 'no-peers', severity: 'stops', since: 1, sentence: 'No peer is connected.' },
    { name: 'not-registered', severity: 'hinders', since: 2, sentence: 'Nobody can write here.' },
  ] as const
  Object.assign(service, { status: async () => ({ ...status, ready: false, troubles }) })
  t.match(
    (await run(['inbox'])).stdout,
    /^no-peers: No peer is connected\. \(1 more: `bmail status`\)\n\nNothing came yet\.\n$/,
  )
  t.same((await run(['inbox', '--json'])).json(), [])
  const { stdout } = await run(['status'])
  t.match(stdout, /^state +not ready$/m)
  t.match(stdout, new RegExp(`^address +${own} .*, registered; holds 100,000`, 'm'))
  t.match(stdout, /^no-peers .* No peer is connected\.\nnot-registered .* Nobody can write here\.\n$/m)
})

test('a doctor says how what is bad is mended, and up that it did not heed a setting', async (t) => {
  const { run, service } = await mailboxHome(t)
  const bad = { check: 'log', ok: false, detail: 'batch 3 does not follow' }
  for (const mendable of [true, false]) {
    Object.assign(service, { doctor: async () => [{ ...bad, mendable }] })
    const { code, stdout } = await run(['doctor'])
    t.equal(code, mendable ? 1 : 3)
    t.equal(/\n\n`bmail doctor --repair` mends log, while the daemon is down\.\n$/.test(stdout), mendable)
  }
  t.match((await run(['up', '--peers', '/ip4/127.0.0.1/tcp/4420'])).stderr, /not heeded\. For them, `bmail down` first/)
  t.notMatch((await run(['up', '--passphrase-file', 'none'])).stderr, /heeded/)
})

test('what is no name is refused in words, and not by a regular expression', async (t) => {
  const { run } = await mailboxHome(t)
  for (const name of ['', 'x'.repeat(65), 'a\nb']) {
    const { code, stderr } = await run(['pseudonym', 'new', name])
    t.equal(code, 1)
    t.match(stderr, /^bmail: What is given as label is not this: A name of 1 to 64 characters, none .*\.\n$/)
  }
})

test('operations name what was asked for, and tell what became of them', async (t) => {
  const { run, service } = await mailboxHome(t)
  service.put(received, plain)
  const cases: [args: string[], name: string, request: unknown][] = [
    [['ack', received.id.slice(0, 62), 'value'], 'ack', { id: received.id.slice(0, 62), verdict: 'value' }],
    [
      ['ack', received.id.slice(0, 62), 'value', '--give-back'],
      'ack',
      { id: received.id.slice(0, 62), verdict: 'value', giveBack: '1650' },
    ],
    [
      ['ack', received.id.slice(0, 62), 'spam', '--give-back', '1,000'],
      'ack',
      { id: received.id.slice(0, 62), verdict: 'spam', giveBack: '1000' },
    ],
    [['give-back', received.id], 'giveBack', { id: received.id, amount: '1650' }],
    [['give-back', received.id, '7'], 'giveBack', { id: received.id, amount: '7' }],
    [['transfer', 'anna', '25,000', '--yes'], 'transfer', { from: own, to: other, amount: '25000' }],
    [
      ['policy', '--least-fee', '20000', '--least-tier', '2'],
      'policy',
      { address: own, leastFee: '20000', leastTier: 3 },
    ],
    [['pseudonym', 'register'], 'register', { address: own }],
    [['pseudonym', 'rekey', 'default'], 'rekey', { address: own }],
    [
      ['pseudonym', 'sponsor', 'cafe', '--amount', '7', '--yes'],
      'sponsor',
      { from: own, request: 'cafe', amount: '7' },
    ],
    [['contacts', 'grant', 'anna'], 'grant', { from: own, to: other, payer: 'sender', allowance: '0' }],
    [
      ['contacts', 'grant', other, '--allowance', '9', '--as', 'shop', '--yes'],
      'grant',
      { from: shop.address, to: other, payer: 'recipient', allowance: '9' },
    ],
    [['contacts', 'revoke', 'anna'], 'revoke', { to: other }],
    [['contacts', 'add', 'berta', own], 'setContact', { name: 'berta', address: own }],
    [['contacts', 'remove', 'berta'], 'removeContact', { name: 'berta' }],
    [['confirm-clock', '--yes'], 'confirmClock', {}],
  ]
  const said: Partial<Record<string, RegExp>> = {
    setContact: /berta/,
    removeContact: /berta/,
    confirmClock: /The host goes on/,
  }
  for (const [args, name, request] of cases) {
    const { code, stdout, stderr } = await run(args)
    t.equal(code, 0, `${args.join(' ')} ${stderr}`)
    t.same(service.calls.findLast((call) => call.name === name)?.request, request, args.join(' '))
    t.match(stdout, said[name] ?? /settled in batch 8/)
  }
  // The others are tried where mail and reputation are: `cli-mail.test.ts`, `cli-reputation.test.ts`.
  const elsewhere = [
    'compose', // for the page; commands write MIME themselves
    'createPseudonym',
    'retirePseudonym',
    'takePass',
    'changeHabit',
    'quote',
    'send',
    'enroll',
    'endorse',
    'buyStamp',
    'redeemStamp',
  ]
  const asked = Object.entries(routes).flatMap(([name, { method }]) => (method === 'GET' ? [] : [name]))
  t.strictSame(new Set([...cases.map(([, name]) => name), ...elsewhere]), new Set(asked), 'every route has its command')
})

test('every command is one of those whose amounts are looked at', async (t) => {
  const looks = readFileSync(new URL('amounts.test.ts', import.meta.url), 'utf8')
  const unseen = (await everyCommand()).filter((words) => !looks.includes(`'${words.replaceAll(' ', "', '")}'`))
  t.strictSame(unseen, [], 'run it in amounts.test.ts')
})

test('what pays, or cannot be taken back, waits for a yes where nobody can be asked', async (t) => {
  const { run, service } = await mailboxHome(t)
  service.put(received, plain)
  const id = received.id.slice(0, 62)
  const cases: [args: string[], name: string][] = [
    [['send', '--to', 'anna'], 'send'],
    [['reply', id], 'send'],
    [['transfer', 'anna', '5'], 'transfer'],
    [['pseudonym', 'sponsor', 'cafe', '--amount', '7'], 'sponsor'],
    [['pseudonym', 'retire', 'shop'], 'retirePseudonym'],
    [['contacts', 'grant', 'anna', '--allowance', '9'], 'grant'],
    [['contacts', 'grant', 'anna', '--as', 'shop'], 'grant'],
    [['reputation', 'enroll'], 'enroll'],
    [['endorse', id, '2'], 'endorse'],
    [['stamps', 'buy', '100000'], 'buyStamp'],
    [['stamps', 'redeem', '1', '--to', 'shop'], 'redeemStamp'],
  ]
  Object.assign(service, { reputation: async () => ({ ...reputation, state: 'not-enrolled' }) })
  for (const [args, name] of cases) {
    const refused = await run([...args, '--json'], { input: 'It is done.' })
    t.equal(refused.code, 1, args.join(' '))
    t.match(refused.json(), { error: { code: 'consent-missing', sentence: /to be asked.*--yes/ } }, args.join(' '))
    t.notOk(
      service.calls.some((call) => call.name === name),
      `${name} was not called`,
    )
  }
  const limited: string[][] = [['--refuse-above', '2750'], ['--ask-above', '2200'], ['--yes']]
  for (const limit of limited) {
    const sent = await run(['send', '--to', 'anna', ...limit], { input: 'It is done.' })
    t.equal(sent.code, 0, `a limit is a yes to all below it: ${limit.join(' ')} ${sent.stderr}`)
  }
  const env = { BMAIL_ASK_ABOVE: '2199' }
  const above = await run(['send', '--to', 'anna', '--json'], { input: 'It is done.', env })
  t.match(above.json(), { error: { code: 'above-limit' } })
  const flagged = await run(['send', '--to', 'anna', '--ask-above', '2200'], { input: 'It is done.', env })
  t.equal(flagged.code, 0, 'a flag goes before the environment')
})

test('--wait asks until the operation is settled, and fails where it is refused', async (t) => {
  const { run, service } = await mailboxHome(t)
  const opId = '12'.repeat(32)
  let asked = 0
  Object.assign(service, {
    transfer: async () => ({ opId, state: 'submitted', note: 'on its way', batchHeight: null }),
    operation: async () =>
      ++asked < 3
        ? { opId, state: 'submitted', note: 'on its way', batchHeight: null }
        : { opId, state: 'refused', note: 'The balance does not cover this.', batchHeight: '9' },
  })
  const { code, stderr } = await run(['transfer', 'anna', '5', '--wait', '--yes'])
  t.equal(code, 1)
  t.equal(stderr, 'bmail: The balance does not cover this.\n')
  t.equal(asked, 3)
})

test('a no is a sentence and exit code 1; a wrong call is exit code 2', async (t) => {
  const { run } = await mailboxHome(t)
  const cases: [args: string[], code: number, error: { code: string; sentence: RegExp }][] = [
    [['read', 'fff'], 1, { code: 'not-found', sentence: /No message has this id/ }],
    [['send', '--to', 'carl', '--text', 'x'], 1, { code: 'not-found', sentence: /“carl” is neither/ }],
    [['send', '--to', 'anna', '--as', 'ghost', '--text', 'x'], 1, { code: 'not-found', sentence: /“ghost”.*default/ }],
    [['send', '--to', 'anna'], 1, { code: 'empty', sentence: /empty/ }],
    [['send', 'missing.txt', '--to', 'anna'], 1, { code: 'file', sentence: /missing\.txt cannot be read/ }],
    [['receipt', '--verify', 'missing'], 1, { code: 'file', sentence: /cannot be read/ }],
    [['send', '--text', 'x'], 2, { code: 'usage', sentence: /--to/ }],
    [['send', 'a', '--to', 'anna', '--text', 'x'], 2, { code: 'usage', sentence: /not both/ }],
    [
      ['send', '--to', 'anna', '--text', 'x', '--refuse-above', 'much'],
      2,
      { code: 'usage', sentence: /--refuse-above.*“much”/ },
    ],
    [['transfer', 'anna', '-5'], 2, { code: 'usage', sentence: /\w/ }],
    [['transfer', 'anna', '0', '--yes'], 2, { code: 'usage', sentence: /amount is 0/ }],
    [['transfer', 'anna', '1.5'], 2, { code: 'usage', sentence: /whole number/ }],
    [['give-back', received.id, '0'], 2, { code: 'usage', sentence: /amount is 0/ }],
    [['give-back', received.id, '1.5'], 2, { code: 'usage', sentence: /whole number/ }],
    [['give-back', 'fff'], 1, { code: 'not-found', sentence: /No message has this id/ }],
    [['ack', 'abc', 'great'], 2, { code: 'usage', sentence: /value, abstain, spam, abuse/ }],
    [['ack', 'abc'], 2, { code: 'usage', sentence: /verdict/ }],
    [['receipt'], 2, { code: 'usage', sentence: /--verify/ }],
    [['receipt', 'abc', '--verify', 'missing'], 2, { code: 'usage', sentence: /Give no id and no --save/ }],
    [['receipt', '--save', 'x', '--verify', 'missing'], 2, { code: 'usage', sentence: /Give no id and no --save/ }],
    [['receipt', 'abc', '--network', 'missing'], 2, { code: 'usage', sentence: /with --verify/ }],
    [['whoami', 'extra'], 2, { code: 'usage', sentence: /Too many arguments/ }],
    [['inbox', '--snet'], 2, { code: 'usage', sentence: /Did you mean --sent\?/ }],
  ]
  const answers = await Promise.all(cases.map(([args]) => run([...args, '--json'])))
  for (const [index, [args, code, error]] of cases.entries()) {
    const ran = answers[index]!
    t.equal(ran.code, code, args.join(' '))
    t.match(ran.json(), { error }, args.join(' '))
    t.equal(ran.stderr, '')
  }
  const said = await run(['read', 'fff'])
  t.equal(said.stderr, 'bmail: No message has this id. List them with `bmail inbox`.\n')
  t.equal(said.stdout, '')
  t.match((await run(['read', 'fff', '--debug'])).stderr, /\n {4}at /, 'a trace is there for who wants one')
})

test('without a daemon a command says how to start one', async (t) => {
  const { home } = await mailboxHome(t)
  const ask = async (where: string) => (await bmail(['whoami', '--json'], { home: where })).json() as { error: unknown }
  t.match(await ask(join(home, 'none')), { error: { code: 'no-home', sentence: /bmail init/ } })
  let status = 401
  const stranger = createServer((_request, response) => response.writeHead(status).end('who are you?'))
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
  const { port } = stranger.address() as AddressInfo
  const note = { port, token: newToken(), pid: process.pid }
  writeApiFile(home, note)
  t.match(await ask(home), { error: { code: 'no-daemon', sentence: /bmail up/ } }, 'another program has its port')
  for (status of [200, 404, 500]) t.match(await ask(home), { error: { code: 'no-daemon' } }, `which answers ${status}`)
  const down = await bmail(['down', '--json'], { home })
  t.same(down.json(), { stopped: false }, 'and the process it names is left alone')
  await new Promise((resolve) => stranger.close(resolve))
  t.match(await ask(home), { error: { code: 'no-daemon', sentence: /bmail up/ } }, 'nothing has its port')
  writeFileSync(join(home, 'api.json'), '{"port":')
  t.match(await ask(home), { error: { code: 'no-daemon' } }, 'the note is damaged')
})
