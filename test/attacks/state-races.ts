/**
 * Operations about which two relays must differ for a moment: each pair of an account is brought to one relay in one order
 * and to another in the other, with what builds on either; and some that are right for one clock and wrong for the next. All
 * of it is paid for, so it travels, and honest relays must not hold against each other what they make of it.
 */
import { consentHash } from '../../protocol/registration.ts'
import type { Action } from '../../protocol/operations.ts'
import { type Active, createActive, signLow } from '../bench/crowd.ts'
import type { Attack } from './attack.ts'
import { type Mallory, random } from './mallory.ts'
import { pause } from './measure.ts'

const count = 24
/** Ops behind each of a pair: some more than an honest relay may reject of another within an hour. */
const behind = 6

type Race = (mallory: Mallory, by: Active, other: Active) => readonly [Action, Action]

const allButLittle = 999_000_000_000n

/** What is first at one relay and second at another, under one nonce. */
const races: readonly Race[] = [
  (_, __, other) => [grantTo(other), { TAG: 'revoke', data: { sender: other.address } }],
  () => [policyOf(0n), policyOf(1_000_000n)],
  // Whoever hears of the one first has nothing left for what stands behind the other.
  (_, __, other) => [pay(other, allButLittle), pay(other, 1n)],
  // One newcomer, registered by both, of which one comes too late.
  (mallory, _, other) => {
    const [newcomer] = createActive(1)
    const sealKey = random(1216)
    const { signingKey } = newcomer!
    const consent = signLow(consentHash(mallory.id, { signingKey, sealKey }), newcomer!.key)
    const sponsorship = { amount: 10n ** 9n, consent }
    return [{ TAG: 'register', data: { signingKey, sealKey, sponsorship } }, pay(other, 2n)]
  },
  (_, __, other) => [ackOf(other), pay(other, 3n)],
]

const ackOf = ({ address: sender }: Active): Action => ({
  TAG: 'ack',
  data: { message: random(32), sender, senderKey: undefined, verdict: 'value', epochKey: undefined, giveBack: 0n },
})
const pay = ({ address }: Active, amount: bigint): Action => ({ TAG: 'transfer', data: { to: address, amount } })
const policyOf = (leastFee: bigint): Action => ({ TAG: 'policy', data: { leastTier: 0, leastFee } })
const grantTo = ({ address }: Active): Action => ({
  TAG: 'grant',
  data: { sender: address, payer: 'sender', allowance: 10n ** 9n },
})

export const stateRaces: Attack = {
  name: 'state-races',
  what: 'grants, policies, payments, registrations and ops at the edge of their expiry, other ones first at each relay',
  victim: 'relay2',
  async strike(mallory) {
    const accounts = await mallory.accounts(count)
    const [near, far] = [await mallory.peer(['relay2']), await mallory.peer(['relay3'])]
    const { ops } = mallory.topics
    await pause(2_000)
    await mallory.begin()
    const until = Date.now() + mallory.seconds * 1_000
    for (let at = 0; Date.now() < until; at++) {
      const by = accounts[at % count]!
      const other = accounts[(at + 1) % count]!
      const pair = races[at % races.length]!(mallory, by, other)
      const rows = pair.map((first) =>
        [first, ...Array.from({ length: behind }, (_, step) => pay(other, BigInt(step + 3)))].map((action, step) =>
          mallory.op(by, action, { at: by.nonce + BigInt(step) }),
        ),
      )
      const toAll = ([one, two]: Uint8Array[][]) =>
        Promise.all(
          [one!, two!].map(async (row, at) => {
            for (const op of row) await mallory.tell(at === 0 ? near : far, ops, op)
          }),
        )
      await toAll(rows)
      for (const op of atTheEdge(mallory, by, other)) for (const peer of [near, far]) await mallory.tell(peer, ops, op)
      by.nonce += BigInt(behind + 1)
      await pause(150)
    }
    await pause(2_000)
  },
}

/** Ops that expire as they arrive, or last as long as the clock of whoever sees them lets them, or a moment longer. */
function atTheEdge(mallory: Mallory, by: Active, other: Active): Uint8Array[] {
  const { expiryMaxMs } = mallory.file.rules
  return [20, 200, 1_000, expiryMaxMs - 20, expiryMaxMs + 20, expiryMaxMs + 300].map((ms) =>
    mallory.op(by, pay(other, BigInt(ms)), { at: by.nonce + BigInt(behind), expiry: BigInt(Date.now() + ms) }),
  )
}
