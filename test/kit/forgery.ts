/** What can be done to the bytes of a proof: made into others that hold as well, or into what must be refused. */
import mcl, { type Fp, type Fp2, type G1, type G2 } from 'mcl-wasm'
import { scalarOf } from '../../node/proofs/curve.ts'
import type { KeyFile } from '../../node/proofs/groth16.ts'
import { baseModulus, fromBigEndian, toBigEndian } from '../../node/proofs/proof-bytes.ts'

/** The points of a proof. */
type Points = { readonly a: G1; readonly b: G2; readonly c: G1 }

/** The points in these bytes; the curve must be started. */
export function pointsOf(proof: Uint8Array): Points {
  const at = (place: number) => fp(fromBigEndian(proof.subarray(place * 32, place * 32 + 32)))
  return { a: g1(at(0), at(1)), b: g2(fp2(at(3), at(2)), fp2(at(5), at(4))), c: g1(at(6), at(7)) }
}

/** The bytes of a proof with these points. */
export function bytesOf({ a, b, c }: Points): Uint8Array {
  for (const point of [a, b, c]) point.normalize()
  const [bx, by] = [b.getX(), b.getY()]
  const coordinates = [a.getX(), a.getY(), bx.get_b(), bx.get_a(), by.get_b(), by.get_a(), c.getX(), c.getY()]
  return Uint8Array.from(coordinates.flatMap((coordinate) => [...coordinate.serialize().reverse()]))
}

/**
 * Another proof of the same statement, as anybody can make it who has one (Groth16 is malleable): A/r, r·B + r·s·δ,
 * C + s·A for any r, s.
 */
export function rerandomised(proof: Uint8Array, key: KeyFile, { r, s }: { r: bigint; s: bigint }): Uint8Array {
  const { a, b, c } = pointsOf(proof)
  const [bySecond, first, second] = [mcl.mul(scalarOf(r), scalarOf(s)), scalarOf(r), scalarOf(s)]
  return bytesOf({
    a: mcl.mul(a, mcl.inv(first)),
    b: mcl.add(mcl.mul(b, first), mcl.mul(deltaOf(key), bySecond)),
    c: mcl.add(c, mcl.mul(a, second)),
  })
}

/** The proof with a multiple of some point added to C: it holds no longer. */
export function withShiftedC(proof: Uint8Array, by: bigint): Uint8Array {
  const points = pointsOf(proof)
  const shift = mcl.mul(base(), scalarOf(by < 0n ? -by : by))
  return bytesOf({ ...points, c: by < 0n ? mcl.sub(points.c, shift) : mcl.add(points.c, shift) })
}

/** A point that is on the curve of G2, and not in the group: the first one by its x. */
export function outsideG2(): G2 {
  mcl.verifyOrderG2(false)
  for (let x = 1; ; x++) {
    const square = mcl.add(mcl.mul(mcl.sqr(fp2Of(x)), fp2Of(x)), twistB())
    const [isSquare, y] = mcl.squareRoot(square)
    if (!isSquare) continue
    const point = g2(fp2Of(x), y)
    if (!point.isValid()) throw new Error('the point is not on the curve')
    mcl.verifyOrderG2(true)
    return point
  }
}

/** The proof with the coordinate at this place (0 to 7) replaced. */
export function withCoordinate(proof: Uint8Array, place: number, change: (value: bigint) => bigint): Uint8Array {
  const changed = proof.slice()
  changed.set(toBigEndian(change(fromBigEndian(proof.subarray(place * 32, place * 32 + 32)))), place * 32)
  return changed
}

/** A number that is no coordinate of any point, but the same as one modulo p. */
export const plusModulus = (value: bigint): bigint => value + baseModulus

function deltaOf({ vk_delta_2: [x, y] }: KeyFile): G2 {
  const part = (pair: readonly string[] | undefined) => fp2(fp(BigInt(pair![0]!)), fp(BigInt(pair![1]!)))
  return g2(part(x), part(y))
}

/** b of y² = x³ + b on the twisted curve: 3 / (9 + i). */
const twistB = (): Fp2 => mcl.div(fp2Of(3), fp2(fp(9n), fp(1n)))

function base(): G1 {
  return g1(fp(1n), fp(2n))
}

function fp(value: bigint): Fp {
  const number = new mcl.Fp()
  number.deserialize(toBigEndian(value).reverse())
  return number
}

function fp2(c0: Fp, c1: Fp): Fp2 {
  const number = new mcl.Fp2()
  number.set_a(c0)
  number.set_b(c1)
  return number
}

const fp2Of = (value: number): Fp2 => fp2(fp(BigInt(value)), fp(0n))

function g1(x: Fp, y: Fp): G1 {
  const point = new mcl.G1()
  point.setX(x)
  point.setY(y)
  point.setZ(fp(1n))
  return point
}

function g2(x: Fp2, y: Fp2): G2 {
  const point = new mcl.G2()
  point.setX(x)
  point.setY(y)
  point.setZ(fp2Of(1))
  return point
}
