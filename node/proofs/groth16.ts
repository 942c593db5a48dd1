/**
 * Groth16 (Groth, EUROCRYPT 2016, §3.2), many proofs at once. A proof (A, B, C) of signals s holds where
 *
 *     e(A, B) = e(α, β) · e(IC₀ + Σ sⱼ·ICⱼ, γ) · e(C, δ)
 *
 * Each equation is raised to a random number rᵢ of 128 bits and all are multiplied. Pairings are linear, so the right
 * sides of one circuit melt into three pairings, and n proofs of a circuit take n + 3 Miller loops and one final
 * exponentiation: Π e(rᵢ·Aᵢ, Bᵢ) = e(Σrᵢ·α, β) · e(Σrᵢ·(…)ᵢ, γ) · e(Σrᵢ·Cᵢ, δ).
 *
 * Why this believes nothing false: every point was checked to be in its group of prime order r, so both sides of each
 * equation are in one group of order r, and the quotient of equation i is g^xᵢ with xᵢ = 0 just where it holds. The
 * product is 1 just where Σ rᵢ·xᵢ = 0 (mod r). Where some xⱼ ≠ 0, at most one rⱼ makes it so, whatever the others are;
 * and the rᵢ are drawn here, after the proofs are fixed, from 2¹²⁸ values. So a wrong proof passes with a chance of at
 * most 2⁻¹²⁸ a question; halving a group of 64 asks at most 127 of them.
 */
import type { Fr, G1, G2 } from 'mcl-wasm'
import type { Circuit, Statement } from '../../protocol/statement.ts'
import { negative, pairToOne, plus, product, readG1, readG2, scalarOf, sumOf, times } from './curve.ts'
import { coordinatesOf, fromBigEndian, isWellFormed, toBigEndian } from './proof-bytes.ts'
import type { Random } from '../seams.ts'

/** A verification key as snarkjs writes it, in decimal numbers; points are affine. */
export type KeyFile = {
  readonly protocol: string
  readonly curve: string
  readonly nPublic: number
  readonly vk_alpha_1: readonly string[]
  readonly vk_beta_2: readonly (readonly string[])[]
  readonly vk_gamma_2: readonly (readonly string[])[]
  readonly vk_delta_2: readonly (readonly string[])[]
  /** One more than there are signals. */
  readonly IC: readonly (readonly string[])[]
}

/** A key whose points are read, and found to be in their groups. */
type Key = {
  readonly alpha: G1
  readonly beta: G2
  readonly gamma: G2
  readonly delta: G2
  readonly inputs: readonly G1[]
}

/** Read a verification key. Throws if it is not one over BN254: keys come with the program or are named by the rules. */
export function readKey(file: KeyFile): Key {
  const { protocol, curve, nPublic, IC } = file
  if (protocol !== 'groth16' || curve !== 'bn128' || IC.length !== nPublic + 1)
    throw new Error('That is no Groth16 verification key over BN254.')
  const g1 = ([x, y]: readonly string[]) => existing(readG1([bytesOf(x), bytesOf(y)]))
  const g2 = ([x, y]: readonly (readonly string[])[]) =>
    existing(
      readG2([
        { c0: bytesOf(x?.[0]), c1: bytesOf(x?.[1]) },
        { c0: bytesOf(y?.[0]), c1: bytesOf(y?.[1]) },
      ]),
    )
  return {
    alpha: g1(file.vk_alpha_1),
    beta: g2(file.vk_beta_2),
    gamma: g2(file.vk_gamma_2),
    delta: g2(file.vk_delta_2),
    inputs: IC.map(g1),
  }
}

export type KeyFiles = Readonly<Record<Circuit, KeyFile>>
export type Keys = Readonly<Record<Circuit, Key>>

/** The keys of all circuits. */
export const readKeys = ({ pass, renew, stamp }: KeyFiles): Keys => ({
  pass: readKey(pass),
  renew: readKey(renew),
  stamp: readKey(stamp),
})

/** Which of these hold, in their order. Circuits may be mixed. `random` must be unpredictable to whoever made the proofs. */
export function verifyEach(keys: Keys, statements: readonly Statement[], random: Random): boolean[] {
  const read = statements.map((statement) => readStatement(keys, statement, random))
  const holding = new Set(holdingOf(read.filter((equation) => equation !== undefined)))
  return read.map((equation) => equation !== undefined && holding.has(equation))
}

/** One equation, raised to its random number. */
type Equation = {
  readonly key: Key
  readonly weight: Fr
  readonly weightedA: G1
  readonly b: G2
  readonly c: G1
  readonly weightedSignals: readonly Fr[]
}

function readStatement(keys: Keys, statement: Statement, random: Random): Equation | undefined {
  const key = keys[statement.circuit]
  if (!isWellFormed(statement, key.inputs.length - 1)) return undefined
  const parts = coordinatesOf(statement.proof)
  if (!parts) return undefined
  const [ax, ay, bx1, bx0, by1, by0, cx, cy] = parts
  const a = readG1([ax, ay])
  const c = readG1([cx, cy])
  // Last, because it is the dear one.
  const b =
    a &&
    c &&
    readG2([
      { c0: bx0, c1: bx1 },
      { c0: by0, c1: by1 },
    ])
  if (!a || !b || !c) return undefined
  const weight = scalarOf(fromBigEndian(random(16)))
  const weightedSignals = statement.signals.map((signal) => product(weight, scalarOf(signal)))
  return { key, weight, weightedA: times(a, weight), b, c, weightedSignals }
}

/** Those that hold: all at once if they do, or else half by half. */
const holdingOf = (equations: readonly Equation[]): readonly Equation[] =>
  equations.length === 0 || allHold(equations) ? equations : holdingAmong(equations)

/** Those that hold, where it is known that not all do. */
function holdingAmong(equations: readonly Equation[]): readonly Equation[] {
  if (equations.length === 1) return []
  const half = equations.length >> 1
  const [left, right] = [equations.slice(0, half), equations.slice(half)]
  // Where the left half holds, the right one cannot.
  if (allHold(left)) return [...left, ...holdingAmong(right)]
  if (allHold(right)) return [...holdingAmong(left), ...right]
  // Where neither does there is probably more that is wrong, and to go on by halves would cost a flooder less than us.
  return equations.filter((equation) => allHold([equation]))
}

function allHold(equations: readonly Equation[]): boolean {
  const ofKey = Map.groupBy(equations, ({ key }) => key)
  return pairToOne([
    ...equations.map(({ weightedA, b }) => [weightedA, b] as const),
    ...[...ofKey].flatMap(([key, group]) => rightSide(key, group)),
  ])
}

/** The three pairings that the right sides of one circuit come to, negated. */
function rightSide({ alpha, beta, gamma, delta, inputs }: Key, group: readonly Equation[]): (readonly [G1, G2])[] {
  const weights = group.map(({ weight }) => weight)
  const weight = weights.reduce(plus)
  const signals = inputs.slice(1).map((_, at) => group.map(({ weightedSignals }) => weightedSignals[at]!).reduce(plus))
  return [
    [negative(times(alpha, weight)), beta],
    [negative(sumOf(inputs, [weight, ...signals])), gamma],
    [
      negative(
        sumOf(
          group.map(({ c }) => c),
          weights,
        ),
      ),
      delta,
    ],
  ]
}

function existing<T>(point: T | undefined): T {
  if (point === undefined) throw new Error('A point of the verification key is not in its group.')
  return point
}

const bytesOf = (decimal: string | undefined): Uint8Array => toBigEndian(BigInt(decimal!))
