/**
 * The record of a set-up, `set-up.json`: the hashes of everything that came of it, and the transcript of who made it. Its
 * id is a hash over all of that; the rules of a network name the id. What a set-up is worth is no field that anybody could
 * edit: it follows from the transcript.
 */
import { createHash } from 'node:crypto'
import type { Circuit } from '../../protocol/statement.ts'

/** What `set-up.json` holds. Hashes are hexadecimal: SHA-256 of files, BLAKE2b of powers, 64 bytes of a contribution. */
export type SetUp = {
  readonly id: string
  readonly circuits: Readonly<Record<Circuit, CircuitRecord>>
  /** The BLAKE2b of the powers of tau, as the first step has it. */
  readonly ptau: string
  /** What happened, in order: powers, contributions, a beacon. */
  readonly transcript: readonly RecordedStep[]
}

type CircuitRecord = {
  readonly constraints: number
  readonly publics: readonly string[]
  readonly r1cs: string
  readonly wasm: string
  readonly zkey: string
  readonly vkey: string
}

/** What happens in a ceremony, in order; of a contribution 64 bytes a circuit in hexadecimal, as snarkjs shows them. */
export type StepWith<Hashes> =
  | { readonly kind: 'powers'; readonly origin: string; readonly sha256: string; readonly blake2b: string }
  | { readonly kind: 'contribution'; readonly name: string; readonly hashes: Hashes }
  | {
      readonly kind: 'beacon'
      readonly name: string
      /** Hexadecimal; announced before it was known. */
      readonly value: string
      /** It was hashed 2 to this power times. */
      readonly iterations: number
      readonly hashes: Hashes
    }
type RecordedStep = StepWith<CircuitHashes>

type CircuitHashes = Readonly<Record<Circuit, string>>

/**
 * Files of powers of tau that many people contributed to in public (the ceremony of Hermez), by their names, each with its
 * BLAKE2b as snarkjs' README publishes it. Smaller ones do not serve `renew`.
 */
export const publishedPowers: Readonly<Record<string, string>> = {
  'powersOfTau28_hez_final_15.ptau':
    '982372c867d229c236091f767e703253249a9b432c1710b4f326306bfa2428a17b06240359606cfe4d580b10a5a1f63fbed499527069c18ae17060472969ae6e',
  'powersOfTau28_hez_final_16.ptau':
    '6a6277a2f74e1073601b4f9fed6e1e55226917efb0f0db8a07d98ab01df1ccf43eb0e8c3159432acd4960e2f29fe84a4198501fa54c8dad9e43297453efec125',
}

/** What a set-up is worth. */
export type Worth = {
  /** How many people contributed, by their names; a beacon is nobody. */
  readonly contributors: number
  /** Whether one person alone could forge, as far as anybody can tell. */
  readonly isForgeable: boolean
  /** All of it in words. */
  readonly text: string
}

/**
 * What a set-up is worth, by its transcript: it takes one honest contributor, and one among those who made the powers, too,
 * since whoever knows the secret of the powers forges without the others'. A transcript is what somebody wrote: that the
 * keys came about so, `npm run ceremony -- verify` finds out, and no node, for it takes minutes.
 */
export function worthOf(transcript: readonly { readonly kind: string; readonly name?: string }[]): Worth {
  const names = transcript.flatMap(({ kind, name }) => (kind === 'contribution' && name ? [plainName(name)] : []))
  const contributors = new Set(names).size
  const [powers] = transcript as readonly { readonly blake2b?: string }[]
  if (contributors < 2)
    return {
      contributors,
      isForgeable: true,
      text: 'development set-up, one contributor: whoever ran it could forge',
    }
  if (!Object.values(publishedPowers).includes(powers?.blake2b ?? ''))
    return {
      contributors,
      isForgeable: true,
      text: `set-up of ${contributors} contributors, on powers of tau of no public file that this program knows: whoever made those could forge`,
    }
  return {
    contributors,
    isForgeable: false,
    text: `set-up of ${contributors} contributors, by its transcript: only all of them together could forge`,
  }
}

/**
 * What a set-up is worth to a program, given that program's own circuits. Keys of other constraints may show anything, or
 * nothing, whoever made them.
 */
export function worthHere({ circuits, transcript }: SetUp, own: SetUp['circuits']): Worth {
  const worth = worthOf(transcript)
  const others = (['pass', 'renew', 'stamp'] as const).filter((name) => circuits[name].r1cs !== own[name].r1cs)
  if (others.length === 0) return worth
  const strange = `it is made for other constraints of ${others.join(', ')} than this program has, so nobody here knows what its proofs show`
  return { ...worth, isForgeable: true, text: `${worth.text}; and ${strange}` }
}

/** Names that differ in case, marks and blanks alone are one person's. */
export const plainName = (name: string): string =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '') || name

/** The id: SHA-256 over everything else in a record, as JSON of one form. */
export function setUpId({ circuits, ptau, transcript }: Omit<SetUp, 'id'>): string {
  const whole = JSON.stringify(bodyOf({ circuits, ptau, transcript }, 'the record'))
  return createHash('sha256').update('bmail/set-up/2').update(whole).digest('hex')
}

