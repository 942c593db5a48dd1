/** Who gets the operators' share of a message: one of those who keep the network running, drawn by weight. */
import type { Rules } from './rules.ts'

/** Everybody who keeps the network running, and with what weight. */
export const payeesOf = ({
  operators,
  keepers,
}: Rules): readonly { readonly address: Uint8Array; readonly weight: number }[] => [...operators, ...keepers.members]

/**
 * Whose turn it is, by the first 8 bytes of the message's id. Undefined where nobody has any weight; then the share is
 * burned. A sender can choose among them by making ids until one has the right turn, and pays the same whoever it is. Who is
 * among them themselves, or has agreed with one, saves the operators' share of their own letters by that, and no more of it.
 */
export function payeeOf(rules: Rules, message: Uint8Array): Uint8Array | undefined {
  const payees = payeesOf(rules)
  const weights = payees.reduce((sum, { weight }) => sum + weight, 0)
  if (weights === 0) return undefined
  let left = Number(new DataView(message.buffer, message.byteOffset).getBigUint64(0) % BigInt(weights))
  for (const { address, weight } of payees) {
    if (left < weight) return address
    left -= weight
  }
  return undefined
}
