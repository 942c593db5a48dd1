/** `bmail network`: the rules one lives by, and founding a network of one's own. */
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import type { Reputation } from '../node/service.ts'
import type { SetUpView } from '../node/settings/set-ups.ts'
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
  readonly supply: string
  readonly passphraseFile?: string
  readonly setUp?: string
}

export function configure(command: Command, act: Act): void {
  command
    .argument('[file]', 'a network file; else what the daemon of the home lives by')
    .addHelpText(
      'after',
      examples('bmail network', 'bmail network club.json --json', 'bmail network new --name club --out club.json'),
    )
    .action(
      act(async (context, file: string | undefined): Promise<Answer> => {
        const network = file === undefined ? await lived(context) : await inFile(context, await namedFile(file))
        return {
          value: network,
          text: () => networkText(network),
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
    .option('--supply <amount>', 'how much money there is, all yours at first', '1000000000000')
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

async function networkText({
  id,
  file,
  setUp,
  evidence = [],
  minted,
  burned,
  passFee,
  stamps = [],
  height,
  stateRoot,
}: Shown): Promise<string> {
  const { rules } = file as { rules: Record<string, unknown> }
  const lines = [
    await facts(
      ['network', String(rules.name)],
      ['id', id],
      ['proofs', setUp.worth ?? 'of a set-up that is not here: `bmail up` fetches it from a peer'],
      ...Object.entries(rules).flatMap(ruleFacts),
    ),
    ...(minted === undefined
      ? []
      : [
          '',
          `batch ${height}, state root ${stateRoot}`,
          ...(stamps.length === 0 ? [] : [`stamps sold: ${stamps.map(soldText).join(', ')}`]),
          ...(passFee === undefined ? [] : [`a pass burns ${passFeeText(passFee)}`]),
          `minted ${grouped(minted)}, burned ${grouped(burned!)}`,
        ]),
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

const soldText = ({ denomination, sold }: { denomination: string; sold: number }): string =>
  `${sold} of ${grouped(denomination)}`

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
