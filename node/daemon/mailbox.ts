/** A person's daemon: a mailbox over a node. Everything that `Service` offers to people is put together here. */
import type { LetterReader } from '../letter/reader.ts'
import { createIdentityService } from '../identity/service.ts'
import { createLife } from '../identity/life.ts'
import { createRedemptions } from '../identity/redemptions.ts'
import { createStamps } from '../identity/stamps.ts'
import type { Wallet } from '../keys/wallet.ts'
import type { Logger } from '../logger.ts'
import { createCabinet, type Letter } from '../mailbox/cabinet.ts'
import { createContactService } from '../mailbox/contact-service.ts'
import { createKeyOf } from '../mailbox/epoch-key.ts'
import { createFindLetter } from '../mailbox/find-letter.ts'
import { createLetters } from '../mailbox/letters.ts'
import { createMailService } from '../mailbox/mail-service.ts'
import { createOutbox } from '../mailbox/outbox.ts'
import { createPrepare } from '../mailbox/prepare.ts'
import { createPreparedMessages } from '../mailbox/prepared.ts'
import { createPricing } from '../mailbox/pricing.ts'
import { createPseudonymService } from '../mailbox/pseudonym-service.ts'
import { recover, registerFunded, releaseOwn } from '../mailbox/upkeep.ts'
import { summaryOf } from '../mailbox/views.ts'
import { createMoneyService } from './money-service.ts'
import type { Node } from '../peers/node.ts'
import type { Event, Service } from '../service.ts'

const roundMs = 2_000

export type Mailbox = Omit<Service, 'status' | 'network' | 'confirmClock' | 'doctor' | 'subscribe'> & {
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
  readonly emit: (event: Event) => void
}

/** Open a mailbox. Its rounds go on until `stop`. */
export async function createMailbox(options: Options): Promise<Mailbox> {
  const { node, wallet, reader } = options
  const parts = partsOf(options)
  const { letters, life, redemptions } = parts
  const stopRounds = await startRounds(options, parts)
  const find = createFindLetter({ ...parts, wallet, pending: node.pending })
  const given = { ...parts, node, wallet, find }
  return {
    ...createPseudonymService(given),
    ...createMailService({ ...given, reader }),
    ...createContactService({ ...given, replica: node.replica }),
    ...createMoneyService(given),
    ...createIdentityService(given),
    async stop() {
      stopRounds()
      await Promise.all([life.stop(), redemptions.stop()])
      await letters.scan()
      await reader.close()
    },
  }
}

type Parts = ReturnType<typeof partsOf>

/** The parts of a mailbox, each made of those before it. */
function partsOf({ node, wallet, logger, reader, hideAmong, emit }: Options) {
  const { store, seams } = node
  const tell = (letter: Letter): void => emit({ type: 'message', message: summaryOf(letter) })
  const cabinet = createCabinet({ store, key: wallet.mailboxKey, random: seams.random })
  const letters = createLetters({ node, wallet, cabinet, logger, reader, onChange: tell })
  const keyOf = createKeyOf(node)
  const outbox = createOutbox({ node, wallet, cabinet, logger, keyOf, onChange: letters.outgoingChanged })
  const prepare = createPrepare({ node, wallet, cabinet, reader })
  const prepared = createPreparedMessages(seams)
  const pricing = createPricing({ node, cabinet, keyOf })
  const life = createLife({ node, wallet, cabinet, outbox, hideAmong, logger })
  const stamps = createStamps({ node, wallet, cabinet, outbox })
  const redemptions = createRedemptions({ node, wallet, cabinet, stamps, logger })
  return { tell, cabinet, letters, keyOf, outbox, prepare, prepared, pricing, life, stamps, redemptions }
}

/** Begin the rounds: one every two seconds, and a shorter one after each batch. Gives the function that ends them. */
async function startRounds({ node, wallet, logger }: Options, parts: Parts): Promise<() => void> {
  const { clock } = node.seams
  const { letters, outbox, life, redemptions, prepared } = parts
  const about = { ...node, ...parts, wallet, logger }

  async function round(): Promise<void> {
    prepared.expire()
    await recover(about)
    await registerFunded(about)
    await outbox.round()
    await letters.round()
    await releaseOwn(about)
    await life.round()
    await redemptions.round()
  }
  async function afterBatch(): Promise<void> {
    await letters.scan()
    await releaseOwn(about)
    await life.round()
  }
  const failed = (error: Error) => logger.warn({ err: error }, 'the mailbox’s round failed; it is tried again')
  const soon = (): void => void clock.after(0, () => afterBatch().catch(failed))
  node.replica.onSettled(soon)
  const stop = clock.every(roundMs, () => round().catch(failed))
  await recover(about)
  soon()
  return stop
}
