/** Redeeming a stamp to an address, which it may register. */
import * as P from 'micro-packed'
import { addressOf } from '../address.ts'
import { checkpointOf, CheckpointName } from '../checkpoint.ts'
import { equalBytes, optional, Proof, SealKey } from '../codec.ts'
import type { Context } from '../context.ts'
import { fieldOf } from '../field.ts'
import { hash } from '../hash.ts'
import { networkField } from '../identity.ts'
import { type Amounts, AmountsPart, partOf } from '../money.ts'
import { type Asked, burnsInclusion, none, type Operation, type OpHead, type Parts } from '../operation.ts'
import { no, type Result, type Shortcoming, yes } from '../reason.ts'
import { consentHash } from '../registration.ts'
import { checkpointKey, type Draft, type View } from '../state.ts'
import type { Statement } from '../statement.ts'

const Mail = P.struct({ ...CheckpointName, registration: optional(P.struct({ sealKey: SealKey })), proof: Proof })
type Mail = P.UnwrapCoder<typeof Mail>
type Said = {
  readonly denomination: bigint
  readonly nullifier: bigint
  readonly registration: { readonly key: Uint8Array; readonly signature: Uint8Array } | undefined
}

/** `consent` as for a sponsor's `register`. */
type StampRedeem = {
  readonly epoch: number
  readonly checkpoint: number
  readonly nullifier: bigint
  readonly denomination: bigint
  readonly to: Uint8Array
  readonly registration:
    | { readonly signingKey: Uint8Array; readonly sealKey: Uint8Array; readonly consent: Uint8Array }
    | undefined
  readonly proof: Uint8Array
}

/** 32 bytes: what the proof of a stamp is bound to. Nobody signs, so it is all that is paid, and the keys that are registered. */
export const redeemHash = (
  network: Uint8Array,
  amounts: Amounts,
  { registration }: Pick<StampRedeem, 'registration'>,
): Uint8Array => {
  const paid = AmountsPart.encode(partOf(amounts))
  return registration
    ? hash('redeem', network, paid, registration.signingKey, registration.sealKey)
    : hash('redeem', network, paid)
}

/** What the proof of a stamp shows. Refuses: checkpoint-unknown. */
function statement(
  view: View,
  { network }: Context,
  head: OpHead,
  redeem: StampRedeem,
): Result<Statement, Shortcoming> {
  const checkpoint = checkpointOf(view, redeem)
  if (!checkpoint.ok) return checkpoint
  const beneficiary = fieldOf(redeemHash(network, head, redeem))
  const { nullifier, denomination, proof } = redeem
  const signals = [checkpoint.value.stampsRoot, networkField(network), nullifier, denomination, beneficiary]
  return yes({ circuit: 'stamp', signals, proof })
}

/** Turn a stamp into money again, less what it burns, at an address that it may register. Refuses: checkpoint-unknown. */
function apply(draft: Draft, _context: Context, _head: OpHead, redeem: StampRedeem): Result<Asked, Shortcoming> {
  const checkpoint = checkpointOf(draft, redeem)
  if (!checkpoint.ok) return checkpoint
  if (redeem.registration) draft.write('sealKeys', redeem.to, { sealKey: redeem.registration.sealKey })
  return yes({})
}

/** What it says, where it pays one address, and registers it or none. */
function read({ lines: [line, ...rest], deed, mail }: Parts<Mail, Said>): StampRedeem | undefined {
  const { registration: sealed, ...named } = mail
  const { denomination, nullifier, registration: brought } = deed
  if (line?.from !== 'funds' || rest.length > 0 || (brought === undefined) !== (sealed === undefined)) return undefined
  const registration = brought && sealed && { signingKey: brought.key, ...sealed, consent: brought.signature }
  return { ...named, nullifier, denomination, to: line.address, registration }
}

/** The row of `stampRedeem`. */
export const stampRedeem: Operation<StampRedeem, Mail, Said> = {
  number: 13,
  mail: Mail,
  deed: ({ denomination, nullifier, registration }) => ({
    denomination,
    nullifier,
    registration: registration && { key: registration.signingKey, signature: registration.consent },
  }),
  lines: ({ to, denomination }, { inclusionFee }) => [
    { address: to, amount: denomination - inclusionFee, from: 'funds' },
  ],
  read,
  burns: burnsInclusion,
  author: { kind: 'nobody', nullifier: ({ nullifier }) => nullifier },
  form: (_head, { to, registration }) =>
    registration && !equalBytes(addressOf(registration.signingKey), to) ? no('address-mismatch') : yes(undefined),
  agreement: (network, _head, { registration }) =>
    registration && {
      digest: consentHash(network, registration),
      signature: registration.consent,
      key: registration.signingKey,
    },
  touches: (_context, _head, data) => [
    { table: 'checkpoints', key: checkpointKey(data) },
    { table: 'sealKeys', key: data.to },
  ],
  apply,
  statement,
  epoch: ({ epoch }) => epoch,
  message: none,
  // Anybody can register it with the consent that stands here; a proof for another op of its stamp is then free to be made.
  endsWith: ({ to, registration }) => (registration ? to : undefined),
}
