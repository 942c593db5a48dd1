/** What people can ask about their mail: to judge it, to give back what it brought, and the receipt for it. Reading it is `letter-service.ts`. */
import { encodeAddress } from '../../protocol/address.ts'
import type { Context } from '../../protocol/context.ts'
import type { Action } from '../../protocol/operations.ts'
import { pairKey } from '../../protocol/pair.ts'
import { metaKey } from '../../protocol/state.ts'
import type { Verdict } from '../../protocol/words.ts'
import type { Cabinet, Letter } from './cabinet.ts'
import type { KeyOf } from './epoch-key.ts'
import { arriving, type FindLetter, needReader } from './find-letter.ts'
import type { Wallet } from '../keys/wallet.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Letters } from './letters.ts'
import type { Outbox } from './outbox.ts'
import type { Pending } from '../peers/pending.ts'
import { receiptView } from './receipts.ts'
import type { Order } from './signing.ts'
import type { ReaderView } from '../priced.ts'
import { Refusal, refusalOf, type Service, type Submitted, type Summary } from '../service.ts'
import type { Returns } from './returns.ts'
import { latestFirst, type Summaries } from './summaries.ts'
import { readerView } from './unanswered.ts'
import { namesOf, submittedOf } from './views.ts'

type Options = {
  readonly node: {
    readonly context: Context
    readonly replica: Pick<Replica, 'view' | 'receipt'>
    readonly pending: Pick<Pending, 'list'>
  }
  readonly wallet: Pick<Wallet, 'find' | 'pick'>
  readonly cabinet: Pick<Cabinet, 'contacts'>
  readonly outbox: Pick<Outbox, 'submit'>
  readonly letters: Pick<Letters, 'list'>
  readonly keyOf: KeyOf
  readonly find: FindLetter
  readonly summaries: Summaries
  readonly returns: Pick<Returns, 'afterVerdict' | 'byHand'>
}

export function createMailService({ node, wallet, cabinet, outbox, letters, ...parts }: Options) {
  const { keyOf, find, summaries, returns } = parts
  const summaryOf = async (letter: Letter): Promise<Summary> => (await summaries([letter]))[0]!

  /** Submit what its reader does with a letter; `alongside` says in that turn what is written with it. Throws Refusal. */
  async function act(
    { own }: Letter,
    action: Action,
    alongside: () => Promise<Order['alongside']>,
  ): Promise<Submitted> {
    const made = async () => ({ action, alongside: (await alongside())! })
    return submittedOf((await outbox.submit(wallet.pick(encodeAddress(own)), made)).outgoing)
  }

  return {
    async messages({ folder }) {
      const coming = folder === 'inbox' ? arriving({ pending: node.pending, wallet }) : []
      return latestFirst(await summaries([...coming, ...(await letters.list(folder))]))
    },
    summary: async ({ id }) => summaryOf(await find(id)),
    async ack({ id, verdict, giveBack }) {
      const letter = await find(id)
      const said = { verdict, giveBack: BigInt(giveBack ?? 0) }
      const action = await verdictOn({ replica: node.replica, keyOf }, letter, said)
      return act(letter, action, async () => {
        if (said.giveBack > 0n) await returns.byHand(letter)
        return returns.afterVerdict(letter, said)
      })
    },
    async giveBack({ id, amount }) {
      const letter = await find(id)
      needReader(letter)
      if (amount === '0') throw new Refusal('bad-request', 'The amount is 0. Name what is to be given back.')
      const data = { message: letter.id, sender: letter.sender, amount: BigInt(amount) }
      return act(letter, { TAG: 'giveBack', data }, () => returns.byHand(letter))
    },
    async receipt({ id }) {
      const letter = await find(id)
      const receipt = letter.opId && (await node.replica.receipt(letter.opId))
      if (!receipt) throw refusalOf('message-unknown')
      const names = namesOf(await cabinet.contacts())
      const readers = await readersOf(node, letter)
      return receiptView(node.context, { receipt, message: letter.id, names, readers })
    },
  } satisfies Partial<Service>
}

/** The op that says what a letter was worth to us. Throws Refusal where that is not ours to say. */
async function verdictOn(
  { replica, keyOf }: { readonly replica: Pick<Replica, 'view'>; readonly keyOf: KeyOf },
  letter: Letter,
  said: { readonly verdict: Verdict; readonly giveBack: bigint },
): Promise<Action> {
  needReader(letter)
  const { id: message, sender, own } = letter
  const settled = (await replica.view([{ table: 'messages', key: message }])).read('messages', message)
  if (!settled) throw refusalOf('message-unknown')
  const data = { message, sender, senderKey: settled.epochKey, ...said, epochKey: await keyOf(own) }
  return { TAG: 'ack', data }
}

/** The recipients of a letter as the ledger has them now. */
async function readersOf(
  { replica, context }: Options['node'],
  { sender, recipients }: Letter,
): Promise<readonly ReaderView[]> {
  const view = await replica.view([
    { table: 'meta', key: metaKey },
    ...recipients.flatMap((key) => [
      { table: 'readers', key } as const,
      { table: 'pairs', key: pairKey(sender, key) } as const,
    ]),
  ])
  return recipients.map((recipient) => readerView(context.rules, view, { sender, recipient }))
}
