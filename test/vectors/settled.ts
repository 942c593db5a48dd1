/**
 * Operations that settle, and exactly what they change; sends are in `send.ts`. `pre` is edits on the world of
 * `world.ts`, `changes` edits on what that gives; amounts are worked out by hand from the rules in `fixtures.ts`.
 */
import { sign } from '../../node/keys/sign.ts'
import { consentHash } from '../../protocol/registration.ts'
import { rekeyHash } from '../../protocol/operations/rekey.ts'
import { action, ada, bob, cyd, dan, dayMs, eve, edit, genesis, network, rules } from '../kit/fixtures.ts'
import {
  account,
  funded,
  grant,
  message,
  messageTo,
  newKey,
  registeredAt,
  type SettledVector,
  sealKey,
  policy,
  settledMessage,
  totals,
  ofAda,
  unread,
  closes,
} from './world.ts'

const { time } = genesis
/** Of a chain. */
const chainAddress = new Uint8Array(20).fill(0xc4)
const consent = sign(consentHash(network, eve), eve.privateKey)
const danConsent = sign(consentHash(network, dan), dan.privateKey)
const signature = sign(rekeyHash(network, { account: ada.address, nonce: 0n }), newKey.privateKey)
const dayLater = time + dayMs
const toBob = messageTo(bob)

