/**
 * The wire format: what an operation looks like in bytes, what is signed, and what its id is. One canonical encoding;
 * `doorway.ts` is the only place where foreign bytes become an operation. What each operation says is in `operations/`.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import * as P from 'micro-packed'
import { equalBytes, Signature } from './codec.ts'
import { Field } from './field.ts'
import { hash } from './hash.ts'
import {
  type Amounts,
  amountsOf,
  deedCodecs,
  type Money,
  moneyOf,
  Part,
  partOf,
  type Payment,
  SignedPart,
} from './money.ts'
import type { OpHead } from './operation.ts'
import { type Action, nameOf, operationOf } from './operations.ts'
import { no, type Result, yes } from './reason.ts'
import type { Rules } from './rules.ts'

/** An unsigned operation: who, with which of their sequential nonces, until when, pays what, and does what. */
export type Op = OpHead & { readonly action: Action }
/** An operation with the signature of the account's key over its id. */
export type SignedOp = { readonly op: Op; readonly signature: Uint8Array }

/** The part in bytes of an operation. */
export function partOfOp(op: Op): Part {
  const { account, nonce, expiry, action } = op
  const { number, mail, deed } = operationOf(action)
  return {
    account,
    nonce,
    expiry,
    kind: number,
    ...partOf(op),
    deed: deedCodecOf(number).encode(deed(action.data) as never),
    mail: mail.encode(action.data),
  }
}

/** What a part says. Refuses: malformed (no such operation, or not as it says it). */
export function opOfPart(part: Part): Result<Op> {
  const name = nameOf(part.kind)
  if (!name) return no('malformed')
  const { mail, read } = operationOf({ TAG: name } as Action)
  try {
    const [said, written] = [deedCodecOf(part.kind).decode(part.deed), mail.decode(part.mail)]
    const data = equalBytes(mail.encode(written), part.mail)
      ? read({ lines: part.lines, deed: said, mail: written })
      : undefined
    const { account, nonce, expiry } = part
    return data === undefined
      ? no('malformed')
      : yes({ account, nonce, expiry, ...amountsOf(part), action: { TAG: name, data } as Action })
  } catch {
    return no('malformed')
  }
}

/** What stands in the deed of an operation: nothing, where custody knows none of its number. */
const deedCodecOf = (number: number): P.CoderType<unknown> =>
  (deedCodecs[number as keyof typeof deedCodecs] as unknown as P.CoderType<unknown>) ?? noDeed
const noDeed = P.apply(P.struct({}), {
  encode: (_: object): undefined => undefined,
  decode: () => ({}),
}) as unknown as P.CoderType<unknown>

/** Signed operations in bytes; what does not say one throws. */
export const SignedOp = P.apply(SignedPart, {
  encode({ part, signature }): SignedOp {
    const op = opOfPart(part)
    if (!op.ok) throw new Error('no operation')
    return { op: op.value, signature }
  },
  decode: ({ op, signature }: SignedOp) => ({ part: partOfOp(op), signature }),
}) as unknown as P.CoderType<SignedOp>

/** What custody is told of an operation. */
export function moneyOfOp(op: Op): Money {
  const money = moneyOf(partOfOp(op))
  if (!money.ok) throw new Error('an operation has a money part')
  return money.value
}

/** The amounts of an operation that names what it has to by the rules, and pays whom it says. */
export function plainAmounts(rules: Rules, action: Action): Amounts {
  const { burns, lines } = operationOf(action)
  return {
    burn: burns(rules, action.data),
    share: undefined,
    lines: lines(action.data, rules) ?? ([] as readonly Payment[]),
  }
}

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
export const encodeOp = (op: Op): Uint8Array => Part.encode(partOfOp(op))

/** The canonical bytes of a signed op: what gossip carries and what a batch commits to. */
export const encodeSignedOp = (signed: SignedOp): Uint8Array => SignedOp.encode(signed)

/** 32 bytes: the hash of the unsigned op on this network. It is also what is signed. */
export const opId = (network: Uint8Array, op: Op): Uint8Array => hash('op', network, encodeOp(op))

/**
 * 32 bytes: the same id as `opId`, from the canonical bytes of the signed op, which end with the signature. Bytes too short
 * for one all have that of no bytes: they are void, and nothing is looked up by their id.
 */
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
