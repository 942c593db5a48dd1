/** Making a mailbox in a home: a keystore from a new recovery phrase, or from one that was kept. */
import { addressOf, encodeAddress } from '../../protocol/address.ts'
import { parsePhrase, phraseOf, signingPrivateKey } from '../keys/derive.ts'
import { createKeystore, sealKeystore, writeKeystore } from '../keys/keystore.ts'
import { signingKeyOf } from '../keys/sign.ts'
import type { Random } from '../seams.ts'
import { makeHome, pathsOf } from '../settings/home.ts'

export type NewMailbox = {
  /** The first pseudonym: `bm1…`, and its 20 bytes. */
  readonly address: string
  readonly addressBytes: Uint8Array
  /** 24 words; nothing where they were given. */
  readonly phrase: string | undefined
}

type Wanted = {
  readonly home: string
  /** The salt of the network's genesis. */
  readonly realm: Uint8Array
  /** 24 words to restore from. */
  readonly phrase: string | undefined
  /** Asked for once the phrase is known to be one. */
  readonly passphrase: () => Promise<string>
  readonly random: Random
}

/** Make a keystore and put it in its place. Throws where the recovery phrase is not valid. */
export async function makeMailbox({ home, realm, phrase, passphrase, random }: Wanted): Promise<NewMailbox> {
  // A phrase with a mistyped word is refused before a passphrase is asked for.
  if (phrase !== undefined) parsePhrase(phrase)
  const keystore = await createKeystore({
    ...{ random, realm, passphrase: await passphrase() },
    ...(phrase !== undefined && { phrase }),
  })
  makeHome(home)
  await writeKeystore(pathsOf(home).keystore, sealKeystore(random, keystore))
  const addressBytes = addressOf(signingKeyOf(signingPrivateKey(keystore, { pseudonym: 0, generation: 0 })))
  const words = phrase === undefined ? phraseOf(keystore) : undefined
  return { address: encodeAddress(addressBytes), addressBytes, phrase: words }
}
