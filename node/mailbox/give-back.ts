/**
 * Giving back, without being asked, what letters paid us that were never delivered. It is an ordinary payment of as much to
 * the sender, at a moment of its own, and signed once: what is owed is kept with what was signed for it, in one write.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { equalBytes } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import type { Wallet } from '../keys/wallet.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Logger } from '../logger.ts'
import type { Moments } from '../moments.ts'
import type { Pending } from '../peers/pending.ts'
import { Refusal } from '../service.ts'
import type { Cabinet, Owed } from './cabinet.ts'
import type { Outbox } from './outbox.ts'

/** Each goes back within so many batch intervals, and within a quarter of an epoch. */
const withinIntervals = 300
const partOfEpoch = 4

type Options = {
  readonly node: {
    readonly context: Pick<Context, 'rules'>
    readonly replica: Pick<Replica, 'head'>
    readonly pending: Pick<Pending, 'of'>
    readonly synced: () => boolean
  }
  readonly wallet: Pick<Wallet, 'find'>
  readonly cabinet: Pick<Cabinet, 'cursor' | 'owed' | 'allOwed' | 'putOwed'>
  readonly outbox: Pick<Outbox, 'submit'>
  readonly moments: Pick<Moments, 'draw'>
  readonly logger: Logger
}

/** Gives the function that gives everything that is owed and not answered its moment. */
export function createGiveBack({ node, wallet, cabinet, outbox, moments, logger }: Options) {
  const { context, replica, pending, synced } = node
  const { batchIntervalMs, epochMs } = context.rules
  const span = { toMs: Math.min(withinIntervals * batchIntervalMs, Number(epochMs) / partOfEpoch) }

  /** Whether the log was read to its end: before that it may show later that it went back. */
  const isRead = async (): Promise<boolean> =>
    synced() && (await cabinet.cursor()) === replica.head.sealed.header.height

  /** Whether a payment of as much is on its way, from here or from another device of ours. */
  const isOnItsWay = ({ own, sender, amount }: Owed): boolean =>
    pending
      .of(own)
      .some(
        ({ op: { action } }) =>
          action.TAG === 'transfer' && action.data.amount === amount && equalBytes(action.data.to, sender),
      )

  async function giveBack({ op, own }: Owed): Promise<void> {
    const [owed, from] = [await cabinet.owed(op, own), wallet.find(own)]
    if (!owed || owed.answer || !from || !(await isRead()) || isOnItsWay(owed)) return
    const { sender: to, amount } = owed
    try {
      await outbox.submit(from, () => ({
        action: { TAG: 'transfer', data: { to, amount } },
        alongside: (answer) => [cabinet.putOwed({ ...owed, answer })],
      }))
      logger.debug({}, 'giving back what a letter paid that was not delivered')
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      logger.debug({ code: error.code }, 'what a letter paid that was not delivered cannot be given back now')
    }
  }

  return async (): Promise<void> => {
    if (!(await isRead())) return
    for await (const owed of cabinet.allOwed())
      if (!owed.answer)
        moments.draw(`give back ${bytesToHex(owed.op)} ${bytesToHex(owed.own)}`, span, () => giveBack(owed))
  }
}
