/** What people can ask about their mail: its price, to send it, to read it, to judge it, and the receipt for it. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { base64 } from '@scure/base'
import { encodeAddress } from '../../protocol/address.ts'
import type { Context } from '../../protocol/context.ts'
import type { Action } from '../../protocol/operations.ts'
import type { Verdict } from '../../protocol/words.ts'
import type { Cabinet, Letter } from './cabinet.ts'
import type { KeyOf } from './epoch-key.ts'
import { arriving, contentOf, type FindLetter } from './find-letter.ts'
import type { Wallet } from '../keys/wallet.ts'
import type { Replica } from '../ledger/replica.ts'
import type { LetterReader } from '../letter/reader.ts'
import type { Letters } from './letters.ts'
import type { Outbox } from './outbox.ts'
import type { Pending } from '../peers/pending.ts'
import type { Prepare, Prepared } from './prepare.ts'
import { messageOrHandle, type PreparedMessages, unknownHandle } from './prepared.ts'
import type { Pricing } from './pricing.ts'
import { receiptView } from './receipts.ts'
import { Refusal, refusalOf, type SendRequest, type Service } from '../service.ts'
import { namesOf, shownOf, summaryOf } from './views.ts'

type Options = {
  readonly node: {
    readonly context: Context
    readonly replica: Pick<Replica, 'view' | 'receipt'>
    readonly pending: Pick<Pending, 'list'>
  }
  readonly wallet: Pick<Wallet, 'find' | 'pick'>
  readonly cabinet: Pick<Cabinet, 'content' | 'contacts'>
  readonly outbox: Pick<Outbox, 'submit' | 'act'>
  readonly letters: Pick<Letters, 'list' | 'opened'>
  readonly reader: Pick<LetterReader, 'read'>
  readonly prepare: Prepare
  readonly prepared: PreparedMessages
  readonly pricing: Pricing
  readonly keyOf: KeyOf
  readonly find: FindLetter
  readonly tell: (letter: Letter) => void
}

export function createMailService({ node, wallet, cabinet, outbox, letters, reader, ...parts }: Options) {
  const { prepare, prepared, pricing, keyOf, find, tell } = parts

  /** The message itself is sealed now; one that was quoted is sent as it was sealed then. Throws Refusal. */
  async function sealedFor(request: SendRequest): Promise<Prepared> {
    const asked = messageOrHandle(request)
    if (typeof asked !== 'string') return prepare.prepare(asked)
    const kept = prepared.take(asked)
    const ready = kept && (await prepare.upToDate(kept))
    if (!ready) throw unknownHandle()
    return ready
  }

  return {
    async quote(message) {
      const sealed = await prepare.prepare(message)
      const { quoted } = await pricing.price(sealed)
      return { ...quoted, prepared: prepared.keep(sealed) }
    },
    async send(request) {
      const sealed = await sealedFor(request)
      const { subject } = await reader.read(sealed.content)
      const { feeMax } = request
      const ordered = await outbox.submit(sealed.own, () => pricing.order(sealed, { subject, feeMax }))
      const { id } = ordered.outgoing
      const letter = ordered.letterOf(id)
      tell(letter)
      return { message: summaryOf(letter), opId: bytesToHex(id), quote: ordered.quoted }
    },
    async messages({ folder }) {
      const coming = folder === 'inbox' ? arriving({ pending: node.pending, wallet }) : []
      return [...coming, ...(await letters.list(folder))].map(summaryOf)
    },
    async message({ id }) {
      const letter = await find(id)
      const content = await contentOf(cabinet, letter)
      if (content) await letters.opened(letter)
      return { summary: summaryOf(letter), raw: content ? base64.encode(content) : null }
    },
    async shown({ id }) {
      const letter = await find(id)
      const content = await contentOf(cabinet, letter)
      if (!content) throw new Refusal('not-ready', `The message cannot be read yet: ${letter.note}.`)
      return shownOf(await reader.read(content))
    },
    async ack({ id, verdict }) {
      const letter = await find(id)
      const action = await verdictOn({ replica: node.replica, keyOf }, letter, verdict)
      return outbox.act(wallet.pick(encodeAddress(letter.own)), action)
    },
    async receipt({ id }) {
      const letter = await find(id)
      const receipt = letter.opId && (await node.replica.receipt(letter.opId))
      if (!receipt) throw refusalOf('message-unknown')
      return receiptView(node.context, { receipt, message: letter.id, names: namesOf(await cabinet.contacts()) })
    },
  } satisfies Partial<Service>
}

/** The op that says what a letter was worth to us. Throws Refusal where that is not ours to say. */
async function verdictOn(
  { replica, keyOf }: { readonly replica: Pick<Replica, 'view'>; readonly keyOf: KeyOf },
  { id: message, folder, sender, own }: Letter,
  verdict: Verdict,
): Promise<Action> {
  if (folder !== 'inbox')
    throw new Refusal('not-recipient', 'This is a message that you sent; its readers say what it was worth.')
  const settled = (await replica.view([{ table: 'messages', key: message }])).read('messages', message)
  if (!settled) throw refusalOf('message-unknown')
  const data = { message, sender, senderKey: settled.epochKey, verdict, epochKey: await keyOf(own) }
  return { TAG: 'ack', data }
}
