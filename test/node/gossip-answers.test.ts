/** What gossip answers: nobody is held to account for a state that their peer has not seen, or no longer has. */
import { test } from 'tap'
import { gossipAnswers } from '../../node/gossip-answers.ts'
import { type Reason, reasons, shortcomings } from '../../protocol/reason.ts'
import { edited } from '../kit/fixtures.ts'
import { applyTo, contextOf, refused } from '../vectors/all.ts'
import { world } from '../vectors/world.ts'

/** What the ledger says and gossip rejects all the same, and why it follows from bytes and rules, whatever the state. */
const fromBytesAlone: Partial<Record<Reason, string>> = {
  malformed: 'whether it can be read, and what it takes in pays out, stands in the op',
  'consent-wrong': 'digest, key and signature all stand in the op',
  'proof-wrong': 'account, nonce, key and signature all stand in the op',
}

/** Every reason that the ledger gave in some vector. */
const given = new Set<Reason>(
  refused.flatMap((vector) => {
    const applied = applyTo(edited(world, vector.pre ?? []), vector.op, contextOf(vector))
    return 'reason' in applied ? [applied.reason] : []
  }),
)

test('gossip answers: what only a node says that waits is never held against whoever brought the op', async (t) => {
  const waits = reasons.filter((reason) => /-(pending|missing|short|full)$/.test(reason) && !(reason in shortcomings))
  t.ok(waits.includes('reserve-short') && waits.includes('queue-full'))
  for (const reason of waits) t.equal(gossipAnswers[reason], 'ignore', reason)
})

test('gossip answers: what the state says is ignored, but for what follows from the bytes', async (t) => {
  t.ok(given.size > 30, 'the ledger gives reasons')
  for (const reason of given) {
    const isCertain = reason in fromBytesAlone
    t.equal(
      gossipAnswers[reason],
      isCertain ? 'reject' : 'ignore',
      `${reason}: ${fromBytesAlone[reason] ?? 'the state'}`,
    )
  }
})

test('gossip answers: what is said to follow from the bytes is said by the ledger too', async (t) => {
  const idle = (Object.keys(fromBytesAlone) as Reason[]).filter((reason) => !given.has(reason))
  t.strictSame(idle, [], 'otherwise the exception is for nothing')
})
