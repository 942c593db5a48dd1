/**
 * Letters that came and went. The log is read in order, so that nothing is missed whatever happened meanwhile; a letter
 * becomes readable when its lock opens, and what was read once is kept for good.
 */
import type { Context } from '../../protocol/context.ts'
import { amountText } from '../amount.ts'
import type { Cabinet, Letter, Outgoing } from './cabinet.ts'
import type { Wallet } from '../keys/wallet.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Store, Write } from '../ledger/store.ts'
import type { LetterReader } from '../letter/reader.ts'
import type { Logger } from '../logger.ts'
import { copiesOf } from './find-letter.ts'
import { closedNote, createOpening } from './open-letter.ts'
import type { Envelopes } from '../envelopes/envelopes.ts'
import type { Releases } from '../envelopes/releases.ts'
import { createLogReader } from './read-log.ts'
import type { Clock } from '../seams.ts'
import { createTurns } from '../turns.ts'

export type Letters = ReturnType<typeof createLetters>

type Options = {
  readonly node: {
    readonly context: Pick<Context, 'network' | 'rules'>
    readonly store: Pick<Store, 'batches' | 'outcomes'>
    readonly envelopes: Pick<Envelopes, 'get' | 'letGo' | 'want'>
    readonly releases: Pick<Releases, 'lockKeyOf' | 'progress' | 'onOpened'>
    readonly replica: Pick<Replica, 'head'>
    readonly seams: { readonly clock: Pick<Clock, 'after'> }
  }
  readonly wallet: Pick<Wallet, 'own' | 'find' | 'sealSeeds'>
  readonly cabinet: Cabinet
  readonly logger: Logger
  readonly reader: Pick<LetterReader, 'head'>
  readonly onChange: (letter: Letter) => Promise<void>
}

export function createLetters({ node, wallet, cabinet, logger, reader, onChange }: Options) {
  const { context, store, replica, releases, envelopes, seams } = node
  /** One after the other: reading the log, opening locks, and what people do all write to the same letters. */
  const inTurn = createTurns()

  async function put(letter: Letter, more: readonly Write[] = []): Promise<void> {
    await cabinet.write([...cabinet.putLetter(letter), ...more])
    await onChange(letter)
  }

  /** Ask for what a letter waits for. What we sent from here we have; nodes write none of that for us. */
  async function want({ id, opId, height }: Pick<Letter, 'id' | 'opId' | 'height'>): Promise<void> {
    if (height === undefined) return
    const bytes = opId && (await cabinet.outgoing(opId))?.message?.envelope
    await envelopes.want({ message: id, height }, { now: replica.head.sealed.header.time, ...(bytes && { bytes }) })
  }

  const copies = (id: Uint8Array): Promise<Letter[]> => copiesOf({ wallet, cabinet }, id)
  const open = createOpening({ context, envelopes, wallet, cabinet, reader, logger, copies, put })
  const scan = createLogReader({ context, store, releases, envelopes, wallet, cabinet, copies, put, open, want })

  /** Open a letter whose lock key came while we were away, or whose envelope did; else note what it waits for. */
  async function lookAgain(letter: Letter): Promise<void> {
    if (letter.height === undefined) return
    const lockKey = await releases.lockKeyOf(letter.id, letter.height)
    if (lockKey) return open(letter.id, lockKey)
    // After a start: what is ours alone a node has in memory.
    if (!(await envelopes.get(letter.id))) await want(letter)
    if (letter.folder !== 'inbox' || letter.state !== 'settled') return
    const note = await closedNote(releases, letter)
    if (note !== letter.note) await put({ ...letter, note })
  }

  // In an entry of its own: whoever opened the lock, perhaps in the middle of a batch, does not wait for us.
  releases.onOpened((message, lockKey) => {
    seams.clock.after(0, () => inTurn(() => open(message, lockKey)).catch(report))
  })
  const report = (error: Error): void =>
    logger.error({ err: error }, 'the mailbox could not be written; it tries again')

  return {
    /** Read the log from where we were up to the head. */
    scan: (): Promise<void> => inTurn(scan),
    /** In no order. */
    async list(folder: Letter['folder']): Promise<Letter[]> {
      const letters: Letter[] = []
      for await (const letter of cabinet.letters()) if (letter.folder === folder) letters.push(letter)
      return letters
    },
    /** Read the log, and open what should be open. */
    round: (): Promise<void> =>
      inTurn(async () => {
        await scan()
        for await (const letter of cabinet.closedLetters()) await lookAgain(letter)
      }),
    /** The reader looked at it. */
    opened: (letter: Letter): Promise<void> =>
      inTurn(async () => {
        if (letter.folder === 'inbox' && letter.state === 'released')
          await put({ ...letter, state: 'opened', note: 'read; no verdict yet' })
      }),
    /** Told of every change of an op, with the fee of a message that is signed anew: a letter has what its send pays by now, or the reason why it will not be settled. */
    async outgoingChanged({ state, note, message, account }: Outgoing, fee?: bigint): Promise<void> {
      if (!message || (state !== 'refused' && state !== 'submitted')) return
      await inTurn(async () => {
        const letter = await cabinet.letter(message.id, account)
        if (letter?.state !== 'submitted') return
        if (state === 'refused') await put({ ...letter, state, note })
        else if (fee !== undefined && letter.amount !== fee)
          await put({ ...letter, amount: fee, note: `${pricedAnewNote}${amountText(fee, context.rules.coin)}` })
      })
    },
  }
}

const pricedAnewNote = 'on its way; what you sent meanwhile changed its price, which is within what you agreed to: '
