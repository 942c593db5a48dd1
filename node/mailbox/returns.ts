/**
 * Giving back, as its owner says once and for all, what letters brought that they valued or answered: all of it, at a moment
 * of its own within a day, so that nobody sees by it when letters are read, nor which pseudonyms are read together. What is
 * to go back is kept in one write with the verdict or the answer, until the ledger has it or cannot have it any more.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { equalBytes } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import type { Message } from '../../protocol/state.ts'
import type { Verdict } from '../../protocol/words.ts'
import type { Wallet } from '../keys/wallet.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Write } from '../ledger/store.ts'
import type { Logger } from '../logger.ts'
import { delayIn, type Moments } from '../moments.ts'
import type { Clock, Random } from '../seams.ts'
import { Refusal, refusalOf } from '../service.ts'
import type { Cabinet, Letter, Return } from './cabinet.ts'
import { soonIn } from './give-back.ts'
import type { Outbox } from './outbox.ts'

const dayMs = 86_400_000
/** No more than this part of an epoch, where epochs are short. */
const partOfEpoch = 7

/** What is given back without being asked for each letter: what was valued; what was answered, too; or nothing. */
type GiveBack = 'valued' | 'answered' | 'never'

/** What is written with an operation, by the id that it is first signed under. */
type Alongside = (cause: Uint8Array) => readonly Write[]

export type Returns = ReturnType<typeof createReturns>

type Options = {
  readonly node: {
    readonly context: Pick<Context, 'rules'>
    readonly replica: Pick<Replica, 'view'>
    readonly synced: () => boolean
    readonly seams: { readonly clock: Pick<Clock, 'now'>; readonly random: Random }
  }
  readonly wallet: Pick<Wallet, 'find'>
  readonly cabinet: Pick<Cabinet, 'return' | 'returns' | 'putReturn' | 'dropReturn' | 'write'>
  readonly outbox: Pick<Outbox, 'submit' | 'state'>
  readonly moments: Pick<Moments, 'draw'>
  readonly logger: Logger
  readonly giveBack: GiveBack
}

export function createReturns({ node, wallet, cabinet, outbox, moments, logger, giveBack }: Options) {
  const { replica, synced, seams } = node
  const { rules } = node.context
  const span = { toMs: Math.min(dayMs, Number(rules.epochMs) / partOfEpoch) }
  const soon = soonIn(rules)
  const aMoment = (): bigint => BigInt(seams.clock.now() + delayIn(seams.random, span))

  /** What the ledger has of a letter for us, while it can be given back. */
  async function openPart({ message, own }: Pick<Return, 'message' | 'own'>): Promise<Open | undefined> {
    const settled = (await replica.view([{ table: 'messages', key: message }])).read('messages', message)
    const mine = settled?.recipients.find(({ address }) => equalBytes(address, own))
    if (!settled || !mine || mine.given > 0n || mine.credit === 0n || isFlag(mine.verdict)) return undefined
    return { sender: settled.sender, amount: mine.credit }
  }

  const planned =
    ({ id: message, own }: Letter, counts: boolean): Alongside =>
    (cause) => [cabinet.putReturn({ message, own, at: aMoment(), counts, cause, answer: undefined })]

  async function give({ message, own }: Return): Promise<void> {
    const from = wallet.find(own)
    if (!from || !synced()) return
    try {
      await outbox.submit(from, async () => {
        // Meanwhile it may have been given back by hand, or flagged.
        const due = await cabinet.return(message, own)
        const part = due && !due.answer && (await openPart(due))
        if (!part) throw refusalOf('give-back-repeated')
        return {
          action: { TAG: 'giveBack', data: { message, ...part } },
          isOwed: !due.counts,
          alongside: (answer) => [cabinet.putReturn({ ...due, answer })],
        }
      })
      logger.debug({}, 'giving back what a letter brought')
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      logger.debug({ code: error.code }, 'what a letter brought cannot be given back now')
      await putOff({ message, own })
    }
  }

  /** Another moment, where nothing is signed for it that may still be settled. */
  async function putOff({ message, own }: Pick<Return, 'message' | 'own'>): Promise<void> {
    const due = await cabinet.return(message, own)
    if (due) await cabinet.write([cabinet.putReturn({ ...due, at: aMoment(), answer: undefined })])
  }

  async function look(due: Return): Promise<void> {
    const caused = await outbox.state(due.cause)
    if (caused.state === 'refused' || !(await openPart(due))) return cabinet.write([cabinet.dropReturn(due)])
    if (due.answer) {
      if ((await outbox.state(due.answer)).state === 'refused') await putOff(due)
    } else if (caused.state === 'settled') {
      const waitMs = Number(due.at) - seams.clock.now()
      // What was missed while the daemon was off does not all go back as it starts.
      const when = waitMs > 0 ? { fromMs: waitMs, toMs: waitMs } : soon
      moments.draw(`return ${bytesToHex(due.message)} ${bytesToHex(due.own)}`, when, () => give(due))
    }
  }

  return {
    /** What a verdict makes of it. What is given back by hand, or flagged, does not go back by itself. */
    afterVerdict(letter: Letter, said: { readonly verdict: Verdict; readonly giveBack: bigint }): Alongside {
      const { id: message, own } = letter
      if (said.giveBack > 0n || isFlag(said.verdict)) return () => [cabinet.dropReturn({ message, own })]
      return said.verdict === 'value' && giveBack !== 'never' && letter.amount > 0n ? planned(letter, false) : () => []
    },
    /** What an answer makes of it, where its owner said whether it is to go back, or left that to the setting. */
    afterAnswer(letter: Letter, asked: boolean | undefined): Alongside {
      const isOpen = letter.amount > 0n && !isFlag(letter.verdict)
      if (asked === false) return () => [cabinet.dropReturn({ message: letter.id, own: letter.own })]
      return isOpen && (asked ?? giveBack === 'answered') ? planned(letter, true) : () => []
    },
    /** What giving it back by hand makes of it. Throws Refusal where it goes back by itself already. */
    async byHand({ id: message, own }: Letter): Promise<Alongside> {
      const due = await cabinet.return(message, own)
      if (due?.answer) throw refusalOf('give-back-repeated')
      return () => (due ? [cabinet.dropReturn(due)] : [])
    },
    /** Give everything that is to go back its moment. */
    async round(): Promise<void> {
      if (!synced()) return
      for await (const due of cabinet.returns()) await look(due)
    },
  }
}

/** To whom a letter's credit can go back, and how much that is. */
type Open = { readonly sender: Uint8Array; readonly amount: bigint }

const isFlag = (verdict: Message['recipients'][number]['verdict']): boolean => verdict === 'spam' || verdict === 'abuse'