/** Read a record. Throws an Error whose message says what in it is wrong; whether it is of its id is asked of `setUpId`. */
export function parseSetUp(text: string): SetUp {
  const { id, ...rest } = fieldsOf(JSON.parse(text), ['id', 'circuits', 'ptau', 'transcript'], 'the record')
  return { id: hexOf(id, 32, 'id'), ...bodyOf(rest, 'the record') }
}

/** Everything but the id, with fields in one order. */
function bodyOf(value: unknown, where: string): Omit<SetUp, 'id'> {
  const { circuits, ptau, transcript } = fieldsOf(value, ['circuits', 'ptau', 'transcript'], where)
  const { pass, renew, stamp } = fieldsOf(circuits, ['pass', 'renew', 'stamp'], 'circuits')
  if (!Array.isArray(transcript)) throw new Error('transcript is no list')
  const steps = transcript.map((step, at) => stepOf(step, `step ${at + 1}`))
  const [powers] = steps
  if (powers?.kind !== 'powers' || steps.filter(({ kind }) => kind === 'powers').length !== 1)
    throw new Error('the transcript does not begin with the powers of tau, or has them twice')
  if (steps.findIndex(({ kind }) => kind === 'beacon') !== steps.length - 1)
    throw new Error('the transcript does not end with its beacon')
  if (ptau !== powers.blake2b) throw new Error('ptau is not the BLAKE2b of the powers in the transcript')
  return {
    circuits: {
      pass: circuitOf(pass, 'pass'),
      renew: circuitOf(renew, 'renew'),
      stamp: circuitOf(stamp, 'stamp'),
    },
    ptau: powers.blake2b,
    transcript: steps,
  }
}

function circuitOf(value: unknown, where: string): CircuitRecord {
  const names = ['constraints', 'publics', 'r1cs', 'wasm', 'zkey', 'vkey']
  const { constraints, publics, ...files } = fieldsOf(value, names, where)
  if (!Array.isArray(publics)) throw new Error(`publics of ${where} is no list`)
  return {
    constraints: wholeOf(constraints, `constraints of ${where}`),
    publics: publics.map((name) => textOf(name, `a public signal of ${where}`)),
    r1cs: hexOf(files.r1cs, 32, `r1cs of ${where}`),
    wasm: hexOf(files.wasm, 32, `wasm of ${where}`),
    zkey: hexOf(files.zkey, 32, `zkey of ${where}`),
    vkey: hexOf(files.vkey, 32, `vkey of ${where}`),
  }
}

function stepOf(value: unknown, where: string): RecordedStep {
  const kind = (value as { kind?: unknown } | null)?.kind
  if (kind === 'powers') {
    const { origin, sha256, blake2b } = fieldsOf(value, ['kind', 'origin', 'sha256', 'blake2b'], where)
    return {
      kind,
      origin: textOf(origin, `origin of ${where}`),
      sha256: hexOf(sha256, 32, `sha256 of ${where}`),
      blake2b: hexOf(blake2b, 64, `blake2b of ${where}`),
    }
  }
  if (kind === 'contribution') {
    const { name, hashes } = fieldsOf(value, ['kind', 'name', 'hashes'], where)
    return { kind, name: textOf(name, `name of ${where}`), hashes: hashesOf(hashes, where) }
  }
  if (kind !== 'beacon') throw new Error(`${where} is no powers, no contribution and no beacon`)
  const fields = fieldsOf(value, ['kind', 'name', 'value', 'iterations', 'hashes'], where)
  return {
    kind,
    name: textOf(fields.name, `name of ${where}`),
    value: textOf(fields.value, `value of ${where}`),
    iterations: wholeOf(fields.iterations, `iterations of ${where}`),
    hashes: hashesOf(fields.hashes, where),
  }
}

function hashesOf(value: unknown, where: string): CircuitHashes {
  const { pass, renew, stamp } = fieldsOf(value, ['pass', 'renew', 'stamp'], `hashes of ${where}`)
  const hash = (one: unknown, name: string) => hexOf(one, 64, `the hash of ${name} of ${where}`)
  return { pass: hash(pass, 'pass'), renew: hash(renew, 'renew'), stamp: hash(stamp, 'stamp') }
}

/** The fields of an object that has just these: what is beside them the id would not cover. */
function fieldsOf(value: unknown, names: readonly string[], where: string): Record<string, unknown> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  const missing = names.find((name) => !isObject || !Object.hasOwn(value, name))
  if (!isObject || missing !== undefined) throw new Error(`${where} has no ${missing ?? names[0]}`)
  const surplus = Object.keys(value).find((name) => !names.includes(name))
  if (surplus !== undefined) throw new Error(`${where} has a field “${surplus}”, which belongs to no set-up`)
  return value as Record<string, unknown>
}

function hexOf(value: unknown, bytes: number, what: string): string {
  if (typeof value === 'string' && value.length === 2 * bytes && /^[0-9a-f]*$/.test(value)) return value
  throw new Error(`${what} is not ${bytes} bytes in hexadecimal`)
}

function textOf(value: unknown, what: string): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= 1_000) return value
  throw new Error(`${what} is no text of 1 to 1,000 characters`)
}

function wholeOf(value: unknown, what: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new Error(`${what} is no whole number`)
}
