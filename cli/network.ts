/** `bmail network`: the rules one lives by, and founding a network of one's own. */
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import type { Reputation } from '../node/service.ts'
import type { NetworkFile } from '../node/settings/network-file.ts'
import type { SetUpView } from '../node/settings/set-ups.ts'
import { amountHelp, type Money, moneyIn } from './amount.ts'
import { connect } from './client.ts'
import { type Act, type Answer, type Invocation, examples } from './command.ts'
import { collect } from './compose.ts'
import { CommandError } from './errors.ts'
import { namedFile } from './named-file.ts'
import { passFeeText } from './pass-fee.ts'
import { facts, grouped } from './print.ts'

const { pathsOf } = await door.home()

type Shown = {
  readonly id: string
  readonly file: unknown
  readonly setUp: SetUpView
  readonly evidence?: readonly unknown[]
  /** Of the last final batch. */
  readonly height?: string
  readonly stateRoot?: string
  readonly minted?: string
  readonly burned?: string
  readonly passFee?: Reputation['passFee']
  readonly stamps?: readonly { readonly denomination: string; readonly sold: number }[]
}

type Founding = {
  readonly name: string
  readonly preset: string
  readonly out: string
  readonly host?: string
  readonly keeper?: readonly string[]
  readonly threshold?: string
  readonly supply?: string
  readonly coin?: string
  readonly decimals?: string
  readonly passphraseFile?: string
  readonly setUp?: string
}

export function configure(command: Command, act: Act): void {
  command
    .argument('[file]', 'a network file; else what the daemon of the home lives by')
    .option('--raw', 'its rules number by number, amounts in the smallest unit')
    .addHelpText(
      'after',
      examples(
        'bmail network',
        'bmail network --raw',
        'bmail network club.json --json',
        'bmail network new --name club --out club.json',
      ),
    )
    .action(
      act(async (context, file: string | undefined, options: { raw?: true }): Promise<Answer> => {
        const network = file === undefined ? await lived(context) : await inFile(context, await namedFile(file))
        return {
          value: network,
          text: () => networkText(context, network, options.raw ? inNumbers : inWords),
          exitCode: (network.evidence?.length ?? 0) > 0 ? 1 : 0,
        }
      }),
    )
  command
    .command('new')
    .description('found a network, with a mailbox in this home that holds all its money')
    .requiredOption('--name <name>', 'what it is called')
    .requiredOption('--out <file>', 'where to write its file, to hand out')
    .option('--preset <preset>', 'its numbers; edit the file before anybody starts to change them', 'personal')
    .option('--host <card>', 'the card of the relay that orders its batches (else this home does)')
    .option('--keeper <card>', 'the card of a keeper (again for more; else the host is the one keeper)', collect)
    .option('--threshold <count>', 'how many keepers open a lock together (else more than half)')
    .option('--coin <name>', 'what money is called (else as in the preset)')
    .option(
      '--decimals <count>',
      'how many digits a coin has behind the point; prices stay what they are in the smallest unit',
    )
    .option('--supply <amount>', 'how much money there is, all yours at first (else 1,000,000,000,000 units)')
    .addHelpText('after', amountHelp)
    .option('--set-up <folder>', 'the folder of a set-up of the proofs (else the program’s own, for development)')
    .option('--passphrase-file <file>', 'file whose first line is the passphrase of the mailbox')
    .action(act(async (context, options: Founding) => (await import('./new-network.ts')).found(context, options)))
  command
    .command('card')
    .description('print the public keys of this home, as host and as keeper, for whoever founds a network')
    .option('--host', 'make the key of a host if there is none')
    .option('--keeper', 'make the keys of a keeper if there are none')
    .action(
      act(async (context, options: { host?: true; keeper?: true }) =>
        (await import('./new-network.ts')).card(context, options),
      ),
    )
  command
    .command('set-up')
    .description('take a set-up of the proofs from a folder into this home, for a network that names it')
    .argument('<folder>', 'what a ceremony left, or a copy of it (circuits/README.md)')
    .action(act(async (context, folder: string) => (await import('./new-network.ts')).takeSetUp(context, folder)))
}

