/**
 * What one honest node relays, no other rejects: over random stories, two nodes at different heads, with different ops
 * waiting, are brought the same bytes. A rejection counts for an hour, and would turn honest nodes against each other.
 */
import fc from 'fast-check'
import { test } from 'tap'
import { gossipAnswers } from '../../../node/gossip-answers.ts'
import { sign as signDigest } from '../../../node/keys/sign.ts'
import type { Replica } from '../../../node/ledger/replica.ts'
import { createPending } from '../../../node/peers/pending.ts'
import type { Incoming } from '../../../protocol/doorway.ts'
import type { Action } from '../../../protocol/operations.ts'
import { rekeyHash } from '../../../protocol/operations/rekey.ts'
import { type Reason, yes } from '../../../protocol/reason.ts'
import type { Reference } from '../../../protocol/state.ts'
import { consentHash } from '../../../protocol/registration.ts'
import {
  action,
  hourMs,
  network,
  type Person,
  personOf,
  signed,
  type State,
  totalsOf,
  viewOf,
  fetchedOf,
} from '../../kit/fixtures.ts'
import { goodProof, plainProofs } from '../../kit/plain-proofs.ts'
import { people, rememberingContext, stories, tell } from '../../kit/story.ts'

/** A pool over a state, with what waits there already. */
async function poolOver(state: State, context: Replica['context'], waiting: readonly Incoming[]) {
  const time = Number(totalsOf(state).time)
  const view = async (references: readonly Reference[]) => fetchedOf(state, references)
  const replica = { context, head: {} as Replica['head'], view }
  const pending = createPending(replica, { clock: { now: () => time }, proofs: plainProofs })
  for (const incoming of waiting) await pending.add(incoming, 'a peer')
  return pending
}

/**
 * What the stories have too little of: an account moves to another key, and goes on under the old one all the same; lies of
 * every kind that has a proof; and a stamp is redeemed, whether or not as much was ever put into stamps.
 */
function mischief(state: State, by: Person): Incoming[] {
  const { nonce } = viewOf(state).read('accounts', by.address)!
  const { time, epoch, checkpoint } = totalsOf(state)
  const [key, newcomer] = [personOf(`${by.name}, another key`), personOf(`a friend of ${by.name}`)]
  const sign = (data: Action, at: bigint, privateKey = by.privateKey) =>
    signed({ by, action: data, nonce: at, expiry: time + hourMs, privateKey })
  const rekey = (signature: Uint8Array) =>
    action('rekey', { signing: { key: key.signingKey, signature }, sealKey: undefined })
  const digest = rekeyHash(network, { account: by.address, nonce })
  const pay = action('transfer', { to: people.find((one) => one !== by)!.address, amount: 1n })
  const { signingKey, sealKey } = newcomer
  const consent = signDigest(consentHash(network, { signingKey, sealKey: by.sealKey }), newcomer.privateKey)
  const redeem = action('stampRedeem', {
    epoch,
    checkpoint,
    nullifier: 77_777n,
    denomination: 1_000n,
    to: by.address,
    registration: undefined,
    proof: goodProof,
  })
  return [
    sign(rekey(signDigest(digest, key.privateKey)), nonce),
    sign(rekey(signDigest(digest, by.privateKey)), nonce),
    sign(pay, nonce),
    sign(pay, nonce + 1n),
    sign(pay, nonce + 1n, key.privateKey),
    sign(pay, nonce + 2n),
    sign(action('register', { signingKey, sealKey, sponsorship: { amount: 200n, consent } }), nonce),
    sign(redeem, 0n),
  ]
}

const picks = fc.record({
  head: fc.nat(),
  later: fc.nat({ max: 3 }),
  who: fc.nat({ max: 2 }),
  waits: fc.tuple(fc.infiniteStream(fc.boolean()), fc.infiniteStream(fc.boolean())),
})

test('rejects: what one node takes, no other rejects', async (t) => {
  const context = rememberingContext()
  const heard = new Set<Reason>()
  /** Why one refused what the other took, and how often. */
  const apart = new Map<Reason, number>()
  await fc.assert(
    fc.asyncProperty(stories, picks, async (story, { head, later, who, waits }) => {
      const steps = tell(story, context)
      const states = steps.flatMap(({ before, after }) => [before, after])
      const at = head % states.length
      const [one, other] = [states[at]!, states[Math.min(at + later, states.length - 1)]!]
      const near = steps.slice(Math.max(0, Math.floor(at / 2) - 1), Math.floor(at / 2) + 3)
      const ops = [
        ...near.flatMap(({ tried }) => tried.map(({ incoming }) => incoming)),
        ...mischief(one, people[who]!),
        ...mischief(other, people[who]!),
      ]
      const some = (choice: Iterable<boolean>) => {
        const next = choice[Symbol.iterator]()
        return ops.filter(() => next.next().value)
      }
      const pools = [await poolOver(one, context, some(waits[0])), await poolOver(other, context, some(waits[1]))]
      for (const incoming of ops) {
        const results = await Promise.all(
          pools.map((pool) => (pool.has(incoming.id) ? yes(undefined) : pool.check(incoming))),
        )
        const refusals = results.flatMap((result) => (result.ok ? [] : [result.reason]))
        for (const reason of refusals) heard.add(reason)
        const [reason] = refusals
        if (refusals.length === 1) apart.set(reason!, (apart.get(reason!) ?? 0) + 1)
      }
    }),
    { numRuns: 80 },
  )
  t.comment([...apart].map(([reason, times]) => `${reason} ${times}`).join(', '))
  for (const reason of apart.keys()) t.equal(gossipAnswers[reason], 'ignore', `${reason}, and another took it`)
  for (const reason of ['signature-wrong', 'nonce-gap', 'nonce-pending'] as const) t.ok(apart.has(reason), reason)
  for (const reason of ['consent-wrong', 'proof-wrong', 'unproven'] as const)
    t.ok(heard.has(reason), `${reason} was heard`)
})
