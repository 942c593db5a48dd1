/** Making an address one that can be written to: by itself, or by a sponsor. */
import * as P from 'micro-packed'
import { addressOf } from '../address.ts'
import { equalBytes, optional, SealKey, Signature, SigningKey, U64 } from '../codec.ts'
import type { Context } from '../context.ts'
import { type Deed, type Payment, touchesOfDeed } from '../custody.ts'
import { type Done, movesNothing, none, type Operation, type OpHead } from '../operation.ts'
import { no, type Result, yes } from '../reason.ts'
import { consentHash } from '../registration.ts'
import type { Draft } from '../state.ts'

/**
 * Without sponsorship the op is the new address's own (nonce 0), and needs funds at it; with sponsorship it is the
 * sponsor's op, and `consent` is the new key's signature (`consentHash`), so that nobody can register somebody else's key
 * with an encryption key of their own choice.
 */
const Register = P.struct({
  signingKey: SigningKey,
  sealKey: SealKey,
  sponsorship: optional(P.struct({ amount: U64, consent: Signature })),
})
type Register = P.UnwrapCoder<typeof Register>

const deedOf = ({ signingKey }: Register): Deed => ({ kind: 'register', key: signingKey })

/** Make an address one that can be written to. Refuses: sponsorship-short. */
function apply(draft: Draft, { rules }: Context, _head: OpHead, register: Register): Result<Done> {
  const { signingKey, sealKey, sponsorship } = register
  const address = addressOf(signingKey)
  if (sponsorship && sponsorship.amount < rules.reserve) return no('sponsorship-short')
  draft.write('sealKeys', address, { sealKey })
  const lines: Payment[] = sponsorship ? [{ address, amount: sponsorship.amount, from: 'funds' }] : []
  return yes({ ...movesNothing, lines, deed: deedOf(register) })
}

const ownKey = ({ signingKey, sponsorship }: Register): Uint8Array | undefined => (sponsorship ? undefined : signingKey)

/** The row of `register`. */
export const register: Operation<Register> = {
  number: 1,
  codec: Register,
  author: {
    kind: 'account',
    burnsInclusion: true,
    firstKey: ownKey,
    nextKey: ownKey,
    costMax: (_rules, { sponsorship }) => sponsorship?.amount ?? 0n,
  },
  form({ account }, { signingKey, sponsorship }) {
    const isOwn = equalBytes(addressOf(signingKey), account)
    return isOwn === (sponsorship !== undefined) ? no('address-mismatch') : yes(undefined)
  },
  agreement: (network, _head, { signingKey, sealKey, sponsorship }) =>
    sponsorship && {
      digest: consentHash(network, { signingKey, sealKey }),
      signature: sponsorship.consent,
      key: signingKey,
    },
  touches: (_context, { account }, data) => [
    { table: 'sealKeys', key: addressOf(data.signingKey) },
    ...touchesOfDeed(deedOf(data), account),
  ],
  apply,
  statement: undefined,
  epoch: none,
  message: none,
  registers: ({ signingKey }) => addressOf(signingKey),
  endsWith: none,
}
