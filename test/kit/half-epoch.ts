/**
 * A ledger over a store up to the close of the second epoch, whose verdicts are to be committed some time later. Run by
 * itself, with a folder, it is killed while it makes the root of those verdicts.
 */
import { openDisk } from '../../node/ledger/disk.ts'
import type { Replica } from '../../node/ledger/replica.ts'
import type { Proofs } from '../../node/seams.ts'
import { sign } from '../../node/keys/sign.ts'
import { createStore, type Store } from '../../node/ledger/store.ts'
import type { Context } from '../../protocol/context.ts'
import { bytes20Of } from '../../protocol/field.ts'
import type { Action } from '../../protocol/operations.ts'
import type { Incoming } from '../../protocol/doorway.ts'
import {
  action,
  ada,
  bob,
  context,
  genesis,
  genesisState,
  host,
  type Person,
  rules,
  sendTo,
  settle,
  signedInTurn,
  type Wish,
} from './fixtures.ts'
import { openLedger } from './memory.ts'
import { goodProof, plainProofs } from './plain-proofs.ts'
import { messageTo } from '../vectors/world.ts'

const { epochMs } = rules
/** When an epoch ends; how long after that its predecessor's verdicts are committed. */
export const end = (epoch: number): bigint => genesis.time + BigInt(epoch) * epochMs
export const delayMs = epochMs / 4n

/** The rules of the tests, but with that delay. */
const delayed: Context = {
  ...context,
  rules: { ...rules, identity: { ...rules.identity, verdictDelayMs: Number(delayMs) } },
}

/** The ledger of a store by those rules, unless said otherwise. */
export const openReplica = (
  store: Store,
  { proofs = plainProofs, within = delayed }: { proofs?: Proofs; within?: Context } = {},
): Promise<Replica> => openLedger(store, { proofs, within })

/** Make a batch of all of these ops; throws where one is left out. */
export async function produce(replica: Replica, time: bigint, ops: readonly Incoming[] = []): Promise<void> {
  const { made, omitted } = await replica.produce(time, ops, (digest) => sign(digest, host.privateKey))
  if (omitted.length > 0) throw new Error(`an op is left out: ${omitted[0]!.reason}`)
  if (!made) throw new Error('there was nothing to do')
}

/** The keys of Ada's pass and of Bob's, of the first epoch and of the second. */
export const adasKey = bytes20Of(1n)
const bobsKey = bytes20Of(2n)

/** Makes batches of what people wish for, one after the other from genesis on: each op pays what it has to by then. */
export function batchesOf(replica: Replica, within: Context = delayed) {
  let state = genesisState()
  return async (time: bigint, wishes: readonly Wish[] = []): Promise<void> => {
    const ops = signedInTurn(state, { time, wishes }, within)
    await produce(replica, time, ops)
    state = settle(state, { time, ops }, within).state
  }
}

export const registering = ({ signingKey, sealKey }: Person): Action =>
  action('register', { signingKey, sealKey, sponsorship: undefined })
export const passOf = (epoch: number, epochKey: Uint8Array): Action =>
  action('pass', { epoch, checkpoint: 0, epochKey, tier: 4, proof: goodProof })
/** Bob values Ada's letter, under a key of his. */
export const bobValues = (epochKey: Uint8Array): Action =>
  action('ack', {
    giveBack: 0n,
    message: messageTo(bob),
    sender: ada.address,
    senderKey: adasKey,
    verdict: 'value',
    epochKey,
  })

/** Ada writes to Bob under a pass in the first epoch; he values it, under one of his own, in the last moment of the second. */
export async function untilClose(replica: Replica): Promise<void> {
  const batch = batchesOf(replica)
  const first = genesis.time + delayMs
  await batch(
    first,
    [ada, bob].map((by) => ({ by, action: registering(by) })),
  )
  await batch(first, [
    { by: ada, action: passOf(1, adasKey) },
    { by: ada, action: sendTo([bob], { epochKey: adasKey }) },
  ])
  await batch(end(1))
  await batch(end(1) + delayMs, [{ by: bob, action: passOf(2, bobsKey) }])
  await batch(end(2) - 1n, [{ by: bob, action: bobValues(bobsKey) }])
  await batch(end(2))
}

const [, program, folder] = process.argv
if (program === import.meta.filename && folder) {
  const killed: Proofs = {
    ...plainProofs,
    async verdictRoot() {
      process.kill(process.pid, 'SIGKILL')
      return new Promise(() => undefined)
    },
  }
  await untilClose(await openReplica(createStore(await openDisk(folder)), { proofs: killed }))
  // The close is on disk; what comes now kills us, whenever it comes.
  setInterval(() => undefined, 1_000)
}
