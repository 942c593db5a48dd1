/** Founding a network: who orders it, who keeps its locks, and a mailbox that holds all its money. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { hexToBytes } from '@noble/hashes/utils.js'
import { door } from '../node/daemon/door.ts'
import type { Card } from '../node/daemon/secrets.ts'
import { moneyIn } from './amount.ts'
import { coinFaults } from '../protocol/faults.ts'
import type { Coin } from '../protocol/rules.ts'
import type { Answer, Invocation } from './command.ts'
import { CommandError, UsageError } from './errors.ts'
import { makeMailbox, phraseText, random, refuseMailbox } from './mailbox.ts'
import { namedFile } from './named-file.ts'
import { presetNamed } from './preset.ts'

const { makeHome, pathsOf, replaceFile } = await door.home()
const { loadConfig, writeConfig } = await door.settings()
const { foundNetwork } = await door.founding()
const { formatNetworkFile, idOf, networkJson } = await door.networkFile()
const { setUpOf } = await door.setUps()
const { cardOf, ensureSecret } = await door.secrets()
const { firstLetterSaid } = await door.networkWords()

type Wanted = {
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

/** Make what keys are wanted, and answer the public halves of all there are. */
export async function card({ home }: Invocation, wanted: { host?: true; keeper?: true }): Promise<Answer> {
  makeHome(home)
  if (wanted.host) ensureSecret(home, 'host', random)
  if (wanted.keeper) for (const name of ['keeperLock', 'keeperSigning'] as const) ensureSecret(home, name, random)
  const made = cardOf(home)
  if (Object.keys(made).length === 0)
    throw new UsageError('This home has no such keys. Make them with --host, --keeper, or both.')
  return { value: made, text: () => JSON.stringify(made) }
}

/** Take a set-up of the proofs into the home. */
export async function takeSetUp({ home }: Invocation, folder: string): Promise<Answer> {
  makeHome(home)
  const { id, worth } = await setUpIn(home, folder)
  const { text, contributors } = worth
  const lines = [
    `Set-up ${id} is in ${home}: ${text}.`,
    'Networks whose rules name it run in this home, and other nodes fetch it from here.',
  ]
  return { value: { id, worth: text, contributors }, text: () => lines.join('\n') }
}

async function setUpIn(home: string, folder: string) {
  const { importSetUp } = await door.setUpFiles()
  return importSetUp({ from: resolve(folder), setUps: pathsOf(home).setUps }).catch((cause: Error) => {
    if (cause.name !== 'ArtifactsError') throw cause
    throw new CommandError('set-up', cause.message, { cause })
  })
}

