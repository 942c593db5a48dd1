/**
 * What letters paid us that were never delivered: what they paid is spent all the same, and whoever reads here got nothing
 * for it to read. So it is owed to the sender, and what the log shows of that is kept: what came, until as much went back.
 * The log alone says it, so it says the same to another device of ours, and after a restart.
 */
import { equalBytes } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import { type Author, type Payment, readMoney } from '../../protocol/money.ts'
import { nameOf } from '../../protocol/operations.ts'
import { opIdOfSigned } from '../../protocol/wire.ts'
import type { Wallet } from '../keys/wallet.ts'
import type { Write } from '../ledger/store.ts'
import type { Cabinet, Owed } from './cabinet.ts'

type Options = {
  readonly context: Pick<Context, 'network' | 'rules'>
  readonly wallet: Pick<Wallet, 'find'>
  readonly cabinet: Pick<Cabinet, 'owed' | 'allOwed' | 'putOwed' | 'dropOwed'>
}

/** An entry of a batch that paid: its bytes, and whether it counted. */
export type Paid = { readonly bytes: Uint8Array; readonly delivered: boolean }

/** What an entry paid, whom, and what it is called. */
type Reading = {
  readonly id: Uint8Array
  readonly author: Author
  readonly lines: readonly Payment[]
  readonly name: string
}

/** Gives the function that says what the entries of one batch change of what we owe. What it gives is to be one write. */
export function createOwedReader({ context, wallet, cabinet }: Options) {
  const { network, rules } = context

  function read(bytes: Uint8Array): Reading | undefined {
    const paying = readMoney(bytes)
    if (!paying.ok) return undefined
    const { part, money } = paying.value
    const { author, lines } = money
    const name = nameOf(part.kind)
    return author && name ? { id: opIdOfSigned(network, bytes), author, lines, name } : undefined
  }

  /**
   * What is owed for a letter that was not delivered. It all comes out of what it brought, the fee for giving it back too;
   * where that would take more than it leaves, nothing is.
   */
  async function broughtBy({ id, author, lines }: Reading): Promise<Owed[]> {
    const owed: Owed[] = []
    if (wallet.find(author.account)) return owed
    for (const { address: own, amount: got, from } of lines) {
      const amount = got - rules.inclusionFee
      if (from !== 'funds' || amount < rules.inclusionFee || amount <= 0n || !wallet.find(own)) continue
      if (!(await cabinet.owed(id, own))) owed.push({ op: id, own, sender: author.account, amount, answer: undefined })
    }
    return owed
  }

  return async (paid: readonly Paid[]): Promise<Write[]> => {
    const before: Owed[] = []
    for await (const one of cabinet.allOwed()) before.push(one)
    let open = before
    for (const { bytes, delivered } of paid) {
      const reading = read(bytes)
      if (reading?.name === 'send' && !delivered) open = [...open, ...(await broughtBy(reading))]
      if (reading?.name === 'transfer') open = without(open, reading)
    }
    return [
      ...open.filter((one) => !before.includes(one)).map(cabinet.putOwed),
      ...before.filter((one) => !open.includes(one)).map(cabinet.dropOwed),
    ]
  }
}

/** What is owed after a payment, which is for one at most: for one that we answered, where there is any. */
function without(open: readonly Owed[], { author, lines: [line] }: Reading): Owed[] {
  const isFor = ({ own, sender, amount }: Owed): boolean =>
    equalBytes(own, author.account) && line?.amount === amount && equalBytes(sender, line.address)
  const paid = open.find((one) => isFor(one) && one.answer) ?? open.find(isFor)
  return open.filter((one) => one !== paid)
}
