/** What people can ask about their mail: its price, to send it, to judge it, and the receipt for it. Reading it is `letter-service.ts`. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { encodeAddress } from '../../protocol/address.ts'
import { equalBytes } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import type { Action } from '../../protocol/operations.ts'
import { pairKey } from '../../protocol/pair.ts'
import { metaKey } from '../../protocol/state.ts'
import type { Verdict } from '../../protocol/words.ts'
import type { Cabinet, Letter } from './cabinet.ts'
import type { KeyOf } from './epoch-key.ts'
import { arriving, type FindLetter } from './find-letter.ts'
import type { Wallet } from '../keys/wallet.ts'
import type { Replica } from '../ledger/replica.ts'
import { isBlank } from '../letter/printable.ts'
import type { LetterReader } from '../letter/reader.ts'
import type { Letters } from './letters.ts'
import type { Outbox } from './outbox.ts'
import type { Pending } from '../peers/pending.ts'
import type { Prepare, Prepared } from './prepare.ts'
import { messageOrHandle, type PreparedMessages, unknownHandle } from './prepared.ts'
import type { Pricing } from './pricing.ts'
import { receiptView } from './receipts.ts'
import type { Order } from './signing.ts'
import type { ReaderView } from '../priced.ts'
import {
  Refusal,
  refusalOf,
  type SendRequest,
  type Service,
  type Submitted,
  type Summary,
  type WholeMessage,
} from '../service.ts'
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
  readonly outbox: Pick<Outbox, 'submit' | 'foresee'>
  readonly letters: Pick<Letters, 'list'>
  readonly reader: Pick<LetterReader, 'ownHead'>
  readonly prepare: Prepare
  readonly prepared: PreparedMessages
  readonly pricing: Pricing
  readonly keyOf: KeyOf
  readonly find: FindLetter
  readonly summaries: Summaries
  readonly returns: Pick<Returns, 'afterVerdict' | 'afterAnswer' | 'byHand'>
  readonly tell: (letter: Letter) => Promise<void>
}

export function createMailService({ node, wallet, cabinet, outbox, letters, reader, ...parts }: Options) {
  const { prepare, prepared, pricing, keyOf, find, summaries, returns, tell } = parts
  const summaryOf = async (letter: Letter): Promise<Summary> => (await summaries([letter]))[0]!

  /** The message itself is sealed now; one that was quoted is sent as it was sealed then. Throws Refusal. */
  async function sealedFor(request: SendRequest): Promise<Prepared> {
    const asked = messageOrHandle(request)
    if (typeof asked !== 'string') {
      refuseEmpty(asked)
      return prepare.prepare(asked)
    }
    const kept = prepared.take(asked)
    const ready = kept && (await prepare.upToDate(kept))
    if (!ready) throw unknownHandle()
    return ready
  }

  /** What is written with an answer so that what the letter brought goes back. Throws Refusal where it answers none of ours. */
  async function goingBack({ answers, giveBack }: SendRequest, { own, recipients, automatic }: Prepared) {
    if (answers === undefined) {
      if (giveBack === undefined) return () => []
      throw new Refusal('bad-request', 'Nothing can go back with it, as it answers no letter. Name that as `answers`.')
    }
    const letter = await find(answers)
    needReader(letter)
    if (equalBytes(letter.own, own.address) && recipients.some((recipient) => equalBytes(recipient, letter.sender)))
      return returns.afterAnswer(letter, automatic ? (giveBack ?? false) : giveBack)
    const who = `from ${encodeAddress(letter.own)} to ${encodeAddress(letter.sender)}`
    throw new Refusal('bad-request', `It is no answer to that letter. One goes ${who}.`)
  }

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
    async quote(message) {
      refuseEmpty(message)
      const sealed = await prepare.prepare(message)
      refuseRepeated(sealed)
      const { quoted } = await pricing.price(sealed)
      const wish = { subject: '', refuseAbove: message.refuseAbove, insist: true }
      const refusal =
        (await outbox.foresee(sealed.own, () => pricing.order(sealed, wish))) ?? pricing.tooManyUnanswered(quoted)
      return {
        ...quoted,
        prepared: prepared.keep(sealed),
        refusal: refusal ? { code: refusal.code, sentence: refusal.message } : null,
      }
    },
    async send(request) {
      const sealed = await sealedFor(request)
      const { own, recipients, packed } = sealed
      const { subject } = await reader.ownHead({ parties: { sender: own.address, recipients }, packed })
      const { refuseAbove, insist = false } = request
      const goesBack = await goingBack(request, sealed)
      const ordered = await outbox.submit(sealed.own, async () => {
        const order = await pricing.order(sealed, { subject, refuseAbove, insist })
        return { ...order, alongside: (id: Uint8Array) => [...order.alongside(id), ...goesBack(id)] }
      })
      const { id } = ordered.outgoing
      const letter = ordered.letterOf(id)
      await tell(letter)
      return { message: await summaryOf(letter), opId: bytesToHex(id), quote: ordered.quoted }
    },
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

/** That there is something in a message. Throws Refusal. */
function refuseEmpty({ raw }: Pick<WholeMessage, 'raw'>): void {
  if (raw.length <= blankTextMax && isBlank(Buffer.from(raw, 'base64').toString('latin1')))
    throw new Refusal('empty', 'The message is empty. Give it a text, a subject or an attachment.')
}

/** What the protocol would refuse once it is signed is not quoted. */
function refuseRepeated({ recipients }: Pick<Prepared, 'recipients'>): void {
  if (new Set(recipients.map(bytesToHex)).size < recipients.length) throw refusalOf('recipient-repeated')
}

/** Above it, in base64, a message is not looked at: nobody writes so much of nothing. */
const blankTextMax = 64 * 1024

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

/** That a letter came to us. Throws Refusal. */
function needReader({ folder }: Letter): void {
  if (folder !== 'inbox')
    throw new Refusal('not-recipient', 'This is a message that you sent; its readers say what it was worth.')
}
