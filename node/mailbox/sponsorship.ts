/** What somebody without funds hands to a sponsor: the new keys, and the new signing key's agreement to them. */
import { base64 } from '@scure/base'
import * as P from 'micro-packed'
import { decodeStrict, SealKey, Signature, SigningKey } from '../../protocol/codec.ts'
import { consentHash } from '../../protocol/registration.ts'
import { decodeBase64 } from '../base64.ts'
import { Refusal } from '../service.ts'
import type { Own, Wallet } from '../keys/wallet.ts'

const Request = P.struct({ signingKey: SigningKey, sealKey: SealKey, consent: Signature })
const prefix = 'bmreq-'

/** The text to hand over for one of our pseudonyms. */
export async function requestOf(network: Uint8Array, wallet: Wallet, { index }: Own): Promise<string> {
  const keys = await wallet.keys({ index, generation: 0 })
  const consent = wallet.signWith({ index, generation: 0 }, consentHash(network, keys))
  return prefix + base64.encode(Request.encode({ ...keys, consent }))
}

/** What a text says that somebody handed us. Throws Refusal. */
export function readRequest(text: string): P.UnwrapCoder<typeof Request> {
  const decoded = text.startsWith(prefix) ? decodeStrict(Request, decodeBase64(text.slice(prefix.length))) : undefined
  if (decoded?.ok) return decoded.value
  throw new Refusal(
    'bad-request',
    'This is no registration request. Ask for the text that `bmail whoami` prints, whole.',
  )
}
