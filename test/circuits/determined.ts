/**
 * Shows that inputs leave no choice in anything else, by following the constraints as they are written from what is known
 * to what follows: not of one witness, but of all, and of any number of signals changed together. Four rules are enough:
 *
 * - a constraint in which one unknown signal is left, and is not multiplied by anything, gives that signal;
 * - bits that add up to something known, as different powers of two, are known, if the sum of all is below the modulus;
 * - the result of IsZero follows from what is asked (its `inv` does not: where it is zero, any will do);
 * - the two parts of an epoch key's hash follow from it, where both are held below so much that no other two add up to the
 *   same number, or to that and the modulus.
 */
import { fieldModulus } from '../../protocol/field.ts'
import { type Constraint, type R1cs, type Sum, wiresOf } from './r1cs.ts'

/** The names of signals that do not follow from the first `inputCount` wires. */
export function undetermined(r1cs: R1cs, inputCount: number): string[] {
  const { wireCount, constraints, namesOf } = r1cs
  const known = new Uint8Array(wireCount)
  const byWire: number[][] = Array.from({ length: wireCount }, () => [])
  for (const [at, constraint] of constraints.entries()) for (const wire of wiresOf(constraint)) byWire[wire]!.push(at)
  const bits = new Set(constraints.flatMap(bitOf))
  const byLibrary = libraryRules(r1cs)

  const fresh: number[] = []
  const learn = (wire: number) => {
    if (known[wire]) return
    known[wire] = 1
    fresh.push(wire)
  }
  for (let wire = 0; wire <= inputCount; wire++) learn(wire)
  for (const constraint of constraints) for (const wire of followsFrom(constraint, known, bits)) learn(wire)
  for (let wire = fresh.pop(); wire !== undefined; wire = fresh.pop()) {
    for (const follower of byLibrary.get(wire) ?? []) learn(follower)
    for (const at of byWire[wire]!) for (const follower of followsFrom(constraints[at]!, known, bits)) learn(follower)
  }
  return Array.from({ length: wireCount }, (_, wire) => wire)
    .filter((wire) => !known[wire])
    .map((wire) => namesOf(wire)[0]!)
}

/** What one constraint tells, given what is known. */
function followsFrom(constraint: Constraint, known: Uint8Array, bits: ReadonlySet<number>): number[] {
  const unknown = wiresOf(constraint).filter((wire) => !known[wire])
  const isMultiplied = [constraint.a, constraint.b].some((sum) => sum.some(({ wire }) => !known[wire]))
  if (unknown.length === 0 || isMultiplied) return []
  if (unknown.length === 1) return unknown
  return unknown.every((wire) => bits.has(wire)) && areDigits(constraint.c, known) ? unknown : []
}

/** Whether the unknown terms of a sum are different powers of two, all of one sign, that do not reach the modulus together. */
function areDigits(sum: Sum, known: Uint8Array): boolean {
  const factors = sum.filter(({ wire }) => !known[wire]).map(({ factor }) => factor)
  const sizes = factors.map((factor) => (factors[0]! < 0n ? -factor : factor))
  const total = sizes.reduce((all, size) => all + size, 0n)
  const arePowers = sizes.every((size) => size > 0n && (size & (size - 1n)) === 0n)
  return arePowers && new Set(sizes).size === sizes.length && total < fieldModulus
}

/** The wire of which a constraint says that it is 0 or 1: x · (x - 1) = 0. */
function bitOf({ a, b, c }: Constraint): number[] {
  const [alone, lessOne] = a.length === 1 ? [a, b] : [b, a]
  const [x] = alone
  const factorOf = (wanted: number | undefined) => lessOne.find(({ wire }) => wire === wanted)?.factor
  const isBit = alone.length === 1 && lessOne.length === 2 && c.length === 0 && factorOf(0) !== undefined
  return isBit && factorOf(x!.wire) === -factorOf(0)! ? [x!.wire] : []
}

