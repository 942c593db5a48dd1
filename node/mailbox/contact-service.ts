/** What people can ask about those they know: names for addresses, and who may write without paying us. */
import { encodeAddress } from '../../protocol/address.ts'
import { grantHolds } from '../../protocol/grant.ts'
import { readingOfReader } from '../../protocol/reader.ts'
import { grantKey, metaKey, metaOf, type Records, type Reference } from '../../protocol/state.ts'
import type { Cabinet } from './cabinet.ts'
import { resolveAddress, type Wallet } from '../keys/wallet.ts'
import type { Replica } from '../ledger/replica.ts'
import type { Outbox } from './outbox.ts'
import { tidyName } from '../names.ts'
import { newName } from './new-name.ts'
import { type Contact, Refusal, type Service } from '../service.ts'

type Options = {
  readonly replica: Pick<Replica, 'view'>
  readonly wallet: Pick<Wallet, 'own' | 'pick'>
  readonly cabinet: Pick<Cabinet, 'contacts' | 'putContacts' | 'write'>
  readonly outbox: Pick<Outbox, 'act'>
}

export function createContactService({ replica, wallet, cabinet, outbox }: Options) {
  return {
    async contacts() {
      const contacts = await cabinet.contacts()
      return Promise.all(
        [...contacts].map(([name, text]) =>
          contactOf({ replica, wallet }, { name, address: resolveAddress(text, contacts) }),
        ),
      )
    },
    async setContact({ name, address }) {
      const contacts = await cabinet.contacts()
      // The same name is given to another address; one from before it was tidied is taken over.
      for (const same of [...contacts.keys()].filter((one) => tidyName(one) === tidyName(name))) contacts.delete(same)
      const text = encodeAddress(resolveAddress(address, new Map()))
      await cabinet.write([cabinet.putContacts(contacts.set(newName(name, contacts.keys()), text))])
    },
    async removeContact({ name }) {
      const contacts = await cabinet.contacts()
      if (!contacts.delete(name) && !contacts.delete(tidyName(name)))
        throw new Refusal('not-found', `There is no contact “${name}”.`)
      await cabinet.write([cabinet.putContacts(contacts)])
    },
    async grant({ from, to, payer, allowance }) {
      const sender = resolveAddress(to, await cabinet.contacts())
      return outbox.act(wallet.pick(from), { TAG: 'grant', data: { sender, payer, allowance: BigInt(allowance) } })
    },
    async revoke({ from, to }) {
      const own = wallet.pick(from)
      return outbox.act(own, { TAG: 'revoke', data: { sender: resolveAddress(to, await cabinet.contacts()) } })
    },
  } satisfies Partial<Service>
}

/** A contact, with the grants between them and our pseudonyms. */
async function contactOf(
  { replica, wallet }: Pick<Options, 'replica' | 'wallet'>,
  { name, address }: { name: string; address: Uint8Array },
): Promise<Contact> {
  const between = wallet.own.map((own) => ({
    own,
    ours: grantKey({ granter: own.address, sender: address }),
    theirs: grantKey({ granter: address, sender: own.address }),
  }))
  const keys = between.flatMap(({ ours, theirs }) => [ours, theirs])
  const view = await replica.view([
    { table: 'meta', key: metaKey },
    { table: 'readers', key: address },
    ...keys.flatMap((key): Reference[] => [
      { table: 'grants', key },
      { table: 'allowances', key },
    ]),
  ])
  const { time } = metaOf(view)
  const holding = (key: Uint8Array) => {
    const grant = view.read('grants', key)
    return grantHolds(grant, time) ? grant : undefined
  }
  // The one that is written under where none is named; the first where all are retired.
  const first = between.find(({ own }) => !own.retired) ?? between[0]!
  const tied = between.filter(({ ours, theirs }) => holding(ours) ?? holding(theirs))
  return {
    name,
    address: encodeAddress(address),
    granted: grantedOf(holding(first.ours), view.read('allowances', first.ours)),
    grantsUs: holding(first.theirs) !== undefined,
    pseudonyms: tied.map(({ own }) => own.label),
    strangersLetters: readingOfReader(view, address),
  }
}

const grantedOf = (
  grant: Records['grants'] | undefined,
  allowance: Records['allowances'] | undefined,
): Contact['granted'] =>
  grant
    ? {
        payer: grant.payer,
        allowance: String(allowance?.amount ?? 0n),
        endsAt: grant.endsAt === undefined ? null : Number(grant.endsAt),
      }
    : null
