/** What people can ask before a message of theirs is on its way: its price, and that it is sent, once. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { encodeAddress } from '../../protocol/address.ts'
import { equalBytes } from '../../protocol/codec.ts'
import type { Letter } from './cabinet.ts'
import { type FindLetter, needReader } from './find-letter.ts'
import { isBlank } from '../letter/printable.ts'
import type { LetterReader } from '../letter/reader.ts'
import type { Outbox } from './outbox.ts'
import type { Prepare, Prepared } from './prepare.ts'
import { messageOrHandle, type PreparedMessages, unknownHandle } from './prepared.ts'
import type { Pricing, Wish } from './pricing.ts'
import type { Price } from '../priced.ts'
import type { Returns } from './returns.ts'
import type { SentOnce } from './sent-once.ts'
import type { SendRequest, WholeMessage } from '../sending.ts'
import { Refusal, refusalOf, type Sent, type Service } from '../service.ts'
import type { Summaries } from './summaries.ts'

type Options = {
  readonly outbox: Pick<Outbox, 'submit' | 'foresee'>
  readonly reader: Pick<LetterReader, 'ownHead'>
  readonly prepare: Prepare
  readonly prepared: PreparedMessages
  readonly pricing: Pricing
  readonly find: FindLetter
  readonly summaries: Summaries
  readonly returns: Pick<Returns, 'afterAnswer'>
  readonly sentOnce: Pick<SentOnce, 'inTurn' | 'before' | 'beforeBy' | 'checkFree' | 'keeping'>
  readonly tell: (letter: Letter) => Promise<void>
}

export function createSendingService({ outbox, reader, prepare, prepared, pricing, ...parts }: Options) {
  const { find, summaries, returns, sentOnce, tell } = parts

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

  /** Makes what is signed for a sealed message, where nothing was sent, or may be, for the same request. Throws Refusal. */
  const ordering = (sealed: Prepared, wish: SendRequest, how: Wish) => {
    const asking = { ...wish, asked: sealed.asked }
    return async (nonce: bigint) => {
      const own = sealed.own.address
      await sentOnce.checkFree(asking, { own, nonce })
      const order = await pricing.order(sealed, how)
      const kept = await sentOnce.keeping(asking)
      const message = sealed.sealed.messageId
      return {
        ...order,
        alongside: (op: Uint8Array) => [...order.alongside(op), ...kept({ message, own, op, price: order.quoted })],
      }
    }
  }

  /** Sign and submit a message that was not sent yet. Throws Refusal. */
  async function sendFirst(sealed: Prepared, request: SendRequest): Promise<Sent> {
    const { own, recipients, packed } = sealed
    const { subject } = await reader.ownHead({ parties: { sender: own.address, recipients }, packed })
    const { refuseAbove, insist = false } = request
    const goesBack = await goingBack(request, sealed)
    const make = ordering(sealed, request, { subject, refuseAbove, insist })
    const ordered = await outbox.submit(own, async (nonce) => {
      const order = await make(nonce)
      return { ...order, alongside: (id: Uint8Array) => [...order.alongside(id), ...goesBack(id)] }
    })
    const { id } = ordered.outgoing
    const letter = ordered.letterOf(id)
    await tell(letter)
    return { message: (await summaries([letter]))[0]!, opId: bytesToHex(id), quote: ordered.quoted, repeated: false }
  }

  /** Sign and submit a message, or answer as the first time. Its caller has the turn. Throws Refusal. */
  const sendOnce = async (sealed: Prepared, request: SendRequest): Promise<Sent> =>
    (await sentOnce.before({ ...request, asked: sealed.asked })) ?? (await sendFirst(sealed, request))

  /** The same for one that was quoted: it is sent as it was sealed then, and its handle is good for it once. */
  async function sendQuoted(handle: string, request: SendRequest): Promise<Sent> {
    const kept = prepared.take(handle)
    const ready = kept && (await prepare.upToDate(kept))
    if (ready) return sendOnce(ready, request)
    const first = await sentOnce.beforeBy(handle)
    if (first) return first
    throw unknownHandle()
  }

  /** What sending a message would come to now: the answer of the first time, or a refusal, or neither. */
  async function foreseen(
    sealed: Prepared,
    message: WholeMessage,
    quoted: Price,
  ): Promise<{ readonly alreadySent: Sent | null; readonly refusal: Refusal | undefined }> {
    try {
      const alreadySent = await sentOnce.before({ ...message, asked: sealed.asked })
      if (alreadySent) return { alreadySent, refusal: undefined }
    } catch (error) {
      if (error instanceof Refusal) return { alreadySent: null, refusal: error }
      throw error
    }
    const make = ordering(sealed, message, { subject: '', refuseAbove: message.refuseAbove, insist: true })
    const refusal = (await outbox.foresee(sealed.own, make)) ?? pricing.tooManyUnanswered(quoted)
    return { alreadySent: null, refusal }
  }

  return {
    async quote(message) {
      refuseEmpty(message)
      refuseKeyAndAgain(message)
      const sealed = await prepare.prepare(message)
      refuseRepeated(sealed)
      const { quoted } = await pricing.price(sealed)
      const { alreadySent, refusal } = await foreseen(sealed, message, quoted)
      return {
        ...quoted,
        prepared: prepared.keep(sealed),
        refusal: refusal ? { code: refusal.code, sentence: refusal.message } : null,
        alreadySent,
      }
    },
    async send(request) {
      refuseKeyAndAgain(request)
      const asked = messageOrHandle(request)
      if (typeof asked === 'string') return sentOnce.inTurn(() => sendQuoted(asked, request))
      refuseEmpty(asked)
      const sealed = await prepare.prepare(asked)
      return sentOnce.inTurn(() => sendOnce(sealed, request))
    },
  } satisfies Partial<Service>
}

/** That there is something in a message. Throws Refusal. */
function refuseEmpty({ raw }: Pick<WholeMessage, 'raw'>): void {
  if (raw.length <= blankTextMax && isBlank(Buffer.from(raw, 'base64').toString('latin1')))
    throw new Refusal('empty', 'The message is empty. Give it a text, a subject or an attachment.')
}

/** Two wishes that exclude each other. Throws Refusal. */
function refuseKeyAndAgain({ idempotencyKey, again }: Pick<SendRequest, 'idempotencyKey' | 'again'>): void {
  if (idempotencyKey === undefined || !again) return
  const sentence = 'It is to be sent once under its key, and sent again. Give either a key or `again`, not both.'
  throw new Refusal('bad-request', sentence)
}

/** What the protocol would refuse once it is signed is not quoted. */
function refuseRepeated({ recipients }: Pick<Prepared, 'recipients'>): void {
  if (new Set(recipients.map(bytesToHex)).size < recipients.length) throw refusalOf('recipient-repeated')
}

/** Above it, in base64, a message is not looked at: nobody writes so much of nothing. */
const blankTextMax = 64 * 1024
