/** A bridge put together: the store, what comes from the daemon, and the two servers. */
import { mkdirSync } from 'node:fs'
import type { Coin } from '../../protocol/rules.ts'
import type { Logger } from '../logger.ts'
import type { Clock, Random } from '../seams.ts'
import { createBytes } from './bytes.ts'
import { type Certificate, certificateOf } from './certificate.ts'
import type { DaemonApi } from './daemon-api.ts'
import { createDoorkeeper } from './doorkeeper.ts'
import { openFolders } from './folders.ts'
import { startImap } from './imap.ts'
import { createIntake } from './intake.ts'
import { openKnownLetters } from './known.ts'
import { startSmtp } from './smtp.ts'
import { openSpending } from './spending.ts'
import { bridgeFolder, openBridgeDisk, openStore } from './store.ts'
import { createOutgoing } from './outgoing.ts'
import { createPricing, type Limits } from './pricing.ts'
import { createSubmission } from './submission.ts'

type Listen = { readonly host: string; readonly port: number }

type Options = {
  readonly home: string
  readonly api: DaemonApi
  readonly smtp: Listen
  readonly imap: Listen
  readonly limits: (coin: Coin) => Limits
  /** For how long what was handed in, or is to be judged, can be taken back. */
  readonly undoMs: number
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

type Bridge = {
  readonly smtpPort: number
  readonly imapPort: number
  readonly certificate: Certificate
  readonly close: () => Promise<void>
}

/** The largest message that is taken: as large as the daemon takes any. */
const sizeMax = 16 * 1024 * 1024

/** Start the bridge of a home. Throws where another one has its store, a port is taken, or the daemon does not answer. */
export async function startBridge({
  home,
  api,
  smtp,
  imap,
  limits,
  undoMs,
  clock,
  random,
  logger,
}: Options): Promise<Bridge> {
  const { key } = await api.bridgeKey()
  limits((await api.status()).network.coin) // says at once what is wrong with them
  mkdirSync(bridgeFolder(home), { recursive: true, mode: 0o700 })
  const store = await openStore({ disk: await openBridgeDisk(home), key: Buffer.from(key, 'hex'), random })
  const known = await openKnownLetters({ store, clock, undoMs })
  const folders = await openFolders({ store, clock, alongside: known.following })
  const spending = await openSpending({ store, clock })
  const intake = createIntake({ api, folders, known, clock, logger })
  const doorkeeper = createDoorkeeper({ home, random })
  const pricing = createPricing({ api, spending, limits })
  const submission = createSubmission({ api, folders, intake, pricing, spending, clock, undoMs })
  const outgoing = createOutgoing({ api, folders, intake, pricing, spending, clock, logger })
  const certificate = await certificateOf({ home, clock, random })
  const servers = [
    await startSmtp({ listen: smtp, doorkeeper, submission, sizeMax, certificate }),
    await startImap({
      listen: imap,
      folders,
      ...createBytes({ api, folders }),
      doorkeeper,
      clock,
      logger,
      sizeMax,
      certificate,
    }),
  ] as const
  const stopping = new AbortController()
  const following = intake.follow(stopping.signal)
  const stopLooking = [clock.every(1_000, () => intake.judge()), clock.every(1_000, () => outgoing.sendDue())]
  return {
    smtpPort: servers[0].port,
    imapPort: servers[1].port,
    certificate,
    async close() {
      stopping.abort()
      for (const stop of stopLooking) stop()
      await Promise.all(servers.map((server) => server.close()))
      await following
      await Promise.all([intake.judge(), outgoing.sendDue()])
      await store.close()
    },
  }
}
