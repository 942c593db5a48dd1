/** Every operation, with and without each of its options; CONTRIBUTING.md says how another one gets here. */
import type { Rules } from '../../../protocol/rules.ts'
import { sign } from '../../../node/keys/sign.ts'
import { readOp } from '../../../protocol/doorway.ts'
import type { Amounts, Payment } from '../../../protocol/money.ts'
import { type Action, type ActionName, type ActionOf, operationOf, operations } from '../../../protocol/operations.ts'
import { rekeyHash } from '../../../protocol/operations/rekey.ts'
import { redeemHash } from '../../../protocol/operations/stamp-redeem.ts'
import { consentHash } from '../../../protocol/registration.ts'
import { encodeOp, laneOf, messageOf, type Op, opIdOfSigned } from '../../../protocol/wire.ts'
import {
  ada,
  bob,
  cyd,
  dan,
  eve,
  network,
  opOf,
  type Person,
  personOf,
  rules,
  signedBytes,
} from '../../kit/fixtures.ts'
import { examplesOf, plain, Unexampled } from './plain.ts'
import { bytesOf, elementOf, numberOf } from './sample.ts'

/** Somebody's op. The nonce is the account's, so that it could settle. */
type Sample<Name extends ActionName> = { readonly name: string; readonly by: Person; readonly data: ActionOf<Name> }

const newKey = personOf('a new key')
const proof = bytesOf('proof', 256)
const consent = sign(consentHash(network, eve), eve.privateKey)
const { signingKey, sealKey } = eve
const named = { epoch: 0x01020304, checkpoint: 5 }
const redemption = { ...named, nullifier: elementOf('stamp'), denomination: 10_000n, proof }
const nonce = 0x0102030405060708n
const signing = {
  key: newKey.signingKey,
  signature: sign(rekeyHash(network, { account: ada.address, nonce }), newKey.privateKey),
}
const posted = {
  envelopeHash: bytesOf('envelope', 32),
  sizeClass: 3,
  lifetimeDays: 0x0141,
  keeperSet: 0x0a0b0c0d,
}
const judged = { message: bytesOf('message', 32), sender: bob.address }
const [hers, his] = [bytesOf('key of the sender', 20), bytesOf('key of the reader', 20)]

export const samples: { readonly [Name in ActionName]: readonly Sample<Name>[] } = {
  register: [
    { name: 'by itself', by: dan, data: { signingKey: dan.signingKey, sealKey: dan.sealKey, sponsorship: undefined } },
    {
      name: 'by a sponsor',
      by: ada,
      data: { signingKey, sealKey, sponsorship: { amount: numberOf('amount', 40), consent } },
    },
  ],
  rekey: [
    { name: 'both keys', by: ada, data: { signing, sealKey: newKey.sealKey } },
    { name: 'the signing key', by: ada, data: { signing, sealKey: undefined } },
    { name: 'the encryption key', by: ada, data: { signing: undefined, sealKey: newKey.sealKey } },
  ],
  policy: [{ name: 'a tier and a fee', by: bob, data: { leastTier: 3, leastFee: numberOf('least fee', 40) } }],
  transfer: [{ name: 'to Bob', by: ada, data: { to: bob.address, amount: numberOf('transfer', 60) } }],
  send: [
    {
      name: 'to one, without a pass',
      by: ada,
      data: { recipients: [bob.address], ...posted, epochKey: undefined, automatic: false },
    },
    {
      name: 'to three, under a pass',
      by: ada,
      data: { recipients: [cyd, bob, eve].map(({ address }) => address), ...posted, epochKey: hers, automatic: true },
    },
    {
      name: 'to as many as any rules allow',
      by: ada,
      data: {
        recipients: Array.from({ length: 100 }, (_, at) => bytesOf(`recipient ${at}`, 20)),
        ...posted,
        epochKey: undefined,
        automatic: false,
      },
    },
  ],
  ack: (['value', 'abstain', 'spam', 'abuse'] as const).map((verdict, at) => ({
    name: verdict,
    by: cyd,
    data: {
      ...judged,
      senderKey: at % 2 ? hers : undefined,
      verdict,
      epochKey: at > 1 ? his : undefined,
      giveBack: at === 0 ? numberOf('give back', 60) : 0n,
    },
  })),
  grant: (['sender', 'recipient'] as const).map((payer) => ({
    name: `the ${payer} pays what is left`,
    by: ada,
    data: { sender: cyd.address, payer, allowance: numberOf('allowance', 50) },
  })),
  revoke: [{ name: 'from Cyd', by: ada, data: { sender: cyd.address } }],
  pass: [0, 2].map((tier) => ({
    name: `of tier ${tier}`,
    by: ada,
    data: { ...named, epochKey: hers, tier, proof },
  })),
  enroll: [{ name: 'an identity', by: ada, data: { commitment: elementOf('commitment') } }],
  renew: [
    {
      name: 'a state',
      by: ada,
      data: { ...named, nullifier: elementOf('state'), leaf: elementOf('leaf'), endorsement: undefined, proof },
    },
    {
      name: 'a state, and endorse',
      by: ada,
      data: {
        ...named,
        nullifier: elementOf('state'),
        leaf: elementOf('leaf'),
        endorsement: { target: his, amount: 2n },
        proof,
      },
    },
  ],
  giveBack: [
    {
      name: 'for a message',
      by: cyd,
      data: { message: judged.message, sender: judged.sender, amount: numberOf('given', 60) },
    },
  ],
  withdraw: [
    { name: 'to an address of a chain', by: ada, data: { to: bytesOf('chain', 20), amount: numberOf('withdraw', 60) } },
  ],
  stampBuy: [{ name: 'a stamp', by: ada, data: { denomination: 1_000n, note: elementOf('note') } }],
  stampRedeem: [
    { name: 'to somebody', by: ada, data: { ...redemption, to: bob.address, registration: undefined } },
    {
      name: 'to an address that it registers',
      by: ada,
      data: { ...redemption, to: eve.address, registration: { signingKey, sealKey, consent } },
    },
  ],
}

