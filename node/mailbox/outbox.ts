/**
 * Operations of ours: signed, kept on disk before they leave, sent again until they are settled, and signed again where
 * another device took their nonce or they expired. A message keeps its id through all of that, so it is paid once.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { assert } from '../../protocol/assert.ts'
import { equalBytes } from '../../protocol/codec.ts'
import type { Amounts } from '../../protocol/money.ts'
import type { Action } from '../../protocol/operations.ts'
import { type Op, SignedOp } from '../../protocol/wire.ts'
import type { Cabinet, Outgoing } from './cabinet.ts'
import type { Own, Wallet } from '../keys/wallet.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Store } from '../ledger/store.ts'
import type { Logger } from '../logger.ts'
import type { Moments } from '../moments.ts'
import type { InclusionPromises } from '../peers/inclusion-promises.ts'
import type { Node } from '../peers/node.ts'
import type { Pending } from '../peers/pending.ts'
import { answeredBy } from './owed.ts'
import { type Again, createRetry } from './retry.ts'
import type { Clock, Network } from '../seams.ts'
import { Refusal, type Submitted } from '../service.ts'
import type { Pricing } from './pricing.ts'
import { createSpending } from './spending.ts'
import { createSigning, type Make, type Order } from './signing.ts'
import { createTurns } from '../turns.ts'
import { submittedOf } from './views.ts'

/** How often one op may have been signed again; far more often than anybody waits. */
const formsMax = 10_000
/** Within so long what an account has to send again is sent. */
const againMs = 2_000

export type Outbox = ReturnType<typeof createOutbox>

type Options = {
  readonly node: Pick<Node, 'context' | 'check' | 'submit' | 'host'> & {
    readonly store: Pick<Store, 'outcome'>
    readonly replica: Pick<Replica, 'head' | 'view' | 'halted'>
    readonly pending: Pick<Pending, 'has' | 'nextNonce' | 'of'>
    readonly inclusionPromises: Pick<InclusionPromises, 'get'>
    readonly seams: { readonly clock: Pick<Clock, 'now'>; readonly network: Pick<Network, 'peers'> }
  }
  readonly wallet: Pick<Wallet, 'find' | 'signOp'>
  readonly cabinet: Cabinet
  readonly logger: Logger
  readonly orderAnew: Pricing['orderAnew']
  /** How this machine’s clock is wrong, so that nothing is signed by it; nothing while it is not. */
  readonly clockFault?: (() => string | undefined) | undefined
  /** What may be spent within 24 hours, in the smallest unit; null for no limit. */
  readonly spendPerDay: bigint | null
  readonly moments: Pick<Moments, 'draw'>
  /** Told when an op is settled, refused, or was signed again. */
  readonly onChange: (outgoing: Outgoing, fee?: bigint) => Promise<void>
}

