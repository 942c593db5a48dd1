/**
 * `npm run attacks`: what each attack costs whoever attacks, whom it hits, and everybody else. No time and no memory is judged
 * here.
 */
import { fork } from 'node:child_process'
import { join } from 'node:path'
import Table from 'cli-table3'
import { parseAddress } from '../../protocol/address.ts'
import { diskPath } from '../../node/ledger/disk.ts'
import { networkId } from '../../protocol/rules.ts'
import { flagsOf } from '../../cli/flags.ts'
import { namesIn, numberIn } from '../kit/flag-numbers.ts'
import { quantile, tell } from '../bench/measure.ts'
import type { Attack } from './attack.ts'
import type { Order, Report } from './attacker.ts'
import { attacks } from './all.ts'
import { type Load, startLoad } from './load.ts'
import { comeFrom, connectPeer, headOf } from './mallory.ts'
import { pause, storedMbOf, watchProcess, within } from './measure.ts'
import { answersOf, bansOf, createStage, type Daemon, keepChild, people, type Stage } from './stage.ts'

/** How long anything is waited for that should be there by itself. */
const patienceMs = 300_000
const warmUpMs = 4_000

type Result = {
  readonly name: string
  readonly attackerCpuMs: number
  readonly victimCpuMs: number
  readonly victimRssMb: number
  /** What the victim's database takes on its disk at the end: ledger and mail. */
  readonly storedMb: number
  readonly honestP95Ms: number
  readonly honestBanned: number
  readonly lost: number
  /** Letters behind the 95th percentile; how long somebody new needed to be greeted, −1 where nobody was; the API's slowest answer. */
  readonly letters: number
  readonly newcomerMs: number
  readonly apiMs: number
  /** What the victim answered to gossip meanwhile that it did not take. */
  readonly ignored: number
  readonly rejected: number
}

const help = `npm run attacks -- [OPTIONS]

  --only NAME,…        of all attacks these:
                       ${attacks.map(({ name }) => name).join('\n                       ')}
  --seconds N          how long each lasts; 12 otherwise
  --stop-seconds N     how long the host stands still in the attack that stops it; 20 otherwise
  --json               end with one JSON object

Ends with 1 where an honest node was banned, or a letter was lost.`

const { values } = flagsOf(help, {
  options: {
    json: { type: 'boolean' },
    only: { type: 'string' },
    seconds: { type: 'string', default: '12' },
    'stop-seconds': { type: 'string', default: '20' },
  },
})
const options = {
  seconds: numberIn('--seconds', values.seconds),
  stopSeconds: numberIn('--stop-seconds', values['stop-seconds']),
}
const known = attacks.map(({ name }) => name)
const chosen = namesIn('--only', values.only, known).map((name) => attacks[known.indexOf(name)]!)
// Somebody new, who is honest, comes from an address of their own.
comeFrom('127.0.0.77')

const results: Result[] = []
for (const attack of chosen) {
  tell(`${attack.name}: ${attack.what}`)
  const result = await tried(attack)
  results.push(result)
  tell(JSON.stringify(result))
}
if (values.json) console.log(JSON.stringify({ attacks: results }))
else {
  const columns = [
    'name',
    'attackerCpuMs',
    'victimCpuMs',
    'victimRssMb',
    'storedMb',
    'honestP95Ms',
    'honestBanned',
    'lost',
  ] as const
  const all = [...columns, 'letters', 'newcomerMs', 'apiMs', 'ignored', 'rejected'] as const
  const table = new Table({ head: [...all], style: { head: [], border: [] } })
  table.push(...results.map((result) => all.map((column) => result[column])))
  console.log(table.toString())
}
process.exit(results.some(({ honestBanned, lost }) => honestBanned + lost > 0) ? 1 : 0)

/** Make a stage, attack it, and say what came of it. */
async function tried(attack: Attack): Promise<Result> {
  const { name, victim, descriptors } = attack
  const stage = await createStage(descriptors === undefined ? {} : { [victim]: descriptors })
  try {
    const load = await startLoad([stage.daemon(people[0]), stage.daemon(people[1])])
    await pause(warmUpMs)
    const { since, until, attackerCpuMs, ...costs } = await struck(stage, attack)
    return { name, attackerCpuMs, ...costs, ...(await aftermath(stage, attack, { load, since, until })) }
  } finally {
    await stage.end()
  }
}

