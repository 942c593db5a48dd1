/** What a mailbox does by itself in its rounds, beside looking after letters and operations on their way. */
import { balanceOf } from '../../protocol/account.ts'
import type { Context } from '../../protocol/context.ts'
import type { Cabinet } from './cabinet.ts'
import type { Wallet } from '../keys/wallet.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Logger } from '../logger.ts'
import type { Outbox } from './outbox.ts'
import type { Pending } from '../peers/pending.ts'
import type { Relay } from '../peers/relay.ts'
import type { Releases } from '../envelopes/releases.ts'
import { Refusal } from '../service.ts'
import { registrationOf } from './pseudonym-service.ts'
import { accountOf } from './signing.ts'

/** How many addresses beyond the known ones are looked for after a recovery. */
const gap = 5

/** The sender kept the lock key: it opens its own locks, so that no message depends on keepers alone. */
export async function releaseOwn({
  cabinet,
  releases,
  relay,
}: {
  readonly cabinet: Pick<Cabinet, 'closedLetters' | 'outgoing'>
  readonly releases: Pick<Releases, 'lockKeyOf'>
  readonly relay: Pick<Relay, 'publishRelease'>
}): Promise<void> {
  for await (const { id, folder, state, opId, height } of cabinet.closedLetters()) {
    if (folder !== 'sent' || state !== 'settled' || !opId || height === undefined) continue
    const parcel = (await cabinet.outgoing(opId))?.message
    if (!parcel || (await releases.lockKeyOf(id, height))) continue
    const keys = [{ message: id, lockKey: parcel.lockKey }]
    await relay.publishRelease({ TAG: 'lockKeys', data: { keys } })
  }
}

/** After a recovery from the phrase: take up again every pseudonym that the ledger knows. */
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

/** Refusals that are no failure of a round: the next one tries again, and what is in the way is told by itself. */
const passing: ReadonlySet<Refusal['code']> = new Set(['over-daily-limit', 'clock-apart', 'halted'])

function triedLater(error: unknown): void {
  if (!(error instanceof Refusal && passing.has(error.code))) throw error
}

/** An address of ours that has funds, and cannot be written to yet, is registered without asking. */
export async function registerFunded({
  context: { rules },
  replica,
  pending,
  wallet,
  outbox,
  logger,
}: {
  readonly context: Pick<Context, 'rules'>
  readonly replica: Pick<Replica, 'view'>
  readonly pending: Pick<Pending, 'count'>
  readonly wallet: Pick<Wallet, 'own' | 'keys'>
  readonly outbox: Pick<Outbox, 'act'>
  readonly logger: Logger
}): Promise<void> {
  for (const own of wallet.own) {
    const account = await accountOf(replica, own.address)
    if (!account || account.signingKey || pending.count(own.address) > 0) continue
    if (balanceOf(rules, account) < rules.inclusionFee) continue
    const registration = await registrationOf(wallet, own)
    const told = () => logger.info({ address: own.text }, 'registering a pseudonym that has funds')
    await outbox.act(own, registration).then(told, triedLater)
  }
}
