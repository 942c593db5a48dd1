/** Making an address one that can be written to: by itself, or by a sponsor. */
import * as P from 'micro-packed'
import { balanceOf, credit, debit } from '../account.ts'
import { addressOf } from '../address.ts'
import { equalBytes, optional, SealKey, Signature, SigningKey, U64 } from '../codec.ts'
import type { Context } from '../context.ts'
import { none, type Operation, type OpHead } from '../operation.ts'
import { no, type Result, yes } from '../reason.ts'
import { registerTo } from '../registration.ts'
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

/** Make an address one that can be written to. Refuses: registered-already, consent-wrong, sponsorship-short, funds-short. */
function apply(draft: Draft, context: Context, { account }: OpHead, register: Register): Result<undefined> {
  const { signingKey, sealKey, sponsorship } = register
  const address = addressOf(signingKey)
  const registered = registerTo(draft, context, { address, signingKey, sealKey, consent: sponsorship?.consent })
  if (!registered.ok) return registered
  if (sponsorship) {
    const sponsor = draft.read('accounts', account)!
    if (sponsorship.amount < context.rules.reserve) return no('sponsorship-short')
    if (balanceOf(context.rules, sponsor) < sponsorship.amount) return no('funds-short')
    debit(draft, account, sponsorship.amount)
    credit(draft, address, sponsorship.amount)
  }
  return yes(undefined)
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
  signatures: ({ sponsorship }) => (sponsorship ? [sponsorship.consent] : []),
  touches(_context, _head, { signingKey, sponsorship }) {
    const address = addressOf(signingKey)
    return [
      // By itself it is the op's own account, which every op of an account reads.
      ...(sponsorship ? [{ table: 'accounts', key: address } as const] : []),
      { table: 'sealKeys', key: address },
    ]
  },
  apply,
  statement: undefined,
  epoch: none,
  message: none,
  registers: ({ signingKey }) => addressOf(signingKey),
  endsWith: none,
}
