/** Looks for signals that the constraints leave free: each is changed alone, and only what it is part of is evaluated. */
import { fieldModulus } from '../../protocol/field.ts'
import { type R1cs, type Sum, valuesOf } from './r1cs.ts'

/** A constraint that a wire is part of, and its factors there. */
type Part = { readonly constraint: number; a: bigint; b: bigint; c: bigint }

/** What other values are tried for a signal. */
export type Others = (value: bigint, wire: number) => readonly bigint[]

/**
 * The wires, publics included and the one left out, that satisfy every constraint with another value too. The witness must
 * satisfy them all. In time proportional to the size of the constraints.
 */
export function freeWires(r1cs: R1cs, witness: readonly bigint[], others: Others): number[] {
  const parts = partsOf(r1cs)
  const values = r1cs.constraints.map((constraint) => valuesOf(constraint, witness))
  const isSatisfied = ({ constraint, a, b, c }: Part, change: bigint): boolean => {
    const before = values[constraint]!
    return ((before.a + a * change) * (before.b + b * change) - before.c - c * change) % fieldModulus === 0n
  }
  return parts.flatMap((ofWire, wire) => {
    const value = witness[wire]!
    const changes = others(value, wire).map((other) => other - value)
    const isFree = changes.some((change) => change !== 0n && ofWire.every((part) => isSatisfied(part, change)))
    return wire > 0 && isFree ? [wire] : []
  })
}

function partsOf({ wireCount, constraints }: R1cs): Part[][] {
  const parts: Part[][] = Array.from({ length: wireCount }, () => [])
  for (const [constraint, { a, b, c }] of constraints.entries()) {
    const mine = new Map<number, Part>()
    const add = (side: 'a' | 'b' | 'c', sum: Sum) => {
      for (const { wire, factor } of sum) {
        const part = mine.get(wire) ?? { constraint, a: 0n, b: 0n, c: 0n }
        part[side] += factor
        mine.set(wire, part)
      }
    }
    add('a', a)
    add('b', b)
    add('c', c)
    for (const [wire, part] of mine) parts[wire]!.push(part)
  }
  return parts
}
