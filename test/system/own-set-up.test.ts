/**
 * From an empty folder to a network on a set-up of its own, as `circuits/README.md` says it: three people and a beacon, a
 * network whose rules name what came of it, and a person who has nothing of it, fetches it, and lives there. The circuits
 * and the powers are small ones; everything else is real.
 */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { curves } from 'snarkjs'
import { test } from 'tap'
import { runCeremony } from '../../circuits/ceremony-commands.ts'
import { sayTo } from '../../circuits/say.ts'
import { readSetUp } from '../../circuits/set-up.ts'
import { writeConfig } from '../../node/settings/config.ts'
import { pathsOf } from '../../node/settings/home.ts'
import { presets } from '../../node/settings/presets.ts'
import { bmail } from '../kit/command.ts'
import { until } from '../kit/patience.ts'
import { createProcesses } from '../kit/processes.ts'
import { smallParts } from '../kit/small-circuits.ts'

const root = mkdtempSync(join(tmpdir(), 'bmail-own-'))
const [ceremony, keys] = [join(root, 'ceremony'), join(root, 'keys')]
const { reputation, identity } = presets.testnet!
const epochMs = 24_000

test('own set-up: three people and a beacon make keys, and everybody can check what they published', async (t) => {
  const published = join(root, 'published.txt')
  const printed: string[] = []
  const say = sayTo({ write: () => undefined })
  const parts = smallParts()
  const run = async (...args: string[]): Promise<void> => {
    const place = { parts: () => parts, say, print: (text: string) => void printed.push(text) }
    t.ok(await runCeremony([...args, '--folder', ceremony, '--out', keys], place), args.join(' '))
  }
  await run('new', '--power', '5')
  for (const name of ['Ada', 'Bob', 'Cyd']) await run('contribute', '--name', name)
  await run('beacon', '--name', 'block 1000', '--value', '00'.repeat(15).concat('07'))
  const lines = printed.filter((line) => / [0-9a-f]{128}$/.test(line))
  t.equal(lines.length, 12, 'a line for each step and circuit')
  writeFileSync(published, `# what we found\n${lines.join('\n')}\n`)
  await run('verify', '--expect', published)

  const spoilt = join(root, 'spoilt.txt')
  const check = (text: string) => {
    writeFileSync(spoilt, text)
    return run('verify', '--expect', spoilt)
  }
  await t.rejects(check(`${lines.join('\n')}\nDan pass ${'0'.repeat(128)}\n`), /Dan pass was published and is missing/)
  const other = lines.with(
    4,
    lines[4]!.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')),
  )
  await t.rejects(check(other.join('\n')), /Bob renew is another contribution in the transcript/)
  await t.rejects(check(lines.slice(1).join('\n')), /Ada pass is in the transcript, and .* does not have it/)
  await t.rejects(check(`${lines.join('\n')}\nsoon\n`), /a line that is not NAME CIRCUIT HASH: soon/)
  await (await curves.getCurveFromName('bn128')).terminate()

  await promisify(execFile)(process.execPath, [join(import.meta.dirname, '../kit/samples.ts'), keys])
})

