/** Statements that are true, with everything a prover needs: of each circuit as many different ones as there are numbers. */
import { publicSignals } from '../../node/proofs/artifacts.ts'
import { nothingFolded, passInputs, renewInputs, stampInputs } from '../../node/proofs/witness.ts'
import type { Inputs } from '../../node/seams.ts'
import {
  commitmentOf,
  firstHidden,
  firstLeaf,
  leafOf,
  networkField,
  noteOf,
  nullifierOf,
  stampLeaf,
  stampNullifierOf,
} from '../../protocol/identity.ts'
import type { Circuit } from '../../protocol/statement.ts'
import { treeOf, trees } from '../../protocol/tree.ts'

type Provable = { readonly circuit: Circuit; readonly inputs: Inputs; readonly signals: readonly bigint[] }

const network = networkField(new Uint8Array(32).fill(7))

/** The statement of each circuit that has this number. */
export const provable = { stamp, pass, renew } satisfies Record<Circuit, (number: number) => Provable>

/** A stamp among 21, redeemed. */
function stamp(number: number): Provable {
  const [stampSecret, denomination] = [1000n + BigInt(number), 64n]
  const leaves = Array.from({ length: 21 }, (_, at) => stampLeaf(denomination, noteOf(BigInt(at))))
  const index = number % leaves.length
  leaves[index] = stampLeaf(denomination, noteOf(stampSecret))
  const { root, path } = treeOf(leaves, trees.stamps.depth)
  const nullifier = stampNullifierOf(stampSecret, network)
  const beneficiary = BigInt(number)
  const inputs = { stampSecret, network, stampsRoot: root, path: path(index), nullifier, denomination, beneficiary }
  return withSignals('stamp', stampInputs(inputs))
}

/** A pass of tier 1 in epoch 9, by somebody with a score of 5. */
function pass(number: number): Provable {
  const secret = 2000n + BigInt(number)
  const hidden = { positive: 6n << 16n, negative: 1n << 16n, previous: 8, last: 9, asOf: 9 }
  const { path } = treeOf([1n, 2n, 3n, 4n, 5n, leafOf(secret, hidden)], trees.identities.depth)
  const demands = { scoreMin: 2n ** 48n + (4n << 16n), negativeMax: 64n << 16n }
  const where = { network, epoch: 9, slot: number % 4, path: path(5) }
  return withSignals('pass', passInputs({ secret, hidden, ...where, ...demands, beneficiary: BigInt(number) }))
}

/** The first renewal of somebody who just enrolled, in epoch 9: there is nothing to fold yet. */
function renew(number: number): Provable {
  const secret = 3000n + BigInt(number)
  const { path } = treeOf([5n, firstLeaf(commitmentOf(secret, network))], trees.identities.depth)
  const inputs = renewInputs({
    secret,
    network,
    epoch: 9,
    hidden: firstHidden,
    path: path(1),
    historyRoot: 0n,
    folded: nothingFolded,
    nullifier: nullifierOf(secret, network, firstHidden),
    leaf: leafOf(secret, { ...firstHidden, last: 9, asOf: 9 }),
    spent: 0n,
    target: 0n,
    reserve: 0n,
  })
  return withSignals('renew', inputs)
}

const withSignals = (circuit: Circuit, inputs: Inputs): Provable => ({
  circuit,
  inputs,
  signals: publicSignals[circuit].map((name) => inputs[name] as bigint),
})