/** As the daemon has it, or as it lies in the home while none answers. */
async function lived(context: Invocation): Promise<Shown> {
  const { home } = context
  const { setUpOf } = await door.setUps()
  try {
    const api = connect(home)
    const [network, { height, stateRoot }] = await Promise.all([api.network(), api.status()])
    return { ...network, height, stateRoot, setUp: setUpOf(home, network.file) }
  } catch (error) {
    const { network } = pathsOf(home)
    if (!(error instanceof CommandError && error.code === 'no-daemon')) throw error
    const bytes = (await door.files()).smallFile(network)
    if (bytes) return inFile(context, bytes)
    throw error
  }
}

async function inFile({ home }: Invocation, bytes: Buffer): Promise<Shown> {
  const { idOf, networkJson, parseNetworkFile } = await door.networkFile()
  const file = parseNetworkFile(bytes.toString('utf8'))
  const { setUpOf } = await door.setUps()
  const json = networkJson(file)
  return { id: idOf(file), file: json, setUp: setUpOf(home, json) }
}

/** A network for a person; `say` says its rules, in words or number by number. */
async function networkText(
  context: Invocation,
  shown: Shown,
  say: (file: NetworkFile) => Promise<Lines>,
): Promise<string> {
  const { id, setUp, evidence = [] } = shown
  const network = (await door.networkFile()).parseNetworkFile(JSON.stringify(shown.file))
  const lines = [
    await facts(
      ['network', network.rules.name],
      ['id', id],
      ['proofs', setUp.worth ?? 'of a set-up that is not here: `bmail up` fetches it from a peer'],
      ...(await say(network)),
    ),
    ...totalsLines(shown, moneyIn(network.rules.coin, context)),
    ...(setUp.caution === null ? [] : ['', setUp.caution]),
    ...(evidence.length === 0
      ? []
      : [
          '',
          `EVIDENCE: the host signed two batches at one height, ${evidence.length} times. Do not trust this network.`,
        ]),
  ]
  return lines.join('\n')
}

type Lines = readonly (readonly [name: string, value: string])[]

const inWords = async ({ rules }: NetworkFile): Promise<Lines> => (await door.networkWords()).networkWords(rules)

const inNumbers = async (file: NetworkFile): Promise<Lines> => {
  const { rules } = (await door.networkFile()).networkJson(file) as { rules: Record<string, unknown> }
  return Object.entries(rules).flatMap(ruleFacts)
}

/** What a daemon knows besides. */
function totalsLines(
  { height, stateRoot, minted, burned, passFee, stamps = [] }: Shown,
  money: Money,
): readonly string[] {
  if (minted === undefined) return []
  const sold = stamps.map((stamp) => `${stamp.sold} of ${money.shown(stamp.denomination)}`)
  return [
    '',
    `batch ${height}, state root ${stateRoot}`,
    ...(sold.length === 0 ? [] : [`stamps sold: ${sold.join(', ')}`]),
    ...(passFee === undefined ? [] : [`a pass burns ${passFeeText(passFee, money)}`]),
    `minted ${money.shown(minted)}, burned ${money.shown(burned!)}`,
  ]
}

const isAmount = (value: unknown): boolean => /^\d{1,20}$/.test(String(value))

/** A rule on a line; of lists and records what a person wants to know first. */
function ruleFacts([name, value]: [string, unknown]): [string, string][] {
  if (name === 'name') return []
  if (name === 'keepers') {
    const { threshold, members } = value as { threshold: number; members: unknown[] }
    return [[name, `${threshold} of ${members.length} open a lock`]]
  }
  if (name === 'lifetimes')
    return (value as { days: number; factor: string }[]).map(({ days, factor }) => [
      `${days} days`,
      `×${Number(factor) / 10_000} the price`,
    ])
  if (Array.isArray(value))
    return [
      [name, value.every(isAmount) ? value.map((amount) => grouped(String(amount))).join(', ') : `${value.length}`],
    ]
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([inner, one]) => ruleFacts([`${name}.${inner}`, one]))
  return [[name, isAmount(value) ? grouped(String(value)) : String(value)]]
}
