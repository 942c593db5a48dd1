/**
 * Stamps of ours, with nothing on disk that could be lost: the secret of each comes from the recovery phrase by its number,
 * the ledger shows by its note that it was bought, and by its nullifier that it was redeemed.
 */
import type { Context } from '../../protocol/context.ts'
import { networkField, stampNullifierOf } from '../../protocol/identity.ts'
import { fieldKey } from '../../protocol/state.ts'
import type { Own, Wallet } from '../keys/wallet.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Sales } from '../ledger/sales.ts'
import type { Cabinet } from '../mailbox/cabinet.ts'
import type { Outbox } from '../mailbox/outbox.ts'
import type { Order } from '../mailbox/signing.ts'
import { submittedOf } from '../mailbox/views.ts'
import type { Node } from '../peers/node.ts'
import type { Pending } from '../peers/pending.ts'
import { Refusal, type Stamp, type Submitted } from '../service.ts'
import { type Bought, createStampNumbers, gap } from './stamp-numbers.ts'

/** Says what is to become of a stamp that is held; nothing where nothing is. */
type Fate = (number: number) => Promise<string | undefined>

export type Stamps = ReturnType<typeof createStamps>

type Options = {
  readonly node: {
    readonly context: Pick<Context, 'network'>
    readonly replica: Pick<Replica, 'view'>
    readonly pending: Pick<Pending, 'list'>
    readonly sales: Pick<Sales, 'of'>
    readonly synced: Node['synced']
  }
  readonly wallet: Pick<Wallet, 'stampSecret'>
  readonly cabinet: Pick<Cabinet, 'openOutgoing'>
  readonly outbox: Pick<Outbox, 'submit'>
}

export function createStamps({ node, wallet, cabinet, outbox }: Options) {
  const { context, pending, replica, sales } = node
  const network = networkField(context.network)
  const numbers = createStampNumbers({ replica, pending, wallet, cabinet })

  const nullifierOf = (number: number): bigint => stampNullifierOf(wallet.stampSecret(number), network)

  async function isRedeemed(number: number): Promise<boolean> {
    const key = fieldKey(nullifierOf(number))
    return (await replica.view([{ table: 'spent', key }])).read('spent', key) !== undefined
  }

  async function boughtStamp({ number, denomination }: Bought, fateOf: Fate): Promise<Stamp> {
    const state = (await isRedeemed(number)) ? 'redeemed' : 'held'
    const note = (state === 'held' && (await fateOf(number))) || ''
    return { number, denomination: String(denomination), state, note, setSize: sales.of(denomination) }
  }

  const comingStamp = ([number, denomination]: readonly [number, bigint]): Stamp => ({
    number,
    denomination: String(denomination),
    state: 'on its way',
    note: 'it is settled with one of the next batches',
    setSize: sales.of(denomination),
  })

  return {
    nullifierOf,
    isRedeemed,
    find: numbers.find,
    /** All of ours. */
    async list(fateOf: Fate): Promise<Stamp[]> {
      const { held, open } = await numbers.survey()
      const stamps = await Promise.all(held.map((stamp) => boughtStamp(stamp, fateOf)))
      return [...stamps, ...[...open].map(comingStamp)].sort((a, b) => a.number - b.number)
    },
    /** Buy a stamp under a number that is not used. Throws Refusal. */
    async buy(own: Own, denomination: bigint): Promise<Submitted> {
      if (!node.synced())
        throw new Refusal('not-ready', 'This node is catching up, and cannot tell yet which of your stamps are bought.')
      // In the turn in which it is signed, so that no two purchases of this device take one number. Where another device
      // took it in the same moment, the ledger refuses the second, and its sentence says to buy again.
      const make = async (): Promise<Order> => {
        const { open } = await numbers.survey()
        if (open.size >= gap)
          throw new Refusal('not-ready', `${open.size} stamps are on their way already. Wait until they are settled.`)
        const note = numbers.noteAt(numbers.free(open))
        return { action: { TAG: 'stampBuy', data: { denomination, note } } }
      }
      return submittedOf((await outbox.submit(own, make)).outgoing)
    },
  }
}