/** Let the attacker do it, and watch the victim meanwhile. */
async function struck(stage: Stage, attack: Attack) {
  const owned = await Promise.all(people.map((name) => stage.daemon(name).api.pseudonyms()))
  const attacker = launch(attack.name, {
    home: stage.attackerHome,
    addresses: stage.addresses,
    seconds: options.seconds,
    people: owned.map(([own]) => parseAddress(own!.address)),
  })
  await attacker.ready
  const victim = stage.daemon(attack.victim)
  const before = await answersOf(victim)
  const watched = watchProcess(victim.pid)
  const since = Date.now()
  attacker.begin()
  const probing = probe(victim)
  const [cpuMs, newcomerMs] = await Promise.all([
    attacker.done,
    pause(options.seconds * 500).then(() => greeted(stage, attack)),
    attack.meanwhile?.(stage, options),
  ])
  const until = Date.now()
  const { cpuMs: victimCpuMs, residentMb: victimRssMb } = watched.end()
  const after = await answersOf(victim)
  const answers = { ignored: after.ignore - before.ignore, rejected: after.reject - before.reject }
  const costs = { attackerCpuMs: cpuMs, victimCpuMs, victimRssMb, storedMb: storedMbOf(diskPath(victim.home)) }
  return { since, until, ...costs, newcomerMs, apiMs: probing.end(), ...answers }
}

/** Once it is over: whether letters are where they belong, and the honest still together. */
async function aftermath(
  stage: Stage,
  { name }: Attack,
  { load, since, until }: { readonly load: Load; readonly since: number; readonly until: number },
) {
  const outcome = await load.end(patienceMs)
  const lost = [...outcome.lost]
  for (const one of stage.names) {
    const status = await stage
      .daemon(one)
      .api.status()
      .catch((error: Error) => ({ halted: error.message }))
    if (status.halted) lost.push(`${one} is out: ${status.halted}`)
  }
  await within(30_000, async () => (await stage.parted()).length === 0)
  const banned = [...bansOf(stage), ...(await stage.parted()).map((pair) => `parted: ${pair}`)]
  for (const what of [...banned, ...new Set(lost)]) tell(`${name}: ${what}`)
  const times = outcome.timesMs(since, until)
  const honestP95Ms = Math.round(quantile(times, 0.95))
  return { honestP95Ms, honestBanned: banned.length, lost: lost.length, letters: times.length }
}

/** Start the attacker's process. */
function launch(name: string, briefing: Extract<Order, { name: string }>['briefing']) {
  const child = keepChild(
    fork(join(import.meta.dirname, 'attacker.ts'), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    }),
  )
  const order = (what: Order): void => void child.send(what)
  const ready = Promise.withResolvers<void>()
  const done = Promise.withResolvers<number>()
  child.on('message', (report: Report) => {
    if ('ready' in report) return ready.resolve()
    if (report.failed !== undefined) tell(`${name}: the attacker failed: ${report.failed}`)
    ready.reject(new Error(report.failed))
    done.resolve(report.cpuMs)
  })
  child.on('exit', (code) => {
    ready.reject(new Error(`the attacker’s process ended with ${code}`))
    done.resolve(0)
  })
  // Whatever she is busy with, it ends.
  const ending = setTimeout(() => child.kill('SIGKILL'), 600_000)
  child.on('exit', () => clearTimeout(ending))
  order({ name, briefing })
  return { ready: ready.promise, done: done.promise, begin: () => order({ begun: true }) }
}

/** How long somebody new needs until a relay has greeted them, in milliseconds; −1 where that takes too long. */
async function greeted(stage: Stage, { victim }: Attack): Promise<number> {
  const address = stage.addresses[victim] ?? stage.addresses.relay2!
  const begun = performance.now()
  const peer = await connectPeer([address])
  const id = networkId(stage.file.rules, stage.file.genesis)
  const head = await within(10_000, () => headOf(peer, { id, file: stage.file }))
  await peer.close()
  return head ? Math.round(performance.now() - begun) : -1
}

/** Ask a daemon's API for its status again and again; `end` says how long the slowest answer took, in milliseconds. */
function probe({ api }: Daemon): { end(): number } {
  let slowest = 0
  let isOver = false
  const asking = async (): Promise<void> => {
    while (!isOver) {
      const begun = performance.now()
      await api.status().catch(() => undefined)
      slowest = Math.max(slowest, performance.now() - begun)
      await pause(250)
    }
  }
  void asking()
  return {
    end() {
      isOver = true
      return Math.round(slowest)
    },
  }
}
