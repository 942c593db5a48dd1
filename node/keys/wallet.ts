/** The keys of one person's pseudonyms: which addresses are ours, and signing for them. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { addressOf, encodeAddress, parseAddress } from '../../protocol/address.ts'
import type { Account } from '../../protocol/state.ts'
import { encodeSignedOp, type Op, opId } from '../../protocol/wire.ts'
import {
  bridgeKey,
  habitKey,
  identitySecret,
  mailboxKey,
  sealSeeds,
  signingPrivateKey,
  stampSecret,
  wayKey,
} from './derive.ts'
import {
  addPseudonym,
  changeHabit,
  type Keystore,
  renewPseudonym,
  retirePseudonym,
  sealKeystore,
  writeKeystore,
} from './keystore.ts'
import { sealKeyPairFromSeed } from '../seal/seal.ts'
import type { Random } from '../seams.ts'
import { sign, signingKeyOf } from './sign.ts'
import { tidyName } from '../names.ts'
import { pastedAddress } from '../pasted.ts'
import type { Habit } from '../habit.ts'
import { Refusal } from '../service.ts'
import { createTurns } from '../turns.ts'

/** One pseudonym with its keys. The address is that of its first signing key, whatever came after. */
export type Own = {
  readonly index: number
  readonly label: string
  readonly address: Uint8Array
  readonly text: string
  readonly generation: number
  /** Nothing is written under it any more, and no pass is taken for it. */
  readonly retired: boolean
  /** Which passes are taken for it. */
  readonly habit: Habit
}

export type Wallet = Awaited<ReturnType<typeof openWallet>>

/** Open a wallet over an unlocked keystore; `path` is where changes to it are written. */
export async function openWallet({
  keystore: first,
  path,
  random,
}: {
  keystore: Keystore
  path: string
  random: Random
}) {
  let keystore = first
  let own = list(keystore)
  const addresses = new Map<number, Uint8Array>()

  /** One after the other: of two at once each would else be made of the keystore without the other, and one be lost. */
  const inTurn = createTurns()

  const replace = (change: (before: Keystore) => Keystore): Promise<readonly Own[]> =>
    inTurn(async () => {
      const changed = change(keystore)
      await writeKeystore(path, sealKeystore(random, changed))
      keystore = changed
      own = list(keystore)
      return own
    })

  const keyOf = (pseudonym: number, generation: number): Uint8Array =>
    signingPrivateKey(keystore, { pseudonym, generation })

  return {
    get own(): readonly Own[] {
      return own
    },
    mailboxKey: mailboxKey(keystore),
    /** What a bridge for mail programs seals its own store with. */
    bridgeKey: bridgeKey(keystore),
    /** What draws about passes follow from. */
    habitKey: habitKey(keystore),
    /** By what a node chooses the way of each pseudonym. */
    wayKey: wayKey(keystore),
    /** What all pseudonyms have in common, and nobody else may know. */
    identitySecret: identitySecret(keystore),
    /** The secret of one of our stamps, counted from 0. */
    stampSecret: (index: number): bigint => stampSecret(keystore, index),
    find: (address: Uint8Array): Own | undefined => own.find((one) => bytesToHex(one.address) === bytesToHex(address)),
    /** One of ours by address or label, retired or not; the first that is not retired where nothing is said. Throws Refusal. */
    pick(name: string | undefined): Own {
      const found =
        name === undefined
          ? own.find(({ retired }) => !retired)
          : (own.find(({ label, text }) => name === label || name === text) ??
            own.find(({ label }) => label === tidyName(name)))
      if (!found && name === undefined)
        throw new Refusal('not-found', 'All of your pseudonyms are retired. Make another with `bmail pseudonym new`.')
      if (!found)
        throw new Refusal('not-found', `“${name}” is none of your pseudonyms. List them with \`bmail pseudonym list\`.`)
      return found
    },
    create: async (label: string): Promise<Own> => (await replace((before) => addPseudonym(before, label))).at(-1)!,
    /** Move a pseudonym on to its next generation of keys. */
    renew: async ({ index }: Own): Promise<void> => void (await replace((before) => renewPseudonym(before, index))),
    retire: async ({ index }: Own): Promise<void> => void (await replace((before) => retirePseudonym(before, index))),
    changeHabit: async ({ index }: Own, habit: Habit): Promise<void> =>
      void (await replace((before) => changeHabit(before, index, habit))),
    /** The address that the next pseudonyms would have, for finding them after a recovery. */
    addressAt(index: number): Uint8Array {
      const address = addresses.get(index) ?? addressOf(signingKeyOf(keyOf(index, 0)))
      addresses.set(index, address)
      return address
    },
    /** Public keys of a generation: the current one where nothing is said. */
    async keys({
      index,
      generation,
    }: Pick<Own, 'index' | 'generation'>): Promise<{ signingKey: Uint8Array; sealKey: Uint8Array }> {
      const [seed] = sealSeeds(keystore, { pseudonym: index, generation })
      return {
        signingKey: signingKeyOf(keyOf(index, generation)),
        sealKey: (await sealKeyPairFromSeed(seed!)).publicKey,
      }
    },
    /** Seeds that open mail to a pseudonym, the newest first. */
    sealSeeds: ({ index, generation }: Own): Uint8Array[] => sealSeeds(keystore, { pseudonym: index, generation }),
    /** A signature by a generation's key. */
    signWith: ({ index, generation }: Pick<Own, 'index' | 'generation'>, digest: Uint8Array): Uint8Array =>
      sign(digest, keyOf(index, generation)),
    /** Sign an op with the key that the account has now. */
    signOp(
      network: Uint8Array,
      account: Account | undefined,
      { index, ...one }: Own,
      body: Omit<Op, 'account'>,
    ): Uint8Array {
      const op: Op = { account: one.address, ...body }
      const generations = Array.from({ length: one.generation + 1 }, (_, back) => one.generation - back)
      const current = account?.signingKey
      const generation = current
        ? generations.find((at) => bytesToHex(signingKeyOf(keyOf(index, at))) === bytesToHex(current))
        : 0
      if (generation === undefined)
        throw new Refusal(
          'signature-wrong',
          `${one.text} was moved to a key that this keystore does not have. Use the device that moved it.`,
        )
      return encodeSignedOp({ op, signature: sign(opId(network, op), keyOf(index, generation)) })
    },
  }
}

function list(keystore: Keystore): Own[] {
  return keystore.pseudonyms.map((pseudonym, index) => {
    const address = addressOf(signingKeyOf(signingPrivateKey(keystore, { pseudonym: index, generation: 0 })))
    return { index, ...pseudonym, address, text: encodeAddress(address) }
  })
}

/** An address or the name of a contact, as people type it. Throws Refusal. */
export function resolveAddress(name: string, contacts: ReadonlyMap<string, string>): Uint8Array {
  const text = contacts.get(name) ?? contacts.get(tidyName(name))
  try {
    return parseAddress(text ?? pastedAddress(name) ?? name)
  } catch (error) {
    throw new Refusal('bad-request', `“${name}” is neither a contact nor an address. ${(error as Error).message}`)
  }
}
