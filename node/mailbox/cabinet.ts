/**
 * The mailbox's part of the disk: letters, outgoing operations, contacts. Every value is sealed with a key from the
 * recovery phrase, and every record is named by a hash under it (`records.ts`), so that a copied disk tells no more than the public log does.
 */
import * as P from 'micro-packed'
import { AddressBytes, Bytes32, bytesUpTo, EpochKey, optional, Time, U64, wordIn } from '../../protocol/codec.ts'
import { signedOpBytesMax } from '../../protocol/money.ts'
import { Field } from '../../protocol/field.ts'
import { envelopeBytesMax } from '../../protocol/gossip.ts'
import { Verdict } from '../../protocol/words.ts'
import type { Body } from '../letter/work.ts'
import type { Random } from '../seams.ts'
import { rangeOf, type Store, type Write } from '../ledger/store.ts'
import { createRecords, cursorName, type Drawer, inDrawer } from './records.ts'

const Text = P.string(P.U32BE)

/** A letter that came or went, and how far it is. What it says is kept apart (`putPacked`), once it was opened. */
const Letter = P.struct({
  id: Bytes32,
  folder: wordIn({ inbox: 1, sent: 2 }),
  state: wordIn({ submitted: 2, settled: 3, released: 4, opened: 5, acknowledged: 6, refused: 7 }),
  note: Text,
  sender: AddressBytes,
  recipients: P.array(P.U8, AddressBytes),
  own: AddressBytes,
  subject: Text,
  date: U64,
  bytes: P.U32BE,
  height: optional(U64),
  opId: optional(Bytes32),
  amount: U64,
  verdict: optional(Verdict),
})
export type Letter = P.UnwrapCoder<typeof Letter>

/** An operation of ours on its way; kept until it is settled or refused, and after that as a note of what became of it. */
const Outgoing = P.struct({
  id: Bytes32,
  account: AddressBytes,
  bytes: bytesUpTo(signedOpBytesMax),
  message: optional(P.struct({ id: Bytes32, envelope: bytesUpTo(envelopeBytesMax), lockKey: Bytes32 })),
  state: wordIn({ submitted: 1, settled: 2, refused: 3, superseded: 4 }),
  note: Text,
  height: optional(U64),
  /** Of a superseded op: the id of the form that counts in its place, which was signed later, or was settled after all. */
  supersededBy: optional(Bytes32),
  /** The op that it was before it had to be signed again. */
  first: Bytes32,
})
export type Outgoing = P.UnwrapCoder<typeof Outgoing>

/** What an op became each time it had to be signed again. */
const Forms = P.array(P.U16BE, Bytes32)

/** Where a letter lies. */
const Place = P.struct({ id: Bytes32, own: AddressBytes })

const Contacts = P.array(P.U16BE, P.struct({ name: Text, address: Text }))

/**
 * An endorsement that waits for a renewal. Once a renewal with it was proven, `provenFor` is the nullifier of the state that
 * this renewal uses up: by it the ledger shows later whether the endorsement was given.
 */
const Wish = P.struct({ target: EpochKey, amount: U64, provenFor: optional(Field) })
export type Wish = P.UnwrapCoder<typeof Wish>

/** A stamp that is to be redeemed to an address of ours, and not before a time. */
const Redemption = P.struct({ number: P.U32BE, to: AddressBytes, notBefore: Time })
export type Redemption = P.UnwrapCoder<typeof Redemption>

/** What one of our operations takes, by the id that it was first signed under, and when that was (milliseconds). */
const Spent = P.struct({ first: Bytes32, at: U64, amount: U64 })
export type Spent = P.UnwrapCoder<typeof Spent>

/**
 * What an address of ours has to give back for a letter that was paid and not delivered: by its operation, to whom, and how
 * much; and the operation that gives it back, by the id that it was first signed under, once there is one, until another
 * takes its place because it was refused. The amount is 0 where another device of ours gave it back, until that operation
 * is given up.
 */
const Owed = P.struct({ op: Bytes32, own: AddressBytes, sender: AddressBytes, amount: U64, answer: optional(Bytes32) })
export type Owed = P.UnwrapCoder<typeof Owed>

/**
 * What a letter brought that is to go back by itself: at which moment, whether it counts under the limit of a day, with which
 * verdict or answer it was decided, and what gives it back once that is signed, each by the id that it was first signed under.
 */
const Return = P.struct({
  message: Bytes32,
  own: AddressBytes,
  at: Time,
  counts: P.bool,
  cause: Bytes32,
  answer: optional(Bytes32),
})
export type Return = P.UnwrapCoder<typeof Return>