test('own set-up: a network is founded on it, and says what it is worth', async (t) => {
  const { id } = readSetUp(keys)
  const file = join(root, 'club.json')
  const how = { home: join(root, 'home'), env: { BMAIL_PASSPHRASE: 'long enough' } }
  const wanted = ['network', 'new', '--name', 'club', '--out', file, '--set-up', keys]
  const { code, stderr, json } = await bmail([...wanted, '--json'], how)
  t.equal(code, 0, stderr)
  const caution = /powers of tau of no public file .* reputation at will, and stamps up to what was paid/
  t.match(json(), { setUp: { id, contributors: 3, caution } })
  t.equal(JSON.parse(readFileSync(file, 'utf8')).rules.identity.setUp, id)
  const shown = await bmail(['network', file], how)
  t.match(shown.stdout, /^proofs +set-up of 3 contributors/m)
  t.match(shown.stdout, caution)

  const elsewhere = { home: join(root, 'elsewhere') }
  t.match((await bmail(['network', file, '--json'], elsewhere)).json(), { setUp: { id, worth: null, caution: null } })
  const taken = await bmail(['network', 'set-up', keys, '--json'], elsewhere)
  t.match(taken.json(), { id, contributors: 3 })
  t.match((await bmail(['network', file, '--json'], elsewhere)).json(), { setUp: { id, contributors: 3 } })
  const lone = join(root, 'lone')
  mkdirSync(lone, { mode: 0o700 })
  cpSync(file, pathsOf(lone).network)
  writeConfig(lone, { role: 'relay', listen: [], mdns: false, apiListen: '127.0.0.1:0', metricsListen: '' })
  // So long it may take to start; and then so long nothing comes.
  const up = await bmail(['up', '--timeout', '30'], { home: lone })
  t.not(up.code, 0)
  t.match(
    up.stderr,
    /cannot start without the set-up .* waiting for the set-up of the proofs, [0-9a-f]{64}: no peer is/s,
  )
  const doctor = await bmail(['doctor', '--repair'], { home: lone })
  t.equal(doctor.code, 3, 'what it cannot judge it does not mend')
  t.match(doctor.stdout, /^BAD +set-up +There is no set-up of proofs in /m)
  t.strictSame(
    readdirSync(lone).filter((name) => name.includes('damaged')),
    [],
  )
  const none = await bmail(['network', 'set-up', root], elsewhere)
  t.not(none.code, 0)
  t.match(none.stderr, /There is no set-up of proofs in/)
})

test('own set-up: who has none of it fetches it, renews, takes a pass and redeems a stamp', async (t) => {
  const network = await createProcesses(t, {
    relays: 1,
    people: ['alice'],
    keepers: ['relay1'],
    threshold: 1,
    funds: 5_000_000n,
    pseudonyms: { alice: ['purse', 'work'] },
    setUp: keys,
    changes: {
      epochMs: BigInt(epochMs),
      expiryMaxMs: 20_000,
      reputation: { ...reputation, passGraceMs: epochMs / 2 },
      identity: { ...identity, verdictDelayMs: 500, checkpoints: 4 },
    },
    settings: { logLevel: 'info' },
  })
  const { api, log, home } = network.daemon('alice')
  await network.start('relay1', 'alice')
  const said = log().flatMap(({ part, msg }) => (part === 'set-up' ? [String(msg)] : []))
  t.match(said.join('\n'), /fetching the set-up: renew\.zkey, file 7 of 11, .* MB of it/)
  t.match(said.join('\n'), /the set-up of the proofs is here: set-up of 3 contributors/)
  t.match((await bmail(['network', '--json'], { home })).json(), { setUp: { id: readSetUp(keys).id, contributors: 3 } })

  const isSettled = async ({ opId }: { opId: string }) => (await api.operation({ opId })).state === 'settled'
  await until('both are registered', async () => (await api.pseudonyms()).every(({ registered }) => registered))
  const address = (await api.pseudonyms())[0]!.address
  await api.changeHabit({ address, warm: true, skipPercent: 0, show: 'best', tier: 0 })
  const enrolled = await api.enroll({ from: 'purse' })
  await until('the enrolment is settled', () => isSettled(enrolled))
  const bought = await api.buyStamp({ from: 'purse', denomination: String(identity.stamps[0]) })
  await until('the stamp is bought', () => isSettled(bought))
  await until('it can be redeemed', async () => (await api.stamps()).some(({ state }) => state === 'held'))
  const [stamp] = await api.stamps()
  await api.redeemStamp({ number: stamp!.number, to: 'work' })
  await until('it is redeemed', async () => (await api.stamps()).every(({ state }) => state === 'redeemed'))
  await until('a renewal is settled', async () => (await api.reputation()).renewals > 0)
  await until('and a pass', async () => (await api.reputation()).passes.length > 0)
  const relay = await network.daemon('relay1').api.doctor()
  t.strictSame(
    relay.filter(({ ok }) => !ok),
    [],
    'and the relay replays it all',
  )
})

test('own set-up: nothing is left', async () => rmSync(root, { recursive: true, force: true }))