/** Found a network, and write its file. */
export async function found(context: Invocation, wanted: Wanted): Promise<Answer> {
  const { home } = context
  refuseMailbox(home)
  if (existsSync(pathsOf(home).network))
    throw new CommandError('home-taken', `${home} belongs to a network already. Name another folder with --home.`)
  const coin = await coinFor(wanted)
  const supply =
    wanted.supply === undefined ? usualSupply : BigInt(moneyIn(coin, context).read(wanted.supply, '--supply'))
  const hostCard = wanted.host === undefined ? undefined : await readCard(wanted.host)
  const keeperCards = await Promise.all((wanted.keeper ?? []).map(readCard))
  const setUp = wanted.setUp === undefined ? undefined : await setUpIn(home, wanted.setUp)
  const salt = random(32)
  const flags = wanted.passphraseFile === undefined ? {} : { passphraseFile: wanted.passphraseFile }
  const { passphraseFile } = await loadConfig({ home, flags, env: context.env })
  const mailbox = await makeMailbox({ context, realm: salt, passphrase: { flags, file: passphraseFile } })
  const isHost = hostCard === undefined
  if (isHost) ensureSecret(home, 'host', random)
  const isKeeper = isHost && keeperCards.length === 0
  if (isKeeper) for (const name of ['keeperLock', 'keeperSigning'] as const) ensureSecret(home, name, random)
  const host = hostCard ?? cardOf(home)
  const keepers = keeperCards.length > 0 ? keeperCards : [host]
  const paid = { address: mailbox.addressBytes, weight: 1 }
  const file = foundNetwork({
    name: wanted.name,
    preset: wanted.preset,
    changes: { coin },
    hostKey: keyIn(host, 'hostKey'),
    operators: [paid],
    keepers: {
      version: 1,
      threshold: thresholdOf(wanted.threshold, keepers.length),
      members: keepers.map((one) => ({
        ...paid,
        lockKey: keyIn(one, 'lockKey'),
        signingKey: keyIn(one, 'signingKey'),
      })),
    },
    genesis: { time: BigInt(Date.now()), salt, grants: [{ address: mailbox.addressBytes, amount: supply }] },
    ...(setUp && { setUp: hexToBytes(setUp.id) }),
  })
  const text = formatNetworkFile(file)
  replaceFile(pathsOf(home).network, text, 0o644)
  replaceFile(wanted.out, text, 0o644)
  if (!existsSync(pathsOf(home).config))
    writeConfig(home, { role: 'personal', listen: isHost ? ['/ip4/0.0.0.0/tcp/4420'] : [] })
  const id = idOf(file)
  const { address, phrase } = mailbox
  const view = setUpOf(home, networkJson(file))
  const lines = [
    `The network ${wanted.name} (${id.slice(0, 16)}) is in ${wanted.out}: hand it to everybody who takes part.`,
    `Your address is ${address}; all money is there, ${moneyIn(coin, context).shown(supply)}. Start with \`bmail up\`, then \`bmail pseudonym register\`.`,
    `A first letter ${firstLetterSaid(file.rules)}; \`bmail network ${wanted.out}\` says the rest.`,
    `Its proofs are of a ${view.worth}.`,
    ...(view.caution === null ? [] : ['', view.caution]),
    ...(phrase === undefined ? [] : ['', phraseText(phrase)]),
  ]
  const value = { id, file: wanted.out, home, address, phrase, hosting: isHost, setUp: view }
  return { value, text: () => lines.join('\n') }
}

/** What there is of all money where nobody says how much: of the presets' coins a billion. */
const usualSupply = 1_000_000_000_000n

/** The coin of the preset, but for what was said of it; refused before anything is made where it can be none. */
async function coinFor({ preset, coin, decimals }: Wanted): Promise<Coin> {
  const usual = (await presetNamed(preset)).coin
  if (decimals !== undefined && !/^\d{1,2}$/.test(decimals))
    throw new UsageError(`--decimals takes a whole number from 0 to 18, and not “${decimals}”.`)
  const wanted = { name: coin ?? usual.name, decimals: decimals === undefined ? usual.decimals : Number(decimals) }
  const faults = coinFaults(wanted)
  if (faults.length > 0) throw new UsageError(faults.map((fault) => `--coin and --decimals: ${fault}.`).join(' '))
  return wanted
}

async function readCard(path: string): Promise<Card> {
  const bytes = await namedFile(path)
  try {
    const card = JSON.parse(bytes.toString('utf8'))
    if (typeof card === 'object' && card !== null) return card
    throw new Error('it is no object')
  } catch (cause) {
    throw new CommandError(
      'card',
      `${path} is no card. Make one in the home of the relay with \`bmail network card\`.`,
      { cause },
    )
  }
}

function keyIn(card: Card, name: keyof Card): Uint8Array {
  const key = card[name]
  if (typeof key === 'string' && /^([0-9a-f]{2})+$/.test(key)) return hexToBytes(key)
  const flag = name === 'hostKey' ? '--host' : '--keeper'
  throw new CommandError(
    'card',
    `A card lacks its ${name}. Make it in the home of the relay with \`bmail network card ${flag}\`.`,
  )
}

function thresholdOf(text: string | undefined, keepers: number): number {
  const threshold = text === undefined ? Math.floor(keepers / 2) + 1 : Number(text)
  if (Number.isInteger(threshold) && threshold >= 1 && threshold <= keepers) return threshold
  throw new UsageError(`--threshold lies between 1 and the ${keepers} keepers there are, and “${text}” does not.`)
}
