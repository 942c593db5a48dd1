/**
 * Settings of a daemon: flags over environment (`BMAIL_…`) over `bmail.toml` in the home over defaults. No secret is
 * among them: a passphrase stands in the environment, in a file of its own, or in a head.
 */
import { dirname, resolve } from 'node:path'
import { parse, stringify } from 'smol-toml'
import type { Coin } from '../../protocol/rules.ts'
import { isAmountForm, readAmount } from '../amount.ts'
import { multiaddrs, ownAddresses, peerAddresses } from './addresses.ts'
import { smallFile } from './files.ts'
import { isLoopback, makeHome, pathsOf, replaceFile } from './home.ts'

type Listen = { readonly host: string; readonly port: number }

export type Config = {
  readonly home: string
  /** A relay has no keys and stores mail for all; a personal daemon holds an unlocked mailbox. */
  readonly role: 'relay' | 'personal'
  /** Multiaddrs to listen on; none: dial out only. */
  readonly listen: readonly string[]
  /** Multiaddrs to tell others beside those. */
  readonly announce: readonly string[]
  /** Multiaddrs to stay connected to. */
  readonly peers: readonly string[]
  readonly apiListen: Listen
  /** Null: no metrics and no health pages. */
  readonly metricsListen: Listen | null
  /** Host names under which metrics and health pages answer beyond loopback, besides addresses and the machine’s own name. */
  readonly metricsNames: readonly string[]
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  /** Whether to find peers on the local network by multicast. */
  readonly mdns: boolean
  readonly passphraseFile: string | null
  /**
   * A pseudonym that has not earned a tier by itself shows it only where one hides among so many who have, oneself counted;
   * with 1 it shows the best that the score reaches, whoever stands there.
   */
  readonly hideAmong: number
  /** What may be spent within 24 hours over all pseudonyms, as it was written (`limitOf`); null for no limit. */
  readonly spendPerDay: string | null
  /** What a letter brought that goes back to its sender by itself: where it was valued; where it was answered, too; or never. */
  readonly giveBack: 'valued' | 'answered' | 'never'
  /** The how manieth letter to somebody who never answered one is not sent before its owner was asked. */
  readonly askBefore: number
  /** Where the bridge for mail programs listens, on loopback. */
  readonly bridgeSmtpListen: Listen
  readonly bridgeImapListen: Listen
  /** What a mail program may spend on a letter, and all of them within 24 hours, as it was written (`limitOf`); null for what is said of that. */
  readonly bridgeMaxFee: string | null
  readonly bridgePerDay: string | null
  /** For how long a letter that a mail program handed in waits in Outbox, and a verdict can be taken back. */
  readonly bridgeUndoSeconds: number
  /** Whether peers may share an address without being scored down for it: tests and networks of containers need that. */
  readonly allowColocated: boolean
}

export type SettingName = Exclude<keyof Config, 'home'>

/** Settings as `bmail.toml` has them. */
type StoredConfig = {
  readonly [Name in SettingName]?: Config[Name] extends string | number | boolean | readonly string[]
    ? Config[Name]
    : string
}

