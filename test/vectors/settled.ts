/**
 * Operations that settle, and exactly what they change. `pre` is edits on the world of `world.ts`, `changes` edits on
 * what that gives; every amount is worked out by hand from the rules in `fixtures.ts`.
 */
import { envelopeHash, messageId } from '../../protocol/envelope.ts'
import { sign } from '../../node/sign.ts'
import { consentHash, rekeyHash } from '../../protocol/wire.ts'
import {
  action,
  ada,
  bob,
  cyd,
  dan,
  dayMs,
  type Edit,
  eve,
  genesis,
  hourMs,
  network,
  seedOf,
  sendTo,
  type Wish,
} from '../fixtures.ts'
import { account, due, funded, grant, message, newKey, registeredAt, sealKey, settledMessage, totals } from './world.ts'

export type SettledVector = {
  readonly name: string
  readonly pre?: readonly Edit[]
  readonly op: Wish
  readonly changes: readonly Edit[]
}

const { time } = genesis
const consent = sign(consentHash(network, eve), eve.privateKey)
const danConsent = sign(consentHash(network, dan), dan.privateKey)
const proof = sign(rekeyHash(network, { account: ada.address, nonce: 0n }), newKey.privateKey)
const dayLater = time + dayMs
/** What a send of 1 KiB for 30 days to one stranger costs: 1,000, of which 200 are burned and 50 go to the operators. */
const plain = { address: bob.address, fee: 1_000n, burned: 200n, credit: 750n, verdict: undefined }

const idOf = (recipients: Uint8Array[]): Uint8Array =>
  messageId({ network, sender: ada.address, recipients, envelopeHash: seedOf('envelope') })
const toBob = idOf([bob.address])

