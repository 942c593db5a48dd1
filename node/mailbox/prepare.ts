/** A message made ready to send: its recipients found, and its content sealed for them. */
import { encodeAddress } from '../../protocol/address.ts'
import { equalBytes } from '../../protocol/codec.ts'
import type { Context } from '../../protocol/context.ts'
import { decodeBase64 } from '../base64.ts'
import type { Cabinet } from './cabinet.ts'
import { isAutomatic } from '../letter/automatic.ts'
import type { LetterReader } from '../letter/reader.ts'
import { type Own, resolveAddress, type Wallet } from '../keys/wallet.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Sync } from '../peers/sync.ts'
import { SealError } from '../seal/error.ts'
import type { Correspondent, Sealed } from '../seal/seal.ts'
import type { WholeMessage } from '../sending.ts'
import { Refusal } from '../service.ts'
import { type Asked, askedOf } from './sent-once.ts'

/** A sealed message with everything that its price and its operation need. */
export type Prepared = {
  readonly own: Own
  readonly recipients: readonly Uint8Array[]
  /** The keys it was sealed to: our own first, then each recipient's. */
  readonly sealKeys: readonly Uint8Array[]
  readonly packed: Uint8Array
  /** The size of the message before it was packed. */
  readonly contentBytes: number
  readonly sealed: Pick<Sealed, 'messageId' | 'envelopeBytes' | 'envelopeHash' | 'sizeClass' | 'lockKey'>
  readonly lifetimeDays: number
  /** Whether a program wrote it. */
  readonly automatic: boolean
  /** By what it is known when it is asked for again. */
  readonly asked: Asked
}

export type Prepare = ReturnType<typeof createPrepare>

type Options = {
  readonly node: {
    readonly context: Context
    readonly replica: Pick<Replica, 'view'>
    readonly sync: Pick<Sync, 'refresh'>
  }
  readonly wallet: Pick<Wallet, 'pick' | 'find'>
  readonly cabinet: Pick<Cabinet, 'contacts'>
  readonly reader: Pick<LetterReader, 'seal'>
}

export function createPrepare({ node: { context, replica, sync }, wallet, cabinet, reader }: Options) {
  const { rules, network } = context

  async function sealKeysOf(addresses: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    const view = await replica.view(addresses.map((key) => ({ table: 'sealKeys', key }) as const))
    return addresses.map((address) => view.read('sealKeys', address)?.sealKey)
  }

  /** The same, where peers are asked for the latest batches before somebody is said to be unknown. */
  async function latestSealKeysOf(addresses: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    const found = await sealKeysOf(addresses)
    if (found.every((key) => key !== undefined)) return found
    await sync.refresh()
    return sealKeysOf(addresses)
  }

  async function sealFor([sender, ...recipients]: readonly Correspondent[], content: Uint8Array) {
    const limits = { keeperSet: rules.keepers, maxSizeClass: rules.sizeClassMax }
    try {
      return await reader.seal({ network, ...limits, sender: sender!, recipients, content })
    } catch (error) {
      if (error instanceof SealError) throw new Refusal('too-large', error.message)
      throw error
    }
  }

  return {
    /** Seal for real, so that what is priced is what is sent. Throws Refusal. */
    async prepare(message: WholeMessage): Promise<Prepared> {
      const { from, to, raw, lifetimeDays = rules.lifetimes[0]!.days } = message
      const own = wallet.pick(from)
      if (own.retired) throw retired(own)
      const contacts = await cabinet.contacts()
      const recipients = to.map((name) => resolveAddress(name, contacts))
      if (recipients.length === 0)
        throw new Refusal('bad-request', 'Nobody is named to send to. Name at least one recipient.')
      const everybody = [own.address, ...recipients]
      const found = await latestSealKeysOf(everybody)
      const correspondents = everybody.map((address, at): Correspondent => {
        const sealKey = found[at]
        if (!sealKey) throw unregistered(own, address)
        return { address, sealKey }
      })
      const content = decodeBase64(raw)
      const automatic = message.automatic === true || isAutomatic(content)
      const { packed, messageId, envelopeBytes, envelopeHash, sizeClass, lockKey } = await sealFor(
        correspondents,
        content,
      )
      const sealed = { messageId, envelopeBytes, envelopeHash, sizeClass, lockKey }
      const sealKeys = correspondents.map(({ sealKey }) => sealKey)
      const asked = askedOf({ own: own.address, recipients, content, lifetimeDays, automatic })
      const terms = { lifetimeDays, automatic, asked }
      return { own, recipients, sealKeys, packed, contentBytes: content.length, sealed, ...terms }
    },
    /**
     * A message that was sealed a while ago, to be sent now. Nothing where it would not be sealed so any more: somebody has
     * another key by now, or our pseudonym was retired.
     */
    async upToDate(prepared: Prepared): Promise<Prepared | undefined> {
      const own = wallet.find(prepared.own.address)
      if (!own || own.retired) return undefined
      const keys = await sealKeysOf([own.address, ...prepared.recipients])
      const isSame = keys.every((key, at) => key !== undefined && equalBytes(key, prepared.sealKeys[at]!))
      return isSame ? { ...prepared, own } : undefined
    },
  }
}

const retired = ({ label }: Own): Refusal =>
  new Refusal(
    'bad-request',
    `“${label}” is retired: nothing is written under it any more. Name another pseudonym with --as.`,
  )

/** The no where an address, our own or a recipient's, has published no key to seal to. */
const unregistered = (own: Own, address: Uint8Array): Refusal =>
  equalBytes(own.address, address)
    ? new Refusal(
        'not-registered',
        `Your pseudonym ${own.label} is not registered yet. Register it with \`bmail pseudonym register\`, or ask a friend to sponsor it.`,
      )
    : new Refusal(
        'recipient-unknown',
        `${encodeAddress(address)} is not registered on this network. Check the address, or sponsor it.`,
      )
