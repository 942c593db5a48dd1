/** `bmail init`: make a home for a mailbox or a relay. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import type { NetworkFile } from '../node/settings/network-file.ts'
import { type Act, type Answer, type Invocation, examples } from './command.ts'
import { CommandError, UsageError } from './errors.ts'
import { makeMailbox, phraseText, refuseMailbox } from './mailbox.ts'
import { namedFile } from './named-file.ts'
import { type SettingFlags, settingOptions, settingsIn } from './settings.ts'
import { ask, canAsk } from './terminal.ts'

const { makeHome, pathsOf, replaceFile } = await door.home()
const { loadConfig, storedFrom, writeConfig } = await door.settings()

type Options = SettingFlags & { readonly network?: string; readonly recover?: true }

export function configure(command: Command, act: Act): void {
  settingOptions(command)
    .option('--network <file>', 'the file of the network to join')
    .option('--recover', 'restore a mailbox from its recovery phrase (asked for, or on standard input)')
    .addHelpText(
      'after',
      `\nSettings given here are kept in bmail.toml. The passphrase comes from --passphrase-file, BMAIL_PASSPHRASE, the file that the settings name, or is asked for.\n${examples(
        'bmail init --network club.json --peers /dns4/relay.example/tcp/4420',
        'bmail init --role relay --network club.json',
      )}`,
    )
    .action(
      act(async (context, options: Options): Promise<Answer> => {
        const flags = anchored(settingsIn(options))
        const { role, passphraseFile } = await settingsFor(context, flags)
        const network = await readNetwork(context, options.network)
        if (role === 'relay') {
          await keep(context, { ...flags, role }, network)
          return answerOf(context, { role, network })
        }
        if (!network)
          throw new UsageError(
            'Name the file of the network with --network FILE. Whoever runs the network hands it out.',
          )
        refuseMailbox(context.home)
        const phrase = options.recover ? await recoveryPhrase(context) : undefined
        const realm = network.genesis.salt
        const { address, phrase: words } = await makeMailbox({
          context,
          realm,
          phrase,
          passphrase: { flags, file: passphraseFile },
        })
        await keep(context, { ...flags, role }, network)
        return answerOf(context, { role, network, address, ...(words !== undefined && { phrase: words }) })
      }),
    )
}

/** In bmail.toml a relative path counts from the home, and here from where the person is. */
const anchored = ({ passphraseFile, ...flags }: SettingFlags): SettingFlags =>
  passphraseFile ? { ...flags, passphraseFile: resolve(passphraseFile) } : flags

/** The settings as they would be, so that a wrong one is refused before anything is written. */
async function settingsFor({ home, env }: Invocation, flags: SettingFlags) {
  const { config } = pathsOf(home)
  if (existsSync(config) && Object.keys(flags).some((name) => name !== 'role' && name !== 'passphraseFile'))
    throw new CommandError(
      'home-taken',
      `${config} is there already. Change settings in it, or name another folder with --home.`,
    )
  return loadConfig({ home, flags, env })
}

async function readNetwork({ home }: Invocation, file: string | undefined): Promise<NetworkFile | undefined> {
  const kept = pathsOf(home).network
  const { idOf, parseNetworkFile } = await door.networkFile()
  const { smallFile } = await door.files()
  const bytes = smallFile(kept)
  const there = bytes && parseNetworkFile(bytes.toString('utf8'))
  if (file === undefined) return there
  const wanted = parseNetworkFile((await namedFile(file)).toString('utf8'))
  if (there && idOf(there) !== idOf(wanted))
    throw new CommandError(
      'home-taken',
      `${home} belongs to the network ${there.rules.name} already. Name another folder with --home.`,
    )
  return wanted
}

async function keep({ home }: Invocation, flags: SettingFlags, network: NetworkFile | undefined): Promise<void> {
  makeHome(home)
  if (!existsSync(pathsOf(home).config)) writeConfig(home, storedFrom(flags))
  if (!network) return
  const { formatNetworkFile } = await door.networkFile()
  replaceFile(pathsOf(home).network, formatNetworkFile(network), 0o644)
}

async function recoveryPhrase(context: Invocation): Promise<string> {
  if (canAsk(context)) return ask('The 24 words of the recovery phrase: ')
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8').trim()
}

type Made = {
  readonly role: 'relay' | 'personal'
  readonly network: NetworkFile | undefined
  readonly address?: string
  readonly phrase?: string
}

async function answerOf({ home }: Invocation, { network, ...made }: Made): Promise<Answer> {
  const { idOf } = await door.networkFile()
  const named = network && { id: idOf(network), name: network.rules.name }
  const { role, address, phrase } = made
  const lines = [
    `The home of a ${role} daemon is in ${home}.`,
    ...(named
      ? [`Its network is ${named.name} (${named.id.slice(0, 16)}).`]
      : ['It has no network yet: `bmail network --help` says how to found one.']),
    ...(address === undefined ? [] : [`Your address is ${address}.`]),
    ...(phrase === undefined ? [] : ['', phraseText(phrase)]),
    '',
    'Start it with `bmail up`.',
  ]
  return { value: { home, ...made, network: named ?? null }, text: () => lines.join('\n') }
}
