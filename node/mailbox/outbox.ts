/**
 * Operations of ours: signed, kept on disk before they leave, sent again until they are settled, and signed again where
 * another device took their nonce or they expired. A message keeps its id through all of that, so it is paid once.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { equalBytes } from '../../protocol/codec.ts'
import { type Incoming, signedOpBytesMax } from '../../protocol/doorway.ts'
import type { Reason } from '../../protocol/reason.ts'
import type { Account } from '../../protocol/state.ts'
import type { Action } from '../../protocol/operations.ts'
import { opId, SignedOp } from '../../protocol/wire.ts'
import type { Cabinet, Outgoing } from './cabinet.ts'
import type { KeyOf } from './epoch-key.ts'
import type { Logger } from '../logger.ts'
import type { Node } from '../peers/node.ts'
import { sentences } from '../sentences.ts'
import { Refusal, refusalOf, type Submitted } from '../service.ts'
import type { Write } from '../ledger/store.ts'
import type { Own, Wallet } from '../keys/wallet.ts'

/** What travels with a send: its id, its envelope, and the lock key that its sender keeps. */
export type Parcel = NonNullable<Outgoing['message']>

/** What is to be signed; with a send what travels with it; and what is to be on disk with it before it leaves. */
export type Order = {
  readonly action: Action
  readonly parcel?: Parcel
  readonly alongside?: (id: Uint8Array) => readonly Write[]
}

export type Outbox = ReturnType<typeof createOutbox>

/** Reasons that pass by themselves: the op stays and is tried again. */
const passing: ReadonlySet<Reason> = new Set([
  'nonce-gap',
  'nonce-pending',
  'nonce-used',
  'expired',
  'expiry-too-far',
  'queue-full',
  'envelope-missing',
  'message-pending',
  'reserve-short',
])

/** Reasons that making and signing anew answers at once. */
const moving: ReadonlySet<Reason> = new Set(['nonce-gap', 'nonce-pending', 'nonce-used', 'over-maximum'])
const signTriesMax = 8

/** How long after its expiry a message is signed anew: by then every node has let go of the one that expired. */
const letGoMs = 5_000

type Options = {
  readonly node: Node
  readonly wallet: Wallet
  readonly cabinet: Cabinet
  readonly logger: Logger
  readonly keyOf: KeyOf
  /** Told when an op is settled, refused, or waits for a new reason. */
  readonly onChange: (outgoing: Outgoing) => Promise<void>
}

