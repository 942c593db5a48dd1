/** Money parts, and what custody does with each: every payment and every deed, and every way to be void. */
import { concatBytes, hexToBytes } from '@noble/hashes/utils.js'
import type { Given } from '../../protocol/custody.ts'
import { type Deed, type Money, SignedPart, signedOpBytesMax } from '../../protocol/money.ts'
import type { Reason } from '../../protocol/reason.ts'
import { nobody } from '../../protocol/words.ts'
import { ada, bob, cyd, dan, type Edit, edit, type Edits, eve, genesis, olga, rules } from '../kit/fixtures.ts'
import { account, funded, grant, newKey, pool, registeredAt, soldNote, spent, totals } from './world.ts'

/** What custody is told besides the time and the stamps; all of it holds unless said otherwise. */
type Told = {
  readonly signed: boolean
  readonly agreed: boolean
  readonly proven: boolean
  readonly paysOut: boolean
}

type CustodyVector = {
  readonly name: string
  /** Edits on the world, made beforehand. */
  readonly pre: Edits
  readonly money: Money
  readonly told: Told
  /** The edits that it comes down to, or why it is void. */
  readonly became: Edits | Reason
}

type Wanted = Partial<Omit<Money, 'author'>> & { readonly author?: Partial<Money['author']> | 'nobody' }
type Details = { readonly pre?: Edits; readonly told?: Partial<Told> }

/** A money part of Ada's: her first op, in time, which burns 10 and does nothing, unless said otherwise. */
function by(
  name: string,
  { author = {}, ...wanted }: Wanted,
  became: Edits | Reason,
  details: Details = {},
): CustodyVector {
  const own = { account: ada.address, nonce: 0n, expiry: genesis.time, ...(author === 'nobody' ? {} : author) }
  return {
    name,
    pre: details.pre ?? [],
    money: {
      author: author === 'nobody' ? undefined : own,
      burn: 10n,
      share: undefined,
      lines: [],
      deed: { kind: 'none' },
      ...wanted,
    },
    told: { signed: true, agreed: true, proven: true, paysOut: true, ...details.told },
    became,
  }
}

/** Signed entries in bytes that differ in their form alone, and why custody reads nothing in them. */
export const entryForms: readonly { readonly name: string; readonly bytes: Uint8Array; readonly reason?: Reason }[] =
  (() => {
    const own = { account: ada.address, nonce: 0n, expiry: genesis.time, burn: 10n }
    const nobodys = { account: nobody, nonce: 0n, expiry: 0n, burn: 0n }
    const entry = (head: typeof own, mailBytes: number, signature: Uint8Array): Uint8Array =>
      SignedPart.encode({
        part: {
          ...head,
          kind: 4,
          payee: nobody,
          share: 0n,
          lines: [],
          deed: new Uint8Array(0),
          mail: new Uint8Array(mailBytes),
        },
        signature,
      })
    const zeros = new Uint8Array(64)
    const highestLow = hexToBytes('7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8')
    const withS = (s: Uint8Array): Uint8Array => concatBytes(new Uint8Array(32).fill(1), s)
    // Without mail an entry without lines and a deed has 142 bytes.
    const most = signedOpBytesMax - 142
    return [
      { name: 'of as many bytes as there may be', bytes: entry(own, most, withS(highestLow)) },
      { name: 'of a byte more', bytes: entry(own, most + 1, withS(highestLow)), reason: 'too-large' },
      { name: 'with the highest low s', bytes: entry(own, 0, withS(highestLow)) },
      {
        name: 'with the lowest high s',
        bytes: entry(own, 0, withS(highestLow.with(31, 0xa9))),
        reason: 'signature-high-s',
      },
      { name: 'of nobody, with zeros', bytes: entry(nobodys, 0, zeros) },
      { name: 'of nobody, with an r', bytes: entry(nobodys, 0, zeros.with(0, 1)), reason: 'malformed' },
      { name: 'of nobody, with a high s', bytes: entry(nobodys, 0, zeros.with(32, 255)), reason: 'malformed' },
      { name: 'of nobody, with an s', bytes: entry(nobodys, 0, zeros.with(63, 1)), reason: 'malformed' },
    ]
  })()

/** What custody is given of a vector. */
export const givenOf = ({ signed, agreed, proven, paysOut }: Told): Given => ({
  time: genesis.time,
  stamps: rules.identity.stamps,
  paysOut,
  signed: () => signed,
  agreed: () => agreed,
  proven: () => proven,
})

const to = ({ address }: { address: Uint8Array }, amount: bigint) => ({ address, amount, from: 'funds' }) as const
const outOf = ({ address }: { address: Uint8Array }, amount: bigint) =>
  ({ address, amount, from: 'allowance' }) as const
