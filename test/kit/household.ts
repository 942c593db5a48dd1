/** People who live on one ledger with daemons of their own, and the little that most tests of their lives have them do. */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Test } from 'tap'
import { presets } from '../../node/settings/presets.ts'
import type { Proofs } from '../../node/seams.ts'
import type { Habit } from '../../node/habit.ts'
import { Outcome } from '../../protocol/batch.ts'
import { scoreOne } from '../../protocol/reputation.ts'
import { SignedOp } from '../../protocol/wire.ts'
import { createDevices, type Device, type Devices } from './devices.ts'
import { honestProofs } from './honest-proofs.ts'

const { testnet } = presets
/** Long enough for eight checkpoints with rounds between them. */
export const epochMs = 160_000

/** A pass in every epoch. */
export const keptWarm: Habit = { warm: true, skipPercent: 0, show: 'best', tier: 0 }

/** The network of a test, with its host. */
type World = Devices & {
  readonly host: Device
  epoch(): number
  /** Let time pass until an epoch has begun. */
  untilEpoch(epoch: number): Promise<void>
  /** Let time pass until a device has renewed for this epoch, and taken every pass it will take. */
  settledIn(device: Device): Promise<void>
}

/** A network with a host, and Ada and Bob on it, who are enrolled before the first epoch ends. */
export async function createWorld(t: Test, how: { ada?: { proofs?: Proofs; hideAmong?: number }; habit?: Habit } = {}) {
  const devices = await createDevices(t, {
    habit: how.habit ?? keptWarm,
    people: ['olga', 'ada', 'bob'],
    funds: 10_000_000n,
    changes: {
      batchIntervalMs: 500,
      epochMs: BigInt(epochMs),
      expiryMaxMs: 20_000,
      clockSkewMs: 5_000,
      reputation: { ...testnet!.reputation, passGraceMs: 40_000, kappa: 200_000n },
      identity: { ...testnet!.identity, verdictDelayMs: 5_000, endorsementReserve: 1n },
    },
    proofs: honestProofs,
  })
  const host = await devices.start('host')
  const epoch = () => host.node.replica.head.sealed.header.epoch
  const world: World = {
    ...devices,
    host,
    epoch,
    untilEpoch: (number) => devices.until(`epoch ${number} begins`, () => epoch() >= number, 20 * epochMs),
    settledIn: (device) => devices.until('everything is done', async () => isDone(device, epoch()), epochMs),
  }
  const ada = await devices.start('ada', { of: 'ada', ...how.ada })
  const bob = await devices.start('bob', { of: 'bob' })
  for (const device of [ada, bob]) {
    await devices.until('it is registered', async () => (await device.mailbox.pseudonyms())[0]!.registered, epochMs)
    await device.mailbox.enroll({})
    await t.rejects(device.mailbox.enroll({}), { code: 'enrolled-already' }, 'nobody pays for it twice')
  }
  await devices.until('both are enrolled', async () => (await enrolled([ada, bob])).every(Boolean))
  return { world, ada, bob }
}

const enrolled = (devices: readonly Device[]): Promise<boolean[]> =>
  Promise.all(devices.map(async ({ mailbox }) => (await mailbox.reputation()).state !== 'not-enrolled'))

async function isDone({ node, mailbox }: Device, now: number): Promise<boolean> {
  const { state, next, passes, epoch } = await mailbox.reputation()
  const isAtRest = node.pending.size === 0 && next.length === 0
  return epoch === now && state === 'renewed' && isAtRest && passes.some((pass) => pass.epoch === now)
}

/** Somebody writes so many letters under a pass, and the reader finds each worth it. Gives their ids. */
export async function approve(
  world: World,
  { from, to, letters, as }: { from: Device; to: Device; letters: number; as?: string },
) {
  const ids: string[] = []
  for (let left = letters; left > 0; left--) {
    const raw = Buffer.from(`Subject: ${left}\r\n\r\nHello.\r\n`).toString('base64')
    const { message } = await from.mailbox.send({ to: [to.wallet.own[0]!.text], raw, ...(as && { from: as }) })
    const seen = async () => (await to.mailbox.messages({ folder: 'inbox' })).find(({ id }) => id === message.id)
    await world.until('it can be read', async () => (await seen())?.state === 'released', 60_000)
    await to.mailbox.ack({ id: message.id, verdict: 'value' })
    await world.until('the verdict is settled', async () => (await seen())?.state === 'acknowledged', 60_000)
    ids.push(message.id)
  }
  return ids
}

/**
 * What a score must be in an epoch: what all passes of a person gathered until the epoch before last, a tenth less for each
 * epoch since the one after it. Endorsements of a person are to be taken off by whoever asks.
 */
export async function modelOf({ host }: World, { wallet }: Device, epoch: number): Promise<number> {
  const ours = new Set(wallet.own.map(({ address }) => bytesToHex(address)))
  let score = 0
  for await (const { record } of host.node.store.records('passes'))
    if (ours.has(bytesToHex(record.pseudonym)) && record.epoch <= epoch - 2)
      score += (Number(record.positive - record.negative) / Number(scoreOne)) * 0.9 ** (epoch - record.epoch - 1)
  return score
}

/** How often ops of a kind were settled, and what else became of them in batches. */
export async function countOps({ host: { node } }: World, TAG: string) {
  const counts = { settled: 0, undelivered: 0, void: 0 }
  for await (const { sealed, ops } of node.store.batches(1n)) {
    const outcomes = (await node.store.outcomes(sealed.header.height))!
    for (const [at, bytes] of ops.entries())
      if (SignedOp.decode(bytes).op.action.TAG === TAG) counts[Outcome.decode(outcomes[at]!).result.TAG]++
  }
  return counts
}

/** Whether a score as it is shown is that of the model, to the digits that are shown. */
export const near = (text: string, model: number): boolean => Math.abs(Number(text) - model) <= 0.011

/** A second pseudonym with money, registered, and kept warm unless it is said otherwise. */
export async function another(world: World, { mailbox }: Device, label: string, habit: Habit = keptWarm) {
  const { request, address } = await mailbox.createPseudonym({ label })
  await mailbox.changeHabit({ address, ...habit })
  await mailbox.sponsor({ request, amount: '100000' })
  const own = async () => (await mailbox.pseudonyms()).find((one) => one.label === label)!
  await world.until('it is registered', async () => (await own()).registered, 60_000)
}
