/**
 * The wire format: what an operation looks like in bytes, what is signed, and what its id is. One canonical encoding;
 * `doorway.ts` is the only place where foreign bytes become an operation.
 */
import * as P from 'micro-packed'
import {
  AddressBytes,
  Bytes32,
  EpochKey,
  listOf,
  optional,
  Proof,
  SealKey,
  Signature,
  SigningKey,
  Time,
  U64,
  wordIn,
} from './codec.ts'
import { Field } from './field.ts'
import { hash } from './hash.ts'

/** The most recipients that any network may allow. */
export const recipientsLimit = 100

/** What a reader says of a message: worth it, nothing to say, unwanted, or harmful. */
export const Verdict = wordIn({ value: 1, abstain: 2, spam: 3, abuse: 4 })
export type Verdict = 'value' | 'abstain' | 'spam' | 'abuse'

/** Who pays what a granted message still costs (its burn and the operators' share): the sender, or the granter's allowance. */
const Payer = wordIn({ sender: 1, recipient: 2 })

/**
 * Make an address one that can be written to. Without sponsorship the op is the new address's own (nonce 0), and needs
 * funds at it; with sponsorship it is the sponsor's op, and `consent` is the new key's signature (`consentHash`), so
 * that nobody can register somebody else's key with an encryption key of their own choice.
 */
const Register = P.struct({
  signingKey: SigningKey,
  sealKey: SealKey,
  sponsorship: optional(P.struct({ amount: U64, consent: Signature })),
})

/** Replace the signing key (`proof` is the new key's signature over `rekeyHash`), the encryption key, or both. */
const Rekey = P.struct({
  signing: optional(P.struct({ key: SigningKey, proof: Signature })),
  sealKey: optional(SealKey),
})

/** What strangers must bring: a least tier (0 = none asked, t + 1 = at least tier t) and a least fee. */
const Policy = P.struct({ leastTier: P.U8, leastFee: U64 })

const Transfer = P.struct({ to: AddressBytes, amount: U64 })

/** Pay for one message to all its recipients, or to none. `epochKey` is the pass it is sent under, if any. */
const Send = P.struct({
  recipients: listOf(AddressBytes, { min: 1, max: recipientsLimit }),
  envelopeHash: Bytes32,
  sizeClass: P.U8,
  lifetimeDays: P.U16BE,
  keeperSet: P.U32BE,
  feeMax: U64,
  epochKey: optional(EpochKey),
})

/**
 * A verdict on a settled message, with its sender and the pass it was sent under, so that the op names every record it
 * touches. `epochKey` is the pass of the one who acknowledges, if any.
 */
const Ack = P.struct({
  message: Bytes32,
  sender: AddressBytes,
  senderKey: optional(EpochKey),
  verdict: Verdict,
  epochKey: optional(EpochKey),
})

/** Let one sender write without paying us; `allowance` moves from our balance into the grant. */
const Grant = P.struct({ sender: AddressBytes, payer: Payer, allowance: U64 })

const Revoke = P.struct({ sender: AddressBytes })

/** The checkpoint that a proof is about: which one of which epoch. It holds in that epoch only. */
const Checkpoint = { epoch: P.U32BE, checkpoint: P.U8 }

/**
 * The proof that, in this epoch, the account belongs to some enrolled identity of at least this tier, and the epoch key
 * that verdicts on its messages accrue to.
 */
const Pass = P.struct({ ...Checkpoint, epochKey: EpochKey, tier: P.U8, proof: Proof })

/** Make an identity known by its commitment. Who pays stands beside it, so one pays from an address that is used for nothing else. */
const Enroll = P.struct({ commitment: Field })

/**
 * A hidden state gets its successor: verdicts folded, sums decayed, and perhaps a part of the score given away in favour
 * of somebody's epoch key (`amount` in whole scores; the key gets half). Nobody signs it, so nobody is linked to it.
 */
const Renew = P.struct({
  ...Checkpoint,
  nullifier: Field,
  leaf: Field,
  endorsement: optional(P.struct({ target: EpochKey, amount: U64 })),
  proof: Proof,
})

