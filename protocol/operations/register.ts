/** Making an address one that can be written to: by itself, or by a sponsor. */
import * as P from 'micro-packed'
import { addressOf } from '../address.ts'
import { equalBytes, SealKey } from '../codec.ts'
import type { Context } from '../context.ts'
import { type Asked, burnsInclusion, none, type Operation, type OpHead, type Parts } from '../operation.ts'
import { no, type Result, type Shortcoming, yes } from '../reason.ts'
import { consentHash } from '../registration.ts'
import type { Draft } from '../state.ts'

const Mail = P.struct({ sealKey: SealKey })
type Mail = P.UnwrapCoder<typeof Mail>
type Said = { readonly key: Uint8Array; readonly consent: Uint8Array | undefined }

/**
 * Without sponsorship the op is the new address's own (nonce 0), and needs funds at it; with sponsorship it is the
 * sponsor's op, which pays an amount to the new address, and `consent` is the new key's signature (`consentHash`), so that
 * nobody can register somebody else's key with an encryption key of their own choice.
 */
type Register = {
  readonly signingKey: Uint8Array
  readonly sealKey: Uint8Array
  readonly sponsorship: { readonly amount: bigint; readonly consent: Uint8Array } | undefined
}

/** Make an address one that can be written to. Refuses: sponsorship-short. */
function apply(draft: Draft, { rules }: Context, _head: OpHead, register: Register): Result<Asked, Shortcoming> {
  const { signingKey, sealKey, sponsorship } = register
  if (sponsorship && sponsorship.amount < rules.reserve) return no('sponsorship-short')
  draft.write('sealKeys', addressOf(signingKey), { sealKey })
  return yes({})
}

/** What it says, where it pays the address that it registers, or, without consent, nobody. */
function read({ lines: [line, ...rest], deed, mail }: Parts<Mail, Said>): Register | undefined {
  const { key: signingKey, consent } = deed
  const { sealKey } = mail
  if (!consent) return line ? undefined : { signingKey, sealKey, sponsorship: undefined }
  const isPaid = line?.from === 'funds' && rest.length === 0 && equalBytes(line.address, addressOf(signingKey))
  return isPaid ? { signingKey, sealKey, sponsorship: { amount: line.amount, consent } } : undefined
}

/** The row of `register`. */
export const register: Operation<Register, Mail, Said> = {
  number: 1,
  mail: Mail,
  deed: ({ signingKey, sponsorship }) => ({ key: signingKey, consent: sponsorship?.consent }),
  lines: ({ signingKey, sponsorship }) =>
    sponsorship ? [{ address: addressOf(signingKey), amount: sponsorship.amount, from: 'funds' }] : [],
  read,
  burns: burnsInclusion,
  author: { kind: 'account' },
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
  touches: (_context, _head, { signingKey }) => [{ table: 'sealKeys', key: addressOf(signingKey) }],
  apply,
  statement: undefined,
  epoch: none,
  message: none,
  endsWith: none,
}
