/** Registering an address, by itself or by a sponsor, and moving it to new keys. */
import { balanceOf, debit, newAccount } from './account.ts'
import { addressOf } from './address.ts'
import type { Context } from './context.ts'
import { no, type Result, yes } from './reason.ts'
import { type Draft, metaKey, metaOf } from './state.ts'
import { type ActionOf, consentHash, type Op, rekeyHash } from './wire.ts'

/** Make an address one that can be written to. Refuses: registered-already, consent-wrong, sponsorship-short, funds-short. */
export function applyRegister(draft: Draft, context: Context, op: Op, register: ActionOf<'register'>): Result<void> {
  const { signingKey, sealKey, sponsorship } = register
  const address = addressOf(signingKey)
  if (draft.read('accounts', address)?.signingKey) return no('registered-already')
  if (sponsorship) {
    const digest = consentHash(context.network, register)
    if (!context.verify({ digest, signature: sponsorship.consent, key: signingKey })) return no('consent-wrong')
    const sponsor = draft.read('accounts', op.account)!
    if (sponsorship.amount < context.rules.reserve) return no('sponsorship-short')
    if (balanceOf(context.rules, sponsor) < sponsorship.amount) return no('funds-short')
    debit(draft, op.account, sponsorship.amount)
  }
  const account = draft.read('accounts', address) ?? openAccount(draft)
  draft.write('accounts', address, { ...account, signingKey, funds: account.funds + (sponsorship?.amount ?? 0n) })
  draft.write('sealKeys', address, { sealKey })
  return yes(undefined)
}

/** Change the signing key, the encryption key, or both. Refuses: proof-wrong. */
export function applyRekey(
  draft: Draft,
  context: Context,
  op: Op,
  { signing, sealKey }: ActionOf<'rekey'>,
): Result<void> {
  if (signing) {
    const digest = rekeyHash(context.network, op)
    if (!context.verify({ digest, signature: signing.proof, key: signing.key })) return no('proof-wrong')
    draft.write('accounts', op.account, { ...draft.read('accounts', op.account)!, signingKey: signing.key })
  }
  if (sealKey) draft.write('sealKeys', op.account, { sealKey })
  return yes(undefined)
}

/** The next free slot, for an address that was never seen. */
function openAccount(draft: Draft) {
  const meta = metaOf(draft)
  draft.write('meta', metaKey, { ...meta, slots: meta.slots + 1 })
  return newAccount(meta.slots, 0n)
}
