/** What people can ask about their mail: its price, to send it, to read it, to judge it, and the receipt for it. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { encodeAddress } from '../../protocol/address.ts'
import type { Context } from '../../protocol/context.ts'
import type { Action } from '../../protocol/operations.ts'
import type { Verdict } from '../../protocol/words.ts'
import type { Cabinet, Letter } from './cabinet.ts'
import type { KeyOf } from './epoch-key.ts'
import { arriving, bodyOf, type FindLetter } from './find-letter.ts'
import type { Wallet } from '../keys/wallet.ts'
import type { Replica } from '../ledger/replica.ts'
import { isBlank } from '../letter/printable.ts'
import type { LetterReader } from '../letter/reader.ts'
import type { Body } from '../letter/work.ts'
import type { Letters } from './letters.ts'
import type { Outbox } from './outbox.ts'
import type { Pending } from '../peers/pending.ts'
import type { Prepare, Prepared } from './prepare.ts'
import { messageOrHandle, type PreparedMessages, unknownHandle } from './prepared.ts'
import type { Pricing } from './pricing.ts'
import { receiptView } from './receipts.ts'
import { SealError } from '../seal/error.ts'
import { Refusal, refusalOf, type SendRequest, type Service, type Summary, type WholeMessage } from '../service.ts'
import { latestFirst, type Summaries } from './summaries.ts'
import { namesOf, shownOf } from './views.ts'

type Options = {
  readonly node: {
    readonly context: Context
    readonly replica: Pick<Replica, 'view' | 'receipt'>
    readonly pending: Pick<Pending, 'list'>
  }
  readonly wallet: Pick<Wallet, 'find' | 'pick'>
  readonly cabinet: Pick<Cabinet, 'body' | 'contacts'>
  readonly outbox: Pick<Outbox, 'submit' | 'act'>
  readonly letters: Pick<Letters, 'list' | 'opened'>
  readonly reader: Pick<LetterReader, 'ownHead' | 'read' | 'unpack'>
  readonly prepare: Prepare
  readonly prepared: PreparedMessages
  readonly pricing: Pricing
  readonly keyOf: KeyOf
  readonly find: FindLetter
  readonly summaries: Summaries
  readonly tell: (letter: Letter) => Promise<void>
}

/** How many letters are given out piece by piece at one time: each is in memory until somebody has read all of it. */
const streamsMax = 8
const pieceBytes = 64 * 1024

/** What is wrong with a message. Any other failure is thrown again. */
function flawOf(error: unknown): SealError {
  if (error instanceof SealError) return error
  throw error
}

export function createMailService({ node, wallet, cabinet, outbox, letters, reader, ...parts }: Options) {
  const { prepare, prepared, pricing, keyOf, find, summaries, tell } = parts
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

  /** A letter that can be read. Throws Refusal. */
  async function opened(id: string): Promise<{ letter: Letter; body: Body }> {
    const letter = await find(id)
    const body = await bodyOf(cabinet, letter)
    if (!body) throw new Refusal('not-ready', `The message cannot be read yet: ${letter.note}.`)
    return { letter, body }
  }

  let streaming = 0
  async function* pieces(content: Uint8Array): AsyncGenerator<Uint8Array> {
    streaming++
    try {
      for (let at = 0; at < content.length; at += pieceBytes) yield content.subarray(at, at + pieceBytes)
    } finally {
      streaming--
    }
  }

  return {
    async quote(message) {
      refuseEmpty(message)
      const sealed = await prepare.prepare(message)
      // What the protocol would refuse once it is signed is not quoted.
      if (new Set(sealed.recipients.map(bytesToHex)).size < sealed.recipients.length)
        throw refusalOf('recipient-repeated')
      const { quoted } = await pricing.price(sealed)
      return { ...quoted, prepared: prepared.keep(sealed) }
    },
    async send(request) {
      const sealed = await sealedFor(request)
      const { own, recipients, packed } = sealed
      const { subject } = await reader.ownHead({ parties: { sender: own.address, recipients }, packed })
      const { refuseAbove } = request
      const ordered = await outbox.submit(sealed.own, () => pricing.order(sealed, { subject, refuseAbove }))
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
    async message({ id }) {
      const letter = await find(id)
      const body = await bodyOf(cabinet, letter)
      const content = body && (await reader.unpack(body).catch(flawOf))
      if (!content || content instanceof SealError) return { summary: await summaryOf(letter), raw: null }
      await letters.opened(letter)
      return {
        summary: await summaryOf(letter),
        raw: Buffer.from(content.buffer as ArrayBuffer, content.byteOffset, content.length).toString('base64'),
      }
    },
    async raw({ id }) {
      if (streaming >= streamsMax) throw refusalOf('queue-full')
      const { letter, body } = await opened(id)
      const content = await reader.unpack(body).catch(flawOf)
      if (content instanceof SealError) throw new Refusal('not-found', `The message cannot be read: ${content.message}`)
      await letters.opened(letter)
      return pieces(content)
    },
    async shown({ id }) {
      const { letter, body } = await opened(id)
      const page = await reader.read(body)
      if (page.flaw === undefined) await letters.opened(letter)
      return shownOf(page)
    },
    async ack({ id, verdict, giveBack }) {
      const letter = await find(id)
      const action = await verdictOn({ replica: node.replica, keyOf }, letter, {
        verdict,
        giveBack: BigInt(giveBack ?? 0),
      })
      return outbox.act(wallet.pick(encodeAddress(letter.own)), action)
    },
    async giveBack({ id, amount }) {
      const letter = await find(id)
      needReader(letter)
      if (amount === '0') throw new Refusal('bad-request', 'The amount is 0. Name what is to be given back.')
      const data = { message: letter.id, sender: letter.sender, amount: BigInt(amount) }
      return outbox.act(wallet.pick(encodeAddress(letter.own)), { TAG: 'giveBack', data })
    },
    async receipt({ id }) {
      const letter = await find(id)
      const receipt = letter.opId && (await node.replica.receipt(letter.opId))
      if (!receipt) throw refusalOf('message-unknown')
      return receiptView(node.context, { receipt, message: letter.id, names: namesOf(await cabinet.contacts()) })
    },
  } satisfies Partial<Service>
}

/** That there is something in a message. Throws Refusal. */
function refuseEmpty({ raw }: Pick<WholeMessage, 'raw'>): void {
  if (raw.length <= blankTextMax && isBlank(Buffer.from(raw, 'base64').toString('latin1')))
    throw new Refusal('empty', 'The message is empty. Give it a text, a subject or an attachment.')
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

/** That a letter came to us. Throws Refusal. */
function needReader({ folder }: Letter): void {
  if (folder !== 'inbox')
    throw new Refusal('not-recipient', 'This is a message that you sent; its readers say what it was worth.')
}
