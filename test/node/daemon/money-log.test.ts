/**
 * A network's log, through a reader in another language that knows money parts and nothing else: it comes to every balance
 * that the network says, whatever stands in the batches; where anything is changed afterwards it does not.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'tap'
import { moneyLogOf } from '../../../node/daemon/money-log.ts'
import { sign } from '../../../node/keys/sign.ts'
import { headerHash } from '../../../protocol/batch.ts'
import { type Entry, readEntry } from '../../../protocol/doorway.ts'
import { hash } from '../../../protocol/hash.ts'
import type { Action } from '../../../protocol/operations.ts'
import { rekeyHash } from '../../../protocol/operations/rekey.ts'
import { consentHash } from '../../../protocol/registration.ts'
import {
  accountOf,
  action,
  ada,
  bob,
  context,
  cyd,
  dan,
  eve,
  genesis,
  network,
  olga,
  type Person,
  personOf,
  rules,
  sendTo,
  signedBytes,
  totalsOf,
  viewOf,
  type Wish,
} from '../../kit/fixtures.ts'
import { firstLink, type Link, nextLink } from '../../kit/chain.ts'
import { goodProof } from '../../kit/plain-proofs.ts'
import { memoryStore } from '../../kit/memory.ts'

const reader = join(import.meta.dirname, '../../vectors/balances.py')
const skip = spawnSync('python3', ['--version']).status !== 0 && 'there is no python3 here'

/** A log that grows by batches, and everybody's next nonce in it. */
function createChain() {
  const links: Link[] = [firstLink()]
  const last = (): Link => links.at(-1)!
  const nonceOf = (person: Person): bigint => accountOf(last().state, person).nonce
  return {
    nonceOf,
    /** The next operation of somebody, who says what it has to name, or names something else. */
    next(wish: Wish): Entry {
      const { state } = last()
      const about = { nonce: nonceOf(wish.by), expiry: totalsOf(state).time + 1_000n, ...wish }
      return readEntry(signedBytes(about, { view: viewOf(state) }), context)
    },
    /** Put them into a batch, a moment later; what became of each. */
    batch: (...ops: readonly Entry[]): string[] => {
      links.push(nextLink(last(), { time: totalsOf(last().state).time + 10n, ops }))
      return last().applied.map((applied) =>
        applied.kind === 'settled' ? 'settled' : `${applied.kind}: ${applied.reason}`,
      )
    },
    async log(): Promise<Log> {
      const store = memoryStore()
      for (const { sealed, ops, outcomes, changes, chain } of links)
        await store.commit({
          batch: { sealed, ops: ops.map(({ bytes }) => bytes) },
          outcomes,
          opIds: ops.map(({ id }) => id),
          changes,
          leaves: [],
          head: { sealed, hash: headerHash(sealed.header), chain },
        })
      return JSON.parse(await moneyLogOf(store, { rules, genesis })) as Log
    },
  }
}

type Log = {
  rules: string
  genesis: string
  payees: string[]
  stamps: string[]
  batches: { header: string; ops: { bytes: string; holds: boolean }[] }[]
  says: Record<string, string>
}