/** A setting that cannot be used; the message names where it stands and what it should be. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** Every setting, with how it is told on the command line. */
export const settings: { readonly [Name in SettingName]: Setting<Config[Name]> } = {
  role: { kind: 'text', help: 'relay or personal', check: choice('relay', 'personal') },
  listen: { kind: 'list', help: 'multiaddrs to listen on, with commas between', check: multiaddrs },
  announce: { kind: 'list', help: 'multiaddrs to announce besides', check: ownAddresses },
  peers: { kind: 'list', help: 'multiaddrs to stay connected to', check: peerAddresses },
  apiListen: { kind: 'text', help: 'loopback host:port of the local API', check: loopback },
  metricsListen: { kind: 'text', help: 'host:port of metrics and health; empty for none', check: hostPortOrNone },
  metricsNames: { kind: 'list', help: 'names of the metrics’ host beyond loopback', check: hostNames },
  logLevel: {
    kind: 'text',
    help: 'fatal, error, warn, info, debug, trace or silent',
    check: choice('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
  },
  mdns: { kind: 'boolean', help: 'true to find peers on the local network', check: flag },
  passphraseFile: { kind: 'text', help: 'file whose first line is the passphrase', check: path },
  hideAmong: { kind: 'number', help: 'show only tiers among so many that earned them; 1 for the best', check: from(1) },
  spendPerDay: {
    kind: 'text',
    help: 'the most that is spent within 24 hours, with the coin or “units” behind it (“25 mail”); empty for no limit',
    check: amountOrNone,
  },
  giveBack: {
    kind: 'text',
    help: 'which letters’ fees go back by themselves: valued, answered (too) or never',
    check: choice('valued', 'answered', 'never'),
  },
  askBefore: {
    kind: 'number',
    help: 'ask before this many a letter to somebody who never answered one',
    check: from(2),
  },
  bridgeSmtpListen: { kind: 'text', help: 'loopback host:port of the bridge’s SMTP', check: loopback },
  bridgeImapListen: { kind: 'text', help: 'loopback host:port of the bridge’s IMAP', check: loopback },
  bridgeMaxFee: {
    kind: 'text',
    help: 'the most that a mail program may spend on a letter; empty for four first letters to strangers',
    check: amountOrNone,
  },
  bridgePerDay: {
    kind: 'text',
    help: 'the most that mail programs may spend within 24 hours; empty for no limit but spendPerDay',
    check: amountOrNone,
  },
  bridgeUndoSeconds: {
    kind: 'number',
    help: 'for how long a letter or a verdict of a mail program can be taken back',
    check: from(0),
  },
  allowColocated: { kind: 'boolean', help: 'true where peers share an address (tests, containers)', check: flag },
}

/** The name of a setting in the environment: `apiListen` is `BMAIL_API_LISTEN`. */
export const variableOf = (name: SettingName): string =>
  `BMAIL_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`

/** The name of a setting as a flag: `apiListen` is `--api-listen`. */
export const flagOf = (name: SettingName): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

/** Read all settings. Throws ConfigError for an unknown key in the file and for a value that cannot be. */
export async function loadConfig({ home, flags = {}, env }: Sources): Promise<Config> {
  const file = pathsOf(home).config
  const stored = readStored(file)
  const read = async <Name extends SettingName>(name: Name, fallback: Config[Name]): Promise<Config[Name]> => {
    const found = find(name, { file, stored, flags, env })
    if (!found) return fallback
    try {
      return await settings[name].check(found.value, found.folder)
    } catch (cause) {
      throw new ConfigError(`${found.where} ${(cause as Error).message}.`, { cause })
    }
  }
  const role = await read('role', 'personal')
  return {
    home,
    role,
    listen: await read('listen', role === 'relay' ? ['/ip4/0.0.0.0/tcp/4420'] : []),
    announce: await read('announce', []),
    peers: await read('peers', []),
    apiListen: await read('apiListen', { host: '127.0.0.1', port: 8420 }),
    metricsListen: await read('metricsListen', { host: '127.0.0.1', port: 9420 }),
    metricsNames: await read('metricsNames', []),
    logLevel: await read('logLevel', 'info'),
    mdns: await read('mdns', true),
    passphraseFile: await read('passphraseFile', null),
    hideAmong: await read('hideAmong', 8),
    spendPerDay: await read('spendPerDay', null),
    giveBack: await read('giveBack', 'valued'),
    askBefore: await read('askBefore', 11),
    bridgeSmtpListen: await read('bridgeSmtpListen', { host: '127.0.0.1', port: 1025 }),
    bridgeImapListen: await read('bridgeImapListen', { host: '127.0.0.1', port: 1143 }),
    bridgeMaxFee: await read('bridgeMaxFee', null),
    bridgePerDay: await read('bridgePerDay', null),
    bridgeUndoSeconds: await read('bridgeUndoSeconds', 60),
    allowColocated: await read('allowColocated', false),
  }
}

/** Write `bmail.toml`, over the one that is there. Makes the home if need be. */
export function writeConfig(home: string, values: StoredConfig): void {
  makeHome(home)
  const heading = '# Settings of this b-mail daemon. Flags and BMAIL_… variables go before them. No secrets in here.\n'
  replaceFile(pathsOf(home).config, `${heading}${stringify(values)}`, 0o644)
}

/** What flags say, as `bmail.toml` has it. */
export const storedFrom = (flags: NonNullable<Sources['flags']>): StoredConfig =>
  Object.fromEntries(Object.entries(flags).map(([name, text]) => [name, fromText(name as SettingName, text)]))

/** Variables that begin with `BMAIL_` and that nothing reads: told about, not refused, as container platforms set some. */
export const strayVariables = (env: NodeJS.ProcessEnv): string[] => {
  const known = new Set([...names.map(variableOf), 'BMAIL_HOME', 'BMAIL_PASSPHRASE', 'BMAIL_ASK_ABOVE'])
  return Object.keys(env).filter((name) => name.startsWith('BMAIL_') && !known.has(name))
}

type Sources = {
  readonly home: string
  readonly flags?: { readonly [Name in SettingName]?: string }
  readonly env: NodeJS.ProcessEnv
}

type Setting<T> = {
  readonly kind: 'text' | 'number' | 'list' | 'boolean'
  readonly help: string
  /** The value, or an error that says what it must be. `folder` is what a relative path counts from. */
  check(value: unknown, folder: string): T | Promise<T>
}

type Found = { readonly value: unknown; readonly where: string; readonly folder: string }

const names = Object.keys(settings) as SettingName[]

function find(
  name: SettingName,
  { file, stored, flags, env }: Required<Omit<Sources, 'home'>> & { file: string; stored: Record<string, unknown> },
): Found | undefined {
  const folder = process.cwd()
  const told = flags[name]
  if (told !== undefined) return { value: fromText(name, told), where: flagOf(name), folder }
  const set = env[variableOf(name)]
  if (set !== undefined) return { value: fromText(name, set), where: `${variableOf(name)} in the environment`, folder }
  if (name in stored) return { value: stored[name], where: `${file}: ${name}`, folder: dirname(file) }
  return undefined
}

function readStored(file: string): Record<string, unknown> {
  const bytes = smallFile(file)
  if (!bytes) return {}
  let stored: Record<string, unknown>
  try {
    stored = parse(bytes.toString('utf8'))
  } catch (cause) {
    const [first = ''] = (cause as Error).message.split('\n')
    throw new ConfigError(`${file} cannot be read: ${first}. Correct it, or remove it to use the defaults.`, { cause })
  }
  for (const key of Object.keys(stored))
    if (!names.includes(key as SettingName))
      throw new ConfigError(`${file}: ${key} is no setting. There are ${names.join(', ')}.`)
  return stored
}

/** What a text of the command line or the environment says in a file. */
function fromText(name: SettingName, text: string): unknown {
  const { kind } = settings[name]
  if (kind === 'list')
    return text
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean)
  if (kind === 'number' && /^\d{1,9}$/.test(text)) return Number(text)
  if (kind === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

function choice<const T extends string>(...values: readonly T[]): (value: unknown) => T {
  return (value) => {
    if (values.includes(value as T)) return value as T
    throw new Error(`must be ${values.slice(0, -1).join(', ')} or ${values.at(-1)}, and not ${shown(value)}`)
  }
}

function flag(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new Error(`must be true or false, and not ${shown(value)}`)
  return value
}

function from(least: number): (value: unknown) => number {
  return (value) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value
    throw new Error(`must be a whole number from ${least} on, and not ${shown(value)}`)
  }
}

/** An amount as people write it, of whatever coin, or a number of TOML. */
function amountOrNone(value: unknown): string | null {
  if (value === '') return null
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text === 'string' && isAmountForm(text)) return text
  throw new Error(`must be an amount like “25 mail”, or empty for none, and not ${shown(value)}`)
}

