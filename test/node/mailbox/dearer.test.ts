import { type Test, test } from 'tap'
import type { Incoming } from '../../../protocol/doorway.ts'
import { no } from '../../../protocol/reason.ts'
import { costOf } from '../../../protocol/custody.ts'
import { moneyOfOp } from '../../../protocol/wire.ts'
import type { Letter, Outgoing } from '../../../node/mailbox/cabinet.ts'
import { Refusal } from '../../../node/service.ts'
import { ada, bob, signed } from '../../kit/fixtures.ts'
import { letter, nonceAt, type Node, orderAs, setting, storeOf, undeliveredIn, unsettled } from '../../kit/retrying.ts'

/**
 * A letter of Ada’s that is under way and asked for more than it pays; `used` nonces are gone. It may cost so much at most,
 * and our copy of it says that it costs `amount`, where these are kept.
 */
async function dearer(
  t: Test,
  { most, amount, fee, used = 0n }: { most?: bigint; amount?: bigint; fee: bigint; used?: bigint },
) {
  const { first, outgoing } = letter
  const nonces: bigint[] = []
  const changes: Outgoing[] = []
  const counted: bigint[] = []
  const asked: bigint[] = []
  const submitted: Uint8Array[] = []
  const node: Partial<Node> = {
    pending: { has: () => false, nextNonce: () => used },
    submit: async (bytes) => {
      submitted.push(bytes)
      return no(submitted.length === 1 && used === 0n ? 'price-short' : 'queue-full')
    },
  }
  const { cabinet, retryWith } = setting(t, node, used === 0n ? unsettled : nonceAt(used), {
    async orderAnew(former) {
      asked.push(former.most)
      if (fee > former.most) throw new Refusal('over-maximum', `It costs ${fee}.`)
      return orderAs(former)
    },
    async sign(_own, nonce, { action, expiry }) {
      nonces.push(nonce)
      return signed({ by: ada, nonce, action, expiry: expiry! + 1n }).bytes
    },
    spending: {
      correct: async () => [],
      async count(id, op) {
        t.strictSame(id, first.id, 'it counts once')
        counted.push(costOf(moneyOfOp(op)))
        return []
      },
    },
    onChange: async (outgoing) => void changes.push(outgoing),
  })
  await cabinet.write([
    ...cabinet.putOutgoing(outgoing(first)),
    ...(most === undefined ? [] : [cabinet.putLimit(first.id, most)]),
    ...(amount === undefined ? [] : cabinet.putLetter(copyOf(first, amount))),
  ])
  await retryWith(cabinet)(outgoing(first))
  const { state, note } = changes.at(-1)!
  return { cabinet, retryWith, state, note, nonces, asked, counted, submitted, last: changes.at(-1)! }
}

/** Ada's copy of a letter that is on its way. */
const copyOf = ({ id: opId, message }: Incoming, amount: bigint): Letter => ({
  id: message!,
  folder: 'sent',
  state: 'submitted',
  note: '',
  sender: ada.address,
  recipients: [bob.address],
  own: ada.address,
  subject: '',
  date: 0n,
  bytes: 0,
  height: undefined,
  opId,
  amount,
  verdict: undefined,
})

test('retry: a letter that became dearer is priced and signed anew within what was agreed to', async (t) => {
  for (const used of [0n, 7n]) {
    const { cabinet, nonces, state, asked, counted, submitted, last } = await dearer(t, { most: 90n, fee: 80n, used })
    t.strictSame(
      [nonces, state, asked],
      [[used], 'submitted', [90n]],
      'under its nonce, or the next where that is gone',
    )
    t.strictSame(submitted.at(-1), last.bytes)
    t.equal(counted.length, 1)
    t.strictSame((await cabinet.outgoing(letter.first.id))?.supersededBy, last.id, 'on disk')
    t.equal(await cabinet.limit(letter.first.id), 90n, 'and its limit for the next time')
  }
})

test('retry: a letter that became dearer than was agreed to is refused, and says so', async (t) => {
  for (const used of [0n, 7n]) {
    const { cabinet, nonces, state, note } = await dearer(t, { most: 90n, fee: 91n, used })
    t.strictSame([nonces, state, note], [[], 'refused', 'It costs 91.'])
    t.equal(await cabinet.limit(letter.first.id), undefined, 'nothing of it is kept')
  }
})

test('retry: a letter whose limit is lost costs no more anew than its fee was, without what carrying it burns', async (t) => {
  for (const used of [0n, 7n]) {
    const within = await dearer(t, { amount: 70n, fee: 70n, used })
    t.strictSame([within.asked, within.state], [[70n], 'submitted'], 'the fee alone, whatever the op pays besides')
    const above = await dearer(t, { amount: 70n, fee: 71n, used })
    t.strictSame([above.asked, above.state], [[70n], 'refused'])
    const lost = await dearer(t, { fee: 1n, used })
    t.strictSame([lost.asked, lost.state], [[0n], 'refused'], 'what nobody remembers an agreement to')
    t.equal(
      (await dearer(t, { most: 90n, amount: 70n, fee: 80n, used })).state,
      'submitted',
      'a limit that is kept holds',
    )
  }
})

test('retry: a letter that is killed between being signed anew and submitted goes on as what it was signed as', async (t) => {
  const { cabinet, retryWith, last, nonces, submitted } = await dearer(t, { most: 90n, fee: 80n })
  t.strictSame(nonces, [0n])
  const open: Outgoing[] = []
  for await (const one of cabinet.openOutgoing()) open.push(one)
  t.strictSame(open, [last], 'what a start finds')
  await retryWith(cabinet)(open[0]!)
  t.strictSame(submitted.at(-1), last.bytes)
  t.strictSame(nonces, [0n], 'and nothing is signed once more')
})

test('retry: a letter that was paid under an earlier form, and not delivered, is not paid again', async (t) => {
  const { first, outgoing } = letter
  const again = signed({ by: ada, nonce: 0n, action: first.op.action, expiry: first.op.expiry + 1n })
  const { cabinet, retryWith } = setting(t, { store: storeOf(undeliveredIn(3n, first)) }, nonceAt(1n))
  await cabinet.write([
    ...cabinet.putOutgoing(outgoing(first, { state: 'superseded', supersededBy: again.id })),
    ...cabinet.putOutgoing(outgoing(again)),
    cabinet.putForms([first.id, again.id]),
  ])
  await retryWith(cabinet)(outgoing(again))
  t.match(await cabinet.outgoing(again.id), { state: 'refused', note: /paid in batch 3, and not delivered/ })
})
