/** A message made of what somebody typed, for programs that write no MIME themselves. */
import { encodeAddress } from '../../protocol/address.ts'
import { decodeBase64 } from '../base64.ts'
import { resolveAddress, type Wallet } from '../keys/wallet.ts'
import { composeLetter } from '../letter/compose.ts'
import type { Seams } from '../seams.ts'
import type { Draft } from '../draft.ts'
import type { Cabinet } from './cabinet.ts'

type Options = {
  readonly wallet: Pick<Wallet, 'pick'>
  readonly cabinet: Pick<Cabinet, 'contacts'>
  readonly seams: Pick<Seams, 'clock' | 'random'>
}

/** The bytes of a draft, base64. Labels and names of contacts are for its owner only, and stay out of it. Throws Refusal. */
export async function composed(
  { wallet, cabinet, seams: { clock, random } }: Options,
  { from, to, attachments = [], ...draft }: Draft,
): Promise<{ raw: string }> {
  const contacts = await cabinet.contacts()
  const mailbox = (address: Uint8Array) => ({ name: '', address: encodeAddress(address) })
  const letter = await composeLetter({
    ...draft,
    random,
    date: new Date(clock.now()),
    from: mailbox(wallet.pick(from).address),
    to: to.map((name) => mailbox(resolveAddress(name, contacts))),
    attachments: attachments.map(({ content, ...named }) => ({ ...named, content: decodeBase64(content) })),
  })
  return { raw: Buffer.from(letter).toString('base64') }
}
