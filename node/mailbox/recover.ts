/**
 * After a recovery from the phrase: the pseudonyms that the ledger knows are taken up again. That is found in the ledger
 * here, and nobody is asked; the mail of each is fetched like any that is missing, by the way of that pseudonym.
 */
import type { Cabinet } from './cabinet.ts'
import type { Wallet } from '../keys/wallet.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Relay } from '../peers/relay.ts'
import { accountOf } from './signing.ts'

/** How many addresses beyond the known ones are looked for. */
const gap = 5

/** Take up again every pseudonym that the ledger knows. */
export async function recover({
  replica,
  relay,
  wallet,
  cabinet,
}: {
  readonly replica: Pick<Replica, 'view'>
  readonly relay: Pick<Relay, 'followShards'>
  readonly wallet: Pick<Wallet, 'own' | 'addressAt' | 'create'>
  readonly cabinet: Pick<Cabinet, 'write' | 'putCursor'>
}): Promise<void> {
  for (let index = wallet.own.length, tried = 0; tried < gap; index++, tried++) {
    if (!(await accountOf(replica, wallet.addressAt(index)))?.signingKey) continue
    while (wallet.own.length <= index) await wallet.create(`recovered ${wallet.own.length}`)
    tried = -1
    relay.followShards()
    // Its mail has gone by already: read the log again.
    await cabinet.write([cabinet.putCursor(0n)])
  }
}
