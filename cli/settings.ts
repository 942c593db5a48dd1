/** Settings of the daemon as flags of a command. */
import type { Command } from 'commander'
import { door } from '../node/daemon/door.ts'
import type { SettingName } from '../node/settings/config.ts'

const { flagOf, settings } = await door.settings()

export type SettingFlags = { readonly [Name in SettingName]?: string }

/** Declares a flag for each setting. */
export function settingOptions(command: Command): Command {
  for (const [name, { help }] of Object.entries(settings))
    command.option(`${flagOf(name as SettingName)} <value>`, help)
  return command
}

/** Those of a command's options that are settings. */
export const settingsIn = (options: Readonly<Record<string, unknown>>): SettingFlags =>
  Object.fromEntries(Object.entries(options).filter(([name]) => name in settings))
