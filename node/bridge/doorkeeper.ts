/**
 * Passwords of mail programs: one for each, made here, so that it can be taken back alone. Each has 128 random bits, which
 * nobody guesses from its hash; none is the passphrase, and the file opens nothing else.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '../seams.ts'
import { smallFile } from '../settings/files.ts'
import { replaceFile } from '../settings/home.ts'
import { bridgeFolder } from './store.ts'

type Program = { readonly name: string; readonly madeAt: number }

export type Doorkeeper = {
  /** Whether this is the password of that program now. Read from the file each time, so that what was taken back is at once. */
  admits(name: string, password: string): boolean
  /** Whether there still is a program of that name, whose password has not been made anew since. */
  stillAdmits(name: string, since: number): boolean
  list(): readonly Program[]
  /** A new password for a program, in place of the one that it had. */
  make(name: string, now: number): string
  /** Take one back; false where there is none. */
  takeBack(name: string): boolean
}

type Kept = Program & { readonly hash: string }

/** The passwords of a home. */
export function createDoorkeeper({ home, random }: { readonly home: string; readonly random: Random }): Doorkeeper {
  const path = join(bridgeFolder(home), 'passwords.json')
  const read = (): readonly Kept[] => {
    const bytes = smallFile(path)
    if (!bytes) return []
    try {
      return JSON.parse(bytes.toString('utf8'))
    } catch (cause) {
      throw new Error(`${path} cannot be read. Remove it, and make the passwords anew.`, { cause })
    }
  }
  const write = (kept: readonly Kept[]): void => {
    mkdirSync(bridgeFolder(home), { recursive: true, mode: 0o700 })
    replaceFile(path, `${JSON.stringify(kept)}\n`, 0o600)
  }
  return {
    admits(name, password) {
      const kept = read().find((one) => one.name === name)
      // Compared with something in any case, so that no answer is faster.
      const is = timingSafeEqual(digest(plain(password)), kept ? Buffer.from(kept.hash, 'hex') : digest(''))
      return is && kept !== undefined
    },
    stillAdmits: (name, since) => read().some((one) => one.name === name && one.madeAt <= since),
    list: () => read().map(({ name, madeAt }) => ({ name, madeAt })),
    make(name, now) {
      const letters = [...random(32)]
        .slice(0, 26)
        .map((byte) => alphabet[byte % 32])
        .join('')
      const password = letters.match(/.{1,6}/g)!.join('-')
      const hash = digest(plain(password)).toString('hex')
      write([...read().filter((one) => one.name !== name), { name, madeAt: now, hash }])
      return password
    },
    takeBack(name) {
      const before = read()
      const after = before.filter((one) => one.name !== name)
      if (after.length < before.length) write(after)
      return after.length < before.length
    },
  }
}

/** 32 letters and digits that are not taken for each other. */
const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789'

/** A password as it is compared: people type it with and without its hyphens. */
const plain = (password: string): string => password.replace(/[-\s]/g, '').toLowerCase()

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
