/** The bytes and texts of messages in folders. Programs fetch one piece by piece, so what was fetched last is kept for a while. */
import type { DaemonApi } from './daemon-api.ts'
import type { Entry, Folders } from './folders.ts'
import { bytesOf } from './arrival.ts'
import { viewOf } from './letter-view.ts'
import { textsIn } from './texts.ts'

const keptBytesMax = 32 * 1024 * 1024

/** Each resolves to what a message has. Throws where the daemon cannot be asked for it. */
export function createBytes({ api, folders }: { readonly api: Pick<DaemonApi, 'raw'>; readonly folders: Folders }) {
  const kept = new Map<number, Buffer>()
  let keptBytes = 0
  const bytesIn = async ({ number, source }: Entry): Promise<Buffer> => {
    const before = kept.get(number)
    if (before) return before
    const bytes =
      'letter' in source ? viewOf(await bytesOf(api, source.letter), source.front) : await folders.ownBytes(source.own)
    if (!kept.has(number)) keptBytes += bytes.length
    kept.set(number, bytes)
    for (const [oldest, { length }] of kept) {
      if (keptBytes <= keptBytesMax || oldest === number) break
      kept.delete(oldest)
      keptBytes -= length
    }
    return bytes
  }
  return {
    bytesOf: bytesIn,
    textsOf: async (entry: Entry) => (await folders.texts(entry.number)) ?? textsIn(await bytesIn(entry)),
  }
}
