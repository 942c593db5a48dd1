/**
 * What an identity is to the ledger: numbers made of a secret that nobody sees. These are the twins of the circuits'
 * templates of the same names (`circuits/identity.circom`); only the holder of a secret computes most of them.
 */
import { fieldOf } from './field.ts'
import { poseidon } from './poseidon.ts'
import { decay, type Scoring } from './reputation.ts'

/**
 * A hidden state. `previous` is the epoch whose verdicts are to be folded next, `last` the one it was renewed in, `asOf`
 * the one its sums are decayed to; 0 is none. Sums have 16 fractional bits and stay below 2^48.
 */
export type Hidden = {
  readonly positive: bigint
  readonly negative: bigint
  readonly previous: number
  readonly last: number
  readonly asOf: number
}

/** Sums with 16 fractional bits. */
export type Sums = Pick<Hidden, 'positive' | 'negative'>

/** What an identity enrols with. */
export const firstHidden: Hidden = { positive: 0n, negative: 0n, previous: 0, last: 0, asOf: 0 }

/** Epoch keys that one identity has in an epoch. The circuits are built for it. */
export const slotCount = 4

/** The network (32 bytes) as proofs name it. */
export const networkField = (network: Uint8Array): bigint => fieldOf(network)

/** Poseidon(1, secret, network): what enrols, and never appears beside a pseudonym. */
export const commitmentOf = (secret: bigint, network: bigint): bigint => poseidon('commitment', secret, network)

/** Poseidon(2, commitment): the leaf that the ledger itself builds at enrolment. */
export const firstLeaf = (commitment: bigint): bigint => poseidon('first', commitment)

/** Poseidon(3, secret, …): the leaf of a state. With the secret and not the commitment, or scores could be guessed. */
export const leafOf = (secret: bigint, { positive, negative, previous, last, asOf }: Hidden): bigint =>
  poseidon('leaf', secret, positive, negative, BigInt(previous), BigInt(last), BigInt(asOf))

/** The leaf that stands in the tree for a state: the first one until it was renewed once. */
export const leafInTree = (secret: bigint, network: bigint, hidden: Hidden): bigint =>
  hidden.asOf === 0 ? firstLeaf(commitmentOf(secret, network)) : leafOf(secret, hidden)

/** Poseidon(5, network, epoch): what binds an epoch key to a network and an epoch. */
export const scopeOf = (network: bigint, epoch: number): bigint => poseidon('scope', network, BigInt(epoch))

/** The low 160 bits of Poseidon(4, secret, scope, slot): the public handle of one pass. `slot` is below `slotCount`. */
export const epochKeyOf = (
  secret: bigint,
  { network, epoch, slot }: { network: bigint; epoch: number; slot: number },
) => poseidon('key', secret, scopeOf(network, epoch), BigInt(slot)) & (2n ** 160n - 1n)

/** Poseidon(6, secret, network, previous, last): says that a state has its successor, and not whose it is. */
export const nullifierOf = (
  secret: bigint,
  network: bigint,
  { previous, last }: Pick<Hidden, 'previous' | 'last'>,
): bigint => poseidon('nullifier', secret, network, BigInt(previous), BigInt(last))

/** Poseidon(9, secret of a stamp): what is bought. */
export const noteOf = (stampSecret: bigint): bigint => poseidon('note', stampSecret)

/** Poseidon(8, denomination, note): the leaf that the ledger builds when a stamp is bought. */
export const stampLeaf = (denomination: bigint, note: bigint): bigint => poseidon('stamp', denomination, note)

/** Poseidon(10, secret of a stamp, network): says that a stamp was redeemed, and not which. */
export const stampNullifierOf = (stampSecret: bigint, network: bigint): bigint =>
  poseidon('stampNullifier', stampSecret, network)

/**
 * How a hidden state goes on in an epoch: it is renewed where it was renewed in the epoch before, or never, or was settled;
 * after an absence it is settled first. Nothing where it was renewed in this epoch already.
 */
export function modeOf({ last }: Hidden, epoch: number): 'renew' | 'settle' | undefined {
  if (last === epoch) return undefined
  return last === 0 || last === epoch - 1 ? 'renew' : 'settle'
}

/**
 * The state that follows, as the renew circuit proves it: what the keys of `previous` gathered is folded in, the sums
 * decay to the epoch they are now of, and what is endorsed (16 fractional bits) is given away.
 */
export function successor(
  rules: Scoring,
  hidden: Hidden,
  { epoch, gathered, spent }: { epoch: number; gathered: Sums; spent: bigint },
): Hidden {
  const { previous, last, asOf } = hidden
  const isSettled = modeOf(hidden, epoch) === 'settle'
  const next = isSettled ? { previous: last, last: 0, asOf: last + 1 } : { previous: last, last: epoch, asOf: epoch }
  const folds = previous > 0
  const sums = {
    positive: hidden.positive + (folds ? gathered.positive : 0n),
    negative: hidden.negative + (folds ? gathered.negative : 0n),
  }
  const { positive, negative } = decay(rules, sums, asOf === 0 ? 0 : next.asOf - asOf)
  return { ...next, positive: positive - spent, negative }
}
