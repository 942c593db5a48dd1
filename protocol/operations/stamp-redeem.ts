/** Redeeming a stamp to an address, which it may register. */
import * as P from 'micro-packed'
import { addressOf } from '../address.ts'
import { checkpointOf, CheckpointName } from '../checkpoint.ts'
import { AddressBytes, equalBytes, optional, Proof, SealKey, Signature, SigningKey, U64 } from '../codec.ts'
import type { Context } from '../context.ts'
import { Field, fieldOf } from '../field.ts'
import { hash } from '../hash.ts'
import { networkField } from '../identity.ts'
import { type Deed, type Payment, touchesOfDeed } from '../custody.ts'
import { type Done, movesNothing, none, type Operation, type OpHead } from '../operation.ts'
import { no, type Result, yes } from '../reason.ts'
import { consentHash } from '../registration.ts'
import { checkpointKey, type Draft, type View } from '../state.ts'
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

const deedOf = ({ denomination, nullifier, registration }: StampRedeem): Deed => ({
  kind: 'stamp-redeem',
  denomination,
  nullifier,
  key: registration?.signingKey,
})

/** Turn a stamp into money again, less an inclusion fee, at an address that it may register. Refuses: checkpoint-unknown. */
function apply(draft: Draft, { rules }: Context, _head: OpHead, redeem: StampRedeem): Result<Done> {
  const { denomination, to, registration } = redeem
  const checkpoint = checkpointOf(draft, redeem)
  if (!checkpoint.ok) return checkpoint
  if (registration) draft.write('sealKeys', to, { sealKey: registration.sealKey })
  const lines: Payment[] = [{ address: to, amount: denomination - rules.inclusionFee, from: 'funds' }]
  return yes({ ...movesNothing, burn: rules.inclusionFee, lines, deed: deedOf(redeem) })
}

const registers = ({ to, registration }: StampRedeem): Uint8Array | undefined => (registration ? to : undefined)

/** The row of `stampRedeem`. */
export const stampRedeem: Operation<StampRedeem> = {
  number: 13,
  codec: StampRedeem,
  author: { kind: 'nobody', nullifier: ({ nullifier }) => nullifier },
  form: (_head, { to, registration }) =>
    registration && !equalBytes(addressOf(registration.signingKey), to) ? no('address-mismatch') : yes(undefined),
  agreement: (network, _head, { registration }) =>
    registration && {
      digest: consentHash(network, registration),
      signature: registration.consent,
      key: registration.signingKey,
    },
  touches: (_context, { account }, data) => [
    { table: 'checkpoints', key: checkpointKey(data) },
    { table: 'accounts', key: data.to },
    { table: 'sealKeys', key: data.to },
    ...touchesOfDeed(deedOf(data), account),
  ],
  apply,
  statement,
  epoch: ({ epoch }) => epoch,
  message: none,
  registers: registers,
  // Anybody can register it with the consent that stands here; a proof for another op of its stamp is then free to be made.
  endsWith: registers,
}