export const settled: readonly SettledVector[] = [
  {
    name: 'register: a funded address registers itself',
    op: {
      by: dan,
      action: action('register', { signingKey: dan.signingKey, sealKey: dan.sealKey, sponsorship: undefined }),
    },
    changes: [
      account(dan, { signingKey: dan.signingKey, funds: 4_990n, nonce: 1n }),
      sealKey(dan, dan.sealKey),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'register: what is left after the inclusion fee may be the bare reserve',
    pre: [account(dan, { funds: 110n })],
    op: {
      by: dan,
      action: action('register', { signingKey: dan.signingKey, sealKey: dan.sealKey, sponsorship: undefined }),
    },
    changes: [
      account(dan, { signingKey: dan.signingKey, funds: 100n, nonce: 1n }),
      sealKey(dan, dan.sealKey),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'register: a sponsor opens an account in the next slot',
    op: {
      by: ada,
      action: action('register', {
        signingKey: eve.signingKey,
        sealKey: eve.sealKey,
        sponsorship: { amount: 500n, consent },
      }),
    },
    changes: [
      account(ada, { funds: 999_490n, nonce: 1n }),
      registeredAt(6, eve, 500n),
      sealKey(eve, eve.sealKey),
      totals({ burned: 10n, slots: 7 }),
    ],
  },
  {
    name: 'register: a sponsor may give no more than the reserve',
    op: {
      by: ada,
      action: action('register', {
        signingKey: eve.signingKey,
        sealKey: eve.sealKey,
        sponsorship: { amount: 100n, consent },
      }),
    },
    changes: [
      account(ada, { funds: 999_890n, nonce: 1n }),
      registeredAt(6, eve, 100n),
      sealKey(eve, eve.sealKey),
      totals({ burned: 10n, slots: 7 }),
    ],
  },
  {
    name: 'register: a sponsored address that has funds and a nonce keeps slot, funds and nonce',
    pre: [account(dan, { nonce: 4n })],
    op: {
      by: ada,
      action: action('register', {
        signingKey: dan.signingKey,
        sealKey: dan.sealKey,
        sponsorship: { amount: 500n, consent: danConsent },
      }),
    },
    changes: [
      account(ada, { funds: 999_490n, nonce: 1n }),
      account(dan, { signingKey: dan.signingKey, funds: 5_500n }),
      sealKey(dan, dan.sealKey),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'rekey: both keys',
    op: { by: ada, action: action('rekey', { signing: { key: newKey.signingKey, proof }, sealKey: eve.sealKey }) },
    changes: [
      account(ada, { signingKey: newKey.signingKey, funds: 999_990n, nonce: 1n }),
      sealKey(ada, eve.sealKey),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'rekey: the signing key alone',
    op: { by: ada, action: action('rekey', { signing: { key: newKey.signingKey, proof }, sealKey: undefined }) },
    changes: [account(ada, { signingKey: newKey.signingKey, funds: 999_990n, nonce: 1n }), totals({ burned: 10n })],
  },
  {
    name: 'rekey: the encryption key alone',
    op: { by: ada, action: action('rekey', { signing: undefined, sealKey: eve.sealKey }) },
    changes: [account(ada, { funds: 999_990n, nonce: 1n }), sealKey(ada, eve.sealKey), totals({ burned: 10n })],
  },
  {
    name: 'rekey: afterwards the new key signs',
    pre: [account(ada, { signingKey: newKey.signingKey, nonce: 1n })],
    op: {
      by: ada,
      nonce: 1n,
      privateKey: newKey.privateKey,
      action: action('transfer', { to: bob.address, amount: 1n }),
    },
    changes: [
      account(ada, { funds: 999_989n, nonce: 2n }),
      account(bob, { funds: 1_000_001n }),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'policy: what is raised holds after the longest expiry',
    op: { by: bob, action: action('policy', { leastTier: 3, leastFee: 5_000n }) },
    changes: [
      account(bob, {
        funds: 999_990n,
        nonce: 1n,
        policy: { leastTier: 0, leastFee: 0n, next: { leastTier: 3, leastFee: 5_000n, from: dayLater } },
      }),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'policy: the highest tier and the highest fee that the rules allow',
    op: { by: bob, action: action('policy', { leastTier: 5, leastFee: 1_000_000n }) },
    changes: [
      account(bob, {
        funds: 999_990n,
        nonce: 1n,
        policy: { leastTier: 0, leastFee: 0n, next: { leastTier: 5, leastFee: 1_000_000n, from: dayLater } },
      }),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'policy: what is lowered holds at once',
    pre: [account(bob, { policy: { leastTier: 3, leastFee: 5_000n, next: undefined } })],
    op: { by: bob, action: action('policy', { leastTier: 1, leastFee: 10n }) },
    changes: [
      account(bob, { funds: 999_990n, nonce: 1n, policy: { leastTier: 1, leastFee: 10n, next: undefined } }),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'policy: one term lowered at once while the other waits to be raised',
    pre: [account(bob, { policy: { leastTier: 3, leastFee: 10n, next: undefined } })],
    op: { by: bob, action: action('policy', { leastTier: 1, leastFee: 20n }) },
    changes: [
      account(bob, {
        funds: 999_990n,
        nonce: 1n,
        policy: { leastTier: 1, leastFee: 10n, next: { leastTier: 1, leastFee: 20n, from: dayLater } },
      }),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'policy: a raise that still waits is taken back by asking for what holds',
    pre: [
      account(bob, { policy: { leastTier: 0, leastFee: 10n, next: { leastTier: 0, leastFee: 99n, from: time + 1n } } }),
    ],
    op: { by: bob, action: action('policy', { leastTier: 0, leastFee: 10n }) },
    changes: [
      account(bob, { funds: 999_990n, nonce: 1n, policy: { leastTier: 0, leastFee: 10n, next: undefined } }),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'policy: a raise whose time has come is what the next one starts from',
    pre: [account(bob, { policy: { leastTier: 0, leastFee: 10n, next: { leastTier: 0, leastFee: 99n, from: time } } })],
    op: { by: bob, action: action('policy', { leastTier: 0, leastFee: 50n }) },
    changes: [
      account(bob, { funds: 999_990n, nonce: 1n, policy: { leastTier: 0, leastFee: 50n, next: undefined } }),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'transfer: money moves, the inclusion fee burns',
    op: { by: ada, action: action('transfer', { to: bob.address, amount: 400n }) },
    changes: [
      account(ada, { funds: 999_590n, nonce: 1n }),
      account(bob, { funds: 1_000_400n }),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'transfer: everything but the reserve',
    op: { by: ada, action: action('transfer', { to: bob.address, amount: 999_890n }) },
    changes: [account(ada, { funds: 100n, nonce: 1n }), account(bob, { funds: 1_999_890n }), totals({ burned: 10n })],
  },
  {
    name: 'transfer: in the last millisecond before it expires',
    op: { by: ada, expiry: time, action: action('transfer', { to: bob.address, amount: 400n }) },
    changes: [
      account(ada, { funds: 999_590n, nonce: 1n }),
      account(bob, { funds: 1_000_400n }),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'transfer: with the longest expiry',
    op: { by: ada, expiry: dayLater, action: action('transfer', { to: bob.address, amount: 400n }) },
    changes: [
      account(ada, { funds: 999_590n, nonce: 1n }),
      account(bob, { funds: 1_000_400n }),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'send: one KiB for 30 days to one stranger',
    op: { by: ada, action: sendTo([bob], { feeMax: 1_000n }) },
    changes: [
      account(ada, { funds: 998_990n, nonce: 1n }),
      account(bob, { funds: 1_000_750n }),
      totals({ burned: 210n, pot: 50n }),
      message(toBob, { ...settledMessage, recipients: [plain] }),
    ],
  },
  {
    name: 'send: four KiB for a year to two, each 1,000 × 4 × 4 × 1.1',
    op: { by: ada, action: sendTo([bob, cyd], { sizeClass: 2, lifetimeDays: 365 }) },
    changes: [
      account(ada, { funds: 964_790n, nonce: 1n }),
      account(bob, { funds: 1_013_200n }),
      account(cyd, { funds: 1_013_200n }),
      totals({ burned: 7_050n, pot: 1_760n }),
      message(idOf([bob.address, cyd.address]), {
        ...settledMessage,
        keptUntil: time + 365n * dayMs,
        recipients: [bob, cyd].map(({ address }) => ({
          address,
          fee: 17_600n,
          burned: 3_520n,
          credit: 13_200n,
          verdict: undefined,
        })),
      }),
    ],
  },
  {
    name: 'send: the fee rounds up, burn and operators round down, the recipient takes the rest',
    op: { by: ada, action: sendTo([bob], { lifetimeDays: 1 }) },
    changes: [
      account(ada, { funds: 999_656n, nonce: 1n }),
      account(bob, { funds: 1_000_252n }),
      totals({ burned: 76n, pot: 16n }),
      message(toBob, {
        ...settledMessage,
        keptUntil: dayLater,
        recipients: [{ address: bob.address, fee: 334n, burned: 66n, credit: 252n, verdict: undefined }],
      }),
    ],
  },
  {
    name: 'send: the least fee of the recipient, where it is above the market',
    pre: [account(bob, { policy: { leastTier: 0, leastFee: 5_000n, next: undefined } })],
    op: { by: ada, action: sendTo([bob]) },
    changes: [
      account(ada, { funds: 994_990n, nonce: 1n }),
      account(bob, { funds: 1_003_750n }),
      totals({ burned: 1_010n, pot: 250n }),
      message(toBob, {
        ...settledMessage,
        recipients: [{ address: bob.address, fee: 5_000n, burned: 1_000n, credit: 3_750n, verdict: undefined }],
      }),
    ],
  },
  {
    name: 'send: a policy that is being raised does not hold yet',
    pre: [
      account(bob, {
        policy: { leastTier: 0, leastFee: 0n, next: { leastTier: 2, leastFee: 5_000n, from: time + 1n } },
      }),
    ],
    op: { by: ada, action: sendTo([bob]) },
    changes: [
      account(ada, { funds: 998_990n, nonce: 1n }),
      account(bob, { funds: 1_000_750n }),
      totals({ burned: 210n, pot: 50n }),
      message(toBob, { ...settledMessage, recipients: [plain] }),
    ],
  },
  {
    name: 'send: with a grant the sender pays the burn and the operators, whatever the policy asks',
    pre: [
      account(bob, { policy: { leastTier: 5, leastFee: 5_000n, next: undefined } }),
      grant(bob, ada, { payer: 'sender', allowance: 0n, endsAt: undefined }),
    ],
    op: { by: ada, action: sendTo([bob], { feeMax: 250n }) },
    changes: [
      account(ada, { funds: 999_740n, nonce: 1n }),
      totals({ burned: 210n, pot: 50n }),
      message(toBob, { ...settledMessage, recipients: [{ ...plain, fee: 250n, credit: 0n }] }),
    ],
  },
  {
    name: 'send: with a grant that pays, it is free but for the inclusion fee, and counts for nothing',
    pre: [grant(bob, ada, { payer: 'recipient', allowance: 250n, endsAt: undefined })],
    op: { by: ada, action: sendTo([bob], { feeMax: 0n }) },
    changes: [
      account(ada, { funds: 999_990n, nonce: 1n }),
      grant(bob, ada, { allowance: 0n }),
      totals({ burned: 210n, pot: 50n }),
      message(toBob, { ...settledMessage, recipients: [{ ...plain, fee: 0n, burned: 0n, credit: 0n }] }),
    ],
  },
  {
    name: 'send: where the allowance is too small the sender pays',
    pre: [grant(bob, ada, { payer: 'recipient', allowance: 249n, endsAt: undefined })],
    op: { by: ada, action: sendTo([bob]) },
    changes: [
      account(ada, { funds: 999_740n, nonce: 1n }),
      totals({ burned: 210n, pot: 50n }),
      message(toBob, { ...settledMessage, recipients: [{ ...plain, fee: 250n, credit: 0n }] }),
    ],
  },
  {
    name: 'send: a grant that is being revoked still holds',
    pre: [grant(bob, ada, { payer: 'sender', allowance: 0n, endsAt: time + hourMs })],
    op: { by: ada, action: sendTo([bob]) },
    changes: [
      account(ada, { funds: 999_740n, nonce: 1n }),
      totals({ burned: 210n, pot: 50n }),
      message(toBob, { ...settledMessage, recipients: [{ ...plain, fee: 250n, credit: 0n }] }),
    ],
  },
  {
    name: 'send: one recipient pays from an allowance, the other is a stranger',
    pre: [grant(bob, ada, { payer: 'recipient', allowance: 1_000n, endsAt: undefined })],
    op: { by: ada, action: sendTo([bob, cyd], { feeMax: 1_100n }) },
    changes: [
      account(ada, { funds: 998_890n, nonce: 1n }),
      grant(bob, ada, { allowance: 725n }),
      account(cyd, { funds: 1_000_825n }),
      totals({ burned: 450n, pot: 110n }),
      message(idOf([bob.address, cyd.address]), {
        ...settledMessage,
        recipients: [
          { address: bob.address, fee: 0n, burned: 0n, credit: 0n, verdict: undefined },
          { address: cyd.address, fee: 1_100n, burned: 220n, credit: 825n, verdict: undefined },
        ],
      }),
    ],
  },
  {
    name: 'send: the same envelope to others is another message',
    pre: [message(toBob, { ...settledMessage, recipients: [plain] })],
    op: { by: ada, action: sendTo([cyd]) },
    changes: [
      account(ada, { funds: 998_990n, nonce: 1n }),
      account(cyd, { funds: 1_000_750n }),
      totals({ burned: 210n, pot: 50n }),
      message(idOf([cyd.address]), { ...settledMessage, recipients: [{ ...plain, address: cyd.address }] }),
    ],
  },
  {
    name: 'ack: a verdict costs nothing but a nonce',
    pre: [message(toBob, { ...settledMessage, recipients: [plain] })],
    op: { by: bob, action: action('ack', { message: toBob, verdict: 'value', epochKey: undefined }) },
    changes: [account(bob, { nonce: 1n }), message(toBob, { recipients: [{ ...plain, verdict: 'value' }] })],
  },
  {
    name: 'ack: with nothing left but the reserve, and each recipient for themselves',
    pre: [
      funded(cyd, 100n),
      message(toBob, {
        ...settledMessage,
        recipients: [
          { ...plain, verdict: 'value' },
          { ...plain, address: cyd.address },
        ],
      }),
    ],
    op: { by: cyd, action: action('ack', { message: toBob, verdict: 'abuse', epochKey: undefined }) },
    changes: [
      account(cyd, { nonce: 1n }),
      message(toBob, {
        recipients: [
          { ...plain, verdict: 'value' },
          { ...plain, address: cyd.address, verdict: 'abuse' },
        ],
      }),
    ],
  },
  {
    name: 'ack: in the last epoch in which it counts',
    pre: [totals({ epoch: 3 }), message(toBob, { ...settledMessage, recipients: [plain] })],
    op: { by: bob, action: action('ack', { message: toBob, verdict: 'spam', epochKey: undefined }) },
    changes: [account(bob, { nonce: 1n }), message(toBob, { recipients: [{ ...plain, verdict: 'spam' }] })],
  },
  {
    name: 'grant: an allowance moves into it',
    op: { by: bob, action: action('grant', { sender: ada.address, payer: 'recipient', allowance: 3_000n }) },
    changes: [
      account(bob, { funds: 996_990n, nonce: 1n }),
      grant(bob, ada, { payer: 'recipient', allowance: 3_000n, endsAt: undefined }),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'grant: again adds to the allowance and says anew who pays',
    pre: [grant(bob, ada, { payer: 'recipient', allowance: 3_000n, endsAt: undefined })],
    op: { by: bob, action: action('grant', { sender: ada.address, payer: 'sender', allowance: 1n }) },
    changes: [
      account(bob, { funds: 999_989n, nonce: 1n }),
      grant(bob, ada, { payer: 'sender', allowance: 3_001n }),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'revoke: the grant ends after the longest expiry, with what is left in it',
    pre: [grant(bob, ada, { payer: 'recipient', allowance: 3_000n, endsAt: undefined })],
    op: { by: bob, action: action('revoke', { sender: ada.address }) },
    changes: [
      account(bob, { funds: 999_990n, nonce: 1n }),
      grant(bob, ada, { endsAt: dayLater }),
      due(dayLater, bob, ada),
      totals({ burned: 10n }),
    ],
  },
]
