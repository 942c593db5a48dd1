/** Amounts as people see and type them, in the coin of one network. */
import { door } from '../node/daemon/door.ts'
import type { Coin } from '../protocol/rules.ts'
import type { Client } from './client.ts'
import type { Invocation } from './command.ts'
import { UsageError } from './errors.ts'

const { amountText, readAmount, sayWhich } = await door.amounts()

/** How amounts of a network are shown, and read. */
export type Money = {
  /** An amount in the smallest unit, in coins: “7.65 mail”. */
  readonly shown: (amount: bigint | string) => string
  /** What was typed for something, in the smallest unit as the API has it. Throws UsageError. */
  readonly read: (text: string, what: string) => string
}

/**
 * Of a coin. A bare number is in coins, as amounts are shown. Beside --json, where every amount of an answer is in the smallest
 * unit, so is a whole number, and one with a point has to say of what it is.
 */
export const moneyIn = (coin: Coin, { json }: Pick<Invocation, 'json'>): Money => ({
  shown: (amount) => amountText(amount, coin),
  read(text, what) {
    const read = readAmount(text, coin)
    if (!read.ok) throw new UsageError(`${what} ${read.why}.`)
    if (!json || read.isNamed) return String(read.value)
    if (read.bare === undefined)
      throw new UsageError(
        `${what} is “${text}”, and amounts beside --json are in the smallest unit. ${sayWhich(text, coin)}`,
      )
    return String(read.bare)
  },
})

/** Of the network that a daemon is on. */
export const moneyOf = async (context: Pick<Invocation, 'json'>, api: Pick<Client, 'status'>): Promise<Money> =>
  moneyIn((await api.status()).network.coin, context)

/** Under the help of every command that takes an amount. */
export const amountHelp =
  '\nAmounts are in coins of the network, as they are shown: 7.65, or “7.65 mail”. So many of the smallest unit are “7650 units”. Beside --json a whole number is in the smallest unit, as all amounts of the answer are.'