/**
 * That a letter was sent under a key (a hash): what was asked for, as a hash; the letter, from which address of ours, and
 * the id that its operation was first signed under; its price then, as JSON; and until when that is kept (milliseconds).
 */
const SentUnder = P.struct({
  key: Bytes32,
  request: Bytes32,
  message: Bytes32,
  own: AddressBytes,
  op: Bytes32,
  price: Text,
  until: U64,
})
export type SentUnder = P.UnwrapCoder<typeof SentUnder>

/** The latest epoch in which one of our pseudonyms wrote or judged. */
const Use = P.struct({ epoch: P.U32BE })

/** What to write so that the mailbox reads the log again from its beginning. */
export const readLogAgain: Write = { key: cursorName, value: undefined }

export type Cabinet = ReturnType<typeof createCabinet>

/** Open the cabinet of a store; `key` is 32 bytes. Reading throws where a record was tampered with. */
export function createCabinet({ store, key, random }: { store: Store; key: Uint8Array; random: Random }) {
  const { nameOf, seal, open } = createRecords({ key, random })
  const read = async <T>(codec: P.CoderType<T>, name: Uint8Array): Promise<T | undefined> => {
    const sealed = await store.get(name)
    return sealed && codec.decode(open(name, sealed))
  }
  async function* all<T>(codec: P.CoderType<T>, drawer: Drawer): AsyncGenerator<T> {
    for await (const [name, sealed] of store.disk.iterator(inDrawer(drawer))) yield codec.decode(open(name, sealed))
  }

  /** While something is unfinished it stands in a second drawer, too: a round reads only that, and not all that was ever written. */
  const listed = (isOpen: boolean, name: Uint8Array, value: Uint8Array): Write =>
    isOpen ? seal(name, value) : { key: name, value: undefined }
  const letter = (id: Uint8Array, own: Uint8Array): Promise<Letter | undefined> =>
    read(Letter, nameOf('letters', id, own))
  const outgoing = (id: Uint8Array): Promise<Outgoing | undefined> => read(Outgoing, nameOf('outgoing', id))

  return {
    letter,
    /** All letters, in no order. */
    letters: (): AsyncGenerator<Letter> => all(Letter, 'letters'),
    /** The letters that were paid for and never opened here. */
    async *closedLetters(): AsyncGenerator<Letter> {
      for await (const { id, own } of all(Place, 'closedLetters')) {
        const found = await letter(id, own)
        // Damage may have taken one of the two; the letter itself is found again in the log.
        if (found) yield found
      }
    },
    putLetter: (letter: Letter): Write[] => [
      seal(nameOf('letters', letter.id, letter.own), Letter.encode(letter)),
      listed(isClosed(letter), nameOf('closedLetters', letter.id, letter.own), Place.encode(letter)),
    ],
    /**
     * What a letter says: packed, as it came, so that nobody else decides how much of our disk it takes. What was kept
     * before format 3 lies there unpacked, and is read as it is: packing all of it anew would be one write of any size.
     */
    async body({ id, sender, recipients }: Pick<Letter, 'id' | 'sender' | 'recipients'>): Promise<Body | undefined> {
      const packed = await read(P.bytes(null), nameOf('packed', id))
      if (packed) return { parties: { sender, recipients }, packed }
      const content = await read(P.bytes(null), nameOf('unpacked', id))
      return content && { content }
    },
    /** Whether there is a body, without opening it. */
    hasBody: async (id: Uint8Array): Promise<boolean> =>
      (await store.getMany([nameOf('packed', id), nameOf('unpacked', id)])).some((sealed) => sealed !== undefined),
    putPacked: (id: Uint8Array, packed: Uint8Array): Write => seal(nameOf('packed', id), packed),
    outgoing,
    /** The operations that are on their way. */
    async *openOutgoing(): AsyncGenerator<Outgoing> {
      for await (const id of all(Bytes32, 'openOutgoing')) {
        const found = await outgoing(id)
        if (found) yield found
      }
    },
    putOutgoing: (outgoing: Outgoing): Write[] => [
      seal(nameOf('outgoing', outgoing.id), Outgoing.encode(outgoing)),
      listed(outgoing.state === 'submitted', nameOf('openOutgoing', outgoing.id), outgoing.id),
    ],
    /** Every id that an op had, in order, by the first of them. */
    forms: async (first: Uint8Array): Promise<Uint8Array[]> => [
      first,
      ...((await read(Forms, nameOf('forms', first))) ?? []),
    ],
    putForms: ([first, ...later]: readonly Uint8Array[]): Write => seal(nameOf('forms', first!), Forms.encode(later)),
    async contacts(): Promise<Map<string, string>> {
      const rows = (await read(Contacts, nameOf('contacts'))) ?? []
      return new Map(rows.map(({ name, address }) => [name, address]))
    },
    putContacts: (contacts: ReadonlyMap<string, string>): Write =>
      seal(nameOf('contacts'), Contacts.encode([...contacts].map(([name, address]) => ({ name, address })))),
    endorsement: (): Promise<Wish | undefined> => read(Wish, nameOf('endorsement')),
    putEndorsement: (wish: Wish | undefined): Write =>
      wish ? seal(nameOf('endorsement'), Wish.encode(wish)) : { key: nameOf('endorsement'), value: undefined },
    redemption: (number: number): Promise<Redemption | undefined> =>
      read(Redemption, nameOf('redemptions', P.U32BE.encode(number))),
    redemptions: (): AsyncGenerator<Redemption> => all(Redemption, 'redemptions'),
    putRedemption: (wish: Redemption): Write =>
      seal(nameOf('redemptions', P.U32BE.encode(wish.number)), Redemption.encode(wish)),
    dropRedemption: (number: number): Write => ({
      key: nameOf('redemptions', P.U32BE.encode(number)),
      value: undefined,
    }),
    spent: (): AsyncGenerator<Spent> => all(Spent, 'spent'),
    putSpent: (spent: Spent): Write => seal(nameOf('spent', spent.first), Spent.encode(spent)),
    dropSpent: (first: Uint8Array): Write => ({ key: nameOf('spent', first), value: undefined }),
    /** The most that a message may cost its sender, by the id that its operation was first signed under. */
    limit: (first: Uint8Array): Promise<bigint | undefined> => read(U64, nameOf('limits', first)),
    putLimit: (first: Uint8Array, most: bigint): Write => seal(nameOf('limits', first), U64.encode(most)),
    dropLimit: (first: Uint8Array): Write => ({ key: nameOf('limits', first), value: undefined }),
    owed: (op: Uint8Array, own: Uint8Array): Promise<Owed | undefined> => read(Owed, nameOf('owed', op, own)),
    /** Everything that is owed, in no order. */
    allOwed: (): AsyncGenerator<Owed> => all(Owed, 'owed'),
    putOwed: (owed: Owed): Write => seal(nameOf('owed', owed.op, owed.own), Owed.encode(owed)),
    dropOwed: ({ op, own }: Pick<Owed, 'op' | 'own'>): Write => ({ key: nameOf('owed', op, own), value: undefined }),
    return: (message: Uint8Array, own: Uint8Array): Promise<Return | undefined> =>
      read(Return, nameOf('returns', message, own)),
    /** Everything that is to go back by itself, in no order. */
    returns: (): AsyncGenerator<Return> => all(Return, 'returns'),
    putReturn: (due: Return): Write => seal(nameOf('returns', due.message, due.own), Return.encode(due)),
    dropReturn: ({ message, own }: Pick<Return, 'message' | 'own'>): Write => ({
      key: nameOf('returns', message, own),
      value: undefined,
    }),
    sentUnder: (key: Uint8Array): Promise<SentUnder | undefined> => read(SentUnder, nameOf('sentUnder', key)),
    /** Everything that was sent under a key, in no order. */
    allSentUnder: (): AsyncGenerator<SentUnder> => all(SentUnder, 'sentUnder'),
    putSentUnder: (sent: SentUnder): Write => seal(nameOf('sentUnder', sent.key), SentUnder.encode(sent)),
    dropSentUnder: (key: Uint8Array): Write => ({ key: nameOf('sentUnder', key), value: undefined }),
    /** The latest epoch in which one of our pseudonyms wrote or judged on this device; nothing where it never did. */
    usedIn: async (own: Uint8Array): Promise<number | undefined> => (await read(Use, nameOf('uses', own)))?.epoch,
    putUse: (own: Uint8Array, epoch: number): Write => seal(nameOf('uses', own), Use.encode({ epoch })),
    /** The height up to which the log was read. */
    cursor: async (): Promise<bigint> => (await read(U64, cursorName)) ?? 0n,
    putCursor: (height: bigint): Write => seal(cursorName, U64.encode(height)),
    /** How many records there are, and how many of them do not open with our key. */
    async condition(): Promise<{ count: number; damaged: number }> {
      const condition = { count: 0, damaged: 0 }
      for await (const [name, sealed] of store.disk.iterator(rangeOf('mailbox'))) {
        condition.count++
        try {
          open(name, sealed)
        } catch {
          condition.damaged++
        }
      }
      return condition
    },
    write: store.write,
  }
}

/** Whether this device has not opened a letter yet. Its size is found out when it is opened, and is 0 until then. */
export const isClosed = ({ state, bytes }: Letter): boolean =>
  state === 'settled' || (state === 'acknowledged' && bytes === 0)