export function createOutbox(options: Options) {
  const { node, wallet, cabinet, logger, orderAnew, clockFault, spendPerDay, moments, onChange } = options
  const { sign, signChecked } = createSigning({ node, wallet })
  const { replica, seams } = node
  // A clock that was set back is held up by the ledger’s time, which never goes back.
  const now = () => Math.max(seams.clock.now(), Number(replica.head.sealed.header.time))
  const spending = createSpending({ now, coin: node.context.rules.coin, wallet, cabinet, perDay: spendPerDay })
  const retry = createRetry({ node, wallet, cabinet, logger, sign, orderAnew, spending, clockFault, onChange })
  /** One after the other, so that two ops never take one nonce. */
  const inTurn = createTurns()

  async function signed<Made extends Order>(own: Own, make: Make<Made>): ReturnType<typeof signChecked<Made>> {
    if (node.replica.halted) throw new Refusal('halted', node.replica.halted)
    const fault = clockFault?.()
    if (fault) throw new Refusal('clock-apart', `${fault} Nothing was signed.`)
    return signChecked(own, make)
  }

  /** What `submit` would refuse now, found by doing the same up to where something is kept; nothing where it would not. */
  const foresee = (own: Own, make: Make<Order>): Promise<Refusal | undefined> =>
    inTurn(async () => {
      try {
        const { incoming } = await signed(own, make)
        await spending.foresee(incoming.id, incoming.op)
        return undefined
      } catch (error) {
        if (error instanceof Refusal) return error
        throw error
      }
    })

  /**
   * Make, sign, keep, and gossip an operation. It is made (and a message priced) in the turn in which it is signed, so that
   * no other op of ours comes in between, and so that together they cannot pass the day’s limit. Throws Refusal where the
   * node would not take it, or the limit is reached; then nothing is kept.
   */
  const submit = <Made extends Order>(own: Own, make: Make<Made>): Promise<Made & { readonly outgoing: Outgoing }> =>
    inTurn(async () => {
      const { made, incoming } = await signed(own, make)
      const outgoing = outgoingOf(own, made, incoming)
      const { id, bytes } = outgoing
      const counted = made.isOwed ? [] : await spending.count(id, incoming.op)
      const used = usesPass(made.action) ? [cabinet.putUse(own.address, replica.head.sealed.header.epoch)] : []
      await cabinet.write([...cabinet.putOutgoing(outgoing), ...counted, ...used, ...(made.alongside?.(id) ?? [])])
      const submitted = await node.submit(bytes, made.parcel?.envelope)
      if (!submitted.ok) logger.debug({ reason: submitted.reason }, 'an operation will be submitted again')
      return { ...made, outgoing }
    })

  /** What is on its way, of one account or all, in the order of nonces. */
  async function open(account?: Uint8Array): Promise<Outgoing[]> {
    const all: Outgoing[] = []
    for await (const outgoing of cabinet.openOutgoing())
      if (!account || equalBytes(outgoing.account, account)) all.push(outgoing)
    return all.sort((a, b) => Number(nonceOf(a) - nonceOf(b)))
  }

  /** What is to be done for an op; it is given up where it gives back what another device of ours has given back. */
  async function next(outgoing: Outgoing): Promise<Again | undefined> {
    const again = await retry(outgoing)
    const owed = again && (await answeredBy(cabinet, outgoing.first))
    if (owed?.amount !== 0n) return again
    const givenUp: Outgoing = { ...outgoing, state: 'refused', note: 'given back by another device of yours' }
    const corrected = await spending.correct(outgoing.first, undefined)
    await cabinet.write([...cabinet.putOutgoing(givenUp), cabinet.dropOwed(owed), ...corrected])
    await onChange(givenUp)
    return undefined
  }

  /** Submit or sign again what an account has on its way, as it stands by now. */
  const retryAll = (account: Uint8Array): Promise<void> =>
    inTurn(async () => {
      for (const outgoing of await open(account)) await (await next(outgoing))?.()
    })

  return {
    submit,
    foresee,
    /** Submit what does not depend on the nonce that it is signed under. Throws Refusal as `submit` does. */
    act: async (own: Own, action: Action, amounts?: Amounts): Promise<Submitted> =>
      submittedOf((await submit(own, () => ({ action, ...(amounts && { amounts }) }))).outgoing),
    /** What may still be spent within the limit of a day; nothing where there is none. */
    allowance: (): Promise<bigint | undefined> => inTurn(spending.allowance),
    /** Look after everything that is on its way. What is to be sent again is, for each account at a moment of its own. */
    round: (): Promise<void> =>
      inTurn(async () => {
        for (const outgoing of await open()) {
          const again = await next(outgoing)
          const { account } = outgoing
          if (again) moments.draw(`retry ${bytesToHex(account)}`, { toMs: againMs }, () => retryAll(account))
        }
      }),
    /** What became of an op of ours, followed through signing again. */
    async state(id: Uint8Array): Promise<Submitted> {
      let latest = await cabinet.outgoing(id)
      if (!latest) throw new Refusal('not-found', 'This mailbox has no operation with this id.')
      for (let steps = 0; latest.state === 'superseded'; steps++) {
        const { supersededBy }: Outgoing = latest
        const next: Outgoing | undefined = supersededBy && (await cabinet.outgoing(supersededBy))
        assert(next !== undefined && steps < formsMax, 'what was superseded leads to what became of it')
        latest = next
      }
      const { state } = latest
      const note = state === 'submitted' ? waitingNote(node, latest) : latest.note
      return { opId: bytesToHex(latest.id), state, note, batchHeight: latest.height?.toString() ?? null }
    },
  }
}

/** Ops that may still be settled: those that wait here, and ours, which the outbox submits again after a restart. */
export async function opsOnTheirWay({
  pending,
  cabinet,
}: {
  readonly pending: Pick<Pending, 'list'>
  readonly cabinet: Pick<Cabinet, 'openOutgoing'>
}): Promise<Op[]> {
  const ops = pending.list().map(({ op }) => op)
  for await (const { bytes } of cabinet.openOutgoing()) ops.push(SignedOp.decode(bytes).op)
  return ops
}

/** Whether an action is one for which a pass is worth having: then its pseudonym counts as in use. */
const usesPass = ({ TAG }: Action): boolean => TAG === 'send' || TAG === 'ack'

/** An op that was signed for the first time. */
const outgoingOf = (
  { address }: Own,
  { parcel }: Order,
  { id, bytes }: { readonly id: Uint8Array; readonly bytes: Uint8Array },
): Outgoing => ({
  id,
  account: address,
  bytes,
  message: parcel,
  state: 'submitted',
  note: '',
  height: undefined,
  supersededBy: undefined,
  first: id,
})

const nonceOf = ({ bytes }: Outgoing): bigint => SignedOp.decode(bytes).op.nonce

/** What an op that is on its way waits for. */
function waitingNote({ inclusionPromises, seams, host }: Options['node'], { id }: Outgoing): string {
  if (inclusionPromises.get(id)) return 'the host has taken it; waiting for the next batch'
  return seams.network.peers().length === 0 && !host
    ? 'waiting for a peer; it is sent when one is found'
    : 'waiting for the host'
}
