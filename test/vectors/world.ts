/** The state that every vector of the ledger begins with, and the short words in which vectors name its records. */
import { newAccount } from '../../protocol/account.ts'
import { dueKey, grantKey, metaKey, type Records } from '../../protocol/state.ts'
import { ada, bob, cyd, dayMs, type Edit, edit, genesis, type Person, personOf, registeredState } from '../fixtures.ts'

/** Ada, Bob and Cyd are registered with 1,000,000 each, Dan is funded with 5,000, nobody knows Eve; slot 6 is the next. */
export const world = registeredState(ada, bob, cyd)

/** A key that Ada moves her account to. */
export const newKey = personOf("ada's new key")

export const totals = (fields: Partial<Records['meta']>): Edit => edit('meta', metaKey, fields)
export const account = ({ address }: Person, fields: Partial<Records['accounts']>): Edit =>
  edit('accounts', address, fields)
export const funded = (person: Person, funds: bigint): Edit => account(person, { funds })
export const sealKey = ({ address }: Person, key: Uint8Array): Edit => edit('sealKeys', address, { sealKey: key })
export const message = (id: Uint8Array, fields: Partial<Records['messages']>): Edit => edit('messages', id, fields)
export const grant = (granter: Person, sender: Person, fields: Partial<Records['grants']> | undefined): Edit =>
  edit('grants', grantKey({ granter: granter.address, sender: sender.address }), fields)
export const due = (at: bigint, granter: Person, sender: Person): Edit =>
  edit('due', dueKey(at, grantKey({ granter: granter.address, sender: sender.address })), { kind: 'grant' })

/** A whole account, as a sponsor opens it. */
export const registeredAt = (slot: number, { address, signingKey }: Person, funds: bigint): Edit =>
  edit('accounts', address, { ...newAccount(slot, funds), signingKey })

/** A message of Ada's that settled at genesis and is kept for 30 days; the recipients are to be added. */
export const settledMessage = {
  sender: ada.address,
  epochKey: undefined,
  height: 0n,
  epoch: 1,
  keptUntil: genesis.time + 30n * dayMs,
} as const