/** What follows by the rules of the library: from the wire that is asked about, to those that are the answer. */
function libraryRules({ wireCount, namesOf, wireOf, constraints }: R1cs): Map<number, number[]> {
  const rules = new Map<number, number[]>()
  const byWire = new Map<number, Constraint[]>()
  for (const constraint of constraints)
    for (const wire of wiresOf(constraint)) byWire.set(wire, [...(byWire.get(wire) ?? []), constraint])
  for (let wire = 1; wire < wireCount; wire++) {
    const name = namesOf(wire)[0]!
    const zero = /^(.*(?:IsZero\w*|isz))\.inv$/.exec(name)
    if (zero) {
      const [asked, answer] = [wireOf(`${zero[1]}.in`)!, wireOf(`${zero[1]}.out`)!]
      if (isZeroTest(byWire, { asked, answer, inverse: wire })) rules.set(asked, [answer])
    }
    const key = /^(.*EpochKey[\w[\]]*)\.high$/.exec(name)
    if (key) {
      const parts = { low: wireOf(`${key[1]}.low`)!, high: wire }
      const hash = wireOf(`${key[1]}.hash`)!
      if (arePartsOf(byWire, hash, parts)) rules.set(hash, [parts.low, parts.high])
    }
  }
  return rules
}

/** asked · inverse = 1 - answer, and asked · answer = 0; and the inverse is used for nothing else. */
function isZeroTest(
  byWire: ReadonlyMap<number, readonly Constraint[]>,
  { asked, answer, inverse }: { asked: number; answer: number; inverse: number },
): boolean {
  const products = (wire: number) =>
    (byWire.get(wire) ?? []).filter(({ a, b }) => [a, b].some((sum) => sum.some((term) => term.wire === wire)))
  const [defines] = byWire.get(inverse) ?? []
  const isDefined =
    byWire.get(inverse)?.length === 1 && wiresOf(defines!).sort().join() === [asked, inverse, answer].sort().join()
  return (
    isDefined &&
    products(asked).some((one) => one.c.length === 0 && wiresOf(one).sort().join() === [asked, answer].sort().join())
  )
}

/**
 * low + 2^n · high = hash, where low is n bits, and high as well as (the modulus less 1) ÷ 2^n - 1 - high are the others of
 * 254. Then the sum is below the modulus: were it another's, that and the modulus would be as well, which it cannot.
 */
function arePartsOf(
  byWire: ReadonlyMap<number, readonly Constraint[]>,
  hash: number,
  { low, high }: { low: number; high: number },
): boolean {
  const linear = (wire: number) =>
    (byWire.get(wire) ?? []).filter(({ a, b }) => a.length * b.length === 0).map(({ c }) => c)
  const factorIn = (sum: Sum, wire: number) => sum.find((term) => term.wire === wire)?.factor ?? 0n
  const whole = linear(hash).find((sum) => sum.length === 3 && factorIn(sum, low) && factorIn(sum, high))
  if (!whole) return false
  const scale = -factorIn(whole, hash)
  const keyBits = (factorIn(whole, high) * scale).toString(2).length - 1
  if (factorIn(whole, low) * scale !== 1n || factorIn(whole, high) * scale !== 2n ** BigInt(keyBits)) return false
  /** In how many bits it is told what `constant + factor · wire` is; undefined where it is not. */
  const widthOf = (wire: number, factor: bigint, constant: bigint): number | undefined => {
    for (const sum of linear(wire)) {
      const asked = sum.find((term) => term.wire !== wire && term.wire !== 0)
      if (!asked || sum.length !== (constant === 0n ? 2 : 3)) continue
      const unit = -asked.factor
      if (factorIn(sum, wire) * unit !== factor || factorIn(sum, 0) * unit !== constant) continue
      const digits = linear(asked.wire).find((one) => one.length > 3)
      if (digits) return digits.length - 1
    }
    return undefined
  }
  const highBits = 254 - keyBits
  const highMax = (fieldModulus - 1n) / 2n ** BigInt(keyBits) - 1n
  return (
    widthOf(low, 1n, 0n) === keyBits && widthOf(high, 1n, 0n) === highBits && widthOf(high, -1n, highMax) === highBits
  )
}