/** The settings that are amounts of the network's coin. */
type LimitName = 'spendPerDay' | 'bridgeMaxFee' | 'bridgePerDay'

/**
 * A limit in the smallest unit, null for none; a bare number is in that, as it always was: were it in coins, a limit of
 * before would hold nothing. Throws ConfigError where it is no amount of the network's coin.
 */
export function limitOf(name: LimitName, config: Pick<Config, LimitName>, coin: Coin): bigint | null {
  const text = config[name]
  if (text === null) return null
  const read = readAmount(text, coin)
  if (!read.ok) throw new ConfigError(`The setting ${name} ${read.why}.`)
  return read.bare ?? read.value
}

function hostNames(value: unknown): readonly string[] {
  if (Array.isArray(value) && value.every((name) => typeof name === 'string' && /^[\w.-]+$/.test(name))) return value
  throw new Error(`must be a list of host names without ports, like relay.example, and not ${shown(value)}`)
}

function path(value: unknown, folder: string): string | null {
  if (typeof value !== 'string') throw new Error(`must be the path of a file, and not ${shown(value)}`)
  return value === '' ? null : resolve(folder, value)
}

function hostPort(value: unknown): Listen {
  const parts = typeof value === 'string' ? /^(?:\[([0-9a-fA-F:]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(value) : null
  const host = parts?.[1] ?? parts?.[2]
  const port = Number(parts?.[3])
  if (!host || port > 65_535) throw new Error(`must be host:port like 127.0.0.1:8420, and not ${shown(value)}`)
  return { host, port }
}

function hostPortOrNone(value: unknown): Listen | null {
  return value === '' ? null : hostPort(value)
}

function loopback(value: unknown): Listen {
  const listen = hostPort(value)
  if (isLoopback(listen.host)) return listen
  throw new Error(`must be on loopback (127.0.0.1:port), because it opens the mailbox; ${shown(value)} is not`)
}

const shown = (value: unknown): string =>
  typeof value === 'string' ? `“${value}”` : (JSON.stringify(value) ?? 'nothing')
