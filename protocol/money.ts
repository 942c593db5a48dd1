/**
 * The money part of an operation: who, how much to whom, and what else is done in custody, at fixed places in front of
 * everything that only mail is about. Whoever reads it can follow every balance without the rest.
 */
import * as P from 'micro-packed'
import {
  AddressBytes,
  decodeStrict,
  equalBytes,
  listOf,
  optional,
  Signature,
  SigningKey,
  Time,
  U64,
  wordIn,
} from './codec.ts'
import { Field } from './field.ts'
import { no, type Result, type Shortcoming, yes } from './reason.ts'
import { isLowS } from './signature.ts'
import { wireVersion } from './version.ts'
import { nobody } from './words.ts'

/** The most addresses that one operation pays. */
export const linesMax = 100

/** Whose funds (20 bytes), with which of their sequential nonces, and until when (milliseconds). */
export type Author = { readonly account: Uint8Array; readonly nonce: bigint; readonly expiry: bigint }

/** What an operation says of amounts, in the smallest unit. */
export type Amounts = {
  /** What is destroyed. */
  readonly burn: bigint
  /** Who gets the operators' share (20 bytes), and how much that is. */
  readonly share: { readonly payee: Uint8Array; readonly amount: bigint } | undefined
  /** Who is paid besides. */
  readonly lines: readonly Payment[]
}

/** One payment: to an address, out of the author's funds; or out of what the address set aside for the author, to be burned. */
export type Payment = { readonly address: Uint8Array; readonly amount: bigint; readonly from: 'funds' | 'allowance' }

/** What an operation says of money, and of the keys that spend it. */
export type Money = Amounts & {
  /** Undefined where it is nobody's. */
  readonly author: Author | undefined
  readonly deed: Deed
}

/** What an operation does in custody besides paying. */
export type Deed =
  | { readonly kind: 'none' }
  /** Give an address the key that it was made of (33 bytes); where it is not the author's, with the key's consent. */
  | { readonly kind: 'register'; readonly key: Uint8Array }
  /** Let another key sign for the author (33 bytes). */
  | { readonly kind: 'rekey'; readonly key: Uint8Array }
  /** Set money aside for an address (20 bytes), from which it can burn. */
  | { readonly kind: 'allow'; readonly sender: Uint8Array; readonly amount: bigint }
  /** Take back what is left of that. */
  | { readonly kind: 'reclaim'; readonly sender: Uint8Array }
  | { readonly kind: 'stamp-buy'; readonly denomination: bigint; readonly note: bigint }
  /** `key`, if there is one, is registered first. */
  | {
      readonly kind: 'stamp-redeem'
      readonly denomination: bigint
      readonly nullifier: bigint
      readonly key: Uint8Array | undefined
    }
  /** Take money out, to an address of the chain that holds it (20 bytes). */
  | { readonly kind: 'withdraw'; readonly to: Uint8Array; readonly amount: bigint }

/** A key that a deed brings, and its signature, which says that it agrees (64 bytes). */
const Brought = P.struct({ key: SigningKey, signature: Signature })

/** What stands in bytes for the deeds of those operations that have one, by the operation's number. */
export const deedCodecs = {
  1: P.struct({ key: SigningKey, consent: optional(Signature) }),
  2: optional(Brought),
  7: P.struct({ sender: AddressBytes, amount: U64 }),
  8: P.struct({ sender: AddressBytes }),
  12: P.struct({ denomination: U64, note: Field }),
  13: P.struct({ denomination: U64, nullifier: Field, registration: optional(Brought) }),
  15: P.struct({ to: AddressBytes, amount: U64 }),
} as const
type Said = { readonly [Kind in keyof typeof deedCodecs]: P.UnwrapCoder<(typeof deedCodecs)[Kind]> }

const deedsOf: { readonly [Kind in keyof Said]: (said: Said[Kind]) => Deed } = {
  1: ({ key }) => ({ kind: 'register', key }),
  2: (brought) => (brought ? { kind: 'rekey', key: brought.key } : { kind: 'none' }),
  7: ({ sender, amount }) => ({ kind: 'allow', sender, amount }),
  8: ({ sender }) => ({ kind: 'reclaim', sender }),
  12: ({ denomination, note }) => ({ kind: 'stamp-buy', denomination, note }),
  13: ({ denomination, nullifier, registration }) => ({
    kind: 'stamp-redeem',
    denomination,
    nullifier,
    key: registration?.key,
  }),
  15: ({ to, amount }) => ({ kind: 'withdraw', to, amount }),
}

