/**
 * Constraints as the compiler writes them (iden3's binary r1cs format, version 1), and our own evaluation of them: each
 * says that the product of two sums over the witness is a third. Signals have the names of the `sym` file.
 */
import { readFile } from 'node:fs/promises'
import { fieldModulus } from '../../protocol/field.ts'
import type { Compiled } from '../../circuits/compile.ts'

/** A linear combination of wires. */
export type Sum = readonly { readonly wire: number; readonly factor: bigint }[]
export type Constraint = { readonly a: Sum; readonly b: Sum; readonly c: Sum }

export type R1cs = {
  readonly wireCount: number
  readonly publicCount: number
  /** Public and private inputs: the first wires after the one. */
  readonly inputCount: number
  readonly constraints: readonly Constraint[]
  /** All names that the source has for a wire; wire 0 is the one. */
  readonly namesOf: (wire: number) => readonly string[]
  /** The wire of a signal; nothing where it was simplified away. */
  readonly wireOf: (name: string) => number | undefined
}

/** Read constraints and names. */
export async function readR1cs({ r1cs, sym }: Pick<Compiled, 'r1cs' | 'sym'>): Promise<R1cs> {
  const bytes = await readFile(r1cs)
  const sections = sectionsOf(bytes)
  const header = sections.get(1)! + 4 + bytes.readUInt32LE(sections.get(1)!)
  const count = bytes.readUInt32LE(header + 24)
  const names = await readNames(sym)
  return {
    wireCount: bytes.readUInt32LE(header),
    publicCount: bytes.readUInt32LE(header + 4) + bytes.readUInt32LE(header + 8),
    inputCount: bytes.readUInt32LE(header + 4) + bytes.readUInt32LE(header + 8) + bytes.readUInt32LE(header + 12),
    constraints: readConstraints(bytes, sections.get(2)!, count),
    namesOf: (wire) => names.byWire.get(wire) ?? [],
    wireOf: (name) => names.byName.get(name),
  }
}

/** What the three sums of a constraint come to. */
export const valuesOf = ({ a, b, c }: Constraint, witness: readonly bigint[]) => ({
  a: sumOf(a, witness),
  b: sumOf(b, witness),
  c: sumOf(c, witness),
})

/** The constraints that a witness does not satisfy. */
export const violated = ({ constraints }: R1cs, witness: readonly bigint[]): Constraint[] =>
  constraints.filter((constraint) => {
    const { a, b, c } = valuesOf(constraint, witness)
    return (a * b - c) % fieldModulus !== 0n
  })

/** The wires that a constraint speaks of, the one left out. */
export const wiresOf = ({ a, b, c }: Constraint): number[] =>
  [...new Set([...a, ...b, ...c].map(({ wire }) => wire))].filter((wire) => wire !== 0)

function sumOf(sum: Sum, witness: readonly bigint[]): bigint {
  let value = 0n
  for (const { wire, factor } of sum) value += factor * witness[wire]!
  return value % fieldModulus
}

/** Where each section's content begins, by its type. */
function sectionsOf(bytes: Buffer): Map<number, number> {
  if (bytes.toString('latin1', 0, 4) !== 'r1cs') throw new Error('not an r1cs file')
  const sections = new Map<number, number>()
  for (let at = 12; at < bytes.length; ) {
    sections.set(bytes.readUInt32LE(at), at + 12)
    at += 12 + Number(bytes.readBigUInt64LE(at + 4))
  }
  return sections
}

function readConstraints(bytes: Buffer, start: number, count: number): Constraint[] {
  let at = start
  const sum = (): Sum => {
    const terms = bytes.readUInt32LE(at)
    at += 4
    return Array.from({ length: terms }, () => {
      const wire = bytes.readUInt32LE(at)
      const factor = signed(elementAt(bytes, at + 4))
      at += 36
      return { wire, factor }
    })
  }
  return Array.from({ length: count }, () => ({ a: sum(), b: sum(), c: sum() }))
}

const elementAt = (bytes: Buffer, at: number): bigint =>
  bytes.readBigUInt64LE(at) |
  (bytes.readBigUInt64LE(at + 8) << 64n) |
  (bytes.readBigUInt64LE(at + 16) << 128n) |
  (bytes.readBigUInt64LE(at + 24) << 192n)

/** Small negative numbers are common, and faster as such. */
const signed = (element: bigint): bigint => (element > fieldModulus / 2n ? element - fieldModulus : element)

async function readNames(path: string): Promise<{ byWire: Map<number, string[]>; byName: Map<string, number> }> {
  const byWire = new Map<number, string[]>()
  const byName = new Map<string, number>()
  for (const line of (await readFile(path, 'utf8')).split('\n')) {
    const [, wireText, , name] = line.split(',')
    const wire = Number(wireText)
    if (!name || wire < 0) continue
    byName.set(name, wire)
    const names = byWire.get(wire)
    if (names) names.push(name)
    else byWire.set(wire, [name])
  }
  return { byWire, byName }
}
