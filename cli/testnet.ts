/** `bmail testnet`: a whole network in folders, a home for each daemon, ready to start. */
import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import { encodeAddress } from '../protocol/address.ts'
import { amountHelp, moneyIn } from './amount.ts'
import { type Act, type Answer, examples } from './command.ts'
import { CommandError, UsageError } from './errors.ts'
import { presetNamed } from './preset.ts'
import { table } from './print.ts'
import { startFunds } from './stage.ts'

type Options = {
  readonly out: string
  readonly relays: string
  readonly people: string
  readonly hosts?: string
  readonly port?: string
  readonly funds?: string
  readonly preset: string
  readonly setUp?: string
}

export function configure(command: Command, act: Act): void {
  command
    .requiredOption('--out <folder>', 'where to put a folder for each daemon')
    .option('--relays <count>', 'how many relays; the first hosts the log, all of them keep locks', '3')
    .option('--people <count>', 'how many mailboxes', '2')
    .option('--hosts <names>', 'names of all daemons as others reach them, relays first, with commas between')
    .option('--port <port>', 'the port that every relay listens on (else free ones on this machine)')
    .option('--funds <amount>', 'what each person has at first (else 1,000,000 units)')
    .option('--preset <preset>', 'the numbers of its rules', 'testnet')
    .option('--set-up <folder>', 'the folder of a set-up of the proofs, which the host gets (else the program’s own)')
    .addHelpText('after', amountHelp)
    .addHelpText(
      'after',
      examples('bmail testnet --out net', 'bmail testnet --out net --hosts relay1,relay2,relay3,alice,bob --port 4420'),
    )
    .action(
      act(async (context, options: Options): Promise<Answer> => {
        const { createTestnet, localPlaces } = await door.testnet()
        const money = moneyIn((await presetNamed(options.preset)).coin, context)
        const relays = count(options.relays, '--relays', 1)
        const people = count(options.people, '--people', 1)
        const names = options.hosts?.split(',') ?? defaultNames(relays, people)
        if (names.length !== relays + people)
          throw new UsageError(
            `--hosts names ${names.length} daemons, where there are ${relays} relays and ${people} people.`,
          )
        const folder = resolve(options.out)
        refuseTaken(folder, names)
        const places = options.port
          ? names.map((name, at) => placeOf(name, { isRelay: at < relays, port: options.port! }))
          : (await localPlaces({ relays, people: names.slice(relays) })).map((place, at) => ({
              ...place,
              name: names[at]!,
            }))
        const testnet = await createTestnet({
          folder,
          places,
          keepers: names.slice(0, relays),
          threshold: Math.floor(relays / 2) + 1,
          funds: options.funds === undefined ? startFunds : BigInt(money.read(options.funds, '--funds')),
          preset: options.preset,
          ...(options.setUp !== undefined && { setUp: resolve(options.setUp) }),
          // Alone in a container, a daemon takes the usual ports; together on one machine each takes what is free.
          settings: options.port ? {} : { apiListen: '127.0.0.1:0', metricsListen: '127.0.0.1:0' },
        })
        const homes = [...testnet.homes].map(([name, home]) => ({ name, home }))
        const addresses = new Map(testnet.people.map(({ name, address }) => [name, encodeAddress(address)]))
        const value = homes.map((home) => ({ ...home, address: addresses.get(home.name) ?? null }))
        return {
          value,
          text: async () =>
            `${await table(
              ['name', 'home', 'address'],
              value.map(({ name, home, address }) => [name, home, address ?? 'relay']),
            )}\n${names[relays]} gets the operators’ share of every letter.\nStart each with \`bmail daemon --home HOME\`, or \`bmail up --home HOME\`.`,
        }
      }),
    )
}

const defaultNames = (relays: number, people: number): string[] => [
  ...Array.from({ length: relays }, (_, at) => `relay${at + 1}`),
  ...Array.from({ length: people }, (_, at) => ['alice', 'bob'][at] ?? `person${at + 1}`),
]

/** Refuses names that share a folder, or are none for one, and a folder that holds anything: keys are never written over. */
function refuseTaken(folder: string, names: readonly string[]): void {
  const wrong = names.find((name, at) => !/^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u.test(name) || names.indexOf(name) !== at)
  if (wrong !== undefined)
    throw new UsageError(
      `--hosts has “${wrong}”, and each daemon needs a name of its own, of letters, digits, dots and hyphens.`,
    )
  const taken = names.map((name) => join(folder, name)).find((home) => existsSync(home) && readdirSync(home).length > 0)
  if (taken !== undefined) {
    const sentence = `There is something in ${taken} already, and keys are never written over. Name another folder with --out.`
    throw new CommandError('home-taken', sentence)
  }
}

const placeOf = (name: string, { isRelay, port }: { isRelay: boolean; port: string }) =>
  isRelay
    ? ({ name, role: 'relay', listen: `/ip4/0.0.0.0/tcp/${port}`, reach: `/dns4/${name}/tcp/${port}` } as const)
    : ({ name, role: 'personal' } as const)

function count(text: string, flag: string, least: number): number {
  if (!/^\d{1,3}$/.test(text) || Number(text) < least)
    throw new UsageError(`${flag} takes a whole number from ${least} to 999.`)
  return Number(text)
}
