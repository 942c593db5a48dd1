/** What an address lacks before anybody can write to it. */
import type { Replica } from '../ledger/replica.ts'

/**
 * Both of its keys; or the one that letters are sealed to alone, where what registered it paid and did not count: custody
 * gave it its signing key, and nobody can register it a second time.
 */
export type Lack = 'keys' | 'seal key'

/** What an address of 20 bytes lacks, as the latest batch left it; nothing where letters can be sealed to it. */
export async function lackOf(replica: Pick<Replica, 'view'>, key: Uint8Array): Promise<Lack | undefined> {
  const view = await replica.view([
    { table: 'accounts', key },
    { table: 'sealKeys', key },
  ])
  if (!view.read('accounts', key)?.signingKey) return 'keys'
  return view.read('sealKeys', key) ? undefined : 'seal key'
}
