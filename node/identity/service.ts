/** What people can ask of their identity: how it stands, to enrol it, and to endorse somebody with a part of its score. */
import { balanceOf } from '../../protocol/account.ts'
import { metaKey, metaOf } from '../../protocol/state.ts'
import type { Action } from '../../protocol/operations.ts'
import type { Cabinet, Letter } from '../mailbox/cabinet.ts'
import type { KeyOf } from '../mailbox/epoch-key.ts'
import type { Life } from './life.ts'
import type { Node } from '../peers/node.ts'
import type { Outbox } from '../mailbox/outbox.ts'
import { canEndorse } from './renewal.ts'
import { reputationView, scoreText } from './reputation-view.ts'
import { Refusal, refusalOf, type Service } from '../service.ts'
import { submittedOf } from '../mailbox/views.ts'
import type { Wallet } from '../keys/wallet.ts'

type Options = {
  readonly node: Node
  readonly wallet: Wallet
  readonly cabinet: Cabinet
  readonly outbox: Outbox
  readonly life: Life
  readonly keyOf: KeyOf
  /** One of our letters by the beginning of its id. Throws Refusal. */
  readonly find: (beginning: string) => Promise<Letter>
}

export function createIdentityService({
  node,
  wallet,
  cabinet,
  outbox,
  life,
  keyOf,
  find,
}: Options): Pick<Service, 'reputation' | 'enroll' | 'endorse'> {
  const { replica, pending, context } = node
  const { rules } = context

  return {
    reputation: () => reputationView(node, { life, keyOf, pseudonyms: wallet.own }),

    async enroll({ from }) {
      const own = wallet.pick(from)
      const { traced } = await life.standing()
      if (traced) throw refusalOf('enrolled-already')
      const enrolment = life.enrolment()
      if (pending.list().some(({ op: { action } }) => isSame(action, enrolment)))
        throw new Refusal('enrolled-already', 'Your enrolment is on its way already. Wait until it is settled.')
      const account = await outbox.accountOf(own.address)
      const needed = rules.identity.enrolFee + rules.inclusionFee
      if (!account || balanceOf(rules, account) < needed)
        throw new Refusal(
          'funds-short',
          `Enrolling costs ${needed}, and “${own.label}” has ${account ? balanceOf(rules, account) : 0n}. Pay with another pseudonym, or receive funds first.`,
        )
      return submittedOf((await outbox.submit(own, () => ({ action: enrolment }))).outgoing)
    },

    async endorse({ message, amount }) {
      const { id, folder, sender } = await find(message)
      if (folder === 'sent' || wallet.find(sender))
        throw new Refusal(
          'bad-request',
          'You wrote this message yourself. Endorse a message that somebody else sent you.',
        )
      const target = (await replica.view([{ table: 'messages', key: id }])).read('messages', id)?.epochKey
      const view = await replica.view([
        { table: 'meta', key: metaKey },
        ...(target ? [{ table: 'passes', key: target } as const] : []),
      ])
      const pass = target && view.read('passes', target)
      const { traced, endorsesIn } = await life.standing()
      // What is given away is part of a renewal, and there is one in an epoch: the pass must still gather in that one.
      if (!target || !pass || endorsesIn > pass.epoch + rules.ackWindowEpochs)
        throw new Refusal(
          'target-unknown',
          'This message was sent without a pass, or under one that gathers no more by your next renewal. Endorse a newer message.',
        )
      const size = BigInt(amount)
      if (!rules.identity.endorsements.includes(size))
        throw new Refusal(
          'denomination-unknown',
          `This network has endorsements of ${rules.identity.endorsements.join(', ')}. Choose one of these.`,
        )
      if (!traced || !canEndorse(rules, traced.hidden, size))
        throw new Refusal(
          'bad-request',
          `An endorsement is at most a quarter of a score, and leaves ${rules.identity.endorsementReserve} of it. Yours is ${traced ? scoreText(traced.hidden.positive - traced.hidden.negative) : '0.00'}: give less, or wait until it has grown.`,
        )
      const before = await cabinet.endorsement()
      await cabinet.write([cabinet.putEndorsement({ target, amount: size, provenFor: undefined })])
      const when = endorsesIn === metaOf(view).epoch ? 'this' : 'the next'
      const replaced = before && !before.provenFor ? ` It takes the place of the ${before.amount} that waited.` : ''
      return {
        note: `It goes out with the renewal of ${when} epoch: you give ${size}, and they receive half of it.${replaced}`,
      }
    },
  }
}

const isSame = (action: Action, enrolment: Action): boolean =>
  action.TAG === 'enroll' && enrolment.TAG === 'enroll' && action.data.commitment === enrolment.data.commitment
