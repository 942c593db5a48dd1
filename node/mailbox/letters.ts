/**
 * Letters that came and went. The log is read in order, so that nothing is missed whatever happened meanwhile; a letter
 * becomes readable when its lock opens, and what was read once is kept for good.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { Outcome } from '../../protocol/batch.ts'
import { equalBytes } from '../../protocol/codec.ts'
import { Envelope } from '../../protocol/envelope.ts'
import { type Op, opId, SignedOp } from '../../protocol/wire.ts'
import { type Cabinet, isClosed, type Letter } from './cabinet.ts'
import type { LetterReader } from '../letter/reader.ts'
import type { Logger } from '../logger.ts'
import type { Node } from '../peers/node.ts'
import { SealError } from '../seal/error.ts'
import type { Write } from '../ledger/store.ts'
import { openWithLockKey } from '../seal/unseal.ts'
import type { Own, Wallet } from '../keys/wallet.ts'

export type Letters = ReturnType<typeof createLetters>

type Sent = NonNullable<Extract<Outcome['result'], { TAG: 'settled' }>['data']['sent']>

type Options = {
  readonly node: Node
  readonly wallet: Wallet
  readonly cabinet: Cabinet
  readonly logger: Logger
  readonly reader: LetterReader
  readonly onChange: (letter: Letter) => void
}

export function createLetters({ node, wallet, cabinet, logger, reader, onChange }: Options) {
  const { context, store, releases, envelopes } = node
  const { clock } = node.seams
  let turn: Promise<unknown> = Promise.resolve()

  /** One after the other: reading the log, opening locks, and what people do all write to the same letters. */
  function inTurn<T>(task: () => Promise<T>): Promise<T> {
    const next = turn.then(task)
    turn = next.catch(() => undefined)
    return next
  }

  async function put(letter: Letter, more: readonly Write[] = []): Promise<void> {
    await cabinet.write([...cabinet.putLetter(letter), ...more])
    onChange(letter)
  }

  /** Every one of our copies of a message: the sent one, and one for each of our addresses it came to. */
  async function copies(id: Uint8Array): Promise<Letter[]> {
    const found = await Promise.all(wallet.own.map(({ address }) => cabinet.letter(id, address)))
    return found.filter((letter) => letter !== undefined)
  }

  /** Read the log from where we were up to the head. */
  async function scan(): Promise<void> {
    let height = await cabinet.cursor()
    for await (const batch of store.batches(height + 1n)) {
      height = batch.sealed.header.height
      const outcomes = (await store.outcomes(height))!
      for (const [index, bytes] of batch.ops.entries()) {
        const { result } = Outcome.decode(outcomes[index]!)
        if (result.TAG !== 'settled') continue
        const { op } = SignedOp.decode(bytes)
        if (result.data.sent) await noteSent(op, result.data.sent, batch.sealed.header)
        else if (op.action.TAG === 'ack') await noteAck(op, op.action.data)
      }
      await cabinet.write([cabinet.putCursor(height)])
    }
  }

  async function noteSent(op: Op, sent: Sent, { height, time }: { height: bigint; time: bigint }): Promise<void> {
    if (op.action.TAG !== 'send') return
    const { message: id, lines } = sent
    const { recipients } = op.action.data
    const base = {
      id,
      sender: op.account,
      recipients,
      subject: '',
      bytes: 0,
      verdict: undefined,
      opId: opId(context.network, op),
      height,
      date: time,
    }
    const own = wallet.find(op.account)
    if (own) {
      const known = await cabinet.letter(id, own.address)
      const amount = lines.reduce((sum, line) => sum + (line.payer === 'sender' ? line.paid : 0n), 0n)
      const letter: Letter = known ?? {
        ...base,
        folder: 'sent',
        state: 'submitted',
        note: '',
        own: own.address,
        amount,
      }
      if (letter.state === 'composed' || letter.state === 'submitted' || letter.state === 'refused')
        await put({ ...letter, state: 'settled', height, opId: base.opId, amount, note: `paid in batch ${height}` })
    }
    for (const { recipient, credit } of lines) {
      const mine = wallet.find(recipient)
      if (!mine || (await cabinet.letter(id, recipient))) continue
      await put({
        ...base,
        folder: 'inbox',
        state: 'settled',
        note: 'paid; waiting for its lock to open',
        own: recipient,
        amount: credit,
      })
    }
    if (own || recipients.some((recipient) => wallet.find(recipient))) {
      // Another device of ours sent it, or the pseudonym was found after its mail had gone by: ask for it.
      if (!(await envelopes.get(id)) && !(await cabinet.content(id))) await envelopes.want(id, height)
      const lockKey = await releases.lockKeyOf(id, height)
      if (lockKey) await open(id, lockKey)
    }
  }

  async function noteAck(
    { account }: Op,
    { message, verdict }: { message: Uint8Array; verdict: NonNullable<Letter['verdict']> },
  ): Promise<void> {
    for (const letter of await copies(message)) {
      const mine = letter.folder === 'inbox' && equalBytes(letter.own, account)
      if (!mine && letter.folder !== 'sent') continue
      await put({
        ...letter,
        state: 'acknowledged',
        verdict,
        note: mine ? `you said: ${verdict}` : `the reader said: ${verdict}`,
      })
    }
  }

  /** A lock is open: unseal our copies, and keep what they say. */
  async function open(id: Uint8Array, lockKey: Uint8Array): Promise<void> {
    for (const letter of await copies(id)) {
      if (!isClosed(letter)) continue
      const own = wallet.find(letter.own)!
      const known = await cabinet.content(id)
      // Another device of ours read and acknowledged it before this one could.
      const isAcknowledged = letter.state === 'acknowledged'
      if (isAcknowledged && known) continue
      const content = known ?? (await unseal(letter, own, lockKey))
      if (content instanceof SealError) {
        await put({ ...letter, note: `cannot be read: ${content.message}` })
        continue
      }
      if (!content) continue
      const { subject, date } = await reader.read(content)
      const opened =
        letter.folder === 'inbox' ? `can be read; it paid you ${letter.amount}` : 'delivered: its lock is open'
      const told = date ? Date.parse(date) : Number.NaN
      await put(
        {
          ...letter,
          state: isAcknowledged ? 'acknowledged' : 'released',
          note: isAcknowledged ? letter.note : opened,
          subject,
          date: told >= 0 ? BigInt(told) : letter.date,
          bytes: content.length,
        },
        known ? [] : [cabinet.putContent(id, content)],
      )
    }
  }

  async function unseal(
    { id, sender, recipients }: Letter,
    own: Own,
    lockKey: Uint8Array,
  ): Promise<Uint8Array | SealError | undefined> {
    const bytes = await envelopes.get(id)
    if (!bytes) return undefined
    const { network } = context
    const keys = { lockKey, ownAddress: own.address, sealSeeds: wallet.sealSeeds(own) }
    try {
      return (await openWithLockKey({ network, sender, recipients, envelope: Envelope.decode(bytes), ...keys })).content
    } catch (error) {
      if (!(error instanceof SealError)) throw error
      logger.warn({ message: bytesToHex(id), err: error }, 'a letter could not be opened')
      return error
    }
  }

  // In an entry of its own: whoever opened the lock, perhaps in the middle of a batch, does not wait for us.
  releases.onOpened((message, lockKey) => {
    clock.after(0, () => inTurn(() => open(message, lockKey)).catch(report))
  })
  const report = (error: Error): void =>
    logger.error({ err: error }, 'the mailbox could not be written; it tries again')

  return {
    scan: (): Promise<void> => inTurn(scan),
    copies,
    put: (letter: Letter, more?: readonly Write[]): Promise<void> => inTurn(() => put(letter, more)),
    async list(folder: Letter['folder']): Promise<Letter[]> {
      const letters: Letter[] = []
      for await (const letter of cabinet.letters()) if (letter.folder === folder) letters.push(letter)
      return letters.sort((a, b) => Number(b.date - a.date))
    },
    /** Open what should be open: its lock key came while we were away, or its envelope did. */
    round: (): Promise<void> =>
      inTurn(async () => {
        await scan()
        for await (const letter of cabinet.closedLetters()) {
          if (letter.height === undefined) continue
          const lockKey = await releases.lockKeyOf(letter.id, letter.height)
          if (lockKey) await open(letter.id, lockKey)
          else if (letter.folder === 'inbox' && letter.state === 'settled') await tellProgress(letter)
        }
      }),
    /** The reader looked at it. */
    opened: (letter: Letter): Promise<void> =>
      inTurn(async () => {
        if (letter.folder === 'inbox' && letter.state === 'released')
          await put({ ...letter, state: 'opened', note: 'read; no verdict yet' })
      }),
  }

  /** How many keepers have opened a lock that is closed still: a letter that waits for keepers says so. */
  async function tellProgress(letter: Letter): Promise<void> {
    const lock = await releases.progress(letter.id)
    const note =
      lock === undefined
        ? 'paid; its envelope is being fetched'
        : lock.state === 'open'
          ? letter.note
          : lock.state === 'broken'
            ? 'its sender locked it wrong: the keepers’ shares do not make its key'
            : `paid; keepers unavailable: ${lock.valid} of the ${lock.threshold} shares that open it are here`
    if (note !== letter.note) await put({ ...letter, note })
  }
}
