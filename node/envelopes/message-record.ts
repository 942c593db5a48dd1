/** What the ledger knows of a settled message. */
import type { Message } from '../../protocol/state.ts'
import type { Store } from '../ledger/store.ts'

/** The record of a message; nothing where it is not settled. */
export const recordOf = async (store: Pick<Store, 'fetch'>, message: Uint8Array): Promise<Message | undefined> =>
  (await store.fetch([{ table: 'messages', key: message }])).read('messages', message)