/** Buy a stamp: a note of a fixed denomination that is redeemed elsewhere, and nobody can tell where. */
const StampBuy = P.struct({ denomination: U64, note: Field })

/**
 * Redeem a stamp to an address, which it may register (`consent` as for a sponsor's `register`). The proof is bound to all
 * of that, so nobody signs it.
 */
const StampRedeem = P.struct({
  ...Checkpoint,
  nullifier: Field,
  denomination: U64,
  to: AddressBytes,
  registration: optional(P.struct({ signingKey: SigningKey, sealKey: SealKey, consent: Signature })),
  proof: Proof,
})

const Action = P.mappedTag(P.U8, {
  register: [1, Register],
  rekey: [2, Rekey],
  policy: [3, Policy],
  transfer: [4, Transfer],
  send: [5, Send],
  ack: [6, Ack],
  grant: [7, Grant],
  revoke: [8, Revoke],
  pass: [9, Pass],
  enroll: [10, Enroll],
  renew: [11, Renew],
  stampBuy: [12, StampBuy],
  stampRedeem: [13, StampRedeem],
})

/** An unsigned operation: who, with which of their sequential nonces, until when, does what. Version 1. */
export const Op = P.struct({
  version: P.magic(P.U8, 1),
  account: AddressBytes,
  nonce: U64,
  expiry: Time,
  action: Action,
})

/** An operation with the signature of the account's key over its id. */
export const SignedOp = P.struct({ op: Op, signature: Signature })

/** What an op does; its name; and what belongs to an action of one name. */
export type Action = P.UnwrapCoder<typeof Action>
export type ActionName = Action['TAG']
export type ActionOf<Name extends ActionName> = Extract<Action, { TAG: Name }>['data']
export type Op = {
  readonly account: Uint8Array
  readonly nonce: bigint
  readonly expiry: bigint
  readonly action: Action
}
export type SignedOp = { readonly op: Op; readonly signature: Uint8Array }

/**
 * Whether an op is nobody's: a proof speaks for it, so that no account and no key is linked to it. Such an op has the
 * account of nobody, nonce and expiry 0, and a signature of zeros; it is good for as long as its checkpoint.
 */
export const isAnonymous = ({ TAG }: Action): boolean => TAG === 'renew' || TAG === 'stampRedeem'

/** Whether an op carries a proof. */
export const carriesProof = (action: Action): boolean => action.TAG === 'pass' || isAnonymous(action)

/** 20 zero bytes: the account of an anonymous op. No key is known whose address it is. */
export const nobody = new Uint8Array(20)
/** 64 zero bytes: the signature of an anonymous op. */
export const unsigned = new Uint8Array(64)

/** The canonical bytes of an unsigned op. */
export const encodeOp = (op: Op): Uint8Array => Op.encode(op)

/** The canonical bytes of a signed op: what gossip carries and what a batch commits to. */
export const encodeSignedOp = (signed: SignedOp): Uint8Array => SignedOp.encode(signed)

/** 32 bytes: the hash of the unsigned op on this network. It is also what is signed. */
export const opId = (network: Uint8Array, op: Op): Uint8Array => hash('op', network, encodeOp(op))

/** The same, out of the canonical bytes of the signed op: its signature is at their end. */
export const opIdOfSigned = (network: Uint8Array, signed: Uint8Array): Uint8Array =>
  hash('op', network, signed.subarray(0, -Signature.size!))

/** What a new key signs to agree to being registered by a sponsor. */
export const consentHash = (
  network: Uint8Array,
  { signingKey, sealKey }: { signingKey: Uint8Array; sealKey: Uint8Array },
) => hash('consent', network, signingKey, sealKey)

/** 32 bytes: what the proof of a stamp is bound to. */
export const redeemHash = (network: Uint8Array, { to, registration }: ActionOf<'stampRedeem'>): Uint8Array =>
  registration
    ? hash('redeem', network, to, registration.signingKey, registration.sealKey)
    : hash('redeem', network, to)

/** What a new signing key signs to show that it is held by whoever moves an account to it. */
export const rekeyHash = (network: Uint8Array, { account, nonce }: { account: Uint8Array; nonce: bigint }) =>
  hash('rekey', network, account, U64.encode(nonce))
