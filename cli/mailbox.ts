/** Making a mailbox: a keystore from a new recovery phrase, or from one that was kept. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { makeHome, pathsOf } from '../node/settings/home.ts'
import type { Invocation } from './command.ts'
import { CommandError } from './errors.ts'
import { newPassphrase } from './passphrase.ts'

export type Mailbox = {
  /** The first pseudonym: `bm1…`, and its 20 bytes. */
  readonly address: string
  readonly addressBytes: Uint8Array
  /** 24 words; nothing where they were given. */
  readonly phrase: string | undefined
}

type Wanted = {
  readonly context: Invocation
  /** The salt of the network's genesis. */
  readonly realm: Uint8Array
  /** 24 words to restore from. */
  readonly phrase?: string | undefined
  readonly passphraseFile?: string | undefined
}

export const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length))

/** Refuses where the home holds a mailbox already: a keystore is never written over. */
export function refuseMailbox(home: string): void {
  if (!existsSync(pathsOf(home).keystore)) return
  const sentence = `There is a mailbox in ${home} already. Use it with \`bmail up\`, or name another folder with --home.`
  throw new CommandError('home-taken', sentence)
}

/** Make a keystore and put it in its place. */
export async function makeMailbox({ context, realm, phrase, passphraseFile }: Wanted): Promise<Mailbox> {
  const { home } = context
  refuseMailbox(home)
  const { createKeystore, sealKeystore, writeKeystore } = await import('../node/keys/keystore.ts')
  const { parsePhrase, phraseOf, signingPrivateKey } = await import('../node/keys/derive.ts')
  const { addressOf, encodeAddress } = await import('../protocol/address.ts')
  const { signingKeyOf } = await import('../node/keys/sign.ts')
  // A phrase with a mistyped word is refused before a passphrase is asked for.
  if (phrase !== undefined) parsePhrase(phrase)
  const passphrase = await newPassphrase({ context, file: passphraseFile })
  const keystore = await createKeystore({ random, passphrase, realm, ...(phrase !== undefined && { phrase }) })
  makeHome(home)
  await writeKeystore(pathsOf(home).keystore, sealKeystore(random, keystore))
  const addressBytes = addressOf(signingKeyOf(signingPrivateKey(keystore, { pseudonym: 0, generation: 0 })))
  const words = phrase === undefined ? phraseOf(keystore) : undefined
  return { address: encodeAddress(addressBytes), addressBytes, phrase: words }
}

/** The words in four columns, with what to do with them. */
export function phraseText(phrase: string): string {
  const words = phrase.split(' ').map((word, at) => `${String(at + 1).padStart(2)} ${word}`.padEnd(14))
  const rows = Array.from(
    { length: Math.ceil(words.length / 4) },
    (_, row) => `  ${words.slice(row * 4, row * 4 + 4).join('')}`,
  )
  return [
    'Your recovery phrase, shown this once. Write it down on paper: it is your mailbox, and nobody can give it back.',
    '',
    ...rows.map((row) => row.trimEnd()),
  ].join('\n')
}
