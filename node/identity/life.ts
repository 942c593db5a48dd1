/**
 * The life of our identity, which a personal daemon leads by itself: once it is enrolled, it is renewed in every epoch and
 * takes a pass for each pseudonym that wants one, at moments drawn at random. Nothing of it is kept on disk but a wish to endorse: where it
 * stands is read from the ledger, so a crash between proving and settling costs a proof.
 */
import type { Context } from '../../protocol/context.ts'
import { commitmentOf, networkField } from '../../protocol/identity.ts'
import type { Action } from '../../protocol/operations.ts'
import { createAsking } from './asking.ts'
import { createChoices } from './choices.ts'
import { createDue, type ProvingTask } from './due.ts'
import type { Self } from './history.ts'
import type { Own, Wallet } from '../keys/wallet.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Store } from '../ledger/store.ts'
import type { Logger } from '../logger.ts'
import type { Cabinet } from '../mailbox/cabinet.ts'
import type { Outbox } from '../mailbox/outbox.ts'
import { createOutlook } from './outlook.ts'
import { createPasses } from './passes.ts'
import type { Node } from '../peers/node.ts'
import type { Pending } from '../peers/pending.ts'
import { createProgress } from './progress.ts'
import { createProving } from './proving.ts'
import { createRenew } from './renew.ts'
import type { Clock, Proofs, Random } from '../seams.ts'
import type { PassTaking } from '../habit.ts'
import { createTakePass } from './take-pass.ts'
import { againAfter } from './timing.ts'

export type Life = ReturnType<typeof createLife>

type Options = {
  readonly node: Pick<Node, 'submit' | 'synced'> & {
    readonly context: Context
    readonly store: Store
    readonly replica: Pick<Replica, 'view' | 'head'>
    readonly pending: Pick<Pending, 'list'>
    readonly seams: {
      readonly clock: Pick<Clock, 'now' | 'after'>
      readonly random: Random
      readonly proofs: Proofs
    }
  }
  readonly wallet: Pick<Wallet, 'identitySecret' | 'habitKey' | 'own' | 'find'>
  readonly cabinet: Cabinet
  readonly outbox: Pick<Outbox, 'act'>
  /** Among how many a pass is to hide, its owner counted. */
  readonly hideAmong: number
  readonly logger: Logger
}

export function createLife(options: Options) {
  const parts = partsOf(options)
  const { self, proving, progress, outlook, asking } = parts
  const { round, wake } = createRounds(options, parts)

  return {
    self,
    round,
    standing: progress,
    /** Have a pass taken for a pseudonym of ours, as soon as that can be; where that stands. Throws Refusal. */
    async askPass(own: Own): Promise<PassTaking> {
      const taking = await asking(own)
      if (taking.state === 'coming') await wake()
      return taking
    },
    enrolment: (): Action => ({ TAG: 'enroll', data: { commitment: commitmentOf(self.secret, self.network) } }),
    /** That something could not be proven the last time. Not for which pseudonym, because it also stands where others may read it. */
    failing: (): readonly string[] => (outlook.plan().failure ? ['prove a renewal or a pass'] : []),
    /** Stop what is being proven, and be back when it has stopped. */
    stop: proving.stop,
  }
}

/** The parts of a life: looking, doing, and telling. */
function partsOf({ node, wallet, cabinet, outbox, hideAmong, logger }: Options) {
  const { context, store, replica, pending, seams } = node
  const self: Self = { secret: wallet.identitySecret, network: networkField(context.network) }
  const proving = createProving(seams.clock)
  const outlook = createOutlook({ context, store, replica, self })
  const choices = createChoices({ context, store, habitKey: wallet.habitKey, hideAmong })
  const passesOf = createPasses({ node, wallet, cabinet, outlook, choices, self })
  const renew = createRenew({ node, cabinet, self, logger })
  const takePass = createTakePass({ node, wallet, outbox, self, passesOf, choices, logger })
  const dueAt = createDue({ node, passesOf, renew, takePass: takePass.take })
  const progress = createProgress({ pending, outlook, proving, passesOf, choices, wallet })
  const asking = createAsking({ node, outlook, passesOf, proving, takePass })
  return { self, proving, outlook, dueAt, progress, asking }
}

/** Gives the functions that do what is due, one proof at a time, and are back before it is proven. */
function createRounds({ node, logger }: Options, { proving, outlook, dueAt }: ReturnType<typeof partsOf>) {
  const { replica, synced } = node
  const { clock } = node.seams
  let isLooking = false
  /** Up to which batch and which moment there was nothing to do. */
  const awake = { height: -1n, until: 0 }
  let idle = awake

  async function round(): Promise<void> {
    const { height } = replica.head.sealed.header
    if (proving.what() || isLooking || proving.signal.aborted || !synced()) return
    // Nothing is to be done until a batch comes or a moment does.
    if (height === idle.height && clock.now() < idle.until) return
    isLooking = true
    try {
      const due = await dueAt(await outlook.look())
      if (!due.task) idle = { height, until: due.until }
      else if (!proving.signal.aborted) begin(due.task)
    } catch (error) {
      idle = { height, until: clock.now() + againAfter(1) }
      throw error
    } finally {
      isLooking = false
    }
  }

  function begin({ what, run, postpone }: ProvingTask): void {
    logger.debug({ what }, 'proving')
    const task = async (): Promise<void> => {
      try {
        await run(proving.signal)
        outlook.plan().failure = undefined
      } catch (error) {
        const plan = outlook.plan()
        const times = (plan.failure?.times ?? 0) + 1
        plan.failure = { what, why: (error as Error).message, times }
        postpone(clock.now() + againAfter(times))
        if (!proving.signal.aborted) logger.warn({ err: error }, 'could not prove; it is tried again')
      }
    }
    proving.begin(what, task, () => {
      idle = awake
      // At once, and not with the next round: two passes whose moments lie close together are to be taken as close together.
      clock.after(0, () => round().catch(failed))
    })
  }

  const failed = (error: Error): void =>
    logger.warn({ err: error }, 'could not look after the identity; it is tried again')
  /** Look at once, because there is something to do that no batch and no moment told of. */
  async function wake(): Promise<void> {
    idle = awake
    await round()
  }
  return { round, wake }
}
