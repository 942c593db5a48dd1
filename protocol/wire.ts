/**
 * The wire format: what an operation looks like in bytes, what is signed, and what its id is. One canonical encoding;
 * `doorway.ts` is the only place where foreign bytes become an operation. What each operation says is in `operations/`.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import * as P from 'micro-packed'
import { AddressBytes, Signature, Time, U64 } from './codec.ts'
import { Field } from './field.ts'
import { hash } from './hash.ts'
import type { OpHead } from './operation.ts'
import { Action, operationOf } from './operations.ts'
import { wireVersion } from './version.ts'

/** An unsigned operation: who, with which of their sequential nonces, until when, does what. */
export const Op = P.struct({
  version: P.magic(P.U8, wireVersion),
  account: AddressBytes,
  nonce: U64,
  expiry: Time,
  action: Action,
})

/** An operation with the signature of the account's key over its id. */
export const SignedOp = P.struct({ op: Op, signature: Signature })

export type Op = OpHead & { readonly action: Action }
export type SignedOp = { readonly op: Op; readonly signature: Uint8Array }

/**
 * Whether an op is nobody's: a proof speaks for it, so that no account and no key is linked to it. Such an op has the
 * account of nobody, nonce and expiry 0, and a signature of zeros; it is good for as long as its checkpoint.
 */
export const isAnonymous = (action: Action): boolean => operationOf(action).author.kind === 'nobody'

/** Whether an op carries a proof. */
export const carriesProof = (action: Action): boolean => operationOf(action).statement !== undefined

/** 64 zero bytes: the signature of an anonymous op. */
export const unsigned = new Uint8Array(64)

/** The canonical bytes of an unsigned op. */
export const encodeOp = (op: Op): Uint8Array => Op.encode(op)

/** The canonical bytes of a signed op: what gossip carries and what a batch commits to. */
export const encodeSignedOp = (signed: SignedOp): Uint8Array => SignedOp.encode(signed)

/** 32 bytes: the hash of the unsigned op on this network. It is also what is signed. */
export const opId = (network: Uint8Array, op: Op): Uint8Array => hash('op', network, encodeOp(op))

/** 32 bytes: the same id as `opId`, from the canonical bytes of the signed op, which end with the signature. */
export const opIdOfSigned = (network: Uint8Array, signed: Uint8Array): Uint8Array =>
  hash('op', network, signed.subarray(0, -Signature.size!))

/** The id of the message that an op pays for, if it is a send. */
export const messageOf = (network: Uint8Array, op: Op): Uint8Array | undefined =>
  operationOf(op.action).message(network, op, op.action.data)

/** The lane (queue) of an op, in hex: its account, where nonces have an order, or its nullifier, where it is alone. */
export function laneOf({ account, action }: Op): string {
  const { author } = operationOf(action)
  return bytesToHex(author.kind === 'account' ? account : Field.encode(author.nullifier(action.data)))
}