const Line = P.struct({ address: AddressBytes, amount: U64, from: wordIn({ funds: 0, allowance: 1 }) })

/** What an operation says of amounts, as it stands in its bytes. */
const named = {
  burn: U64,
  payee: AddressBytes,
  share: U64,
  lines: listOf(Line, { min: 0, max: linesMax }),
} as const

/** The same by itself: what a proof is bound to where nobody signs. */
export const AmountsPart = P.struct(named)
type AmountsPart = P.UnwrapCoder<typeof AmountsPart>

/**
 * An unsigned operation in bytes: its money part, and as bytes that custody does not look into what it says as mail.
 * `kind` is the number of the operation; one that custody does not know has no deed.
 */
export const Part = P.struct({
  version: P.magic(P.U8, wireVersion),
  account: AddressBytes,
  nonce: U64,
  expiry: Time,
  kind: P.U8,
  ...named,
  deed: P.bytes(P.U8),
  mail: P.bytes(P.U16BE),
})
export type Part = P.UnwrapCoder<typeof Part>

/** The same with the signature of the account's key over its id; of 64 zero bytes, where it is nobody's. */
export const SignedPart = P.struct({ part: Part, signature: Signature })

/** The most bytes a signed operation takes: a send to 100 recipients, or a sponsored register. */
export const signedOpBytesMax = 4096

/** What custody reads of an entry of a batch, whatever else stands in it. */
type Paying = { readonly part: Part; readonly money: Money; readonly signature: Uint8Array }

/**
 * Read what custody executes: whoever mirrors it reads bytes so, and what is refused here is void. There is one form of
 * everything, so that nobody who passes it on can make another entry of it. Refuses: too-large, malformed (it does not
 * decode, `moneyOf` refuses it, or it is nobody's and its signature is not zeros), signature-high-s.
 */
export function readMoney(bytes: Uint8Array): Result<Paying, Shortcoming> {
  if (bytes.length > signedOpBytesMax) return no('too-large')
  const decoded = decodeStrict(SignedPart, bytes)
  if (!decoded.ok) return decoded
  const { part, signature } = decoded.value
  const money = moneyOf(part)
  if (!money.ok) return money
  if (!money.value.author && signature.some((byte) => byte !== 0)) return no('malformed')
  return isLowS(signature) ? yes({ part, money: money.value, signature }) : no('signature-high-s')
}

/** What a part says of amounts; without a payee there is no share. */
export const amountsOf = ({ burn, payee, share, lines }: AmountsPart): Amounts => ({
  burn,
  share: equalBytes(payee, nobody) ? undefined : { payee, amount: share },
  lines,
})

/** A part of amounts. */
export const partOf = ({ burn, share, lines }: Amounts): AmountsPart => ({
  burn,
  payee: share?.payee ?? nobody,
  share: share?.amount ?? 0n,
  lines: [...lines],
})

/** What custody reads of a part. Refuses: malformed (a deed that does not decode, or a share that nobody gets). */
export function moneyOf(part: Part): Result<Money, 'malformed'> {
  const { account, nonce, expiry, kind, payee, share } = part
  const isNobodys = equalBytes(account, nobody)
  if (isNobodys && (nonce !== 0n || expiry !== 0n)) return no('malformed')
  if (equalBytes(payee, nobody) && share !== 0n) return no('malformed')
  const deed = deedOf(kind, part.deed)
  if (!deed.ok) return deed
  return yes({ ...amountsOf(part), author: isNobodys ? undefined : { account, nonce, expiry }, deed: deed.value })
}

function deedOf(kind: number, bytes: Uint8Array): Result<Deed, 'malformed'> {
  if (!(kind in deedCodecs)) return bytes.length === 0 ? yes({ kind: 'none' }) : no('malformed')
  const said = decodeStrict(deedCodecs[kind as keyof Said] as unknown as P.CoderType<never>, bytes)
  return said.ok ? yes(deedsOf[kind as keyof Said](said.value)) : said
}
