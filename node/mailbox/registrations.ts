/**
 * Registering addresses of ours that have funds and cannot be written to yet, or giving them the key that they lack, without being asked. Each has a moment of its
 * own: registered together they would be seen to be one person's. The first of a mailbox, without which nobody can write to
 * it at all, is registered soon; the others hide among what everybody does in a longer time.
 */
import { balanceOf } from '../../protocol/account.ts'
import type { Context } from '../../protocol/context.ts'
import type { Own, Wallet } from '../keys/wallet.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Logger } from '../logger.ts'
import type { Moments, Span } from '../moments.ts'
import type { Pending } from '../peers/pending.ts'
import type { Clock } from '../seams.ts'
import { Refusal } from '../service.ts'
import type { Outbox } from './outbox.ts'
import { lackOf } from './lack.ts'
import { registrationOf } from './pseudonym-service.ts'
import { accountOf } from './signing.ts'

/** The first is registered within so many batch intervals. */
const firstWithin = 2
/** Every other within so many, and within a quarter of an epoch. */
const othersWithin = 1_200
const partOfEpoch = 4
/** Two are so far apart at least: batch intervals, and milliseconds. */
const apartIntervals = 2
const apartMs = 2_000

/** Refusals that are no failure: it is tried again, and what is in the way is told by itself. */
const passing: ReadonlySet<Refusal['code']> = new Set(['over-daily-limit', 'clock-apart', 'halted'])

type Options = {
  readonly context: Pick<Context, 'rules'>
  readonly replica: Pick<Replica, 'view'>
  readonly pending: Pick<Pending, 'count'>
  readonly wallet: Pick<Wallet, 'own' | 'keys'>
  readonly outbox: Pick<Outbox, 'act'>
  readonly clock: Pick<Clock, 'monotonic'>
  readonly moments: Pick<Moments, 'draw'>
  readonly logger: Logger
}

export function createRegistrations(options: Options) {
  const { context, replica, pending, wallet, outbox, clock, moments, logger } = options
  const { rules } = context
  const spanOf = (intervals: number): Span => ({
    toMs: Math.min(intervals * rules.batchIntervalMs, Number(rules.epochMs) / partOfEpoch),
  })
  const apart = Math.max(apartIntervals * rules.batchIntervalMs, apartMs)
  /** Addresses, as text, that could not be registered the last time. */
  const failed = new Set<string>()
  let lastAt = Number.NEGATIVE_INFINITY

  /** Whether an address can be written to, or is about to be; nothing where it has no funds for that. */
  async function isUnderWay({ address }: Own): Promise<boolean | undefined> {
    if (pending.count(address) > 0 || !(await lackOf(replica, address))) return true
    const account = await accountOf(replica, address)
    return account && balanceOf(rules, account) >= rules.inclusionFee ? false : undefined
  }

  async function register(own: Own): Promise<void> {
    // The next round gives it another moment.
    if ((await isUnderWay(own)) !== false || clock.monotonic() < lastAt + apart) return
    lastAt = clock.monotonic()
    try {
      await outbox.act(own, await registrationOf(wallet, own, await lackOf(replica, own.address)))
      failed.delete(own.text)
      logger.debug({}, 'registering a pseudonym that has funds')
    } catch (error) {
      if (error instanceof Refusal && passing.has(error.code)) return
      failed.add(own.text)
      logger.warn({ err: error }, 'a pseudonym that has funds could not be registered; it is tried again')
    }
  }

  return {
    /** Give every address that can be registered its moment. */
    async round(): Promise<void> {
      const states = await Promise.all(wallet.own.map(isUnderWay))
      const open = wallet.own.filter((_, at) => states[at] === false)
      const hasNone = !states.includes(true)
      // Those that failed make way for the others.
      const first = open.find(({ text }) => !failed.has(text)) ?? open[0]
      for (const own of open)
        moments.draw(own.text, spanOf(hasNone && own === first ? firstWithin : othersWithin), () => register(own))
    },
    /** That something could not be registered the last time. */
    failing: (): readonly string[] => (failed.size > 0 ? ['register a pseudonym'] : []),
  }
}
