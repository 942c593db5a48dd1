/**
 * BN254, the curve of the proofs, by mcl (WebAssembly): numbers and points read strictly from bytes, and products of
 * pairings. mcl has one instance a thread, so it is started once, and everything here works on that.
 */
import mcl, { type Fp, type Fr, type G1, type G2, type GT } from 'mcl-wasm'
import { assert } from '../../protocol/assert.ts'
import { fieldModulus } from '../../protocol/field.ts'
import { toBigEndian } from './proof-bytes.ts'

let starting: Promise<void> | undefined

/** Start mcl on this thread; takes about 50 ms the first time. Nothing else here works before. */
export function startCurve(): Promise<void> {
  starting ??= mcl.init(mcl.BN_SNARK1).then(() => {
    mcl.verifyOrderG2(true)
    one.setInt(1)
  })
  return starting
}

/** A number below the order of the groups. */
export function scalarOf(value: bigint): Fr {
  assert(value >= 0n && value < fieldModulus, 'a scalar is below the order of the groups')
  const scalar = new mcl.Fr()
  scalar.deserialize(toBigEndian(value).reverse())
  return scalar
}

/** The point (x, y) of G1. Nothing where a coordinate is not below the modulus, or the point is not on the curve. */
export function readG1([x, y]: readonly [Uint8Array, Uint8Array]): G1 | undefined {
  const point = new mcl.G1()
  const isRead = setFp(x, (value) => point.setX(value)) && setFp(y, (value) => point.setY(value))
  point.setZ(one)
  // The curve has no other points than those of the group.
  return isRead && point.isValid() ? point : undefined
}

/** A coordinate c0 + c1·i of G2. */
type Coordinate2 = { readonly c0: Uint8Array; readonly c1: Uint8Array }

/**
 * The point (x, y) of G2. Nothing where a part is not below the modulus, the point is not on the curve, or it is not in
 * the group: most points of this curve are not, and an equation of pairings means nothing for them.
 */
export function readG2([x, y]: readonly [Coordinate2, Coordinate2]): G2 | undefined {
  const point = new mcl.G2()
  const part = new mcl.Fp2()
  const isX = setFp(x.c0, (value) => part.set_a(value)) && setFp(x.c1, (value) => part.set_b(value))
  point.setX(part)
  const isY = setFp(y.c0, (value) => part.set_a(value)) && setFp(y.c1, (value) => part.set_b(value))
  point.setY(part)
  part.set_a(one)
  part.set_b(new mcl.Fp())
  point.setZ(part)
  return isX && isY && point.isValid() ? point : undefined
}

/** A point times a number. */
export const times = (point: G1, scalar: Fr): G1 => mcl.mul(point, scalar)

/** Σ points × numbers. At least one; as many points as numbers. */
export const sumOf = (points: readonly G1[], scalars: readonly Fr[]): G1 => mcl.mulVec([...points], [...scalars])

export const negative = (point: G1): G1 => mcl.neg(point)
export const plus = (a: Fr, b: Fr): Fr => mcl.add(a, b)
export const product = (a: Fr, b: Fr): Fr => mcl.mul(a, b)

/** Whether the product of the pairings of these is 1: a Miller loop for each, and one final exponentiation for all. */
export function pairToOne(pairs: readonly (readonly [G1, G2])[]): boolean {
  return mcl.finalExp(hasVector() ? millerVector(pairs) : millerEach(pairs)).isOne()
}

/** One after the other: what is documented, at twice the time. */
export const millerEach = (pairs: readonly (readonly [G1, G2])[]): GT =>
  pairs.map(([left, right]) => mcl.millerLoop(left, right)).reduce((all, next) => mcl.mul(all, next))

/**
 * All in one loop, which shares its squarings. mcl exports this to WebAssembly and not to JavaScript, so values are laid
 * out here as mcl's own functions do it: in the stack of the module, each as long as its array of words.
 */
export function millerVector(pairs: readonly (readonly [G1, G2])[]): GT {
  const { stackSave, stackAlloc, stackRestore, _mclBn_millerLoopVec } = insides()
  const result = new mcl.GT()
  const [leftBytes, rightBytes] = [sizeOf(pairs[0]![0]), sizeOf(pairs[0]![1])]
  const stack = stackSave()
  try {
    const at = stackAlloc(sizeOf(result))
    const left = stackAlloc(leftBytes * pairs.length)
    const right = stackAlloc(rightBytes * pairs.length)
    for (const [index, [g1, g2]] of pairs.entries()) {
      g1.copyToMem(left + leftBytes * index)
      g2.copyToMem(right + rightBytes * index)
    }
    _mclBn_millerLoopVec!(at, left, right, pairs.length)
    result.copyFromMem(at)
    return result
  } finally {
    stackRestore(stack)
  }
}

type Insides = {
  readonly stackSave: () => number
  readonly stackAlloc: (bytes: number) => number
  readonly stackRestore: (to: number) => void
  readonly _mclBn_millerLoopVec?: (result: number, left: number, right: number, count: number) => void
}

const insides = (): Insides => (mcl as unknown as { readonly mod: Insides }).mod

const hasVector = (): boolean => typeof insides()._mclBn_millerLoopVec === 'function'

const sizeOf = (value: G1 | G2 | GT): number => (value as unknown as { readonly a_: Uint32Array }).a_.byteLength

const one = new mcl.Fp()

/** Set a number of 32 bytes; false where it is not below the modulus. */
function setFp(bytes: Uint8Array, set: (value: Fp) => void): boolean {
  const value = new mcl.Fp()
  try {
    value.deserialize(Uint8Array.from(bytes).reverse())
  } catch {
    return false
  }
  set(value)
  return true
}