export function createOutbox({ node, wallet, cabinet, logger, keyOf, onChange }: Options) {
  const { context, pending, replica, store, seams } = node
  let turn: Promise<unknown> = Promise.resolve()

  /** One after the other, so that two ops never take one nonce. */
  function inTurn<T>(task: () => Promise<T>): Promise<T> {
    const next = turn.then(task)
    turn = next.catch(() => undefined)
    return next
  }

  async function accountOf(address: Uint8Array): Promise<Account | undefined> {
    return (await replica.view([{ table: 'accounts', key: address }])).read('accounts', address)
  }

  async function next({ address }: Own): Promise<{ account: Account | undefined; nonce: bigint }> {
    const account = await accountOf(address)
    return { account, nonce: pending.nextNonce(address, account?.nonce ?? 0n) }
  }

  function sign(own: Own, { account, nonce }: Awaited<ReturnType<typeof next>>, action: Action): Uint8Array {
    // Half of what the rules allow, so that a clock that is a little ahead does no harm.
    const expiry = BigInt(seams.clock.now() + Math.floor(context.rules.expiryMaxMs / 2))
    return wallet.signOp(context.network, account, own, { nonce, expiry, action })
  }

  async function put(outgoing: Outgoing, more: readonly Write[] = []): Promise<void> {
    await cabinet.write([...cabinet.putOutgoing(outgoing), ...more])
    await onChange(outgoing)
  }

  /** Make and sign what the node would take. Throws Refusal where it would not. */
  async function signChecked<Made extends Order>(
    own: Own,
    make: (nonce: bigint) => Made | Promise<Made>,
  ): Promise<{ made: Made; incoming: Incoming }> {
    for (let tries = 1; ; tries++) {
      const at = await next(own)
      const made = await make(at.nonce)
      const bytes = sign(own, at, made.action)
      if (bytes.length > signedOpBytesMax) throw refusalOf('too-large')
      const read = await node.check(bytes, made.parcel?.envelope)
      if (read.ok) return { made, incoming: read.value }
      // A batch came in between, and nonce and price are others now.
      if (tries < signTriesMax && moving.has(read.reason)) continue
      throw refusalOf(read.reason)
    }
  }

  /** Submit again what is not settled yet; sign it anew where its nonce or its time is gone. */
  async function retry(outgoing: Outgoing): Promise<void> {
    const { op } = SignedOp.decode(outgoing.bytes)
    // Read before its outcome is looked for, so that a nonce which is used by then is somebody else's doing.
    const used = (await accountOf(op.account))?.nonce ?? 0n
    const outcome = await store.outcome(outgoing.id)
    if (outcome) return finish(outgoing, outcome.height, outcome.outcome.result)
    for (const id of await otherForms(outgoing)) if (await finishAs(id, outgoing)) return
    if (pending.has(outgoing.id)) return
    const own = wallet.find(op.account)
    if (!own) return
    if (outgoing.message) {
      const record = (await replica.view([{ table: 'messages', key: outgoing.message.id }])).read(
        'messages',
        outgoing.message.id,
      )
      if (record)
        return put({ ...outgoing, state: 'settled', height: record.height, note: 'settled by another device of yours' })
    }
    const now = BigInt(seams.clock.now())
    if (op.nonce === pending.nextNonce(op.account, used) && op.expiry > now) return submit(outgoing)
    // A message has an id and is paid once, however often it is signed. Anything else could be done twice, so it waits
    // until what was signed can be in no batch any more: another has its nonce, or its time is over by every clock.
    const waitMs = outgoing.message ? letGoMs : letGoMs + context.rules.clockSkewMs
    const isOver = op.nonce < used || op.expiry + BigInt(waitMs) < now
    const isAstray = outgoing.message !== undefined && op.expiry > now
    if (isOver || isAstray) await signAgain(outgoing, own, op.action)
  }

  /** The ids that an op has besides this one, from being signed again. */
  async function otherForms({ id, first }: Outgoing): Promise<Uint8Array[]> {
    return (await cabinet.forms(first)).filter((other) => !equalBytes(other, id))
  }

  async function submit(outgoing: Outgoing): Promise<void> {
    const submitted = await node.submit(outgoing.bytes, outgoing.message?.envelope)
    if (!submitted.ok && !passing.has(submitted.reason))
      await put({ ...outgoing, state: 'refused', note: sentences[submitted.reason] })
  }

  /** On disk before it leaves, as the first time. */
  async function signAgain(outgoing: Outgoing, own: Own, was: Action): Promise<void> {
    // The epoch may be another one, and a message keeps its id under any pass.
    const epochKey = was.TAG === 'send' ? await keyOf(own.address) : undefined
    const action: Action = was.TAG === 'send' ? { TAG: 'send', data: { ...was.data, epochKey } } : was
    const bytes = sign(own, await next(own), action)
    const again = { ...outgoing, id: opId(context.network, SignedOp.decode(bytes).op), bytes }
    await put({ ...outgoing, state: 'superseded', supersededBy: again.id }, [
      ...cabinet.putOutgoing(again),
      cabinet.putForms([...(await cabinet.forms(outgoing.first)), again.id]),
    ])
    await onChange(again)
    logger.info({ op: bytesToHex(again.id) }, 'signed an operation again: its nonce or its time was gone')
    await submit(again)
  }

  /** While we were cut off, the host may have settled what we took for lost: then the later form is given up. */
  async function finishAs(id: Uint8Array, later: Outgoing): Promise<boolean> {
    const outcome = await store.outcome(id)
    const earlier = outcome && (await cabinet.outgoing(id))
    if (!earlier) return false
    await cabinet.write(cabinet.putOutgoing({ ...later, state: 'superseded', supersededBy: id }))
    await finish(earlier, outcome.height, outcome.outcome.result)
    return true
  }

  async function finish(outgoing: Outgoing, height: bigint, result: { TAG: string; data: object }): Promise<void> {
    const reason = result.TAG === 'refused' ? (result.data as { reason: Reason }).reason : undefined
    const note = reason ? sentences[reason] : `settled in batch ${height}`
    await put({ ...outgoing, state: reason ? 'refused' : 'settled', height, note, supersededBy: undefined })
  }

  return {
    accountOf,
    /**
     * Make, sign, keep, and gossip an operation. It is made (and a message priced) in the turn in which it is signed, so that
     * no other op of ours comes in between. Throws Refusal where the node would not take it; then nothing is kept.
     */
    submit: <Made extends Order>(
      own: Own,
      make: (nonce: bigint) => Made | Promise<Made>,
    ): Promise<Made & { readonly outgoing: Outgoing }> =>
      inTurn(async () => {
        if (replica.halted) throw new Refusal('halted', replica.halted)
        const { made, incoming } = await signChecked(own, make)
        const { id, bytes } = incoming
        const outgoing: Outgoing = {
          id,
          account: own.address,
          bytes,
          message: made.parcel,
          state: 'submitted',
          note: '',
          height: undefined,
          supersededBy: undefined,
          first: id,
        }
        await cabinet.write([...cabinet.putOutgoing(outgoing), ...(made.alongside?.(id) ?? [])])
        const submitted = await node.submit(bytes, made.parcel?.envelope)
        if (!submitted.ok) logger.debug({ reason: submitted.reason }, 'an operation will be submitted again')
        return { ...made, outgoing }
      }),
    /** Look after everything that is on its way. */
    round: (): Promise<void> =>
      inTurn(async () => {
        const open: Outgoing[] = []
        for await (const outgoing of cabinet.openOutgoing()) open.push(outgoing)
        const nonceOf = ({ bytes }: Outgoing) => SignedOp.decode(bytes).op.nonce
        open.sort((a, b) => Number(nonceOf(a) - nonceOf(b)))
        for (const outgoing of open) await retry(outgoing)
      }),
    /** What became of an op of ours, followed through signing again. */
    async state(id: Uint8Array): Promise<Submitted> {
      let latest = await cabinet.outgoing(id)
      if (!latest) throw new Refusal('not-found', 'This mailbox has no operation with this id.')
      while (latest.state === 'superseded') latest = (await cabinet.outgoing(latest.supersededBy!))!
      const { state } = latest
      const note = state === 'submitted' ? waitingNote(latest) : latest.note
      return { opId: bytesToHex(latest.id), state, note, batchHeight: latest.height?.toString() ?? null }
    },
  }

  function waitingNote({ id }: Outgoing): string {
    if (node.promises.get(id)) return 'the host has taken it; waiting for the next batch'
    return seams.network.peers().length === 0 && !node.host
      ? 'waiting for a peer; it is sent when one is found'
      : 'waiting for the host'
  }
}
