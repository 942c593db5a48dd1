/** Moving an account to another signing key, another encryption key, or both. */
import * as P from 'micro-packed'
import { optional, SealKey, U64 } from '../codec.ts'
import type { Context } from '../context.ts'
import { hash } from '../hash.ts'
import { type Asked, burnsInclusion, noLines, none, type Operation, type OpHead } from '../operation.ts'
import { no, type Result, type Shortcoming, yes } from '../reason.ts'
import type { Draft } from '../state.ts'

const Mail = P.struct({ sealKey: optional(SealKey) })
type Mail = P.UnwrapCoder<typeof Mail>

/** `signature` is the new signing key's over `rekeyHash`. */
type Rekey = {
  readonly signing: { readonly key: Uint8Array; readonly signature: Uint8Array } | undefined
  readonly sealKey: Uint8Array | undefined
}

/** 32 bytes: what a new signing key signs to show that it is held by whoever moves an account to it. */
export const rekeyHash = (
  network: Uint8Array,
  { account, nonce }: { account: Uint8Array; nonce: bigint },
): Uint8Array => hash('rekey', network, account, U64.encode(nonce))

/** Change the keys. */
function apply(draft: Draft, _context: Context, { account }: OpHead, { sealKey }: Rekey): Result<Asked, Shortcoming> {
  if (sealKey) draft.write('sealKeys', account, { sealKey })
  return yes({})
}

/** The row of `rekey`. */
export const rekey: Operation<Rekey, Mail, Rekey['signing']> = {
  number: 2,
  mail: Mail,
  deed: ({ signing }) => signing,
  lines: noLines,
  read: ({ lines, deed, mail }) => (lines.length === 0 ? { signing: deed, sealKey: mail.sealKey } : undefined),
  burns: burnsInclusion,
  author: { kind: 'account' },
  form: (_head, { signing, sealKey }) => (signing || sealKey ? yes(undefined) : no('malformed')),
  agreement: (network, head, { signing }) =>
    signing && { digest: rekeyHash(network, head), signature: signing.signature, key: signing.key },
  touches: (_context, { account }) => [{ table: 'sealKeys', key: account }],
  apply,
  statement: undefined,
  epoch: none,
  message: none,
  endsWith: none,
}
