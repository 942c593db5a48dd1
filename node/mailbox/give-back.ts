/**
 * Giving back, without being asked, what letters paid us that were never delivered. It is an ordinary payment of as much to
 * the sender, at a moment of its own: what is owed is kept with what was signed for it, in one write, and another is signed
 * only where that one was refused. It is no spending of its owner's, as all of it came in with the letter.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Context } from '../../protocol/context.ts'
import type { Rules } from '../../protocol/rules.ts'
import type { Wallet } from '../keys/wallet.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Logger } from '../logger.ts'
import type { Moments, Span } from '../moments.ts'
import { Refusal, refusalOf } from '../service.ts'
import type { Cabinet, Owed } from './cabinet.ts'
import type { Outbox } from './outbox.ts'
import { isGivenUp, isNextOnLedger } from './owed.ts'

const withinIntervals = 300
const partOfEpoch = 4

/** Within so many batch intervals, and within a quarter of an epoch. */
export const soonIn = ({ batchIntervalMs, epochMs }: Pick<Rules, 'batchIntervalMs' | 'epochMs'>): Span => ({
  toMs: Math.min(withinIntervals * batchIntervalMs, Number(epochMs) / partOfEpoch),
})

type Options = {
  readonly node: {
    readonly context: Pick<Context, 'rules'>
    readonly replica: Pick<Replica, 'head' | 'view'>
    readonly synced: () => boolean
  }
  readonly wallet: Pick<Wallet, 'find'>
  readonly cabinet: Pick<
    Cabinet,
    'cursor' | 'owed' | 'allOwed' | 'putOwed' | 'dropOwed' | 'forms' | 'outgoing' | 'write'
  >
  readonly outbox: Pick<Outbox, 'submit'>
  readonly moments: Pick<Moments, 'draw'>
  readonly logger: Logger
}

/** Gives the function that gives everything that is owed and not answered its moment. */
export function createGiveBack({ node, wallet, cabinet, outbox, moments, logger }: Options) {
  const { context, replica, synced } = node
  const span = soonIn(context.rules)

  /** Whether nothing was signed for it, or nothing that is tried again. */
  const isOpen = async ({ answer }: Owed): Promise<boolean> => !answer || isGivenUp(cabinet, answer)

  async function giveBack({ op, own }: Owed): Promise<void> {
    const from = wallet.find(own)
    if (!from || !synced()) return
    try {
      await outbox.submit(from, async (nonce) => {
        const isNext = await isNextOnLedger({ replica, cabinet }, { own, nonce })
        const owed = await cabinet.owed(op, own)
        // Another round gives it another moment, where it is still owed.
        if (!isNext || !owed || owed.amount === 0n || !(await isOpen(owed))) throw refusalOf('nonce-pending')
        const { sender: to, amount } = owed
        return {
          action: { TAG: 'transfer', data: { to, amount } },
          isOwed: true,
          alongside: (answer) => [cabinet.putOwed({ ...owed, answer })],
        }
      })
      logger.debug({}, 'giving back what a letter paid that was not delivered')
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      logger.debug({ code: error.code }, 'what a letter paid that was not delivered cannot be given back now')
    }
  }

  return async (): Promise<void> => {
    if (!synced()) return
    for await (const owed of cabinet.allOwed()) {
      if (!(await isOpen(owed))) continue
      if (owed.amount === 0n) await cabinet.write([cabinet.dropOwed(owed)])
      else moments.draw(`give back ${bytesToHex(owed.op)} ${bytesToHex(owed.own)}`, span, () => giveBack(owed))
    }
  }
}
