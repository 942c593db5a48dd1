// Slow: it runs every command there is against daemons.
/**
 * Every amount that a person sees has its coin behind it: each command is run on a network whose coin has an odd name and
 * whose prices are odd, and nothing that could be an amount may stand bare in what it says. A command that is not run here fails.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { amountText, grouped } from '../../node/amount.ts'
import { pathsOf } from '../../node/settings/home.ts'
import { presets } from '../../node/settings/presets.ts'
import { encodeAddress } from '../../protocol/address.ts'
import { bmail, program } from '../kit/command.ts'
import { everyCommand } from '../kit/every-command.ts'
import { until } from '../kit/patience.ts'
import { createProcesses, type Daemon } from '../kit/processes.ts'

const coin = { name: 'Zorkmid', decimals: 3 }
/** What networks of presets have, of which some commands speak. */
const coins = [coin, ...Object.values(presets).map((preset) => preset.coin)].map(({ name }) => name).join('|')

/** What is no amount, or has its coin or unit behind it. */
const others: readonly RegExp[] = [
  new RegExp(`-?[\\d,]+(\\.\\d+)? (${coins}|units)\\b`, 'g'),
  /“[^”]*”|`[^`]*`/g, // what somebody typed, or is to type
  /\b\d{4}-\d\d-\d\d\b/g,
  /\bbm1\w+/g,
  /\b[0-9a-f]{12,}\b/g,
  /\S*\/\S+/g, // where something lies, or listens
  /[\d,.]+ (KiB|bytes|characters|messages|people|ms)\b/g,
  /^(messages|people) +[\d,]+$/gm,
  /\b(letters|letters an interval|intervals|intervals tenfold): [\d,]+/g,
  /\bfrom [\d,]+ on it is twice/g,
  /\bprocess \d+/g,
  /\bprice after \d+: [\d.]+/g, // how many times what it was before
  / -?\d+\.\d$/gm, // a score, in the last column
]

/** What stands in a text that could be an amount, and does not say of what: a large number, or one that is known to be one. */
function bareIn(text: string, known: ReadonlySet<string> = new Set()): string[] {
  const left = others.reduce((rest, pattern) => rest.replace(pattern, ' … '), text)
  const numbers = left.match(/(?<![\w.,×])\d[\d,]*(\.\d+)?(?![\w%])/g) ?? []
  return numbers.filter((number) => known.has(number) || Number(number.replaceAll(',', '')) >= 1_000)
}

/** Every amount in an answer, in all the ways in which one could be shown without its coin. */
function amountsIn(value: unknown, into = new Set<string>()): Set<string> {
  if (typeof value === 'string' && /^\d{4,19}$/.test(value)) {
    const [shown] = amountText(value, coin).split(' ')
    for (const form of [value, grouped(value), ...(shown!.includes('.') ? [shown!] : [])]) into.add(form)
  } else if (typeof value === 'object' && value !== null)
    for (const [name, inner] of Object.entries(value)) if (name !== 'basisPoints') amountsIn(inner, into)
  return into
}

test('a bare amount is seen, and one with its coin is none', async (t) => {
  const known = amountsIn({ fee: '7652', lines: [{ basisPoints: '1234', paid: '1234567' }] })
  t.strictSame([...known], ['7652', '7,652', '7.652', '1234567', '1,234,567', '1,234.567'])
  for (const text of ['you pay 7652', 'you pay 7,652, of', 'fee  7.652', 'costs 7,653.', 'of 1,234.567 mails'])
    t.equal(bareIn(text, known).length, 1, text)
  for (const text of [
    'you pay 7.652 Zorkmid, of 1,234.567 Zorkmid',
    'at ×7.652, 12 of 40 on 2026-11-27 14:00, 7652 units',
    'as “7652” was typed',
    'Your address is bm1zw9xhh50pqvap75aa3kdxa0p0lee6t3sldk8nf',
  ])
    t.strictSame(bareIn(text, known), [], text)
})

const { identity } = presets.testnet!

test('no command shows an amount without its coin', async (t) => {
  const network = await createProcesses(t, {
    relays: 1,
    people: ['alice', 'bob', 'carol'],
    keepers: ['relay1'],
    threshold: 1,
    funds: 3_234_567n,
    pseudonyms: { alice: ['first', 'second'] },
    changes: {
      coin,
      price: { ...presets.testnet!.price, start: 1_237n, floor: 1_237n },
      identity: { ...identity, enrolFee: 8_123n, passFee: 1_017n, stamps: [101_009n, 1_000_003n] },
      inclusionFee: 1_053n,
      reserve: 4_211n,
      policyFeeMax: 7_654_321n,
    },
    settings: { giveBack: 'never' },
  })
  await network.start('relay1', 'alice', 'bob')
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => network.daemon(name))
  for (const { api } of [alice!, bob!])
    await until('everybody is registered', async () => (await api.pseudonyms()).every(({ registered }) => registered))
  const to = encodeAddress(network.testnet.people[1]!.address)
  const folder = network.folder
  const said = new Map<string, string>()
  const known = new Set<string>()
  const look = (home: string, words: string, text: string): void => {
    said.set(words, `${said.get(words) ?? ''}${text}`)
    t.strictSame(bareIn(text, known), [], `${words} in ${home}: ${text}`)
  }
  /** Run a command of a home, the words of which are so many; whatever it says, also that it will not. */
  const run = async (home: string, count: number, ...args: string[]): Promise<string> => {
    const isMade = args[0] === 'init' || args[1] === 'new'
    const { stdout, stderr } = await bmail(args, { home, env: isMade ? { BMAIL_PASSPHRASE: 'long enough' } : {} })
    look(home, args.slice(0, count).join(' '), `${stdout}${stderr}`)
    return stdout
  }
  const learn = async ({ api }: Pick<Daemon, 'api'>) =>
    amountsIn(
      await Promise.all([
        api.pseudonyms(),
        api.network(),
        api.reputation(),
        api.stamps(),
        api.contacts(),
        api.messages({ folder: 'inbox' }),
        api.messages({ folder: 'sent' }),
        api.quote({ to: [to], raw: Buffer.from('Subject: x\r\n\r\nx\r\n').toString('base64') }),
      ]),
      known,
    )
  const home = alice!.home
  await learn(alice!)
  await run(home, 2, 'contacts', 'add', 'bob', to)
  await run(home, 1, 'quote', '--to', 'bob', '--text', 'Hello')
  const letter = ['send', '--to', 'bob', '--text', 'Hello']
  for (const how of [['--refuse-above', '1.5'], ['--ask-above', '1.5'], ['--dry-run'], ['--yes', '--wait']])
    await run(home, 1, ...letter, ...how)
  const [sent] = await alice!.api.messages({ folder: 'sent' })
  const id = sent!.id
  await until('it can be read', async () =>
    (await bob!.api.messages({ folder: 'inbox' })).some(({ state }) => state === 'released'),
  )
  await learn(bob!)
  for (const one of [home, bob!.home]) {
    await run(one, 1, 'whoami')
    await run(one, 1, 'status')
    await run(one, 1, 'up')
    await run(one, 1, 'inbox')
    await run(one, 1, 'inbox', '--sent')
    await run(one, 1, 'read', id)
    await run(one, 1, 'receipt', id, '--save', join(folder, 'paid'))
  }
  await run(home, 1, 'receipt', '--verify', join(folder, 'paid'))
  await run(bob!.home, 1, 'reply', id, '--text', 'Gladly', '--yes', '--wait')
  await run(bob!.home, 1, 'give-back', id, '1.234', '--wait')
  await run(bob!.home, 1, 'give-back', id, '7654.321')
  await run(bob!.home, 1, 'ack', id, 'value', '--no-pass', '--give-back', '--wait')
  await run(bob!.home, 1, 'ack', id, 'value', '--no-pass', '--wait')
  for (const one of [home, bob!.home]) await run(one, 1, 'inbox', ...(one === home ? ['--sent'] : []))
  await run(home, 1, 'policy', '--least-fee', '12.345', '--least-tier', '0')
  await run(home, 1, 'policy', '--least-fee', '9999.999')
  await run(home, 1, 'policy')
  await run(home, 2, 'contacts', 'grant', 'bob', '--allowance', '54.321')
  await run(home, 2, 'contacts', 'grant', 'bob', '--allowance', '54.321', '--yes', '--wait')
  await learn(alice!)
  await run(home, 2, 'contacts', 'list')
  await run(bob!.home, 1, 'quote', '--to', encodeAddress(network.testnet.people[0]!.address), '--text', 'Hello')
  await run(home, 2, 'contacts', 'revoke', 'bob', '--wait')
  await run(home, 2, 'contacts', 'list')
  await run(home, 2, 'contacts', 'remove', 'bob')
  await run(home, 1, 'transfer', to, '23.456', '--yes', '--wait')
  await run(home, 1, 'transfer', to, '23.456')
  await run(home, 1, 'transfer', to, '999999.999', '--yes')
  await run(home, 2, 'stamps', 'list')
  await run(home, 2, 'stamps', 'buy', '5.432', '--yes')
  await run(home, 2, 'stamps', 'buy', '101.009', '--yes', '--wait')
  await run(home, 2, 'stamps', 'list')
  await run(home, 2, 'pseudonym', 'new', 'third')
  await run(home, 2, 'stamps', 'redeem', '0', '--to', 'third', '--yes')
  await run(home, 2, 'stamps', 'list')
  const { request } = (await alice!.api.pseudonyms()).find(({ label }) => label === 'third')!
  await run(bob!.home, 2, 'pseudonym', 'sponsor', request, '--amount', '1.234', '--yes')
  await run(bob!.home, 2, 'pseudonym', 'sponsor', request, '--amount', '45.678', '--yes', '--wait')
  await run(home, 2, 'pseudonym', 'register', 'third')
  await run(home, 2, 'pseudonym', 'rekey', 'first', '--wait')
  await run(home, 2, 'reputation', 'show')
  await run(home, 2, 'reputation', 'enroll')
  await run(home, 2, 'reputation', 'enroll', '--yes', '--wait')
  await learn(alice!)
  await run(home, 2, 'reputation', 'show')
  await run(home, 2, 'pseudonym', 'list')
  await run(home, 2, 'pseudonym', 'habit', 'second')
  await run(home, 2, 'pseudonym', 'pass', 'second')
  await run(home, 1, 'endorse', id, '2', '--yes')
  await run(home, 2, 'pseudonym', 'retire', 'second', '--yes')
  const rules = await run(home, 1, 'network')
  t.ok(rules.trimEnd().split('\n').length <= 30, 'the rules are said in a page')
  const club = join(folder, 'club.json')
  const names = ['--name', 'club', '--out', club, '--coin', coin.name]
  await run(join(folder, 'club'), 2, 'network', 'new', ...names, '--supply', '1234567.891')
  await run(join(folder, 'club'), 2, 'network', 'card')
  await run(join(folder, 'club'), 2, 'network', 'set-up', folder)
  await run(join(folder, 'club'), 1, 'network', club)
  await run(join(folder, 'joined'), 1, 'init', '--network', club)
  await run(network.daemon('relay1').home, 1, 'confirm-clock', '--yes')
  await run(join(folder, 'nets'), 1, 'testnet', '--out', join(folder, 'nets'), '--relays', '1', '--funds', '9876.543')
  await run(home, 1, 'simulate', '--made', 'small', '--no-sensitivity')
  await run(home, 1, 'doctor')
  await run(home, 1, 'backup', join(folder, 'mailbox.backup'))
  await run(join(folder, 'again'), 1, 'restore', join(folder, 'mailbox.backup'))
  appendFileSync(pathsOf(carol!.home).config, 'spendPerDay = "7654 euro"\n')
  await run(carol!.home, 1, 'daemon')
  t.match(said.get('daemon'), /spendPerDay is in Zorkmid, the coin of this network, and not “7654 euro”/)
  await run(home, 1, 'down')
  await run(home, 1, 'doctor')
  look(home, 'try', await tried(t))
  for (const { name, log } of [network.daemon('relay1'), alice!, bob!])
    for (const { msg } of log()) if (typeof msg === 'string') t.strictSame(bareIn(msg, known), [], `${name}: ${msg}`)

  t.ok(known.size > 30, 'there are amounts to be found')
  const wanted = await everyCommand()
  t.strictSame(
    wanted.filter((words) => !said.get(words)),
    [],
    'each has said something',
  )
  const shown = [...said].filter(([, text]) => text.includes(` ${coin.name}`)).map(([words]) => words)
  for (const words of [
    'quote',
    'send',
    'whoami',
    'status',
    'read',
    'receipt',
    'transfer',
    'reputation show',
    'network',
  ])
    t.ok(shown.includes(words), `${words} shows amounts`)
})

/** What `bmail try` says, which ends when it is told to. */
async function tried(t: Test): Promise<string> {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [program, 'try'], { env: { PATH, HOME }, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk
  })
  await until('it says what to do', () => text.includes('leaves nothing behind.') || child.exitCode !== null)
  if (child.exitCode === null) await Promise.all([once(child, 'exit'), child.kill('SIGINT')])
  return text
}
