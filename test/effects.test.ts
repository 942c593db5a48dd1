/** What is pure, and who makes effects: the protocol has none, and in `node` those that a simulation replaces come through the seams. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { test } from 'tap'
import { readSource } from './kit/source.ts'

const root = join(import.meta.dirname, '..')
const protocol = sourcesOf('protocol')
const node = sourcesOf('node')

test('effects: the protocol imports hashes, codecs and nothing with effects', async (t) => {
  const allowed = /^(\.|micro-packed$|@noble\/(hashes|curves)\/|@scure\/base$|poseidon-lite\/)/
  const wrong = protocol.flatMap(({ path, imports }) =>
    imports
      .filter((name) => !allowed.test(name) && !(path === 'protocol/signature.ts' && name === 'node:crypto'))
      .map((name) => `${path} → ${name}`),
  )
  t.strictSame(wrong, [])
})

/** Ways to something that no other pattern sees: by what holds it, or by code made of a string. */
const byways = /\b(globalThis|global|eval|Function|Reflect|WebAssembly)\b|\.constructor\b|\bimport\.meta\b(?!\.url\))/

const impure: Readonly<Record<string, RegExp>> = {
  'reads a clock': /\b(Date|performance|hrtime|Temporal|uptime)\b/,
  'draws random numbers': /\b(crypto|random(?!ness)\w*|getRandomValues|keygen|generateKey\w*|generatePrime\w*)\b(?!')/,
  waits:
    /\b(async|await|Promise|setTimeout|setInterval|setImmediate|queueMicrotask|Atomics|WeakRef|FinalizationRegistry)\b|\bimport\(|\.then\b/,
  'has effects': /\b(process|console|fetch|require|navigator|WebSocket|EventSource|Worker|BroadcastChannel)\b/,
  'goes round that': byways,
  'counts with fractions':
    /\b\d[\d_]*\.\d|\b\d+e-\d|\bparseFloat\b|\bMath\b(?!\.(?:min|max|floor|ceil|abs|trunc)\b)|\bFloat\d+Array\b/,
  'depends on where it runs': /\b(Intl|toLocale\w+|localeCompare)\b/,
}

test('effects: the protocol is pure', async (t) => {
  for (const [what, pattern] of Object.entries(impure))
    t.strictSame(
      protocol.filter(({ code }) => pattern.test(code)).map(({ path }) => path),
      [],
      `nothing ${what}`,
    )
})

test('effects: the patterns of impurity catch what they are for', async (t) => {
  const samples = [
    'Date.now()',
    'Math.random()',
    'await x',
    'process.env',
    '0.5',
    '1e-3',
    'Math.sqrt(2)',
    'a.localeCompare(b)',
    'const { random } = Math',
    "globalThis['Da' + 'te']",
    "self['Date']",
    '`#{performance.timeOrigin}`',
    'crypto.randomUUID()',
    'p256.keygen()',
    "(() => 0).constructor('return 1')",
    "import('./x.ts').then(use)",
  ]
  for (const sample of samples)
    t.ok(
      Object.values(impure).some((pattern) => pattern.test(codeOf(sample))),
      sample,
    )
  for (const sample of ['10_000n', 'list[0].a', '1..toString', 'Math.floor(at / 2)', 'updateAt'])
    t.notOk(
      Object.values(impure).some((pattern) => pattern.test(sample)),
      sample,
    )
})

/** Real effects are made in few places, and come to the others through `node/seams.ts`. */
const makers: readonly { what: string; pattern: RegExp; samples: readonly string[]; files: readonly string[] }[] = [
  {
    what: 'reads the clock or sets a timer',
    // A `Date` of a time that is given, one that is read, and the type are none.
    pattern:
      /(?<!readonly date: |new )\bDate\b(?!\.parse\b)|\bnew Date(?:\(\)|(?!\())|\b(setTimeout|setInterval|setImmediate|performance|hrtime|uptime|Temporal|scheduler|monitorEventLoopDelay)\b|\bAbortSignal(?:\.timeout\b|\[)/,
    samples: [
      'Date.now()',
      'new Date()',
      'Date()',
      'Date(0)',
      "Date['now']()",
      'const { now } = Date\n',
      'f(Date)',
      "AbortSignal['timeout'](5)",
      'process.hrtime()',
      '`#{Date.now()}`',
    ],
    files: [
      'node/daemon/observer.ts',
      'node/daemon/system.ts',
      'node/daemon/telemetry.ts',
      'node/daemon/testnet.ts',
      'node/network/connections.ts',
      'node/proofs/prover.ts',
      'node/simulated/simulated.ts',
      'node/thread.ts',
    ],
  },
  {
    what: 'draws random bytes',
    pattern:
      /\b(randomBytes|randomFill\w*|randomInt|getRandomValues|randomUUID|randomSecretKey|randomPrivateKey|keygen|managedNonce)\b|\bMath\.random\b|\bMath\b(?!\.)/,
    samples: [
      'randomBytes(4)',
      'crypto.getRandomValues(a)',
      "Math['random']()",
      'const { random } = Math',
      'x25519.keygen()',
    ],
    files: ['node/proofs/proof-worker.ts', 'node/settings/home.ts', 'node/system-random.ts'],
  },
  {
    what: 'goes round that',
    pattern: byways,
    samples: ["globalThis['Date']", "eval('1')", 'import.meta.dirname'],
    files: ['node/proofs/make-proof.ts'], // snarkjs keeps its threads there
  },
]

test('effects: in node, clock and randomness come through the seams', async (t) => {
  for (const { what, pattern, samples, files } of makers) {
    t.strictSame(
      node.filter(({ path, code }) => pattern.test(code) && !files.includes(path)).map(({ path }) => path),
      [],
      `nothing else ${what}`,
    )
    for (const sample of samples) t.match(codeOf(sample), pattern, sample)
  }
})

/** Other effects have no seam: whoever has them is not run by a simulation. Folders, or files of them, by what they import. */
const effects: readonly { what: string; modules: RegExp; places: readonly string[] }[] = [
  {
    what: 'touches files',
    modules: /^node:fs\b/,
    places: ['node/settings/', 'node/keys/', 'node/daemon/', 'node/proofs/', 'node/ledger/disk'],
  },
  {
    what: 'has threads or child processes',
    modules: /^node:(worker_threads|child_process)$/,
    places: ['node/thread.ts', 'node/proofs/', 'node/letter/'],
  },
  {
    what: 'opens sockets',
    modules: /^(node:(net|http|https|http2|tls|dgram)|libp2p|@libp2p\/(?!peer-id$).*|@chainsafe\/.*|fastify|viem)$/,
    places: ['node/network/', 'node/api/', 'node/daemon/', 'node/evm/'],
  },
]

test('effects: what a simulation runs has no effects but through the seams', async (t) => {
  for (const { what, modules, places } of effects) {
    const users = node.filter(({ imports }) => imports.some((name) => modules.test(name))).map(({ path }) => path)
    t.strictSame(
      users.filter((path) => !places.some((place) => path.startsWith(place))),
      [],
      `nothing else ${what}`,
    )
    for (const place of places)
      t.ok(
        users.some((path) => path.startsWith(place)),
        `${place} ${what}`,
      )
  }
})

/** Packages and parts of Node that calculate and no more; whoever is run by a simulation imports no others. */
const calculates =
  /^(abstract-level|micro-packed|@noble\/(hashes|ciphers|curves)\/.*|@scure\/(base|bip39.*)|poseidon-lite\/.*|@hpke\/.*|node:(crypto|assert|util|zlib))$/
/** Rooms that simulations run, ground with them, and what of them is not. */
const simulated = /^node\/((peers|envelopes|mailbox|identity|ledger|seal|leveldb)\/|[^/]+$)/
const withoutImport = /\b(process|console|WebSocket|EventSource|navigator|crypto\.(?!subtle))\b|(?<!\.|async )\bfetch\b/
const ownEffects = /^node\/(ledger\/disk(-files)?|thread)\.ts$/

test('effects: what a simulation runs imports only what calculates', async (t) => {
  const rooms = node.filter(({ path }) => simulated.test(path) && !ownEffects.test(path))
  t.ok(rooms.length > 60)
  const wrong = rooms.flatMap(({ path, imports }) =>
    imports.filter((name) => !name.startsWith('.') && !calculates.test(name)).map((name) => `${path} → ${name}`),
  )
  t.strictSame(wrong, [])
  t.strictSame(
    rooms.filter(({ code }) => withoutImport.test(code)).map(({ path }) => path),
    [],
    'nor uses what is there without an import',
  )
})

/** The code of a sample, in which `#{` stands for what opens a calculation in a template. */
function codeOf(sample: string): string {
  return readSource(sample.replaceAll('#{', '${')).code
}

function sourcesOf(folder: string) {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => {
      const { code, modules, urls } = readSource(readFileSync(join(root, folder, path), 'utf8'))
      const imports = modules.filter((name) => !urls.includes(name))
      return { path: join(folder, path).split(sep).join('/'), code, imports }
    })
}
