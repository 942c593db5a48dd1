/** A person's daemon: a mailbox over a node. Everything that `Service` offers to people is put together here. */
import type { LetterReader } from '../letter/reader.ts'
import { createIdentityService } from '../identity/identity-service.ts'
import { createLife } from '../identity/life.ts'
import { createPresence } from '../identity/presence.ts'
import { createRedemptions } from '../identity/redemptions.ts'
import { createStamps } from '../identity/stamps.ts'
import type { Wallet } from '../keys/wallet.ts'
import type { Logger } from '../logger.ts'
import { type Cabinet, createCabinet, type Letter } from '../mailbox/cabinet.ts'
import { createContactService } from '../mailbox/contact-service.ts'
import { createKeyOf } from '../mailbox/epoch-key.ts'
import { createFindLetter } from '../mailbox/find-letter.ts'
import { createGiveBack } from '../mailbox/give-back.ts'
import { createLetters } from '../mailbox/letters.ts'
import { createMailService } from '../mailbox/mail-service.ts'
import { createOutbox } from '../mailbox/outbox.ts'
import { createOwnLocks } from '../mailbox/own-locks.ts'
import { createPrepare } from '../mailbox/prepare.ts'
import { createPreparedMessages } from '../mailbox/prepared.ts'
import { createPricing } from '../mailbox/pricing.ts'
import { createPseudonymService } from '../mailbox/pseudonym-service.ts'
import { recover } from '../mailbox/recover.ts'
import { createRegistrations } from '../mailbox/registrations.ts'
import { createReturns } from '../mailbox/returns.ts'
import { createSendingService } from '../mailbox/sending-service.ts'
import { createSentOnce } from '../mailbox/sent-once.ts'
import { createSummaries } from '../mailbox/summaries.ts'
import { createMoments } from '../moments.ts'
import { createMoneyService } from './money-service.ts'
import type { Node } from '../peers/node.ts'
import type { Event, Finding, Service } from '../service.ts'

const roundMs = 2_000

export type Mailbox = Omit<Service, 'status' | 'network' | 'confirmClock' | 'doctor' | 'backup' | 'subscribe'> & {
  /** What it does by itself and could not the last time. It names nothing of ours: it also stands where others may read it. */
  failing(): readonly string[]
  /** What may still be spent within the limit of a day, in the smallest unit; nothing where there is none. */
  allowance(): Promise<bigint | undefined>
  /** What the doctor finds of the mailbox, which is sealed to whoever has no key. */
  examine(): Promise<Finding>
  stop(): Promise<void>
}

type Options = {
  readonly node: Node
  readonly wallet: Wallet
  readonly logger: Logger
  /** Packs messages and reads foreign ones; closed with the mailbox. */
  readonly reader: LetterReader
  /** Among how many a pass is to hide, its owner counted. */
  readonly hideAmong: number
  /** What may be spent within 24 hours, in the smallest unit; without it, no limit. */
  readonly spendPerDay?: bigint | null
  /** What goes back to its sender by itself: what was valued; what was answered, too; or nothing, also where it is not said. */
  readonly giveBack?: 'valued' | 'answered' | 'never'
  /** The how manieth letter to somebody who never answered is not sent unless its owner insists; without it, none is that. */
  readonly askBefore?: number
  readonly emit: (event: Event) => void
  /** How this machine’s clock is wrong; nothing while it is not. */
  readonly clockFault?: () => string | undefined
}

/** Open a mailbox. Its rounds go on until `stop`. */
export async function createMailbox(options: Options): Promise<Mailbox> {
  const { node, wallet, reader } = options
  const parts = partsOf(options)
  const { letters, life, redemptions, registrations, moments } = parts
  const rounds = await startRounds(options, parts)
  const find = createFindLetter({ ...parts, wallet, pending: node.pending })
  const given = { ...parts, node, wallet, find }
  return {
    ...createPseudonymService(given),
    ...createSendingService({ ...given, reader }),
    ...createMailService({ ...given, reader }),
    ...createContactService({ ...given, replica: node.replica }),
    ...createMoneyService(given),
    ...createIdentityService(given),
    failing: () => [...rounds.failing(), ...registrations.failing(), ...life.failing(), ...redemptions.failing()],
    allowance: parts.outbox.allowance,
    examine: () => examineCabinet(parts.cabinet),
    async stop() {
      rounds.stop()
      moments.stop()
      await Promise.all([life.stop(), redemptions.stop()])
      await letters.scan()
      await reader.close()
    },
  }
}

