/** Ada and Bob, and a host that lets into batches what they signed and what is no mail. */
import type { Test } from 'tap'
import type { Action } from '../../protocol/operations.ts'
import { SignedPart, type Payment } from '../../protocol/money.ts'
import { opIdOfSigned, type Op, partOfOp, unsigned } from '../../protocol/wire.ts'
import { presets } from '../../node/settings/presets.ts'
import type { Device, Devices } from './devices.ts'
import { anyBatch } from './dishonest-host.ts'
import { batchIntervalMs, meeting, ownOf } from './meeting.ts'

/** By then whatever is given back has been. */
export const longMs = 400 * batchIntervalMs

/** Ada and Bob, registered, and a host that includes whatever it likes. */
export async function meetingUnderLaxHost(t: Test) {
  // Beside his registration he may sign one thing that pays nobody.
  const { world, host, ada, bob } = await meeting(t, { bob: { spendPerDay: 2n * presets.testnet!.inclusionFee } })
  const fee = host.node.context.rules.inclusionFee
  const entries = (...made: readonly Uint8Array[]) => included(world, [host, ada, bob], made)
  return { world, host, ada, bob, entries, fee }
}

/** Have the host put entries into a batch, and everybody take it. */
async function included(world: Devices, [host, ...others]: readonly Device[], entries: readonly Uint8Array[]) {
  const batch = await anyBatch(host!.node, { hostKey: world.hostKey, entries })
  for (const { node } of [host!, ...others]) {
    await world.until(
      'it has what came before',
      () => node.replica.head.sealed.header.height >= batch.sealed.header.height - 1n,
    )
    await node.replica.accept(batch)
  }
}

type Wish = {
  readonly action: Action
  readonly lines: readonly Payment[]
  readonly after?: bigint
  readonly expiry?: bigint
  readonly burn?: bigint
  /** What stands where it says what it says as mail. */
  readonly mail?: Uint8Array
}

/** Sign what pays these lines, after so many others of its author's. */
export async function paying(
  by: Device,
  { action, lines, after = 0n, expiry, burn = 0n, mail }: Wish,
): Promise<Uint8Array> {
  const { context, replica, seams } = by.node
  const { address: account } = ownOf(by)
  const { nonce } = (await replica.view([{ table: 'accounts', key: account }])).read('accounts', account)!
  const head = { account, nonce: nonce + after, expiry: expiry ?? BigInt(seams.clock.now() + 60_000) }
  const op: Op = { ...head, burn, share: undefined, lines, action }
  const part = { ...partOfOp(op), ...(mail && { mail }) }
  const id = opIdOfSigned(context.network, SignedPart.encode({ part, signature: unsigned }))
  return SignedPart.encode({ part, signature: by.wallet.signWith(ownOf(by), id) })
}
