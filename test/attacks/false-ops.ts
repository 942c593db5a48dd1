/** Operations that cost nothing to make: of accounts that do not exist, under signatures that are none. */
import { encodeSignedOp, plainAmounts } from '../../protocol/wire.ts'
import { type Mallory, random } from './mallory.ts'

/** A payment by somebody whom the ledger does not know, of the right form. */
export function accountSend({ file }: Pick<Mallory, 'file'>): Uint8Array {
  const expiry = BigInt(Date.now() + file.rules.expiryMaxMs - 5_000)
  const action = { TAG: 'transfer' as const, data: { to: random(20), amount: 1n } }
  const op = { account: random(20), nonce: 0n, expiry, ...plainAmounts(file.rules, action), action }
  return encodeSignedOp({ op, signature: random(64).fill(1, 0, 1).fill(1, 32, 33) })
}