async function examineCabinet(cabinet: Pick<Cabinet, 'condition'>): Promise<Finding> {
  const { count, damaged } = await cabinet.condition()
  const detail =
    damaged === 0
      ? `${count} records open`
      : `${damaged} of ${count} records do not open. Restore the home from a back-up, or the mailbox from its recovery phrase in an empty home.`
  return { check: 'mailbox', ok: damaged === 0, detail, mendable: false }
}

type Parts = ReturnType<typeof partsOf>

/** The parts of a mailbox, each made of those before it. */
function partsOf(options: Options) {
  const { node, wallet, logger, reader, hideAmong, emit, clockFault } = options
  const { spendPerDay = null, giveBack: givesBack = 'never', askBefore } = options
  const { store, seams } = node
  const cabinet = createCabinet({ store, key: wallet.mailboxKey, random: seams.random })
  const summaries = createSummaries({ ...node, cabinet })
  const tell = async (letter: Letter): Promise<void> => {
    for (const message of await summaries([letter])) emit({ type: 'message', message })
  }
  const letters = createLetters({ node, wallet, cabinet, logger, reader, onChange: tell })
  const keyOf = createKeyOf(node)
  const onChange = letters.outgoingChanged
  const failed = (error: Error) => logger.warn({ err: error }, 'the mailbox could not do something; it is tried again')
  const moments = createMoments({ ...seams, failed })
  const pricing = createPricing({ node, cabinet, keyOf, askBefore })
  const { orderAnew } = pricing
  const outbox = createOutbox({ node, wallet, cabinet, logger, orderAnew, clockFault, spendPerDay, moments, onChange })
  const registrations = createRegistrations({ ...node, wallet, outbox, clock: seams.clock, moments, logger })
  const { rules } = node.context
  const giveBack = createGiveBack({ node, wallet, cabinet, outbox, moments, logger })
  const returns = createReturns({ node, wallet, cabinet, outbox, moments, logger, giveBack: givesBack })
  const ownLocks = createOwnLocks({ cabinet, releases: node.releases, rules, moments, handIn: node.handIn })
  const prepare = createPrepare({ node, wallet, cabinet, reader })
  const prepared = createPreparedMessages(seams)
  const sentOnce = createSentOnce({ ...node, cabinet, summaries })
  const life = createLife({ node, wallet, cabinet, outbox, hideAmong, logger })
  const presence = createPresence({ node, wallet })
  const stamps = createStamps({ node, wallet, cabinet, outbox })
  const redemptions = createRedemptions({ node, wallet, cabinet, stamps, logger })
  const does = { moments, registrations, ownLocks, giveBack, returns, life, redemptions }
  const mail = { tell, summaries, cabinet, letters, keyOf, outbox, prepare, prepared, pricing, sentOnce }
  return { ...mail, presence, stamps, ...does }
}

/** Begin the rounds: one every two seconds, and a shorter one after each batch. */
async function startRounds({ node, wallet, logger }: Options, parts: Parts) {
  const { clock } = node.seams
  const {
    letters,
    outbox,
    registrations,
    ownLocks,
    giveBack,
    returns,
    life,
    redemptions,
    prepared,
    sentOnce,
    cabinet,
  } = parts
  const about = { ...node, cabinet, wallet }
  let isFailing = false

  async function round(): Promise<void> {
    prepared.expire()
    await recover(about)
    // By a clock that nobody has confirmed it would be signed for a time that may be far off, and wait until then.
    if (node.host || node.sync.clocks.median()) await registrations.round()
    await outbox.round()
    await letters.round()
    await sentOnce.sweep()
    await ownLocks()
    await giveBack()
    await returns.round()
    await life.round()
    await redemptions.round()
    isFailing = false
  }
  async function afterBatch(): Promise<void> {
    await letters.scan()
    await life.round()
  }
  const failed = (error: Error): void => {
    isFailing = true
    logger.warn({ err: error }, 'the mailbox’s round failed; it is tried again')
  }
  const soon = (): void => void clock.after(0, () => afterBatch().catch(failed))
  node.replica.onSettled(soon)
  const stop = clock.every(roundMs, () => round().catch(failed))
  await recover(about)
  soon()
  return { stop, failing: () => (isFailing ? ['look after the mailbox'] : []) }
}
