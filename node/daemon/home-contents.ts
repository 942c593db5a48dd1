/** What a daemon finds in its home before it opens anything: the network's file, its secrets, and a person's keystore. */
import type { Config } from '../settings/config.ts'
import { homeFile } from '../settings/files.ts'
import { pathsOf } from '../settings/home.ts'
import { unlockKeystore } from '../keys/keystore.ts'
import { parseNetworkFile } from '../settings/network-file.ts'
import { hostKeyOf, keeperKeysOf } from './secrets.ts'

/** Read it all. Throws an Error whose message says what to do: no network file, no keystore, a wrong passphrase, keys of another network. */
export async function readHome({ home, role }: Pick<Config, 'home' | 'role'>, passphrase: string | undefined) {
  const paths = pathsOf(home)
  const file = parseNetworkFile(
    homeFile(paths.network, 'It holds no network file. Run `bmail init --network FILE` first.'),
  )
  const keystore = role === 'personal' ? await unlock(paths.keystore, passphrase) : undefined
  return { file, keystore, hostKey: hostKeyOf(home, file.rules), keeper: keeperKeysOf(home, file.rules) }
}

async function unlock(path: string, passphrase: string | undefined) {
  const bytes = new TextEncoder().encode(homeFile(path, 'It holds no keystore. Run `bmail init` first.'))
  if (passphrase === undefined)
    throw new Error(
      'A personal daemon needs the passphrase of its keystore. Give it by BMAIL_PASSPHRASE, --passphrase-file, or on the terminal.',
    )
  return unlockKeystore(bytes, passphrase)
}
