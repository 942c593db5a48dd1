/**
 * The best that a cheat can do: a whole witness that is wrong only where something is demanded that does not hold. It comes
 * from the same sources with all demands (`===`) taken out, so that everything else is computed from the lie as it should be.
 * Which demands it fails is read off the constraints as they are written, with all signals by their names; and whether
 * it is refused, off the constraints that are released.
 */
import { compile, type Edit } from '../../circuits/compile.ts'
import type { Inputs } from '../../node/seams.ts'
import type { Circuit } from '../../protocol/statement.ts'
import { type Calculator, calculatorOf } from './calculator.ts'
import { type Constraint, type R1cs, readR1cs, violated, wiresOf } from './r1cs.ts'

/** The values of all signals, by the names that the compiler gives them. */
export type Signals = Map<string, bigint>

export type Court = {
  /** Everything that follows from inputs, whether it may or not. */
  readonly testify: (inputs: Inputs) => Signals
  /** Of each demand that does not hold, the names of signals in it, without the numbers of anonymous components. */
  readonly objections: (signals: Signals) => string[][]
  /** How many of the released constraints do not hold. */
  readonly refusals: (signals: Signals) => number
}

/** Try witnesses of a circuit. `edit` forges its sources further, beyond leaving out what they demand. */
export async function courtOf(circuit: Circuit, edit: Edit = (_path, text) => text): Promise<Court> {
  const lawless = await compile(circuit, {
    simplified: 'written',
    edit: (path, text) => withoutDemands(edit(path, text)),
  })
  const calculate = await calculatorOf(lawless.wasm)
  const names = await readR1cs(lawless)
  const written = await readR1cs(await compile(circuit, { simplified: 'written' }))
  const released = await readR1cs(await compile(circuit))
  const aliases = aliasesOf(written)
  return {
    testify: (inputs) => signalsOf(calculate, names, inputs),
    objections: (signals) =>
      violated(written, witnessOf(written, signals)).map((constraint) => namesIn(constraint, written, aliases)),
    refusals: (signals) => violated(released, witnessOf(released, signals)).length,
  }
}

/** Blanks in their place, because anonymous components are named by where they stand. */
const withoutDemands = (text: string): string =>
  text
    .split('\n')
    .map((line) => (line.replace(/\/\/.*/, '').includes('===') ? ' '.repeat(line.length) : line))
    .join('\n')

function signalsOf(calculate: Calculator, { namesOf }: R1cs, inputs: Inputs): Signals {
  const signals: Signals = new Map()
  for (const [wire, value] of calculate(inputs)().entries()) for (const name of namesOf(wire)) signals.set(name, value)
  return signals
}

/** The witness of constraints that signals make. */
function witnessOf({ wireCount, namesOf }: R1cs, signals: Signals): bigint[] {
  return Array.from({ length: wireCount }, (_, wire) => {
    if (wire === 0) return 1n
    const name = namesOf(wire).find((one) => signals.has(one))
    if (name === undefined) throw new Error(`nothing is known of ${namesOf(wire)[0]}`)
    return signals.get(name)!
  })
}

/** Wires that a constraint says are one and the same, by the lowest of them: names of one are names of all. */
function aliasesOf({ constraints, namesOf }: R1cs): (wire: number) => string[] {
  const parents = new Map<number, number>()
  const rootOf = (wire: number): number => {
    let root = wire
    while (parents.has(root)) root = parents.get(root)!
    return root
  }
  for (const { a, b, c } of constraints) {
    const [one, other] = c
    const isEquality = (a.length === 0 || b.length === 0) && c.length === 2 && one!.factor === -other!.factor
    if (!isEquality || one!.wire === 0 || other!.wire === 0) continue
    const [low, high] = [rootOf(one!.wire), rootOf(other!.wire)].sort((x, y) => x - y) as [number, number]
    if (low !== high) parents.set(high, low)
  }
  const members = new Map<number, string[]>()
  for (const wire of new Set([...parents.keys(), ...parents.values()])) {
    const root = rootOf(wire)
    members.set(root, [...(members.get(root) ?? []), ...namesOf(wire)])
  }
  return (wire) => members.get(rootOf(wire)) ?? [...namesOf(wire)]
}

const namesIn = (constraint: Constraint, { namesOf }: R1cs, aliases: (wire: number) => string[]): string[] => [
  ...new Set(
    wiresOf(constraint)
      .flatMap((wire) => [...namesOf(wire), ...aliases(wire)])
      .map(plain),
  ),
]

/** The compiler numbers anonymous components by line: Num2Bits_12_345 is Num2Bits to us. */
const plain = (name: string): string => name.replace(/_\d+_\d+/g, '').replace(/^main\./, '')
