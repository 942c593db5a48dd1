/** What people can ask of their identity: how it stands, to enrol it, and to endorse somebody with a part of its score. */
import { balanceOf } from '../../protocol/account.ts'
import type { Context } from '../../protocol/context.ts'
import type { Action } from '../../protocol/operations.ts'
import { amountText } from '../amount.ts'
import { endorse } from './endorse.ts'
import type { Own, Wallet } from '../keys/wallet.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Store } from '../ledger/store.ts'
import type { Life } from './life.ts'
import type { Cabinet } from '../mailbox/cabinet.ts'
import type { KeyOf } from '../mailbox/epoch-key.ts'
import type { FindLetter } from '../mailbox/find-letter.ts'
import type { Outbox } from '../mailbox/outbox.ts'
import { accountOf } from '../mailbox/signing.ts'
import type { Pending } from '../peers/pending.ts'
import type { PresenceOf } from './presence.ts'
import { reputationView } from './reputation-view.ts'
import { Refusal, refusalOf, type Service, type Submitted } from '../service.ts'

type Options = {
  readonly node: {
    readonly context: Pick<Context, 'rules'>
    readonly store: Pick<Store, 'fetch' | 'disk'>
    readonly replica: Pick<Replica, 'view'>
    readonly pending: Pick<Pending, 'list'>
  }
  readonly wallet: Pick<Wallet, 'own' | 'pick' | 'find'>
  readonly cabinet: Pick<Cabinet, 'endorsement' | 'putEndorsement' | 'write'>
  readonly outbox: Pick<Outbox, 'act'>
  readonly life: Pick<Life, 'self' | 'standing' | 'enrolment' | 'askPass'>
  readonly keyOf: KeyOf
  readonly find: FindLetter
  readonly presence: PresenceOf
}

export function createIdentityService({ node, wallet, cabinet, outbox, life, keyOf, find, presence }: Options) {
  const { context, replica } = node

  return {
    reputation: () => reputationView(node, { life, keyOf, pseudonyms: wallet.own, presence }),
    takePass: async ({ address }) => life.askPass(wallet.pick(address)),
    enroll: async ({ from }) => enroll({ node, outbox, life }, wallet.pick(from)),
    endorse: (request) => endorse({ context, replica, wallet, cabinet, life, find }, request),
  } satisfies Partial<Service>
}

/** Enrol our identity, paid by one of our pseudonyms. Throws Refusal. */
async function enroll({ node, outbox, life }: Pick<Options, 'node' | 'outbox' | 'life'>, own: Own): Promise<Submitted> {
  const { context, replica, pending } = node
  const { rules } = context
  const { traced } = await life.standing()
  if (traced) throw refusalOf('enrolled-already')
  const enrolment = life.enrolment()
  if (pending.list().some(({ op: { action } }) => isSame(action, enrolment)))
    throw new Refusal('enrolled-already', 'Your enrolment is on its way already. Wait until it is settled.')
  const account = await accountOf(replica, own.address)
  const needed = rules.identity.enrolFee + rules.inclusionFee
  const balance = account ? balanceOf(rules, account) : 0n
  if (balance < needed)
    throw new Refusal(
      'funds-short',
      `Enrolling costs ${amountText(needed, rules.coin)}, and “${own.label}” has ${amountText(balance, rules.coin)}. Pay with another pseudonym, or receive funds first.`,
    )
  return outbox.act(own, enrolment)
}

const isSame = (action: Action, enrolment: Action): boolean =>
  action.TAG === 'enroll' && enrolment.TAG === 'enroll' && action.data.commitment === enrolment.data.commitment
