/** Making and signing operations of ours: under the next free nonce, and again where a batch came in between. */
import type { Context } from '../../protocol/context.ts'
import { costOf } from '../../protocol/custody.ts'
import type { Incoming } from '../../protocol/doorway.ts'
import { signedOpBytesMax } from '../../protocol/money.ts'
import type { Amounts } from '../../protocol/money.ts'
import type { Reason } from '../../protocol/reason.ts'
import type { Account } from '../../protocol/state.ts'
import type { Action } from '../../protocol/operations.ts'
import { moneyOfOp, plainAmounts, SignedOp } from '../../protocol/wire.ts'
import { amountText } from '../amount.ts'
import type { Outgoing } from './cabinet.ts'
import { createExpiryOf, endsWith } from './expiry.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Write } from '../ledger/store.ts'
import type { Own, Wallet } from '../keys/wallet.ts'
import type { Node } from '../peers/node.ts'
import type { Pending } from '../peers/pending.ts'
import type { Clock } from '../seams.ts'
import { Refusal, refusalOf } from '../service.ts'

/** What travels with a send: its id, its envelope, and the lock key that its sender keeps. */
type Parcel = NonNullable<Outgoing['message']>

/** What is to be signed; with a send what travels with it; and what is to be on disk with it before it leaves. */
export type Order = {
  readonly action: Action
  /** What it pays, where a price says that; else what it has to by the rules. */
  readonly amounts?: Amounts
  /** What of that is the fee of a message, which leaves out what carrying it burns. */
  readonly fee?: bigint
  /** Until when it may be settled, in milliseconds since 1970, where it is priced until then. */
  readonly expiry?: bigint
  readonly parcel?: Parcel
  /** That it passes on what came in for nothing. Then it is none of its owner's spending, and no limit holds it up. */
  readonly isOwed?: boolean
  readonly alongside?: (id: Uint8Array) => readonly Write[]
}

/** Makes an order for the nonce that it will be signed under. */
export type Make<Made extends Order> = (nonce: bigint) => Made | Promise<Made>

/** An account as the ledger has it, and the nonce that its next op is signed under. */
type Turn = { readonly account: Account | undefined; readonly nonce: bigint }

export type Signing = ReturnType<typeof createSigning>

/**
 * Refusals of an op that was overtaken: between its making and its check a batch arrived, which changed the nonce or the
 * price. The op is made and signed again at once, with the new ones.
 */
const overtaken: ReadonlySet<Reason> = new Set(['nonce-gap', 'nonce-pending', 'nonce-used', 'price-short'])
const signTriesMax = 8

/** Whether a refusal says that an account has too little. */
const isShort = (reason: Reason): reason is 'funds-short' | 'reserve-short' =>
  reason === 'funds-short' || reason === 'reserve-short'

type Options = {
  readonly node: {
    readonly context: Context
    readonly replica: Pick<Replica, 'view'>
    readonly pending: Pick<Pending, 'nextNonce' | 'of'>
    readonly seams: { readonly clock: Pick<Clock, 'now'> }
    readonly check: Node['check']
  }
  readonly wallet: Pick<Wallet, 'signOp'>
}

export function createSigning({ node, wallet }: Options) {
  const { context, replica, pending, check } = node
  const expiryOf = createExpiryOf(node)

  async function next({ address }: Own): Promise<Turn> {
    const account = await accountOf(replica, address)
    return { account, nonce: pending.nextNonce(address, account?.nonce ?? 0n) }
  }

  async function sign(
    own: Own,
    { account, nonce }: Turn,
    { action, amounts, ...order }: Pick<Order, 'action' | 'amounts' | 'expiry'>,
  ): Promise<Uint8Array> {
    const latest = await expiryOf(endsWith(action))
    const expiry = order.expiry !== undefined && order.expiry < latest ? order.expiry : latest
    const named = amounts ?? plainAmounts(context.rules, action)
    return wallet.signOp(context.network, account, own, { nonce, expiry, ...named, action })
  }

  /** That there is too little for an op, with the numbers, and what would be enough. */
  function shortOf(
    code: 'funds-short' | 'reserve-short',
    { account }: Turn,
    { own: { address }, bytes }: { own: Own; bytes: Uint8Array },
  ): Refusal {
    const costs = costOf(moneyOfOp(SignedOp.decode(bytes).op))
    const funds = account?.funds ?? 0n
    const waiting = pending.of(address).reduce((sum, { money }) => sum + costOf(money), 0n)
    const { reserve, coin } = context.rules
    const shown = (amount: bigint): string => amountText(amount, coin)
    const left = funds - waiting - reserve
    const lacks = `It takes ${shown(costs)} in all, and there are ${shown(left > 0n ? left : 0n)} to spend under this address: it holds ${shown(funds)}, of which ${shown(reserve)} stay as its reserve, and ${shown(waiting)} are promised to what waits.`
    return new Refusal(code, `${lacks} ${shown(costs - left)} more would be enough; receive them first, or send less.`)
  }

  return {
    /** Sign an order under a nonce, whatever the node would say to it. */
    sign: async (own: Own, nonce: bigint, order: Pick<Order, 'action' | 'amounts' | 'expiry'>): Promise<Uint8Array> =>
      sign(own, { account: await accountOf(replica, own.address), nonce }, order),
    /** Make and sign what the node would take. Throws Refusal where it would not. */
    async signChecked<Made extends Order>(own: Own, make: Make<Made>): Promise<{ made: Made; incoming: Incoming }> {
      for (let tries = 1; ; tries++) {
        const turn = await next(own)
        const made = await make(turn.nonce)
        const bytes = await sign(own, turn, made)
        if (bytes.length > signedOpBytesMax) throw refusalOf('too-large')
        const read = await check(bytes, made.parcel?.envelope)
        if (read.ok) return { made, incoming: read.value }
        if (tries < signTriesMax && overtaken.has(read.reason)) continue
        throw isShort(read.reason) ? shortOf(read.reason, turn, { own, bytes }) : refusalOf(read.reason)
      }
    },
  }
}

/** An account as the latest batch left it; nothing where the ledger has none. */
export async function accountOf(replica: Pick<Replica, 'view'>, address: Uint8Array): Promise<Account | undefined> {
  return (await replica.view([{ table: 'accounts', key: address }])).read('accounts', address)
}
