/**
 * The one place where foreign bytes become an operation. Gossip, sync, the local API and the tests all pass through
 * it: what comes out is canonical and well formed, by the rules alone; what depends on the state is `ledger.ts`.
 */
import { addressOf } from './address.ts'
import { decodeStrict, equalBytes } from './codec.ts'
import { no, type Result, yes } from './reason.ts'
import type { Rules } from './rules.ts'
import { isLowS } from './signature.ts'
import { isAnonymous, nobody, type Op, opIdOfSigned, SignedOp, unsigned } from './wire.ts'

/** An operation that came through the doorway: its id, its canonical bytes, and what they say. */
export type Incoming = SignedOp & { readonly id: Uint8Array; readonly bytes: Uint8Array }

/** The most bytes a signed op takes: a send to 100 recipients, or a sponsored register. */
export const signedOpBytesMax = 4096

/** Read a signed op. Refuses: too-large, malformed, address-mismatch, recipient-repeated, recipient-self, signature-high-s. */
export function readOp(bytes: Uint8Array, { network, rules }: { network: Uint8Array; rules: Rules }): Result<Incoming> {
  if (bytes.length > signedOpBytesMax) return no('too-large')
  const decoded = decodeStrict(SignedOp, bytes)
  if (!decoded.ok) return decoded
  const { op, signature } = decoded.value
  if (isAnonymous(op.action) && !isNobodys(op, signature)) return no('malformed')
  const form = checkForm(op, rules)
  if (!form.ok) return form
  if (!signaturesOf(op, signature).every(isLowS)) return no('signature-high-s')
  return yes({ op, signature, bytes, id: opIdOfSigned(network, bytes) })
}

/** An anonymous op has one form, so that nobody who passes it on can make another op of it. */
const isNobodys = ({ account, nonce, expiry }: Op, signature: Uint8Array): boolean =>
  equalBytes(account, nobody) && nonce === 0n && expiry === 0n && equalBytes(signature, unsigned)

/** What can be said of an op without looking at the state. */
function checkForm(op: Op, rules: Rules): Result<void> {
  const { account, action } = op
  switch (action.TAG) {
    case 'register': {
      const own = equalBytes(addressOf(action.data.signingKey), account)
      if (own === (action.data.sponsorship !== undefined)) return no('address-mismatch')
      return yes(undefined)
    }
    case 'rekey':
      return action.data.signing || action.data.sealKey ? yes(undefined) : no('malformed')
    case 'send': {
      const { recipients, sizeClass } = action.data
      if (sizeClass > rules.sizeClassMax) return no('too-large')
      if (recipients.length > rules.recipientsMax) return no('too-many-recipients')
      if (recipients.some((recipient) => equalBytes(recipient, account))) return no('recipient-self')
      return new Set(recipients.map(String)).size === recipients.length ? yes(undefined) : no('recipient-repeated')
    }
    case 'transfer':
      return equalBytes(action.data.to, account) ? no('recipient-self') : yes(undefined)
    case 'grant':
    case 'revoke':
      return equalBytes(action.data.sender, account) ? no('recipient-self') : yes(undefined)
    case 'stampRedeem': {
      const { to, registration } = action.data
      return registration && !equalBytes(addressOf(registration.signingKey), to)
        ? no('address-mismatch')
        : yes(undefined)
    }
    case 'policy':
    case 'pass':
    case 'ack':
    case 'enroll':
    case 'renew':
    case 'stampBuy':
      return yes(undefined)
  }
}

/** Every signature inside an op. */
function signaturesOf({ action }: Op, signature: Uint8Array): Uint8Array[] {
  if (action.TAG === 'register' && action.data.sponsorship) return [signature, action.data.sponsorship.consent]
  if (action.TAG === 'stampRedeem' && action.data.registration) return [signature, action.data.registration.consent]
  if (action.TAG === 'rekey' && action.data.signing) return [signature, action.data.signing.proof]
  return [signature]
}
