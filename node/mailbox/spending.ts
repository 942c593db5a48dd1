/**
 * What leaves our accounts, held under what its owner allows for a day: the 24 hours before now, whatever the calendar
 * says, so that no midnight doubles it. An operation counts from when it is signed, at what it says; and
 * not at all once it is known that it never settles. Kept on disk, so that a restart forgets none.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Outcome } from '../../protocol/batch.ts'
import { equalBytes } from '../../protocol/codec.ts'
import { costOf } from '../../protocol/custody.ts'
import type { Payment } from '../../protocol/money.ts'
import type { Coin } from '../../protocol/rules.ts'
import { moneyOfOp, type Op } from '../../protocol/wire.ts'
import { amountText } from '../amount.ts'
import type { Cabinet, Spent } from './cabinet.ts'
import type { Wallet } from '../keys/wallet.ts'
import type { Write } from '../ledger/store.ts'
import { Refusal } from '../service.ts'

const dayMs = 86_400_000n

export type Spending = ReturnType<typeof createSpending>

type Options = {
  /** Milliseconds since 1970. Where it goes back, what was spent goes on to count. */
  readonly now: () => number
  readonly coin: Coin
  readonly wallet: Pick<Wallet, 'find'>
  readonly cabinet: Pick<Cabinet, 'spent' | 'putSpent' | 'dropSpent'>
  /** In the smallest unit; null for no limit. */
  readonly perDay: bigint | null
}

/** Its functions are called in the turn in which an op is signed or looked after, and what they give is written there. */
export function createSpending({ now, coin, wallet, cabinet, perDay }: Options) {
  let loaded: Map<string, Spent> | undefined
  const all = async (): Promise<Map<string, Spent>> => (loaded ??= await load(cabinet))

  /** What of an op leaves us, and what else counts now. Throws Refusal where together that is more than a day may take. */
  async function within(first: Uint8Array, op: Op): Promise<{ amount: bigint; over: readonly Spent[] }> {
    const [entries, time] = [await all(), BigInt(now())]
    // Signed while the clock was ahead: it counts for a day from now on, and not until that time comes.
    for (const [id, spent] of entries) if (spent.at > time) entries.set(id, { ...spent, at: time })
    const counts = ({ at }: Spent): boolean => at + dayMs > time
    const amount = leaving(op, wallet)
    const others = [...entries.values()].filter((one) => !equalBytes(one.first, first))
    if (perDay !== null) guard(perDay, { amount, before: others.filter(counts), coin })
    return { amount, over: [...entries.values()].filter((one) => !counts(one)) }
  }

  return {
    /**
     * Count an op that is signed, in the place of what it was signed as before, if it was; gives what is to be written with
     * it. Throws Refusal where it costs more than is left. Where it could not be written, it counts until the daemon starts again.
     */
    async count(first: Uint8Array, op: Op): Promise<Write[]> {
      const { amount, over } = await within(first, op)
      const [entries, time] = [await all(), BigInt(now())]
      for (const one of over) entries.delete(bytesToHex(one.first))
      const spent: Spent = { first, at: time, amount }
      entries.set(bytesToHex(first), spent)
      const gone = over.filter((one) => !equalBytes(one.first, first))
      return [...gone.map((one) => cabinet.dropSpent(one.first)), cabinet.putSpent(spent)]
    },
    /** The same refusal, where nothing is signed in earnest. */
    async foresee(first: Uint8Array, op: Op): Promise<void> {
      await within(first, op)
    },
    /** What may still be spent now; nothing where there is no limit. */
    async allowance(): Promise<bigint | undefined> {
      if (perDay === null) return undefined
      const since = BigInt(now()) - dayMs
      const left = perDay - sumOf([...(await all()).values()].filter(({ at }) => at > since))
      return left > 0n ? left : 0n
    },
    /** Put right what an op was counted for, now that it is known: `result` is nothing where no batch has it. */
    async correct(first: Uint8Array, result: Outcome['result'] | undefined): Promise<Write[]> {
      const entries = await all()
      const spent = entries.get(bytesToHex(first))
      const amount = spent && costOfResult(result)
      if (!spent || amount === undefined || amount === spent.amount) return []
      const corrected = { ...spent, amount }
      entries.set(bytesToHex(first), corrected)
      return [cabinet.putSpent(corrected)]
    },
  }
}

async function load(cabinet: Options['cabinet']): Promise<Map<string, Spent>> {
  const entries = new Map<string, Spent>()
  for await (const spent of cabinet.spent()) entries.set(bytesToHex(spent.first), spent)
  return entries
}

/** What an op takes from us. What comes to another name of ours, or into a stamp of ours, has not left. */
function leaving(op: Op, wallet: Options['wallet']): bigint {
  const money = moneyOfOp(op)
  if (!money.author) return 0n
  const isOwn = ({ address, from }: Payment): boolean => from === 'funds' && wallet.find(address) !== undefined
  const kept = money.lines.filter(isOwn).reduce((sum, { amount }) => sum + amount, 0n)
  const stamp = money.deed.kind === 'stamp-buy' ? money.deed.denomination : 0n
  const cost = costOf(money) - kept - stamp
  return cost > 0n ? cost : 0n
}

/** What an op came to; nothing where that is what it was counted for. */
const costOfResult = (result: Outcome['result'] | undefined): bigint | undefined =>
  !result || result.TAG === 'void' ? 0n : undefined

function guard(
  perDay: bigint,
  { amount, before, coin }: { amount: bigint; before: readonly Spent[]; coin: Coin },
): void {
  const spent = sumOf(before)
  if (spent + amount <= perDay) return
  const raise = 'Raise spendPerDay and start the daemon again if it cannot wait.'
  const what = `This costs ${amountText(amount, coin)}; spendPerDay allows ${amountText(perDay, coin)} within 24 hours, of which ${amountText(spent, coin)} are spent or promised.`
  throw new Refusal('over-daily-limit', `${what} ${roomText(perDay - amount, before)} Nothing was paid. ${raise}`)
}

/** When so many of the oldest have ceased to count that at most `most` still do. */
function roomText(most: bigint, before: readonly Spent[]): string {
  if (most < 0n) return 'That is less than this alone.'
  const oldest = [...before].sort((a, b) => Number(a.at - b.at))
  const last = oldest.find((_, index) => sumOf(oldest.slice(index + 1)) <= most)!
  // To the minute, and then it has ceased.
  const time = new Date(Number(last.at + dayMs) + 59_999).toISOString().slice(0, 16).replace('T', ' ')
  return `There is room for it from ${time} UTC on.`
}

const sumOf = (entries: readonly Spent[]): bigint => entries.reduce((sum, { amount }) => sum + amount, 0n)
