/** What a daemon finds in its home before it opens anything: the network's file, its secrets, and a person's keystore. */
import { existsSync } from 'node:fs'
import type { Config } from '../settings/config.ts'
import { homeFile } from '../settings/files.ts'
import { pathsOf } from '../settings/home.ts'
import { unlockKeystore } from '../keys/keystore.ts'
import { NetworkFileError, parseNetworkFile } from '../settings/network-file.ts'
import { UnreadableError } from '../settings/files.ts'
import { diskPath, openDisk } from '../ledger/disk.ts'
import { createStore } from '../ledger/store.ts'
import { networkOf } from './home-files.ts'
import { hostKeyOf, keeperKeysOf } from './secrets.ts'

/** Read it all. Throws an Error whose message says what to do: no network file, no keystore, a wrong passphrase, keys of another network. */
export async function readHome({ home, role }: Pick<Config, 'home' | 'role'>, passphrase: string | undefined) {
  const paths = pathsOf(home)
  const file = await networkIn(home)
  const keystore = role === 'personal' ? await unlock(paths.keystore, passphrase) : undefined
  return { file, keystore, hostKey: hostKeyOf(home, file.rules), keeper: keeperKeysOf(home, file.rules) }
}

/** The network of a home. Where its file cannot be used, the message says whether the database has a copy of it. */
async function networkIn(home: string) {
  const { network } = pathsOf(home)
  try {
    return parseNetworkFile(homeFile(network, 'It holds no network file. Run `bmail init --network FILE` first.'))
  } catch (cause) {
    const isUnusable = cause instanceof NetworkFileError || cause instanceof UnreadableError
    if (!existsSync(diskPath(home)) || (!isUnusable && existsSync(network))) throw cause
    throw new NetworkFileError(await remedyFor(home), { cause })
  }
}

/** What is wrong with the network's file, and what mends it. */
async function remedyFor(home: string): Promise<string> {
  const disk = await openDisk(home).catch(() => undefined)
  try {
    const { finding } = await networkOf(home, disk && createStore(disk), { how: 'look', date: '' })
    const { detail, mendable } = finding
    return mendable ? `${detail} \`bmail doctor --repair\` puts the copy in its place that the database has.` : detail
  } finally {
    await disk?.close()
  }
}

async function unlock(path: string, passphrase: string | undefined) {
  const bytes = new TextEncoder().encode(homeFile(path, 'It holds no keystore. Run `bmail init` first.'))
  if (passphrase === undefined)
    throw new Error(
      'A personal daemon needs the passphrase of its keystore. Give it by BMAIL_PASSPHRASE, --passphrase-file, or on the terminal.',
    )
  return unlockKeystore(bytes, passphrase)
}
