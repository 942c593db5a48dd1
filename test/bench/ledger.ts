/** The ledger: sends settled a second against the number of accounts, each size in a process of its own. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { LedgerSize, Rate } from './ledger-run.ts'
import { tell } from './measure.ts'
import type { Section } from './section.ts'

/** A run that takes longer is stuck. */
const limitMs = 600_000

export const ledger: Section<readonly LedgerSize[]> = {
  title: 'Ledger: sends settled, with signatures, state root and durable write',
  async run({ isQuick }) {
    const sizes = isQuick ? [1_000, 10_000, 100_000] : [1_000, 10_000, 100_000, 1_000_000]
    const results: LedgerSize[] = []
    for (const accounts of sizes) {
      tell(`ledger: ${accounts} accounts`)
      results.push(await inOwnProcess({ accounts, batches: isQuick ? 3 : 6 }))
    }
    return results
  },
  tables: (results) => [
    [
      ['accounts', 'verify/s', 'sends/s', 'of verify', 'strangers', 'remembered', 'host', 'tree MB', 'resident MB'],
      ...results.map((size) => [
        size.accounts,
        size.verifyPerSecond,
        size.cold.perSecond,
        size.cold.ofVerifyCpu,
        told(size.strangers),
        told(size.warm),
        told(size.host),
        size.treeMegabytes,
        size.residentMegabytes,
      ]),
    ],
    [
      ['accounts', 'waiting %', ...phasesOf(results).map((phase) => `${phase} %`)],
      ...results.map(({ accounts, profile }) => [
        accounts,
        profile.waitingPercent,
        ...phasesOf(results).map((phase) => profile.busyPercent[phase] ?? 0),
      ]),
    ],
  ],
  notes: (results) => [
    '“of verify” is sends over bare signature verifications, both per second of processor time, measured back to back.',
    'strangers: nobody’s key was seen before; remembered: after gossip; host: makes the batch, after gossip.',
    `hottest at ${results.at(-1)!.accounts} accounts: ${results
      .at(-1)!
      .profile.hottest.slice(0, 5)
      .map((spot) => `${spot.function} ${spot.percent} %`)
      .join(', ')}`,
  ],
}

const told = ({ perSecond, ofVerifyCpu }: Rate): string => `${perSecond} (${ofVerifyCpu})`

const phasesOf = (results: readonly LedgerSize[]): string[] => [
  ...new Set(results.flatMap(({ profile }) => Object.keys(profile.busyPercent))),
]

async function inOwnProcess(plan: { accounts: number; batches: number }): Promise<LedgerSize> {
  const program = join(import.meta.dirname, 'ledger-run.ts')
  const child = spawn(process.execPath, ['--expose-gc', program, JSON.stringify(plan)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: limitMs,
  })
  let printed = ''
  for await (const part of child.stdout.setEncoding('utf8')) printed += part
  const code = child.exitCode ?? (await new Promise<number | null>((resolve) => child.on('exit', resolve)))
  if (code !== 0) throw new Error(`The ledger's benchmark ended with ${code} at ${plan.accounts} accounts.`)
  return JSON.parse(printed)
}