const burned = totals({ burned: 10n })
const payer = account(ada, { funds: 999_990n, nonce: 1n })
const registerEve: Deed = { kind: 'register', key: eve.signingKey }
const buy: Deed = { kind: 'stamp-buy', denomination: 1_000n, note: 11n }
const redeem: Deed = { kind: 'stamp-redeem', denomination: 1_000n, nullifier: 8n, key: undefined }
const sold = pool(1_000n, 3_000n)
const set = grant(bob, ada, { allowance: 300n })
const chainAddress = new Uint8Array(20).fill(0xc4)
const takeOut = (amount: bigint): Deed => ({ kind: 'withdraw', to: chainAddress, amount })
const withdrawn = (amount: bigint): Edit => edit('withdrawals', chainAddress, { amount })

const settles: readonly CustodyVector[] = [
  by('taken out', { deed: takeOut(700n) }, [account(ada, { funds: 999_290n, nonce: 1n }), burned, withdrawn(700n)]),
  by(
    'taken out again, all that there is',
    { deed: takeOut(999_990n) },
    [account(ada, { funds: 0n, nonce: 1n }), burned, withdrawn(1_000_000n)],
    {
      pre: [withdrawn(10n)],
    },
  ),
  by('nothing taken out', { deed: takeOut(0n) }, [payer, burned]),
  by('it burns', {}, [payer, burned]),
  by('it burns nothing', { burn: 0n }, [account(ada, { nonce: 1n })]),
  by(
    'all that there is',
    { burn: 400n, lines: [to(bob, 600n)] },
    [account(ada, { funds: 0n, nonce: 1n }), account(bob, { funds: 1_000_600n }), totals({ burned: 400n })],
    { pre: [funded(ada, 1_000n)] },
  ),
  by('several are paid, and one gets nothing', { lines: [to(bob, 5n), to(cyd, 0n)] }, [
    account(ada, { funds: 999_985n, nonce: 1n }),
    account(bob, { funds: 1_000_005n }),
    burned,
  ]),
  by('a share to somebody who has no key', { share: { payee: olga.address, amount: 7n } }, [
    account(ada, { funds: 999_983n, nonce: 1n }),
    account(olga, { funds: 1_007n }),
    burned,
  ]),
  by('a share to somebody who is paid besides', { lines: [to(bob, 5n)], share: { payee: bob.address, amount: 7n } }, [
    account(ada, { funds: 999_978n, nonce: 1n }),
    account(bob, { funds: 1_000_012n }),
    burned,
  ]),
  by('a share of one’s own', { share: { payee: ada.address, amount: 7n } }, [payer, burned]),
  by('a share of one’s own, of more than there is', { share: { payee: ada.address, amount: 2n ** 64n - 1n } }, [
    payer,
    burned,
  ]),
  by('a share of nothing', { share: { payee: olga.address, amount: 0n } }, [payer, burned]),
  by(
    'a part is burned out of what somebody set aside',
    { burn: 110n, lines: [outOf(bob, 100n)] },
    [payer, grant(bob, ada, { allowance: 200n }), totals({ burned: 110n })],
    { pre: [set] },
  ),
  by('nothing is, of nothing that anybody set aside', { lines: [outOf(bob, 0n)] }, [payer, burned]),
  by('nothing is, and what was set aside stays', { lines: [outOf(bob, 0n)] }, [payer, burned], { pre: [set] }),
  by(
    'all of it is',
    { burn: 300n, lines: [outOf(bob, 300n), to(cyd, 2n)] },
    [
      account(ada, { funds: 999_998n, nonce: 1n }),
      grant(bob, ada, { allowance: 0n }),
      account(cyd, { funds: 1_000_002n }),
      totals({ burned: 300n }),
    ],
    { pre: [set] },
  ),
  by(
    'an account that has funds registers its key',
    {
      author: { account: dan.address },
      deed: { kind: 'register', key: dan.signingKey },
    },
    [account(dan, { funds: 4_990n, nonce: 1n, signingKey: dan.signingKey }), burned],
  ),
  by('somebody else’s, who is paid at once, and gets the next slot', { lines: [to(eve, 500n)], deed: registerEve }, [
    account(ada, { funds: 999_490n, nonce: 1n }),
    registeredAt(8, eve, 500n),
    totals({ burned: 10n, slots: 9 }),
  ]),
  by(
    'the last account that there can be',
    { lines: [to(eve, 500n)], deed: registerEve },
    [
      account(ada, { funds: 999_490n, nonce: 1n }),
      registeredAt(2 ** 32 - 2, eve, 500n),
      totals({ burned: 10n, slots: 2 ** 32 - 1 }),
    ],
    { pre: [totals({ slots: 2 ** 32 - 2 })] },
  ),
  by('another key signs from now on', { deed: { kind: 'rekey', key: newKey.signingKey } }, [
    account(ada, { funds: 999_990n, nonce: 1n, signingKey: newKey.signingKey }),
    burned,
  ]),
  by('money is set aside', { deed: { kind: 'allow', sender: bob.address, amount: 100n } }, [
    account(ada, { funds: 999_890n, nonce: 1n }),
    grant(ada, bob, { allowance: 100n }),
    burned,
  ]),
  by(
    'more of it',
    { deed: { kind: 'allow', sender: bob.address, amount: 100n } },
    [account(ada, { funds: 999_890n, nonce: 1n }), grant(ada, bob, { allowance: 140n }), burned],
    { pre: [grant(ada, bob, { allowance: 40n })] },
  ),
  by(
    'it comes back, and pays for what takes it back',
    { deed: { kind: 'reclaim', sender: bob.address } },
    [account(ada, { funds: 30n, nonce: 1n }), grant(ada, bob, { allowance: 0n }), burned],
    { pre: [funded(ada, 0n), grant(ada, bob, { allowance: 40n })] },
  ),
  by('where there is none nothing does', { deed: { kind: 'reclaim', sender: bob.address } }, [payer, burned]),
  by(
    'a stamp is bought',
    { deed: buy },
    [account(ada, { funds: 998_990n, nonce: 1n }), soldNote(11n, 1_000n, 0)[0]!, pool(1_000n, 4_000n), burned],
    { pre: [sold] },
  ),
  by(
    'a stamp is redeemed',
    { author: 'nobody', lines: [to(bob, 990n)], deed: redeem },
    [account(bob, { funds: 1_000_990n }), pool(1_000n, 2_000n), spent(8n, 1_000n), burned],
    { pre: [sold] },
  ),
  by(
    'and registers whom it pays',
    {
      author: 'nobody',
      lines: [to(eve, 990n)],
      deed: { ...redeem, key: eve.signingKey },
    },
    [registeredAt(8, eve, 990n), pool(1_000n, 2_000n), spent(8n, 1_000n), totals({ burned: 10n, slots: 9 })],
    {
      pre: [sold],
    },
  ),
  by('nobody does nothing', { author: 'nobody', burn: 0n }, []),
  by('nobody pays nothing', { author: 'nobody', burn: 0n, lines: [to(bob, 0n)] }, []),
]