/** What the reader says of a log. */
function read(log: Log): { status: number | null; stdout: string; stderr: string } {
  const folder = mkdtempSync(join(tmpdir(), 'bmail-money-'))
  try {
    const path = join(folder, 'log.json')
    writeFileSync(path, JSON.stringify(log))
    const { status, stdout, stderr } = spawnSync('python3', [reader, path], { encoding: 'utf8' })
    return { status, stdout, stderr }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const register = ({ signingKey, sealKey }: Person): Action =>
  action('register', { signingKey, sealKey, sponsorship: undefined })
const fay = personOf('fay')
const gus = personOf('gus')

/** Everything that moves money, and some of every way to be void, or paid and no mail. */
function story() {
  const chain = createChain()
  const { batch, next, nonceOf } = chain
  const became = [...batch(...[ada, bob, cyd, dan].map((by) => next({ by, action: register(by) })))]
  const sponsorship = { amount: 500n, consent: sign(consentHash(network, eve), eve.privateKey) }
  const signature = sign(rekeyHash(network, { account: cyd.address, nonce: nonceOf(cyd) }), fay.privateKey)
  became.push(
    ...batch(
      next({ by: ada, action: action('register', { signingKey: eve.signingKey, sealKey: eve.sealKey, sponsorship }) }),
      next({ by: bob, action: action('grant', { sender: ada.address, payer: 'recipient', allowance: 5_000n }) }),
      next({ by: cyd, action: action('rekey', { signing: { key: fay.signingKey, signature }, sealKey: undefined }) }),
      next({ by: dan, action: action('stampBuy', { denomination: 1_000n, note: 11n }) }),
    ),
  )
  const redeem = action('stampRedeem', {
    epoch: 1,
    checkpoint: 0,
    nullifier: 8n,
    denomination: 1_000n,
    to: gus.address,
    registration: {
      signingKey: gus.signingKey,
      sealKey: gus.sealKey,
      consent: sign(consentHash(network, gus), gus.privateKey),
    },
    proof: goodProof,
  })
  const toBoth = next({ by: ada, action: sendTo([bob, cyd]) })
  became.push(
    ...batch(
      toBoth,
      next({ by: bob, action: action('revoke', { sender: ada.address }) }),
      next({ by: cyd, privateKey: fay.privateKey, action: action('transfer', { to: eve.address, amount: 77n }) }),
      next({ by: cyd, action: action('transfer', { to: eve.address, amount: 77n }), nonce: nonceOf(cyd) + 1n }),
      next({ by: dan, action: redeem }),
      next({ by: dan, action: redeem }),
      toBoth,
    ),
  )
  const { message } = toBoth as { message: Uint8Array }
  const sent = { message, sender: ada.address, senderKey: undefined, epochKey: undefined }
  became.push(
    ...batch(
      next({
        by: cyd,
        privateKey: fay.privateKey,
        action: action('ack', { ...sent, verdict: 'value', giveBack: 100n }),
      }),
      next({ by: bob, action: action('giveBack', { message, sender: ada.address, amount: 10n ** 5n }) }),
      // It pays the share to whose turn it is not, and nothing to whom it is for.
      next({
        by: ada,
        action: sendTo([dan]),
        amounts: { burn: 3n, share: { payee: olga.address, amount: 7n }, lines: [pay(dan, 0n)] },
      }),
      next({ by: eve, action: action('transfer', { to: ada.address, amount: 10n ** 6n }) }),
      next({ by: dan, action: action('transfer', { to: ada.address, amount: 1n }), privateKey: ada.privateKey }),
    ),
  )
  became.push(
    ...batch(
      next({ by: bob, action: action('grant', { sender: dan.address, payer: 'sender', allowance: 40n }) }),
      next({ by: ada, action: action('stampBuy', { denomination: 1_000n, note: 12n }) }),
      next({ by: olga, action: action('transfer', { to: ada.address, amount: 1n }) }),
      readEntry(new Uint8Array(200), context),
    ),
  )
  return { chain, became }
}

const pay = ({ address }: Person, amount: bigint) => ({ address, amount, from: 'funds' }) as const

test('money log: a reader of money parts comes to every balance of a network', { skip }, async (t) => {
  const { chain, became } = story()
  t.strictSame(became, [
    ...['settled', 'settled', 'settled', 'settled'],
    ...['settled', 'settled', 'settled', 'settled'],
    ...[
      'settled',
      'settled',
      'settled',
      'void: signature-wrong',
      'settled',
      'void: nullifier-used',
      'void: nonce-used',
    ],
    ...['settled', 'undelivered: give-back-over', 'undelivered: price-short', 'void: funds-short'],
    'void: signature-wrong',
    ...['settled', 'settled', 'void: not-registered', 'void: malformed'],
  ])
  const log = await chain.log()
  t.match(read(log), { status: 0, stderr: '', stdout: /^5 batches, 7 operations void; of \d+ numbers 0 differ\n$/ })
  t.match(Object.keys(log.says).join(), /^minted,burned,funds of .*set aside by .*,stamps of 1000$/)
})

test('money log: a reader that is given no log says how it is called', { skip }, async (t) => {
  for (const words of [[], ['one', 'two']]) {
    const { status, stdout, stderr } = spawnSync('python3', [reader, ...words], { encoding: 'utf8' })
    t.strictSame([status, stdout], [2, ''])
    t.match(stderr, /^usage: python3 test\/vectors\/balances\.py LOG\b.*\n$/)
  }
})

test('money log: the reader is short, and brings in what every Python has', async (t) => {
  const text = readFileSync(reader, 'utf8')
  t.ok(text.split('\n').length <= 151, 'at most 150 lines')
  const modules = [...text.matchAll(/^(?:import|from) (\w+)/gm)].map(([, name]) => name)
  t.strictSame(modules, ['json', 'sys', 'collections', 'copy', 'hashlib', 'types'])
})

test('money log: what is changed afterwards disagrees', { skip }, async (t) => {
  const log = await story().chain.log()
  const [, second, third] = log.batches
  /** A copy of the log in which something is changed. */
  const changed = (change: (log: Log) => void): Log => {
    const copy = structuredClone(log)
    change(copy)
    return copy
  }
  const flipped = (hex: string, at: number): string => {
    const bytes = Buffer.from(hex, 'hex')
    bytes[at]! ^= 1
    return bytes.toString('hex')
  }
  const tampered: Record<string, Log> = {
    'what is burned': changed(({ batches }) => void (batches[1]!.ops[0]!.bytes = flipped(second!.ops[0]!.bytes, 45))),
    'what is said as mail': changed(
      ({ batches }) =>
        void (batches[2]!.ops[1]!.bytes = flipped(third!.ops[1]!.bytes, -65 + third!.ops[1]!.bytes.length / 2)),
    ),
    'an operation is left out': changed(({ batches }) => void batches[2]!.ops.shift()),
    'two batches change places': changed(({ batches }) => void batches.splice(1, 2, third!, second!)),
    'a key is said not to agree': changed(({ batches }) => void (batches[1]!.ops[0]!.holds = false)),
    'a proof is said not to hold': changed(({ batches }) => void (batches[2]!.ops[4]!.holds = false)),
    'when a batch was made': changed(({ batches }) => void (batches[1]!.header = flipped(batches[1]!.header, 42))),
    'who had what': changed((copy) => void (copy.genesis = flipped(copy.genesis, 71))),
    'another network': changed((copy) => void (copy.rules = flipped(copy.rules, 10))),
    'what somebody is said to have': changed(
      ({ says }) => void (says[`funds of ${Buffer.from(ada.address).toString('hex')}`] = '1'),
    ),
    'somebody is said to have what nobody has': changed(({ says }) => void (says[`funds of ${'ab'.repeat(20)}`] = '0')),
  }
  for (const [what, copy] of Object.entries(tampered)) {
    const { status, stderr } = read(copy)
    t.equal(status, 1, what)
    t.match(stderr, / by operations, .* by the network\n/, what)
  }
})

/** A byte of a signed operation that becomes another, by a number below what there is. */
type Slip = { readonly of: number; readonly at: number; readonly to: number }
const slips = fc.array(fc.record({ of: fc.nat({ max: 9 }), at: fc.nat({ max: 400 }), to: fc.nat({ max: 255 }) }), {
  minLength: 120,
  maxLength: 120,
})

test('money log: both read alike whatever somebody signs', { skip }, async (t) => {
  const kinds = new Map<string, number>()
  for (const wishes of fc.sample(slips, { numRuns: 1, seed: 13 })) {
    const { chain } = story()
    for (const slip of wishes) {
      const [became] = chain.batch(entryOf(chain, slip))
      const [kind] = became!.split(':')
      kinds.set(kind!, (kinds.get(kind!) ?? 0) + 1)
    }
    t.match(read(await chain.log()), { status: 0, stderr: '' })
  }
  for (const kind of ['settled', 'undelivered', 'void']) t.ok((kinds.get(kind) ?? 0) > 5, `${kind} are among them`)
})

/** An operation as its author would sign it after a byte of it slipped; nothing has to be left of what it was. */
function entryOf({ next }: ReturnType<typeof createChain>, { of, at, to }: Slip): Entry {
  const sponsorship = { amount: 100n, consent: new Uint8Array(64) }
  const note = BigInt(1_000 * at + to)
  const wishes: Wish[] = [
    { by: ada, action: action('transfer', { to: bob.address, amount: 5n }) },
    { by: bob, action: action('grant', { sender: ada.address, payer: 'recipient', allowance: 9n }) },
    { by: dan, action: action('revoke', { sender: ada.address }) },
    { by: ada, action: action('stampBuy', { denomination: 1_000n, note }) },
    { by: ada, action: sendTo([bob, dan]) },
    { by: bob, action: sendTo([eve]) },
    { by: ada, action: action('register', { signingKey: fay.signingKey, sealKey: fay.sealKey, sponsorship }) },
    { by: bob, action: action('policy', { leastTier: 1, leastFee: 5n }) },
    { by: dan, action: action('rekey', { signing: undefined, sealKey: dan.sealKey }) },
    { by: eve, action: action('giveBack', { message: new Uint8Array(32), sender: ada.address, amount: 3n }) },
  ]
  const wish = wishes[of % wishes.length]!
  const { bytes } = next(wish)
  const unsigned = bytes.slice(0, -64)
  unsigned[at % unsigned.length] = to
  const signature = sign(hash('op', network, unsigned), wish.by.privateKey)
  return readEntry(new Uint8Array([...unsigned, ...signature]), context)
}
