/** Ada and Bob, who can write to each other, on a network of Olga's: what a test of a mailbox begins with. */
import type { Test } from 'tap'
import { createDevices, type Device, type Start } from './devices.ts'
import { honestProofs } from './honest-proofs.ts'

export const batchIntervalMs = 500
/** Whoever has funds is registered at a moment of their own, and what is signed settled, long before that. */
const patientMs = 200 * batchIntervalMs

/** Both of them, each with a daemon as said, registered and with funds; Olga's orders the log. */
export async function meeting(t: Test, how: { readonly ada?: Start; readonly bob?: Start } = {}) {
  const world = await createDevices(t, {
    people: ['olga', 'ada', 'bob'],
    funds: 1_000_000n,
    changes: { batchIntervalMs },
    proofs: honestProofs,
  })
  const host = await world.start('host')
  const ada = await world.start('ada', { of: 'ada', ...how.ada })
  const bob = await world.start('bob', { of: 'bob', ...how.bob })
  for (const { mailbox } of [ada, bob])
    await world.until('it is registered', async () => (await mailbox.pseudonyms())[0]!.registered, patientMs)
  const settled = ({ mailbox }: Device, { opId }: { opId: string }): Promise<void> =>
    world.until('it is settled', async () => (await mailbox.operation({ opId })).state === 'settled', patientMs)
  return { world, host, ada, bob, settled }
}

export const ownOf = ({ wallet }: Device) => wallet.own[0]!
export const balanceOf = async ({ mailbox }: Device) => BigInt((await mailbox.pseudonyms())[0]!.balance)
