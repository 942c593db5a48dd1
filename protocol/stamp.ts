/** Stamps: bought under one pseudonym and redeemed under another, in fixed denominations, so that nobody can link the two. */
import { balanceOf, burn, credit, debit } from './account.ts'
import { appendTo, checkpointOf, proven } from './checkpoint.ts'
import type { Context } from './context.ts'
import { fieldOf } from './field.ts'
import { networkField, stampLeaf } from './identity.ts'
import { no, type Result, yes } from './reason.ts'
import { registerTo } from './register.ts'
import { type Draft, fieldKey, metaKey, metaOf, type View } from './state.ts'
import type { Statement } from './statement.ts'
import { type ActionOf, type Op, redeemHash } from './wire.ts'

type Redeem = ActionOf<'stampRedeem'>

/** Turn money into a stamp. Refuses: denomination-unknown, note-repeated (two stamps of one note have one nullifier), funds-short. */
export function applyStampBuy(
  draft: Draft,
  { rules }: Context,
  op: Op,
  { denomination, note }: ActionOf<'stampBuy'>,
): Result<void> {
  if (!rules.identity.stamps.includes(denomination)) return no('denomination-unknown')
  if (draft.read('notes', fieldKey(note))) return no('note-repeated')
  if (balanceOf(rules, draft.read('accounts', op.account)!) < denomination) return no('funds-short')
  debit(draft, op.account, denomination)
  holdInStamps(draft, denomination)
  const leaf = appendTo(draft, 'stamps', stampLeaf(denomination, note))
  draft.write('notes', fieldKey(note), { leaf, denomination })
  return yes(undefined)
}

/** What the proof of a stamp shows. Refuses: checkpoint-unknown. */
export function redeemStatement(view: View, { network }: Context, redeem: Redeem): Result<Statement> {
  const checkpoint = checkpointOf(view, redeem)
  if (!checkpoint.ok) return checkpoint
  const beneficiary = fieldOf(redeemHash(network, redeem))
  const { nullifier, denomination, proof } = redeem
  const signals = [checkpoint.value.stampsRoot, networkField(network), nullifier, denomination, beneficiary]
  return yes({ circuit: 'stamp', signals, proof })
}

/**
 * Turn a stamp into money again, less an inclusion fee, at an address that it may register.
 * Refuses: nullifier-used, denomination-unknown, recipient-unknown, registered-already, consent-wrong, checkpoint-unknown, unproven.
 */
export function applyStampRedeem(draft: Draft, context: Context, redeem: Redeem): Result<void> {
  const { nullifier, denomination, to, registration } = redeem
  const { inclusionFee, identity } = context.rules
  if (draft.read('nullifiers', fieldKey(nullifier))) return no('nullifier-used')
  if (!identity.stamps.includes(denomination)) return no('denomination-unknown')
  if (registration) {
    const registered = registerTo(draft, context, { address: to, ...registration })
    if (!registered.ok) return registered
  } else if (!draft.read('accounts', to)?.signingKey) return no('recipient-unknown')
  const statement = redeemStatement(draft, context, redeem)
  if (!statement.ok) return statement
  const shown = proven(context, statement.value)
  if (!shown.ok) return shown
  // Whoever knows what a set-up was made of can prove anything; not even they take out more than was put in.
  if (metaOf(draft).stamps < denomination) return no('unproven')
  holdInStamps(draft, -denomination)
  credit(draft, to, denomination - inclusionFee)
  burn(draft, inclusionFee)
  const { epoch, height } = metaOf(draft)
  draft.write('nullifiers', fieldKey(nullifier), { epoch, height, leaf: 0, endorsed: 0n })
  return yes(undefined)
}

function holdInStamps(draft: Draft, amount: bigint): void {
  const meta = metaOf(draft)
  draft.write('meta', metaKey, { ...meta, stamps: meta.stamps + amount })
}
