/**
 * Whether keys that somebody else made can be proven with and tell nothing. A set-up's founder chooses both keys, and their
 * hashes say only that they are what the founder chose.
 *
 * A proof (A, B, C) is blinded by r·δ in A and s·δ in B, with r and s drawn for it. Where the δ that a prover takes are
 * neither zero nor outside their groups, A and B are uniformly random, and C is the one point with which the equation
 * holds, which every proof of ours is tried with before anybody sees it (`prover.ts`). So then a proof tells nothing but
 * its statement, whatever else is in the keys. With a δ of zero it would be the same for the same secret, and whoever made
 * the keys would know whose it is.
 */
import { open } from 'node:fs/promises'
import { fieldModulus } from '../../protocol/field.ts'
import { type Artifacts, ArtifactsError, circuits, useless } from './artifacts.ts'
import { startCurve } from './curve.ts'
import { type KeyFile, readKey } from './groth16.ts'
import { baseModulus, fromBigEndian } from './proof-bytes.ts'

/** Hold the keys of each circuit against the curve and against each other. Throws ArtifactsError. */
export async function checkKeys(artifacts: Artifacts): Promise<void> {
  await startCurve()
  for (const circuit of circuits) {
    const { key, zkey } = artifacts.circuits[circuit]
    const refuse = (what: string, cause: unknown) =>
      new ArtifactsError(`The ${what} of ${circuit} in set-up ${artifacts.id} is unsound. ${useless}`, { cause })
    try {
      readKey(key)
    } catch (cause) {
      throw refuse('verification key', cause)
    }
    try {
      holdAgainst(await readHeader(zkey.path), key)
    } catch (cause) {
      throw refuse('proving key', cause)
    }
  }
}

/** What stands at the beginning of a proving key; coordinates of points in Montgomery's form, as in its file. */
type Header = {
  readonly publics: number
  readonly alpha1: readonly bigint[]
  readonly beta2: readonly bigint[]
  readonly gamma2: readonly bigint[]
  readonly delta1: readonly bigint[]
  readonly delta2: readonly bigint[]
}

/** A number in Montgomery's form is stored times this. */
const montgomery = 2n ** 256n

/**
 * A proving key must be of its verification key, whose points were read already, and its δ in G1 a point other than zero.
 * Throws otherwise.
 */
function holdAgainst(header: Header, key: KeyFile): void {
  const pair = ([x, y]: readonly (readonly string[])[]) => [x?.[0], x?.[1], y?.[0], y?.[1]]
  const points = [
    ['α', header.alpha1, key.vk_alpha_1],
    ['β', header.beta2, pair(key.vk_beta_2)],
    ['γ', header.gamma2, pair(key.vk_gamma_2)],
    ['δ', header.delta2, pair(key.vk_delta_2)],
  ] as const
  if (header.publics !== key.nPublic) throw new Error(`it is for ${header.publics} signals`)
  for (const [name, found, wanted] of points)
    if (found.some((coordinate, at) => coordinate !== (BigInt(wanted[at]!) * montgomery) % baseModulus))
      throw new Error(`its ${name} is not that of the verification key`)
  const [x, y] = header.delta1 as [bigint, bigint]
  // y² = x³ + 3, times the cube of `montgomery`. Zero is written as (0, 0), which is not on the curve; every point that is
  // belongs to the group.
  const isOnCurve = (y ** 2n * montgomery - x ** 3n - 3n * montgomery ** 3n) % baseModulus === 0n
  if (!isOnCurve || x >= baseModulus || y >= baseModulus) throw new Error('its δ is zero, or no point of the curve')
}

/** From the beginning of a proving key to the end of its header. */
const headerBytes = 700

/**
 * Read the header of a proving key, as snarkjs writes it: after 12 bytes come sections, each with its number (4 bytes) and
 * its length (8). The first has the number 1 and says of which protocol it is, the second has the number 2 and is the
 * header; snarkjs takes no key that has one of them twice. Numbers are little-endian. Throws for what is none.
 */
async function readHeader(path: string): Promise<Header> {
  const file = await open(path)
  const bytes = Buffer.alloc(headerBytes)
  const { bytesRead } = await file.read(bytes, 0, headerBytes, 0).finally(() => file.close())
  let at = 0
  const number = (length: number): bigint => fromBigEndian(bytes.subarray(at, (at += length)).toReversed())
  const point = (coordinates: number): bigint[] => Array.from({ length: coordinates }, () => number(32))
  const head = bytes.subarray(0, 4).toString('latin1')
  at = 12
  const protocol = [number(4), number(8), number(4)]
  const kind = number(4)
  if (bytesRead < headerBytes || head !== 'zkey' || protocol.join() !== '1,4,1' || kind !== 2n)
    throw new Error('it is no proving key of Groth16 as snarkjs writes it')
  number(8)
  const curve = [number(4), number(32), number(4), number(32)]
  if (curve.join() !== [32n, baseModulus, 32n, fieldModulus].join()) throw new Error('it is over another curve')
  const [, publics] = [number(4), Number(number(4)), number(4)]
  const alpha1 = point(2)
  point(2)
  return { publics, alpha1, beta2: point(4), gamma2: point(4), delta1: point(2), delta2: point(4) }
}
