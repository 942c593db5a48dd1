/** Settings: which source goes before which, and what is said of a wrong one. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import {
  type ConfigError,
  flagOf,
  loadConfig,
  settings,
  type SettingName,
  strayVariables,
  variableOf,
  writeConfig,
} from '../../../node/settings/config.ts'
import {
  homeOf,
  makeHome,
  newToken,
  pathsOf,
  readApiFile,
  removeApiFile,
  replaceFile,
  writeApiFile,
} from '../../../node/settings/home.ts'

const names = Object.keys(settings) as SettingName[]

test('without anything said, a personal daemon dials out only and keeps to loopback', async (t) => {
  const home = t.testdir({})
  t.same(await loadConfig({ home, env: {} }), {
    home,
    role: 'personal',
    listen: [],
    announce: [],
    peers: [],
    apiListen: { host: '127.0.0.1', port: 8420 },
    metricsListen: { host: '127.0.0.1', port: 9420 },
    metricsNames: [],
    logLevel: 'info',
    mdns: true,
    passphraseFile: null,
    hideAmong: 8,
    spendPerDay: null,
    giveBack: 'valued',
    askBefore: 11,
    bridgeSmtpListen: { host: '127.0.0.1', port: 1025 },
    bridgeImapListen: { host: '127.0.0.1', port: 1143 },
    bridgeMaxFee: null,
    bridgePerDay: null,
    bridgeUndoSeconds: 60,
    allowColocated: false,
  })
  t.same((await loadConfig({ home, flags: { role: 'relay' }, env: {} })).listen, ['/ip4/0.0.0.0/tcp/4420'])
})

test('a flag goes before the environment, the environment before the file, the file before the default', async (t) => {
  const samples: Record<SettingName, [stored: unknown, text: string, other: string]> = {
    role: ['relay', 'relay', 'personal'],
    listen: [['/ip4/127.0.0.1/tcp/1'], '/ip4/127.0.0.1/tcp/2', '/ip4/127.0.0.1/tcp/3,/ip6/::1/tcp/3'],
    announce: [['/dns4/a.example/tcp/1'], '/dns4/b.example/tcp/2', ''],
    peers: [['/ip4/127.0.0.1/tcp/4'], ' /ip4/127.0.0.1/tcp/5 , /ip4/127.0.0.1/tcp/6', '/ip4/127.0.0.1/tcp/7'],
    apiListen: ['127.0.0.1:1', 'localhost:2', '[::1]:3'],
    metricsListen: ['0.0.0.0:1', '127.0.0.1:2', ''],
    metricsNames: [['a.example'], 'b.example,c.example', 'd.example'],
    logLevel: ['warn', 'debug', 'silent'],
    mdns: [false, 'true', 'false'],
    passphraseFile: ['secret', '/run/secrets/a', '/run/secrets/b'],
    hideAmong: [2, '3', '4'],
    spendPerDay: [25_000, '30,000 mail', ''],
    giveBack: ['never', 'answered', 'valued'],
    askBefore: [2, '3', '4'],
    bridgeSmtpListen: ['127.0.0.1:1', 'localhost:2', '[::1]:3'],
    bridgeImapListen: ['127.0.0.1:1', 'localhost:2', '[::1]:3'],
    bridgeMaxFee: ['20 mail', '30 mail', ''],
    bridgePerDay: ['20 mail', '30 mail', ''],
    bridgeUndoSeconds: [30, '20', '10'],
    allowColocated: [true, 'false', 'true'],
  }
  for (const name of names) {
    const home = t.testdir({})
    const [stored, text, other] = samples[name]
    const env = { [variableOf(name)]: text }
    const fallback = (await loadConfig({ home, env: {} }))[name]
    writeConfig(home, { [name]: stored })
    const fromFile = (await loadConfig({ home, env: {} }))[name]
    const fromVariable = (await loadConfig({ home, env }))[name]
    const fromFlag = (await loadConfig({ home, env, flags: { [name]: other } }))[name]
    t.notSame(fromFile, fallback, `${name} in the file`)
    t.notSame(fromVariable, name === 'role' ? fallback : fromFile, `${variableOf(name)} before the file`)
    t.notSame(fromFlag, fromVariable, `${flagOf(name)} before the environment`)
  }
})

test('names follow from the setting', async (t) => {
  t.equal(variableOf('apiListen'), 'BMAIL_API_LISTEN')
  t.equal(flagOf('allowColocated'), '--allow-colocated')
})

test('what was written is read again, and holds no secret', async (t) => {
  const home = join(t.testdir({}), 'new', 'home')
  writeConfig(home, { role: 'relay', peers: ['/dns4/relay.example/tcp/4420'], apiListen: '127.0.0.1:0', mdns: false })
  const config = await loadConfig({ home, env: {} })
  t.match(config, { role: 'relay', peers: ['/dns4/relay.example/tcp/4420'], apiListen: { port: 0 }, mdns: false })
  t.equal(statSync(home).mode & 0o777, 0o700)
  t.match(readFileSync(pathsOf(home).config, 'utf8'), /^# .*No secrets/)
})

test('relative paths count from where they are said', async (t) => {
  const home = t.testdir({})
  writeConfig(home, { passphraseFile: 'words' })
  t.equal((await loadConfig({ home, env: {} })).passphraseFile, join(home, 'words'))
  t.equal(
    (await loadConfig({ home, env: {}, flags: { passphraseFile: 'words' } })).passphraseFile,
    join(process.cwd(), 'words'),
  )
  t.equal((await loadConfig({ home, env: { BMAIL_PASSPHRASE_FILE: '' } })).passphraseFile, null)
})

test('a wrong value is refused with a sentence that says where it stands', async (t) => {
  const cases: [file: string, env: Record<string, string>, flags: Record<string, string>, sentence: RegExp][] = [
    ['role = "king"', {}, {}, /bmail\.toml: role must be relay or personal, and not “king”\.$/],
    ['role = 7', {}, {}, /bmail\.toml: role must be relay or personal, and not 7\.$/],
    ['colour = "red"', {}, {}, /bmail\.toml: colour is no setting\. There are role, listen/],
    ['passphrase = "hunter2"', {}, {}, /bmail\.toml: passphrase is no setting/],
    ['role = ', {}, {}, /bmail\.toml cannot be read: Invalid TOML.*Correct it/],
    ['listen = "/ip4/127.0.0.1/tcp/1"', {}, {}, /bmail\.toml: listen must be a list of multiaddrs/],
    ['listen = ["127.0.0.1:4420"]', {}, {}, /listen must hold multiaddrs like .*, and “127\.0\.0\.1:4420” is none/],
    ['listen = ["/"]', {}, {}, /“\/” is none \(it is empty\)/],
    ['mdns = "yes"', {}, {}, /bmail\.toml: mdns must be true or false, and not “yes”\.$/],
    ['', { BMAIL_MDNS: 'yes' }, {}, /^BMAIL_MDNS in the environment must be true or false, and not “yes”\.$/],
    ['', { BMAIL_PEERS: '/ip4/1.2.3.400/tcp/1' }, {}, /^BMAIL_PEERS in the environment must hold multiaddrs/],
    [
      'peers = ["/ip4/192.0.2.1/udp/1/quic-v1"]',
      {},
      {},
      /peers must hold .* is none \(nodes speak TCP, and nothing else\)/,
    ],
    ['peers = ["/ip4/192.0.2.1"]', {}, {}, /nodes speak TCP/],
    ['', {}, { peers: '/dns4/a.example/tcp/0' }, /^--peers .* \(nobody listens on port 0\)/],
    [
      '',
      {},
      { peers: '/dns4/a.example/tcp/1/p2p/12D3KooWnobody' },
      /\(what stands behind \/p2p\/ is no peer id of a node\)/,
    ],
    ['', {}, { announce: '/ip6/::/tcp/1' }, /^--announce .* \(it names no machine that others could dial\)/],
    ['', { BMAIL_LOG_LEVEL: '' }, {}, /^BMAIL_LOG_LEVEL in the environment must be fatal, .* or silent, and not “”\.$/],
    ['', { BMAIL_API_LISTEN: '0.0.0.0:8420' }, {}, /^BMAIL_API_LISTEN .* must be on loopback/],
    ['', {}, { apiListen: '127.0.0.1' }, /^--api-listen must be host:port/],
    ['', {}, { apiListen: '127.0.0.1:70000' }, /^--api-listen must be host:port/],
    [
      'spendPerDay = -5',
      {},
      {},
      /bmail\.toml: spendPerDay must be an amount like “25 mail”, or empty for none, and not -5\.$/,
    ],
    ['', { BMAIL_SPEND_PER_DAY: '1,00' }, {}, /^BMAIL_SPEND_PER_DAY in the environment must be an amount/],
    ['', {}, { metricsNames: 'a:9420' }, /^--metrics-names must be a list of host names without ports/],
    ['', {}, { metricsListen: 'http://x:1' }, /^--metrics-listen must be host:port/],
  ]
  for (const [file, env, flags, sentence] of cases) {
    const home = t.testdir({ 'bmail.toml': file })
    const error = await loadConfig({ home, env, flags }).then(
      () => undefined,
      (refusal: ConfigError) => refusal,
    )
    t.equal(error?.name, 'ConfigError', file)
    t.match(error?.message, sentence)
  }
})

test('variables that nothing reads are told about', async (t) => {
  t.same(strayVariables({ BMAIL_METRIC_LISTEN: '', BMAIL_HOME: '', BMAIL_PASSPHRASE: '', BMAIL_MDNS: '', PATH: '' }), [
    'BMAIL_METRIC_LISTEN',
  ])
})

test('the home is a flag, else BMAIL_HOME, else in the home of the person', async (t) => {
  t.equal(homeOf({ flag: '/a', env: { BMAIL_HOME: '/b' } }), '/a')
  t.equal(homeOf({ env: { BMAIL_HOME: '/b' } }), '/b')
  t.match(homeOf({ env: {} }), /\.bmail$/)
})

test('the note of a daemon is for its owner only, and is removed by whom it belongs to', async (t) => {
  const home = join(t.testdir({}), 'home')
  makeHome(home)
  const file = { host: '127.0.0.1', port: 8420, token: newToken(), pid: process.pid }
  t.equal(readApiFile(home), undefined)
  writeApiFile(home, file)
  t.same(readApiFile(home), file)
  t.equal(statSync(pathsOf(home).api).mode & 0o777, 0o600)
  removeApiFile(home, newToken())
  t.ok(existsSync(pathsOf(home).api), 'another daemon’s note stays')
  removeApiFile(home, file.token)
  t.notOk(existsSync(pathsOf(home).api))
  for (const text of ['', '{', '[]', '{"port":"8420"}', 'null', JSON.stringify({ ...file, host: 'evil.example' })]) {
    writeFileSync(pathsOf(home).api, text)
    t.equal(readApiFile(home), undefined, text)
  }
})

test('a file that cannot be put in place leaves the one before', async (t) => {
  const home = t.testdir({ taken: { inside: '' } })
  t.throws(() => replaceFile(join(home, 'taken'), 'text', 0o600), /taken could not be written/)
  t.ok(existsSync(join(home, 'taken', 'inside')))
})
