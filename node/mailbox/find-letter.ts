/** Finding a letter of ours by the beginning of its id, also one that nobody has paid for yet. */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import type { Cabinet, Letter } from './cabinet.ts'
import type { Wallet } from '../keys/wallet.ts'
import type { Body } from '../letter/work.ts'
import type { Pending } from '../peers/pending.ts'
import type { Waiting } from '../peers/waiting-ops.ts'
import { Refusal } from '../service.ts'

/** Finds one of our letters. Throws Refusal where none is meant, or more than one. */
export type FindLetter = (beginning: string) => Promise<Letter>

type Options = {
  readonly pending: Pick<Pending, 'list'>
  readonly wallet: Pick<Wallet, 'find' | 'own'>
  readonly cabinet: Pick<Cabinet, 'letter' | 'letters'>
}

/** Messages to us that nobody has paid for yet: they are here, and nobody can open them. */
export const arriving = ({
  pending,
  wallet,
}: {
  readonly pending: Options['pending']
  readonly wallet: Pick<Wallet, 'find'>
}): Letter[] => pending.list().flatMap((waiting) => arrivingCopies(wallet, waiting))

/** Of the copies of one message, the one in the inbox comes before the one that was sent. */
export function createFindLetter({ pending, wallet, cabinet }: Options): FindLetter {
  return async (beginning) => {
    const found = arriving({ pending, wallet }).filter(({ id }) => bytesToHex(id).startsWith(beginning))
    if (/^[0-9a-f]{0,3}$/.test(beginning))
      throw new Refusal(
        'bad-request',
        `“${beginning}” is too short for the beginning of an id. Give 4 characters or more.`,
      )
    if (/^[0-9a-f]{64}$/.test(beginning)) found.push(...(await copiesOf({ wallet, cabinet }, hexToBytes(beginning))))
    else if (/^[0-9a-f]{4,63}$/.test(beginning))
      for await (const letter of cabinet.letters()) if (bytesToHex(letter.id).startsWith(beginning)) found.push(letter)
    const ids = new Set(found.map(({ id }) => bytesToHex(id)))
    if (ids.size > 1)
      throw new Refusal('bad-request', `“${beginning}” begins the ids of ${ids.size} messages. Give more of it.`)
    const letter = found.find(({ folder }) => folder === 'inbox') ?? found[0]
    if (!letter)
      throw new Refusal(
        'not-found',
        `No message begins with “${beginning}”. List messages with \`bmail inbox\` or \`bmail inbox --sent\`.`,
      )
    return letter
  }
}

/** That a letter came to us. Throws Refusal. */
export function needReader({ folder }: Letter): void {
  if (folder !== 'inbox')
    throw new Refusal('not-recipient', 'This is a message that you sent; its readers say what it was worth.')
}

/** Every one of our copies of a message: the sent one, and one for each of our addresses it came to. */
export async function copiesOf(
  { wallet, cabinet }: { readonly wallet: Pick<Wallet, 'own'>; readonly cabinet: Pick<Cabinet, 'letter'> },
  id: Uint8Array,
): Promise<Letter[]> {
  const found = await Promise.all(wallet.own.map(({ address }) => cabinet.letter(id, address)))
  return found.filter((letter) => letter !== undefined)
}

/** What a letter says, as it is kept; nothing while its lock is closed. */
export async function bodyOf(cabinet: Pick<Cabinet, 'body'>, letter: Letter): Promise<Body | undefined> {
  const { folder, state } = letter
  const isClosed = folder === 'inbox' && (state === 'submitted' || state === 'settled')
  return isClosed ? undefined : cabinet.body(letter)
}

/** A letter that can be read, with what it says. Throws Refusal. */
export async function openedOf(
  { cabinet, find }: { readonly cabinet: Pick<Cabinet, 'body'>; readonly find: FindLetter },
  id: string,
): Promise<{ letter: Letter; body: Body }> {
  const letter = await find(id)
  const body = await bodyOf(cabinet, letter)
  if (!body) throw new Refusal('not-ready', `The message cannot be read yet: ${letter.note}.`)
  return { letter, body }
}

/** One letter for each of our addresses that a message on its way is for. */
function arrivingCopies(wallet: Pick<Wallet, 'find'>, { id: opId, op, message: id, since }: Waiting): Letter[] {
  const { action, account: sender } = op
  if (!id || action.TAG !== 'send') return []
  const { recipients } = action.data
  return recipients
    .filter((recipient) => wallet.find(recipient))
    .map((own) => ({
      id,
      folder: 'inbox',
      state: 'submitted',
      note: 'on its way; it can be opened once it is paid',
      sender,
      recipients: [...recipients],
      own,
      subject: '',
      date: BigInt(since),
      bytes: 0,
      height: undefined,
      opId,
      amount: 0n,
      verdict: undefined,
    }))
}
