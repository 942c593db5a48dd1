/**
 * The one place where foreign bytes become an operation. Gossip, sync, the local API and the tests all pass through
 * it: what comes out is canonical and well formed, by the rules alone; what depends on the state is `ledger.ts`.
 */
import { decodeStrict, equalBytes } from './codec.ts'
import { operationOf } from './operations.ts'
import { no, type Result, yes } from './reason.ts'
import type { Rules } from './rules.ts'
import { isLowS } from './signature.ts'
import { laneOf, messageOf, type Op, opIdOfSigned, SignedOp, unsigned } from './wire.ts'
import { nobody } from './words.ts'

/**
 * An operation that came through the doorway: its id (32 bytes), its canonical bytes, what they say, what it stands in a
 * row with, and the id of the message that it pays for (32 bytes), if it is a send.
 */
export type Incoming = SignedOp & {
  readonly id: Uint8Array
  readonly bytes: Uint8Array
  readonly lane: string
  readonly message: Uint8Array | undefined
}

/** The most bytes a signed op takes: a send to 100 recipients, or a sponsored register. */
export const signedOpBytesMax = 4096

/** Read a signed op. Refuses: too-large, malformed, signature-high-s, and what the operation's `form` does. */
export function readOp(bytes: Uint8Array, { network, rules }: { network: Uint8Array; rules: Rules }): Result<Incoming> {
  if (bytes.length > signedOpBytesMax) return no('too-large')
  const decoded = decodeStrict(SignedOp, bytes)
  if (!decoded.ok) return decoded
  const { op, signature } = decoded.value
  const { author, form, agreement } = operationOf(op.action)
  if (author.kind === 'nobody' && !isNobodys(op, signature)) return no('malformed')
  const formed = form(op, op.action.data, rules)
  if (!formed.ok) return formed
  const agreed = agreement(network, op, op.action.data)
  if (!isLowS(signature) || (agreed && !isLowS(agreed.signature))) return no('signature-high-s')
  const [id, lane, message] = [opIdOfSigned(network, bytes), laneOf(op), messageOf(network, op)]
  return yes({ op, signature, bytes, id, lane, message })
}

/** An anonymous op has one form, so that nobody who passes it on can make another op of it. */
const isNobodys = ({ account, nonce, expiry }: Op, signature: Uint8Array): boolean =>
  equalBytes(account, nobody) && nonce === 0n && expiry === 0n && equalBytes(signature, unsigned)
