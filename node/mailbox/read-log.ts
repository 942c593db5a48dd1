/**
 * Reading the log for a mailbox: which of its sends are about us, and which verdicts are about our letters. It is read in
 * order and from where it was left, so nothing is missed whatever happened meanwhile.
 */
import { type Header, Outcome } from '../../protocol/batch.ts'
import { equalBytes } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import { costOf } from '../../protocol/custody.ts'
import type { ActionOf } from '../../protocol/operations.ts'
import { moneyOfOp, type Op, opId, SignedOp } from '../../protocol/wire.ts'
import { amountText } from '../amount.ts'
import type { Cabinet, Letter } from './cabinet.ts'
import { createOwedReader, type Paid } from './owed.ts'
import type { Wallet } from '../keys/wallet.ts'
import type { Store } from '../ledger/store.ts'
import type { Envelopes } from '../envelopes/envelopes.ts'
import type { Releases } from '../envelopes/releases.ts'

type Sent = NonNullable<Extract<Outcome['result'], { TAG: 'settled' }>['data']['sent']>

/** A send as a batch settled it, and what all of our copies of it have in common. */
type NotedSend = {
  readonly sent: Sent
  readonly height: bigint
  readonly common: Pick<
    Letter,
    'id' | 'sender' | 'recipients' | 'subject' | 'bytes' | 'verdict' | 'opId' | 'height' | 'date'
  >
}

type Options = {
  readonly context: Pick<Context, 'network' | 'rules'>
  readonly store: Pick<Store, 'batches' | 'outcomes'>
  readonly releases: Pick<Releases, 'lockKeyOf'>
  readonly envelopes: Pick<Envelopes, 'get'>
  readonly wallet: Pick<Wallet, 'find'>
  readonly cabinet: Pick<
    Cabinet,
    'letter' | 'hasBody' | 'cursor' | 'putCursor' | 'write' | 'owed' | 'allOwed' | 'putOwed' | 'dropOwed' | 'forms'
  >
  readonly copies: (id: Uint8Array) => Promise<readonly Letter[]>
  readonly put: (letter: Letter) => Promise<void>
  readonly open: (id: Uint8Array, lockKey: Uint8Array) => Promise<void>
  /** Ask for the envelope and the lock key of a message. */
  readonly want: (letter: Pick<Letter, 'id' | 'opId' | 'height'>) => Promise<void>
}

/** Gives the function that reads the log up to the head. */
export function createLogReader(options: Options) {
  const { context, store, releases, envelopes, wallet, cabinet, copies, put, open, want } = options

  const owedAfter = createOwedReader({ context, wallet, cabinet })

  const shown = (amount: bigint): string => amountText(amount, context.rules.coin)

  const idOf = (op: Op): Uint8Array => opId(context.network, op)

  async function noteSend(op: Op, send: NotedSend): Promise<void> {
    const { id, recipients } = send.common
    await noteSentCopy(op, send)
    await noteArrivals(op, send)
    if (![op.account, ...recipients].some((address) => wallet.find(address))) return
    // Another device of ours sent it, or the pseudonym was found after its mail had gone by: ask for it.
    if (!(await envelopes.get(id)) && !(await cabinet.hasBody(id))) await want(send.common)
    const lockKey = await releases.lockKeyOf(id, send.height)
    if (lockKey) await open(id, lockKey)
  }

  /** We sent it: our copy is paid. There is none yet where another device of ours sent it. */
  async function noteSentCopy(op: Op, { height, common, sent: { carriage } }: NotedSend): Promise<void> {
    const own = wallet.find(op.account)?.address
    if (!own) return
    // What it named, which may be more than was asked of it in the end.
    const amount = costOf(moneyOfOp(op)) - carriage
    const known = await cabinet.letter(common.id, own)
    const letter: Letter = known ?? { ...common, folder: 'sent', state: 'submitted', note: '', own, amount }
    if (letter.state === 'submitted' || letter.state === 'refused')
      await put({ ...letter, state: 'settled', height, opId: common.opId, amount, note: `paid in batch ${height}` })
  }

  async function noteArrivals({ lines }: Op, { common }: NotedSend): Promise<void> {
    const note = 'paid; waiting for its lock to open'
    for (const { address: own, amount, from } of lines)
      if (wallet.find(own) && !(await cabinet.letter(common.id, own)))
        await put({ ...common, folder: 'inbox', state: 'settled', note, own, amount: from === 'funds' ? amount : 0n })
  }

  async function noteAck({ account }: Op, { message, verdict, giveBack }: ActionOf<'ack'>): Promise<void> {
    for (const letter of await copies(message)) {
      const isOurs = letter.folder === 'inbox' && equalBytes(letter.own, account)
      if (!isOurs && letter.folder !== 'sent') continue
      const said = isOurs ? `you said: ${verdict}` : `the reader said: ${verdict}`
      const note = giveBack > 0n ? `${said}, and gave back ${shown(giveBack)}` : said
      await put({ ...letter, state: 'acknowledged', verdict, note })
    }
  }

  async function noteGivingBack({ account }: Op, { message, amount }: ActionOf<'giveBack'>): Promise<void> {
    for (const letter of await copies(message)) {
      const isOurs = letter.folder === 'inbox' && equalBytes(letter.own, account)
      if (!isOurs && letter.folder !== 'sent') continue
      const said = letter.verdict ? `${letter.note}; ` : ''
      await put({ ...letter, note: `${said}${isOurs ? 'you' : 'the reader'} gave back ${shown(amount)}` })
    }
  }

  return async (): Promise<void> => {
    for await (const { sealed, ops } of store.batches((await cabinet.cursor()) + 1n)) {
      const { height } = sealed.header
      const outcomes = (await store.outcomes(height))!
      const paid: Paid[] = []
      for (const [index, bytes] of ops.entries()) {
        const { result } = Outcome.decode(outcomes[index]!)
        if (result.TAG === 'undelivered') paid.push({ bytes, delivered: false })
        if (result.TAG !== 'settled') continue
        const { op } = SignedOp.decode(bytes)
        if (op.action.TAG === 'transfer' && wallet.find(op.account)) paid.push({ bytes, delivered: true })
        const { sent } = result.data
        if (sent && op.action.TAG === 'send') {
          const { recipients } = op.action.data
          await noteSend(
            op,
            notedSend({ sent, header: sealed.header, recipients: [...recipients], sender: op.account, opId: idOf(op) }),
          )
        } else if (op.action.TAG === 'ack') await noteAck(op, op.action.data)
        else if (op.action.TAG === 'giveBack') await noteGivingBack(op, op.action.data)
      }
      const owed = paid.length > 0 ? await owedAfter(paid) : []
      await cabinet.write([cabinet.putCursor(height), ...owed])
    }
  }
}

/** Before anybody could open it: a subject and a size are found out only then. */
const notedSend = ({
  sent,
  header: { height, time },
  ...op
}: {
  readonly sent: Sent
  readonly header: Pick<Header, 'height' | 'time'>
} & Pick<Letter, 'sender' | 'recipients' | 'opId'>): NotedSend => ({
  sent,
  height,
  common: { ...op, id: sent.message, subject: '', bytes: 0, verdict: undefined, height, date: time },
})
