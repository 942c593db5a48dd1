/** Registering an address, by itself or by a sponsor, and moving it to new keys. */
import { balanceOf, credit, debit, newAccount } from './account.ts'
import { addressOf } from './address.ts'
import type { Context } from './context.ts'
import { no, type Result, yes } from './reason.ts'
import { type Draft, metaKey, metaOf } from './state.ts'
import { type ActionOf, consentHash, type Op, rekeyHash } from './wire.ts'

/** Make an address one that can be written to. Refuses: registered-already, consent-wrong, sponsorship-short, funds-short. */
export function applyRegister(draft: Draft, context: Context, op: Op, register: ActionOf<'register'>): Result<void> {
  const { signingKey, sealKey, sponsorship } = register
  const address = addressOf(signingKey)
  const registered = registerTo(draft, context, { address, signingKey, sealKey, consent: sponsorship?.consent })
  if (!registered.ok) return registered
  if (sponsorship) {
    const sponsor = draft.read('accounts', op.account)!
    if (sponsorship.amount < context.rules.reserve) return no('sponsorship-short')
    if (balanceOf(context.rules, sponsor) < sponsorship.amount) return no('funds-short')
    debit(draft, op.account, sponsorship.amount)
    credit(draft, address, sponsorship.amount)
  }
  return yes(undefined)
}

/**
 * Give an address its keys, opening its account where there is none. Where somebody else asks for it, `consent` is the new
 * key's signature. Refuses: registered-already, consent-wrong.
 */
export function registerTo(
  draft: Draft,
  context: Context,
  keys: {
    readonly address: Uint8Array
    readonly signingKey: Uint8Array
    readonly sealKey: Uint8Array
    readonly consent: Uint8Array | undefined
  },
): Result<void> {
  const { address, signingKey, sealKey, consent } = keys
  if (draft.read('accounts', address)?.signingKey) return no('registered-already')
  const digest = consent && consentHash(context.network, keys)
  if (digest && !context.verify({ digest, signature: consent, key: signingKey })) return no('consent-wrong')
  const account = draft.read('accounts', address) ?? openAccount(draft)
  draft.write('accounts', address, { ...account, signingKey })
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
