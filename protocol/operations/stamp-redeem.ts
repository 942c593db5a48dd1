/** Redeeming a stamp to an address, which it may register. */
import * as P from 'micro-packed'
import { burn, credit, holdInStamps } from '../account.ts'
import { addressOf } from '../address.ts'
import { checkpointOf, CheckpointName, proven } from '../checkpoint.ts'
import { AddressBytes, equalBytes, optional, Proof, SealKey, Signature, SigningKey, U64 } from '../codec.ts'
import type { Context } from '../context.ts'
import { Field, fieldOf } from '../field.ts'
import { hash } from '../hash.ts'
import { networkField } from '../identity.ts'
import { none, type Operation, type OpHead } from '../operation.ts'
import { no, type Result, yes } from '../reason.ts'
import { registerTo } from '../registration.ts'
import { checkpointKey, type Draft, fieldKey, metaOf, type View } from '../state.ts'
import type { Statement } from '../statement.ts'

/** `consent` as for a sponsor's `register`. The proof is bound to address and registration, so nobody signs it. */
const StampRedeem = P.struct({
  ...CheckpointName,
  nullifier: Field,
  denomination: U64,
  to: AddressBytes,
  registration: optional(P.struct({ signingKey: SigningKey, sealKey: SealKey, consent: Signature })),
  proof: Proof,
})
type StampRedeem = P.UnwrapCoder<typeof StampRedeem>

/** 32 bytes: what the proof of a stamp is bound to. */
export const redeemHash = (
  network: Uint8Array,
  { to, registration }: Pick<StampRedeem, 'to' | 'registration'>,
): Uint8Array =>
  registration
    ? hash('redeem', network, to, registration.signingKey, registration.sealKey)
    : hash('redeem', network, to)

/** What the proof of a stamp shows. Refuses: checkpoint-unknown. */
function statement(view: View, { network }: Context, _head: OpHead, redeem: StampRedeem): Result<Statement> {
  const checkpoint = checkpointOf(view, redeem)
  if (!checkpoint.ok) return checkpoint
  const beneficiary = fieldOf(redeemHash(network, redeem))
  const { nullifier, denomination, proof } = redeem
  const signals = [checkpoint.value.stampsRoot, networkField(network), nullifier, denomination, beneficiary]
  return yes({ circuit: 'stamp', signals, proof })
}

/**
 * Turn a stamp into money again, less an inclusion fee, at an address that it may register.
 * Refuses: nullifier-used, denomination-unknown, recipient-unknown, registered-already, consent-wrong, checkpoint-unknown, unproven.
 */
function apply(draft: Draft, context: Context, head: OpHead, redeem: StampRedeem): Result<undefined> {
  const { nullifier, denomination, to, registration } = redeem
  const { inclusionFee, identity } = context.rules
  if (draft.read('nullifiers', fieldKey(nullifier))) return no('nullifier-used')
  if (!identity.stamps.includes(denomination)) return no('denomination-unknown')
  if (registration) {
    const registered = registerTo(draft, context, { address: to, ...registration })
    if (!registered.ok) return registered
  } else if (!draft.read('accounts', to)?.signingKey) return no('recipient-unknown')
  const stated = statement(draft, context, head, redeem)
  if (!stated.ok) return stated
  const shown = proven(context, stated.value)
  if (!shown.ok) return shown
  // Whoever knows what a set-up was made of can prove anything; not even they take out more than was put in.
  if (metaOf(draft).stamps < denomination) return no('unproven')
  holdInStamps(draft, -denomination)
  credit(draft, to, denomination - inclusionFee)
  burn(draft, inclusionFee)
  const { epoch, height } = metaOf(draft)
  draft.write('nullifiers', fieldKey(nullifier), { epoch, height, leaf: 0, endorsed: 0n })
  return yes(undefined)
}

const registers = ({ to, registration }: StampRedeem): Uint8Array | undefined => (registration ? to : undefined)

/** The row of `stampRedeem`. */
export const stampRedeem: Operation<StampRedeem> = {
  number: 13,
  codec: StampRedeem,
  author: { kind: 'nobody', nullifier: ({ nullifier }) => nullifier },
  form: (_head, { to, registration }) =>
    registration && !equalBytes(addressOf(registration.signingKey), to) ? no('address-mismatch') : yes(undefined),
  signatures: ({ registration }) => (registration ? [registration.consent] : []),
  touches: (_context, _head, data) => [
    { table: 'nullifiers', key: fieldKey(data.nullifier) },
    { table: 'checkpoints', key: checkpointKey(data) },
    { table: 'accounts', key: data.to },
    { table: 'sealKeys', key: data.to },
  ],
  apply,
  statement,
  epoch: ({ epoch }) => epoch,
  message: none,
  registers: registers,
  // Anybody can register it with the consent that stands here; a proof for another op of its stamp is then free to be made.
  endsWith: registers,
}
