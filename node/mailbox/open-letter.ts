/** Opening letters: a lock is open, so our copies are unsealed, and what they say is kept for good, packed as it came. */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Context } from '../../protocol/context.ts'
import { Envelope } from '../../protocol/envelope.ts'
import { amountText } from '../amount.ts'
import { type Cabinet, isClosed, type Letter } from './cabinet.ts'
import type { Wallet } from '../keys/wallet.ts'
import type { Write } from '../ledger/store.ts'
import type { LetterReader } from '../letter/reader.ts'
import type { Body } from '../letter/work.ts'
import type { Logger } from '../logger.ts'
import type { Envelopes } from '../envelopes/envelopes.ts'
import type { Releases } from '../envelopes/releases.ts'
import { SealError } from '../seal/error.ts'
import { openWithLockKey } from '../seal/unseal.ts'

type Options = {
  readonly context: Pick<Context, 'network' | 'rules'>
  readonly envelopes: Pick<Envelopes, 'get' | 'letGo'>
  readonly wallet: Pick<Wallet, 'find' | 'sealSeeds'>
  readonly cabinet: Pick<Cabinet, 'body' | 'putPacked'>
  readonly reader: Pick<LetterReader, 'head'>
  readonly logger: Logger
  readonly copies: (id: Uint8Array) => Promise<readonly Letter[]>
  readonly put: (letter: Letter, more?: readonly Write[]) => Promise<void>
}

/** Gives the function that opens our copies of a message with its lock key. */
export function createOpening({ context, envelopes, wallet, cabinet, reader, logger, copies, put }: Options) {
  /** Copies that do not open with the keys that there are. They are tried again once there are more, and not every round. */
  const inVain = new Set<string>()

  async function unseal(
    { id, sender, recipients, own: ownAddress }: Letter,
    lockKey: Uint8Array,
  ): Promise<Body | SealError | undefined> {
    const sealSeeds = wallet.sealSeeds(wallet.find(ownAddress)!)
    const name = `${bytesToHex(id)} ${bytesToHex(ownAddress)} ${sealSeeds.length}`
    const bytes = inVain.has(name) ? undefined : await envelopes.get(id)
    if (!bytes) return undefined
    const { network } = context
    const envelope = Envelope.decode(bytes)
    try {
      const { packed } = await openWithLockKey({
        ...{ network, sender, recipients, envelope },
        ...{ lockKey, ownAddress, sealSeeds },
      })
      return { parties: { sender, recipients }, packed }
    } catch (error) {
      if (!(error instanceof SealError)) throw error
      logger.warn({ err: error }, 'a letter could not be opened')
      inVain.add(name)
      return error
    }
  }

  async function openCopy(letter: Letter, lockKey: Uint8Array): Promise<void> {
    const known = await cabinet.body(letter)
    // Another device of ours read and acknowledged it before this one could.
    const isAcknowledged = letter.state === 'acknowledged'
    if (isAcknowledged && known) return
    const body = known ?? (await unseal(letter, lockKey))
    if (body instanceof SealError) return put({ ...letter, note: unreadableNote(body.message) })
    if (!body) return
    const { subject, date, bytes, flaw } = await reader.head(body)
    const told = date ? Date.parse(date) : Number.NaN
    const note = flaw === undefined ? openedNote(letter, context.rules) : unreadableNote(flaw)
    const released = { ...letter, state: 'released', note } as const
    await put(
      {
        ...(isAcknowledged ? letter : released),
        subject,
        date: told >= 0 ? BigInt(told) : letter.date,
        bytes,
      },
      !known && 'packed' in body ? [cabinet.putPacked(letter.id, body.packed)] : [],
    )
  }

  return async (id: Uint8Array, lockKey: Uint8Array): Promise<void> => {
    for (const letter of await copies(id)) if (isClosed(letter)) await openCopy(letter, lockKey)
    const all = await copies(id)
    if (all.length > 0 && !all.some(isClosed)) envelopes.letGo(id)
  }
}

const unreadableNote = (why: string): string => `cannot be read: ${why}`

const openedNote = ({ folder, amount }: Letter, { coin }: Context['rules']): string =>
  folder === 'inbox' ? `can be read; it paid you ${amountText(amount, coin)}` : 'delivered: its lock is open'

/** What a letter that is paid and still closed waits for. */
export async function closedNote(
  releases: Pick<Releases, 'progress'>,
  { id, note }: Pick<Letter, 'id' | 'note'>,
): Promise<string> {
  const lock = await releases.progress(id)
  if (lock === undefined) return 'paid; its envelope is being fetched'
  if (lock.state === 'open') return note
  return lock.state === 'broken'
    ? 'its sender locked it wrong: the keepers’ shares do not make its key'
    : `paid; keepers unavailable: ${lock.valid} of the ${lock.threshold} shares that open it are here`
}
