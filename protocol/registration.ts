/** Giving an address its keys, whoever asks for it: its owner, a sponsor, or a stamp. */
import { newAccount } from './account.ts'
import type { Context } from './context.ts'
import { hash } from './hash.ts'
import { no, type Result, yes } from './reason.ts'
import { type Draft, metaKey, metaOf } from './state.ts'

/** 32 bytes: what a new key signs to agree to being registered by somebody else, with this encryption key and no other. */
export const consentHash = (
  network: Uint8Array,
  { signingKey, sealKey }: { signingKey: Uint8Array; sealKey: Uint8Array },
): Uint8Array => hash('consent', network, signingKey, sealKey)

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
): Result<undefined> {
  const { address, signingKey, sealKey, consent } = keys
  if (draft.read('accounts', address)?.signingKey) return no('registered-already')
  const digest = consentHash(context.network, keys)
  if (consent && !context.verify({ digest, signature: consent, key: signingKey })) return no('consent-wrong')
  const account = draft.read('accounts', address) ?? openAccount(draft)
  draft.write('accounts', address, { ...account, signingKey })
  draft.write('sealKeys', address, { sealKey })
  return yes(undefined)
}

/** The next free slot, for an address that was never seen. */
function openAccount(draft: Draft) {
  const meta = metaOf(draft)
  draft.write('meta', metaKey, { ...meta, slots: meta.slots + 1 })
  return newAccount(meta.slots, 0n)
}
