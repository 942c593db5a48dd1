/**
 * What the bridge keeps on disk: a database of its own in the home, in which every value is sealed under a key that follows
 * from the recovery phrase. The daemon hands it out while it is unlocked, so a copied disk shows no letter, flag or draft.
 */
import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import { Level } from 'level'
import type { Disk, Random } from '../seams.ts'
import { openChacha, sealChacha } from '../seal/chacha.ts'

/** A change of one record: JSON, or bytes as they are; undefined removes it. */
export type Write = { readonly key: string; readonly value: object | Uint8Array | undefined }

export type Store = {
  /** A record of JSON; undefined where there is none. */
  read<T>(key: string): Promise<T | undefined>
  bytes(key: string): Promise<Uint8Array | undefined>
  /** What a record about a letter is called: its id is in the public log, so it stands nowhere on the disk. */
  nameOf(letter: string): string
  /** Every record of JSON whose key begins so, in the order of the keys. */
  all<T>(prefix: string): AsyncGenerator<readonly [key: string, value: T]>
  /** All of it or nothing, durable before it resolves. */
  write(writes: readonly Write[]): Promise<void>
  close(): Promise<void>
}

type Options = { readonly disk: Disk; readonly key: Uint8Array; readonly random: Random }

/** The folder of the bridge in a home. */
export const bridgeFolder = (home: string): string => join(home, 'bridge')

/** The database of a bridge. Throws where another bridge has it, or it cannot be opened. */
export async function openBridgeDisk(home: string): Promise<Disk> {
  const path = join(bridgeFolder(home), 'data')
  const level = new Level<Uint8Array, Uint8Array>(path, { keyEncoding: 'view', valueEncoding: 'view' })
  try {
    await level.open()
  } catch (error) {
    const cause = (error as Error).cause as { code?: string } | undefined
    const sentence =
      cause?.code === 'LEVEL_LOCKED'
        ? `Another bridge has ${path}. Stop that one first.`
        : `The store of the bridge in ${path} cannot be opened. Move that folder aside and start again: letters come anew from the daemon, under new UIDs; drafts and flags are in that folder.`
    throw new Error(sentence, { cause: error })
  }
  return level as unknown as Disk
}

/** A store in a database. Throws where what is in it was sealed under another key. */
export async function openStore({ disk, key, random }: Options): Promise<Store> {
  const sealed = (name: string, plain: Uint8Array): Uint8Array => {
    const nonce = random(nonceBytes)
    return Buffer.concat([nonce, sealChacha({ key, nonce, associated: Buffer.from(name) }, plain)])
  }
  const opened = (name: string, value: Uint8Array): Uint8Array => {
    const nonce = value.subarray(0, nonceBytes)
    const plain = openChacha({ key, nonce, associated: Buffer.from(name) }, value.subarray(nonceBytes))
    if (plain) return plain
    throw new Error(
      'The store of the bridge does not open with the key of this daemon. Move the folder `bridge` of the home aside, or restore the keystore that it belongs to.',
    )
  }
  const bytes = async (name: string) => {
    const value = await disk.get(Buffer.from(name))
    return value && opened(name, value)
  }
  const store: Store = {
    bytes,
    nameOf: (letter) => `known/${createHmac('sha256', key).update(letter).digest('hex').slice(0, 40)}`,
    async read(name) {
      const plain = await bytes(name)
      return plain && JSON.parse(Buffer.from(plain).toString('utf8'))
    },
    async *all(prefix) {
      for await (const [name, value] of disk.iterator({ gte: Buffer.from(prefix), lt: Buffer.from(`${prefix}\x7f`) })) {
        const text = Buffer.from(name).toString('utf8')
        yield [text, JSON.parse(Buffer.from(opened(text, value)).toString('utf8'))]
      }
    },
    async write(writes) {
      const changes = writes.map(({ key: name, value }) =>
        value === undefined
          ? { type: 'del' as const, key: Buffer.from(name) }
          : {
              type: 'put' as const,
              key: Buffer.from(name),
              value: sealed(name, value instanceof Uint8Array ? value : Buffer.from(JSON.stringify(value))),
            },
      )
      await disk.batch(changes, { sync: true } as object)
    },
    close: () => disk.close(),
  }
  await store.read('info') // says at once whether the key is the right one
  return store
}

const nonceBytes = 12