const voids: readonly CustodyVector[] = [
  by('taken out, a unit short', { deed: takeOut(999_991n) }, 'funds-short'),
  by('taken out, where no chain pays', { deed: takeOut(1n) }, 'chain-lacking', { told: { paysOut: false } }),
  by('taken out, and not signed', { deed: takeOut(1n) }, 'signature-wrong', { told: { signed: false } }),
  by('too late', { author: { expiry: genesis.time - 1n } }, 'expired'),
  by('an account that there is not', { author: { account: eve.address } }, 'account-unknown'),
  by('a nonce that was used', {}, 'nonce-used', { pre: [account(ada, { nonce: 1n })] }),
  by('a nonce too far', { author: { nonce: 1n } }, 'nonce-gap'),
  by('of an account without a key', { author: { account: dan.address } }, 'not-registered'),
  by(
    'with a key that its address was not made of',
    {
      author: { account: dan.address },
      deed: { kind: 'register', key: eve.signingKey },
    },
    'not-registered',
  ),
  by('whose signature does not hold', {}, 'signature-wrong', { told: { signed: false } }),
  by('a unit short', { burn: 400n, lines: [to(bob, 601n)] }, 'funds-short', { pre: [funded(ada, 1_000n)] }),
  by('more than anybody can have', { lines: [to(bob, 2n ** 64n - 1n), to(cyd, 2n ** 64n - 1n)] }, 'funds-short'),
  by('to oneself', { lines: [to(ada, 1n)] }, 'recipient-self'),
  by('to one twice', { lines: [to(bob, 1n), to(bob, 1n)] }, 'recipient-repeated'),
  by(
    'to one, and out of what they set aside',
    { burn: 20n, lines: [to(bob, 1n), outOf(bob, 1n)] },
    'recipient-repeated',
    {
      pre: [set],
    },
  ),
  by('to an address without a key', { lines: [to(dan, 1n)] }, 'recipient-unknown'),
  by('to nobody', { lines: [to(eve, 0n)] }, 'recipient-unknown'),
  by('a share to nobody', { share: { payee: eve.address, amount: 0n } }, 'payee-unknown'),
  by('out of what nobody set aside', { lines: [outOf(bob, 1n)] }, 'allowance-short'),
  by('a unit more than was set aside', { burn: 500n, lines: [outOf(bob, 301n)] }, 'allowance-short', { pre: [set] }),
  by(
    'out of what somebody set aside, and not all of it is burned',
    {
      burn: 99n,
      lines: [outOf(bob, 100n), to(cyd, 1n)],
    },
    'malformed',
    { pre: [set] },
  ),
  by(
    'of nobody, out of what somebody set aside',
    { author: 'nobody', burn: 1n, lines: [outOf(bob, 1n)] },
    'malformed',
    {
      pre: [set],
    },
  ),
  ...(
    [
      { kind: 'rekey', key: newKey.signingKey },
      { kind: 'register', key: eve.signingKey },
      buy,
      { kind: 'allow', sender: bob.address, amount: 0n },
      { kind: 'reclaim', sender: bob.address },
      takeOut(0n),
    ] as const
  ).map((deed) =>
    by(
      `of nobody, who does what has to be somebody’s: ${deed.kind}`,
      { author: 'nobody', burn: 0n, deed },
      'malformed',
    ),
  ),
  by(
    'of nobody, who does what has to be somebody’s, with what there is not',
    { author: 'nobody', burn: 0n, deed: { ...buy, denomination: 1_001n } as Deed },
    'malformed',
  ),
  by('of nobody, who pays', { author: 'nobody', burn: 0n, lines: [to(bob, 1n)] }, 'malformed'),
  by(
    'of nobody, and a unit of the stamp is left over',
    { author: 'nobody', lines: [to(bob, 989n)], deed: redeem },
    'malformed',
    {
      pre: [sold],
    },
  ),
  by('a key for which there is no account left', { lines: [to(eve, 500n)], deed: registerEve }, 'tree-full', {
    pre: [totals({ slots: 2 ** 32 - 1 })],
  }),
  by('a key that has its account', { deed: { kind: 'register', key: bob.signingKey } }, 'registered-already'),
  by('a key that did not agree', { deed: registerEve }, 'consent-wrong', { told: { agreed: false } }),
  by(
    'a key that did not agree, and nobody is paid besides',
    { lines: [to(dan, 1n)], deed: registerEve },
    'consent-wrong',
    {
      told: { agreed: false },
    },
  ),
  by('a key that did not agree, for which there is no account left', { deed: registerEve }, 'tree-full', {
    pre: [totals({ slots: 2 ** 32 - 1 })],
    told: { agreed: false },
  }),
  by('another key that did not agree', { deed: { kind: 'rekey', key: newKey.signingKey } }, 'proof-wrong', {
    told: { agreed: false },
  }),
  by(
    'set aside for an address without a key',
    { deed: { kind: 'allow', sender: dan.address, amount: 0n } },
    'recipient-unknown',
  ),
  by('set aside for oneself', { deed: { kind: 'allow', sender: ada.address, amount: 1n } }, 'recipient-self'),
  by('set aside, a unit short', { deed: { kind: 'allow', sender: bob.address, amount: 999_991n } }, 'funds-short'),
  by('no denomination', { deed: { ...buy, denomination: 1_001n } as Deed }, 'denomination-unknown'),
  by('a note that was sold', { deed: buy }, 'note-repeated', { pre: [soldNote(11n, 10_000n, 0)] }),
  by('a stamp, a unit short', { deed: buy }, 'funds-short', { pre: [funded(ada, 1_009n)] }),
  by(
    'a stamp of no denomination',
    { author: 'nobody', lines: [to(bob, 989n)], deed: { ...redeem, denomination: 999n } as Deed },
    'denomination-unknown',
  ),
  by('a stamp that was redeemed', { author: 'nobody', lines: [to(bob, 990n)], deed: redeem }, 'nullifier-used', {
    pre: [sold, spent(8n, 10_000n)],
  }),
  by(
    'a stamp that was redeemed, and registers a key that has its account',
    { author: 'nobody', lines: [to(bob, 990n)], deed: { ...redeem, key: bob.signingKey } },
    'nullifier-used',
    { pre: [sold, spent(8n, 10_000n)] },
  ),
  by(
    'a stamp whose proof does not hold, and registers a key that has its account',
    { author: 'nobody', lines: [to(bob, 990n)], deed: { ...redeem, key: bob.signingKey } },
    'registered-already',
    { pre: [sold], told: { proven: false } },
  ),
  by('a stamp whose proof does not hold', { author: 'nobody', lines: [to(bob, 990n)], deed: redeem }, 'unproven', {
    pre: [sold],
    told: { proven: false },
  }),
  by('more stamps than were sold', { author: 'nobody', lines: [to(bob, 990n)], deed: redeem }, 'unproven', {
    pre: [pool(1_000n, 999n), pool(10_000n, 10_000n)],
  }),
]

export const custody: readonly CustodyVector[] = [...settles, ...voids]
