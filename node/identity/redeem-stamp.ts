/** Redeeming one stamp: proven about a checkpoint, and handed to the network as nobody's op. */
import type { Context } from '../../protocol/context.ts'
import { fieldOf } from '../../protocol/field.ts'
import { networkField } from '../../protocol/identity.ts'
import type { ActionOf } from '../../protocol/operations.ts'
import { redeemHash } from '../../protocol/operations/stamp-redeem.ts'
import { consentHash } from '../../protocol/registration.ts'
import { plainAmounts } from '../../protocol/wire.ts'
import { submitAnonymous } from './anonymous.ts'
import type { Own, Wallet } from '../keys/wallet.ts'
import type { Checkpoint } from './latest-checkpoint.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Store } from '../ledger/store.ts'
import { accountOf } from '../mailbox/signing.ts'
import type { Node } from '../peers/node.ts'
import { stampInputs } from '../proofs/witness.ts'
import type { Proofs } from '../seams.ts'
import { sentences } from '../sentences.ts'
import type { Bought } from './stamp-numbers.ts'
import type { Stamps } from './stamps.ts'
import { pathIn } from './tree-paths.ts'

/** A stamp that can be proven now: to which pseudonym it goes, and the checkpoint behind which its leaf stands. */
export type Redeemable = { readonly own: Own; readonly stamp: Bought; readonly at: Checkpoint }

type Options = {
  readonly node: {
    readonly context: Pick<Context, 'network' | 'rules'>
    readonly store: Pick<Store, 'fetch'>
    readonly replica: Pick<Replica, 'view'>
    readonly seams: { readonly proofs: Pick<Proofs, 'prove'> }
    readonly submit: Node['submit']
  }
  readonly wallet: Pick<Wallet, 'stampSecret' | 'keys' | 'signWith'>
  readonly stamps: Pick<Stamps, 'nullifierOf'>
}

/** Gives the function that proves a stamp and hands its redemption over. That throws where no redemption comes of it. */
export function createRedeemStamp({ node, wallet, stamps }: Options) {
  const { context, store, replica, seams } = node
  const { network, rules } = context

  /**
   * The keys of an address that is not registered, with their agreement to be. Once they are gossiped anybody can register
   * the address with them; then the pool forgets this op, and the stamp is proven again without.
   */
  async function consentOf({ index, address }: Own): Promise<ActionOf<'stampRedeem'>['registration']> {
    if ((await accountOf(replica, address))?.signingKey) return undefined
    const first = { index, generation: 0 }
    const keys = await wallet.keys(first)
    return { ...keys, consent: wallet.signWith(first, consentHash(network, keys)) }
  }

  return async ({ own, stamp, at }: Redeemable, signal: AbortSignal): Promise<void> => {
    const { number, denomination, leaf } = stamp
    const { epoch, checkpoint, roots } = at
    const nullifier = stamps.nullifierOf(number)
    const unproven = {
      epoch,
      checkpoint,
      nullifier,
      denomination,
      to: own.address,
      registration: await consentOf(own),
      proof: new Uint8Array(),
    } satisfies ActionOf<'stampRedeem'>
    const inputs = stampInputs({
      stampSecret: wallet.stampSecret(number),
      network: networkField(network),
      stampsRoot: roots.stampsRoot,
      path: await pathIn(store, 'stamps', { index: leaf, count: roots.stamps }),
      nullifier,
      denomination,
      beneficiary: fieldOf(redeemHash(network, plainAmounts(rules, { TAG: 'stampRedeem', data: unproven }), unproven)),
    })
    const proof = await seams.proofs.prove('stamp', inputs, { signal })
    const submitted = await submitAnonymous(node.submit, {
      rules,
      action: { TAG: 'stampRedeem', data: { ...unproven, proof } },
    })
    // The epoch may have closed while it was being proven: then it is proven again.
    if (!submitted.ok) throw new Error(sentences[submitted.reason])
  }
}
