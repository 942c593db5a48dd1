/**
 * The names of the mailbox's records on disk, and what a record is sealed with. A name is a keyed hash of what the record is
 * about, so whoever has the disk alone finds no address, no message and no operation in it, and not which records belong
 * together. What a name shows is the drawer, which the sizes of records show as well. No order is kept in a drawer:
 * whoever wants one sorts what was opened.
 */
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { keyIn, rangeOf, type Write } from '../ledger/store.ts'
import type { Disk, Random } from '../seams.ts'

/** Each drawer has a letter. */
const drawers = {
  letters: 'l',
  closedLetters: 'p',
  packed: 'z',
  unpacked: 'b',
  outgoing: 'o',
  openOutgoing: 'w',
  forms: 'f',
  contacts: 'c',
  endorsement: 'e',
  redemptions: 'r',
  spent: 's',
  uses: 'u',
  owed: 'd',
  returns: 'g',
  limits: 'm',
  sentUnder: 'k',
} as const
export type Drawer = keyof typeof drawers

/** The height up to which the log was read: the one record that is to be found without a key, and its name tells nothing. */
export const cursorName = keyIn('mailbox', utf8ToBytes('h'))

/** Bytes of a hash in a name: nobody finds two things of one name. */
const hashBytes = 16
/** A name has its space, its drawer and the hash. Before format 4 it had what the record is about, which is never so long. */
const nameBytes = 2 + hashBytes

type Options = { readonly key: Uint8Array; readonly random: Random }

/** Names and seals of the mailbox with this key (32 bytes). Opening throws where a record was tampered with. */
export function createRecords({ key, random }: Options) {
  const nameKey = hmac(sha256, key, utf8ToBytes('bmail/mailbox-names/1'))
  const hashed = (letter: string, about: Uint8Array): Uint8Array =>
    hmac(sha256, nameKey, concatBytes(utf8ToBytes(letter), about)).subarray(0, hashBytes)
  const open = (name: Uint8Array, sealed: Uint8Array): Uint8Array =>
    xchacha20poly1305(key, sealed.subarray(0, 24), name).decrypt(sealed.subarray(24))

  function seal(name: Uint8Array, value: Uint8Array): Write {
    const nonce = random(24)
    return { key: name, value: concatBytes(nonce, xchacha20poly1305(key, nonce, name).encrypt(value)) }
  }

  return {
    /** The name of a record. What it is about has one length in each drawer. */
    nameOf: (drawer: Drawer, ...about: readonly Uint8Array[]): Uint8Array =>
      keyIn('mailbox', utf8ToBytes(drawers[drawer]), hashed(drawers[drawer], concatBytes(...about))),
    seal,
    open,
    /** The writes that give a record of an older format, whose name was readable, its hashed name. Damaged records stay. */
    renamed(older: Uint8Array, sealed: Uint8Array): Write[] {
      const letter = String.fromCharCode(older[1]!)
      const name = keyIn('mailbox', utf8ToBytes(letter), hashed(letter, older.slice(2)))
      const gone = { key: older, value: undefined }
      try {
        return [gone, seal(name, open(older, sealed))]
      } catch {
        return [gone, { key: name, value: sealed }]
      }
    },
  }
}

/** Every record of a drawer, in no order. */
export const inDrawer = (drawer: Drawer) => rangeOf('mailbox', utf8ToBytes(drawers[drawer]))

/** Records that are named in the open, as before format 4. */
export async function* namedInTheOpen(disk: Disk): AsyncGenerator<readonly [name: Uint8Array, sealed: Uint8Array]> {
  for (const letter of Object.values(drawers))
    for await (const [name, sealed] of disk.iterator(rangeOf('mailbox', utf8ToBytes(letter))))
      if (name.length !== nameBytes) yield [name, sealed]
}
