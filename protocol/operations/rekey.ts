/** Moving an account to another signing key, another encryption key, or both. */
import * as P from 'micro-packed'
import { optional, SealKey, Signature, SigningKey, U64 } from '../codec.ts'
import type { Context } from '../context.ts'
import { hash } from '../hash.ts'
import { costsNothing, type Done, movesNothing, none, type Operation, type OpHead } from '../operation.ts'
import { no, type Result, yes } from '../reason.ts'
import type { Draft } from '../state.ts'

/** `proof` is the new signing key's signature over `rekeyHash`. */
const Rekey = P.struct({
  signing: optional(P.struct({ key: SigningKey, proof: Signature })),
  sealKey: optional(SealKey),
})
type Rekey = P.UnwrapCoder<typeof Rekey>

/** 32 bytes: what a new signing key signs to show that it is held by whoever moves an account to it. */
export const rekeyHash = (
  network: Uint8Array,
  { account, nonce }: { account: Uint8Array; nonce: bigint },
): Uint8Array => hash('rekey', network, account, U64.encode(nonce))

/** Change the keys. */
function apply(draft: Draft, _context: Context, { account }: OpHead, { signing, sealKey }: Rekey): Result<Done> {
  if (sealKey) draft.write('sealKeys', account, { sealKey })
  return yes({ ...movesNothing, deed: signing ? { kind: 'rekey', key: signing.key } : { kind: 'none' } })
}

/** The row of `rekey`. */
export const rekey: Operation<Rekey> = {
  number: 2,
  codec: Rekey,
  author: {
    kind: 'account',
    burnsInclusion: true,
    firstKey: none,
    nextKey: ({ signing }) => signing?.key,
    costMax: costsNothing,
  },
  form: (_head, { signing, sealKey }) => (signing || sealKey ? yes(undefined) : no('malformed')),
  agreement: (network, head, { signing }) =>
    signing && { digest: rekeyHash(network, head), signature: signing.proof, key: signing.key },
  touches: (_context, { account }) => [{ table: 'sealKeys', key: account }],
  apply,
  statement: undefined,
  epoch: none,
  message: none,
  registers: none,
  endsWith: none,
}