const here = 'test/vectors/make/operations.ts'

/** The rules that the samples are read under: of this network, but for what the samples exceed to be told apart. */
const widest: Rules = { ...rules, recipientsMax: 100 }

/** Each sample with its bytes, and what follows from them. */
export const operationVectors = () =>
  (Object.keys(operations) as ActionName[]).flatMap((action) =>
    examplesOf<ActionName, Sample<ActionName>>(action, samples, here).map(({ name, by, data }, at) => {
      const wanted = { TAG: action, data } as Action
      const wish = { by, action: wanted, nonce, expiry: 0x0000018cd1e2f304n, amounts: amountsOf(wanted, at) }
      const op = opOf(wish)
      const bytes = signedBytes(wish)
      const read = readOp(bytes, { network, rules: widest })
      if (!read.ok) throw new Error(`the sample ${action}: ${name} is refused: ${read.reason}`)
      return {
        name: `${action}: ${name}`,
        action,
        number: operations[action].number,
        value: plain({ ...op, signature: read.value.signature }),
        unsigned: plain(encodeOp(op)),
        hex: plain(bytes),
        id: plain(opIdOfSigned(network, bytes)),
        lane: laneOf(op),
        message: plain(messageOf(network, op)),
        signed: plain(signaturesIn(op, by, bytes)),
        ...(wanted.TAG === 'stampRedeem' && { redeemHash: plain(redeemHash(network, op, wanted.data)) }),
      }
    }),
  )

/** What a sample names, each amount another; every second one has no share. Lines that follow from what it says stay. */
export function amountsOf(action: Action, at: number): Partial<Amounts> {
  const share = { payee: bytesOf(`payee of ${action.TAG}`, 20), amount: numberOf(`share of ${action.TAG}`, 60) }
  const lines = (action.TAG === 'send' ? action.data.recipients : []).map(
    (address, index): Payment => ({
      address,
      amount: numberOf(`amount of line ${index}`, 60),
      from: index % 3 === 1 ? 'allowance' : 'funds',
    }),
  )
  return {
    burn: numberOf(`burn of ${action.TAG}`, 60),
    share: at % 2 === 0 ? share : undefined,
    ...(lines.length > 0 && { lines }),
  }
}

/** Everything that is signed in an op: what (32 bytes), by which key, and with what. */
function signaturesIn(op: Op, by: Person, bytes: Uint8Array) {
  const { action } = op
  const agreed = operationOf(action).agreement(network, op, action.data)
  const digests: Partial<Record<ActionName, [Uint8Array, Uint8Array]>> = {
    register: [consentHash(network, eve), eve.signingKey],
    stampRedeem: [consentHash(network, eve), eve.signingKey],
    rekey: [rekeyHash(network, op), newKey.signingKey],
  }
  const own = { digest: opIdOfSigned(network, bytes), key: by.signingKey, signature: bytes.slice(-64) }
  const others = (agreed ? [agreed.signature] : []).map((signature) => {
    const signed = digests[action.TAG]
    if (!signed) throw new Unexampled(`what is signed inside \`${action.TAG}\` is not among \`digests\` of ${here}`)
    const [digest, key] = signed
    return { digest, key, signature }
  })
  return operationOf(action).author.kind === 'account' ? [own, ...others] : others
}
