/** What people can ask about their mail: to read it, to judge it, and the receipt for it. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { encodeAddress } from '../../protocol/address.ts'
import type { Context } from '../../protocol/context.ts'
import type { Action } from '../../protocol/operations.ts'
import { pairKey } from '../../protocol/pair.ts'
import { metaKey } from '../../protocol/state.ts'
import type { Verdict } from '../../protocol/words.ts'
import type { Cabinet, Letter } from './cabinet.ts'
import type { KeyOf } from './epoch-key.ts'
import { arriving, bodyOf, type FindLetter, needReader } from './find-letter.ts'
import type { Wallet } from '../keys/wallet.ts'
import type { Replica } from '../ledger/replica.ts'
import type { LetterReader } from '../letter/reader.ts'
import type { Body } from '../letter/work.ts'
import type { Letters } from './letters.ts'
import type { Outbox } from './outbox.ts'
import type { Pending } from '../peers/pending.ts'
import { receiptView } from './receipts.ts'
import type { Order } from './signing.ts'
import { SealError } from '../seal/error.ts'
import type { ReaderView } from '../priced.ts'
import { Refusal, refusalOf, type Service, type Submitted, type Summary } from '../service.ts'
import type { Returns } from './returns.ts'
import { latestFirst, type Summaries } from './summaries.ts'
import { readerView } from './unanswered.ts'
import { namesOf, shownOf, submittedOf } from './views.ts'

type Options = {
  readonly node: {
    readonly context: Context
    readonly replica: Pick<Replica, 'view' | 'receipt'>
    readonly pending: Pick<Pending, 'list'>
  }
  readonly wallet: Pick<Wallet, 'find' | 'pick' | 'bridgeKey'>
  readonly cabinet: Pick<Cabinet, 'body' | 'contacts'>
  readonly outbox: Pick<Outbox, 'submit'>
  readonly letters: Pick<Letters, 'list' | 'opened'>
  readonly reader: Pick<LetterReader, 'read' | 'unpack'>
  readonly keyOf: KeyOf
  readonly find: FindLetter
  readonly summaries: Summaries
  readonly returns: Pick<Returns, 'afterVerdict' | 'byHand'>
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
  const { keyOf, find, summaries, returns } = parts
  const summaryOf = async (letter: Letter): Promise<Summary> => (await summaries([letter]))[0]!

  /** A letter that can be read. Throws Refusal. */
  async function opened(id: string): Promise<{ letter: Letter; body: Body }> {
    const letter = await find(id)
    const body = await bodyOf(cabinet, letter)
    if (!body) throw new Refusal('not-ready', `The message cannot be read yet: ${letter.note}.`)
    return { letter, body }
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
    async raw({ id, leave }) {
      if (streaming >= streamsMax) throw refusalOf('queue-full')
      const { letter, body } = await opened(id)
      const content = await reader.unpack(body).catch(flawOf)
      if (content instanceof SealError) throw new Refusal('not-found', `The message cannot be read: ${content.message}`)
      if (leave === undefined) await letters.opened(letter)
      return pieces(content)
    },
    bridgeKey: async () => ({ key: bytesToHex(wallet.bridgeKey) }),
    async shown({ id }) {
      const { letter, body } = await opened(id)
      const page = await reader.read(body)
      if (page.flaw === undefined) await letters.opened(letter)
      return shownOf(page)
    },
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
