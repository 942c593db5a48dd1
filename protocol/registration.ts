/** Agreeing to be registered, whoever asks for it: an address's owner, a sponsor, or a stamp. */
import { hash } from './hash.ts'

/** 32 bytes: what a new key signs to agree to being registered by somebody else, with this encryption key and no other. */
export const consentHash = (
  network: Uint8Array,
  { signingKey, sealKey }: { signingKey: Uint8Array; sealKey: Uint8Array },
): Uint8Array => hash('consent', network, signingKey, sealKey)
