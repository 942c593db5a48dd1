/** What people can ask about their money: to pay somebody, to buy and redeem stamps, and what became of an operation. */
import { hexToBytes } from '@noble/hashes/utils.js'
import type { Redemptions } from '../identity/redemptions.ts'
import type { Stamps } from '../identity/stamps.ts'
import { resolveAddress, type Wallet } from '../keys/wallet.ts'
import type { Cabinet } from '../mailbox/cabinet.ts'
import type { Outbox } from '../mailbox/outbox.ts'
import type { Service } from '../service.ts'

type Options = {
  readonly wallet: Pick<Wallet, 'pick'>
  readonly cabinet: Pick<Cabinet, 'contacts'>
  readonly outbox: Pick<Outbox, 'act' | 'state'>
  readonly stamps: Pick<Stamps, 'list' | 'buy'>
  readonly redemptions: Pick<Redemptions, 'redeem' | 'noteOf'>
}

export function createMoneyService({ wallet, cabinet, outbox, stamps, redemptions }: Options) {
  return {
    async transfer({ from, to, amount }) {
      const own = wallet.pick(from)
      const data = { to: resolveAddress(to, await cabinet.contacts()), amount: BigInt(amount) }
      return outbox.act(own, { TAG: 'transfer', data })
    },
    stamps: async () => stamps.list(redemptions.noteOf),
    buyStamp: async ({ from, denomination }) => stamps.buy(wallet.pick(from), BigInt(denomination)),
    redeemStamp: async ({ number, to }) => redemptions.redeem(number, wallet.pick(to)),
    operation: async ({ opId }) => outbox.state(hexToBytes(opId)),
  } satisfies Partial<Service>
}
