/** Asking to endorse somebody: the wish is checked and kept, and goes out with the next renewal. */
import type { Context } from '../../protocol/context.ts'
import type { Rules } from '../../protocol/rules.ts'
import { metaKey, metaOf } from '../../protocol/state.ts'
import type { Traced } from './history.ts'
import type { Wallet } from '../keys/wallet.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Life } from './life.ts'
import type { Cabinet } from '../mailbox/cabinet.ts'
import type { FindLetter } from '../mailbox/find-letter.ts'
import { canEndorse } from './renewal.ts'
import { scoreText } from './reputation-view.ts'
import { Refusal } from '../service.ts'

type Options = {
  readonly context: Pick<Context, 'rules'>
  readonly replica: Pick<Replica, 'view'>
  readonly wallet: Pick<Wallet, 'find'>
  readonly cabinet: Pick<Cabinet, 'endorsement' | 'putEndorsement' | 'write'>
  readonly life: Pick<Life, 'standing'>
  readonly find: FindLetter
}

/** Keep a wish to endorse whoever sent a message, in place of one that waits. Throws Refusal. */
export async function endorse(
  { context: { rules }, replica, wallet, cabinet, life, find }: Options,
  { message, amount }: { readonly message: string; readonly amount: string },
): Promise<{ readonly note: string }> {
  const { id, folder, sender } = await find(message)
  if (folder === 'sent' || wallet.find(sender))
    throw new Refusal('bad-request', 'You wrote this message yourself. Endorse a message that somebody else sent you.')
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
  guardAmount(rules, size, traced)
  const before = await cabinet.endorsement()
  await cabinet.write([cabinet.putEndorsement({ target, amount: size, provenFor: undefined })])
  const when = endorsesIn === metaOf(view).epoch ? 'this' : 'the next'
  const replaced = before && !before.provenFor ? ` It takes the place of the ${before.amount} that waited.` : ''
  return {
    note: `It goes out with the renewal of ${when} epoch: you give ${size}, and they receive half of it.${replaced}`,
  }
}

/** Throws Refusal where the network has no endorsement of this size, or where our score does not allow it. */
function guardAmount(rules: Rules, size: bigint, traced: Traced | undefined): void {
  const { endorsements, endorsementReserve } = rules.identity
  if (!endorsements.includes(size))
    throw new Refusal(
      'denomination-unknown',
      `This network has endorsements of ${endorsements.join(', ')}. Choose one of these.`,
    )
  if (traced && canEndorse(rules, traced.hidden, size)) return
  const score = traced ? scoreText(traced.hidden.positive - traced.hidden.negative) : '0.00'
  throw new Refusal(
    'bad-request',
    `An endorsement is at most a quarter of a score, and leaves ${endorsementReserve} of it. Yours is ${score}: give less, or wait until it has grown.`,
  )
}