export const settled: readonly SettledVector[] = [
  {
    name: 'withdraw: money leaves to an address of the chain that holds it',
    rules: { ...rules, anchor: 'evm' },
    op: { by: ada, action: action('withdraw', { to: chainAddress, amount: 400n }) },
    changes: [
      account(ada, { funds: 999_590n, nonce: 1n }),
      totals({ burned: 10n }),
      edit('withdrawals', chainAddress, { amount: 400n }),
    ],
  },
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
    name: 'register: what is left after the inclusion fee may be nothing',
    pre: [account(dan, { funds: 10n })],
    op: {
      by: dan,
      action: action('register', { signingKey: dan.signingKey, sealKey: dan.sealKey, sponsorship: undefined }),
    },
    changes: [
      account(dan, { signingKey: dan.signingKey, funds: 0n, nonce: 1n }),
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
      registeredAt(8, eve, 500n),
      sealKey(eve, eve.sealKey),
      totals({ burned: 10n, slots: 9 }),
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
      registeredAt(8, eve, 100n),
      sealKey(eve, eve.sealKey),
      totals({ burned: 10n, slots: 9 }),
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
    op: { by: ada, action: action('rekey', { signing: { key: newKey.signingKey, signature }, sealKey: eve.sealKey }) },
    changes: [
      account(ada, { signingKey: newKey.signingKey, funds: 999_990n, nonce: 1n }),
      sealKey(ada, eve.sealKey),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'rekey: the signing key alone',
    op: { by: ada, action: action('rekey', { signing: { key: newKey.signingKey, signature }, sealKey: undefined }) },
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
      account(bob, { funds: 999_990n, nonce: 1n }),
      policy(bob, { leastTier: 0, leastFee: 0n, next: { leastTier: 3, leastFee: 5_000n, from: dayLater } }),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'policy: the highest tier and the highest fee that the rules allow',
    op: { by: bob, action: action('policy', { leastTier: 5, leastFee: 1_000_000n }) },
    changes: [
      account(bob, { funds: 999_990n, nonce: 1n }),
      policy(bob, { leastTier: 0, leastFee: 0n, next: { leastTier: 5, leastFee: 1_000_000n, from: dayLater } }),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'policy: what is lowered holds at once',
    pre: [policy(bob, { leastTier: 3, leastFee: 5_000n, next: undefined })],
    op: { by: bob, action: action('policy', { leastTier: 1, leastFee: 10n }) },
    changes: [
      account(bob, { funds: 999_990n, nonce: 1n }),
      policy(bob, { leastTier: 1, leastFee: 10n, next: undefined }),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'policy: one term lowered at once while the other waits to be raised',
    pre: [policy(bob, { leastTier: 3, leastFee: 10n, next: undefined })],
    op: { by: bob, action: action('policy', { leastTier: 1, leastFee: 20n }) },
    changes: [
      account(bob, { funds: 999_990n, nonce: 1n }),
      policy(bob, { leastTier: 1, leastFee: 10n, next: { leastTier: 1, leastFee: 20n, from: dayLater } }),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'policy: a raise that still waits is taken back by asking for what holds',
    pre: [policy(bob, { leastTier: 0, leastFee: 10n, next: { leastTier: 0, leastFee: 99n, from: time + 1n } })],
    op: { by: bob, action: action('policy', { leastTier: 0, leastFee: 10n }) },
    changes: [
      account(bob, { funds: 999_990n, nonce: 1n }),
      policy(bob, { leastTier: 0, leastFee: 10n, next: undefined }),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'policy: a raise whose time has come is what the next one starts from',
    pre: [policy(bob, { leastTier: 0, leastFee: 10n, next: { leastTier: 0, leastFee: 99n, from: time } })],
    op: { by: bob, action: action('policy', { leastTier: 0, leastFee: 50n }) },
    changes: [
      account(bob, { funds: 999_990n, nonce: 1n }),
      policy(bob, { leastTier: 0, leastFee: 50n, next: undefined }),
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
    name: 'transfer: everything',
    op: { by: ada, action: action('transfer', { to: bob.address, amount: 999_990n }) },
    changes: [account(ada, { funds: 0n, nonce: 1n }), account(bob, { funds: 1_999_990n }), totals({ burned: 10n })],
  },
  {
    name: 'transfer: more is burned than is asked, and a share of nothing is left out',
    op: { by: ada, action: action('transfer', { to: bob.address, amount: 400n }), amounts: { burn: 25n } },
    changes: [
      account(ada, { funds: 999_575n, nonce: 1n }),
      account(bob, { funds: 1_000_400n }),
      totals({ burned: 25n }),
    ],
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
    name: 'ack: a verdict costs nothing but a nonce',
    pre: [message(toBob, { ...settledMessage, recipients: [unread] })],
    op: {
      by: bob,
      action: action('ack', { giveBack: 0n, ...ofAda, message: toBob, verdict: 'value', epochKey: undefined }),
    },
    changes: [account(bob, { nonce: 1n }), message(toBob, { recipients: [{ ...unread, verdict: 'value' }] })],
  },
  {
    name: 'ack: with nothing left, and each recipient for themselves',
    pre: [
      funded(cyd, 0n),
      message(toBob, {
        ...settledMessage,
        recipients: [
          { ...unread, verdict: 'value' },
          { ...unread, address: cyd.address },
        ],
      }),
    ],
    op: {
      by: cyd,
      action: action('ack', { giveBack: 0n, ...ofAda, message: toBob, verdict: 'abuse', epochKey: undefined }),
    },
    changes: [
      account(cyd, { nonce: 1n }),
      message(toBob, {
        recipients: [
          { ...unread, verdict: 'value' },
          { ...unread, address: cyd.address, verdict: 'abuse' },
        ],
      }),
      closes(cyd),
    ],
  },
  {
    name: 'ack: in the last epoch in which it counts',
    pre: [totals({ epoch: 2 }), message(toBob, { ...settledMessage, recipients: [unread] })],
    op: {
      by: bob,
      action: action('ack', { giveBack: 0n, ...ofAda, message: toBob, verdict: 'spam', epochKey: undefined }),
    },
    changes: [
      account(bob, { nonce: 1n }),
      message(toBob, { recipients: [{ ...unread, verdict: 'spam' }] }),
      closes(bob, 2),
    ],
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
    name: 'grant: while it ends it is given anew',
    pre: [grant(bob, ada, { payer: 'recipient', endsAt: dayLater })],
    op: { by: bob, action: action('grant', { sender: ada.address, payer: 'sender', allowance: 0n }) },
    changes: [
      account(bob, { funds: 999_990n, nonce: 1n }),
      grant(bob, ada, { payer: 'sender', endsAt: undefined }),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'revoke: where nothing was set aside',
    pre: [grant(bob, ada, { payer: 'sender', endsAt: undefined })],
    op: { by: bob, action: action('revoke', { sender: ada.address }) },
    changes: [
      account(bob, { funds: 999_990n, nonce: 1n }),
      grant(bob, ada, { endsAt: dayLater }),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'revoke: what was set aside by a grant that did not count returns',
    pre: [grant(bob, ada, { allowance: 300n })],
    op: { by: bob, action: action('revoke', { sender: ada.address }) },
    changes: [
      account(bob, { funds: 1_000_290n, nonce: 1n }),
      grant(bob, ada, { allowance: 0n }),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'revoke: what was set aside so beside a grant that ends returns, and it ends when it does',
    pre: [grant(bob, ada, { payer: 'recipient', allowance: 300n, endsAt: time + 1n })],
    op: { by: bob, action: action('revoke', { sender: ada.address }) },
    changes: [
      account(bob, { funds: 1_000_290n, nonce: 1n }),
      grant(bob, ada, { allowance: 0n }),
      totals({ burned: 10n }),
    ],
  },
  {
    name: 'revoke: what is left of the allowance returns at once, and the grant ends after the longest expiry',
    pre: [grant(bob, ada, { payer: 'recipient', allowance: 3_000n, endsAt: undefined })],
    op: { by: bob, action: action('revoke', { sender: ada.address }) },
    changes: [
      account(bob, { funds: 1_002_990n, nonce: 1n }),
      grant(bob, ada, { allowance: 0n, endsAt: dayLater }),
      totals({ burned: 10n }),
    ],
  },
]
