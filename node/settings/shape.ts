/** Shapes of JSON that people write by hand: each reads a value or says where and what is wrong, and writes it back. */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { AddressError, encodeAddress, parseAddress } from '../../protocol/address.ts'

/** Something in a file that cannot be used; the message names its place. */
export class ShapeError extends Error {
  override name = 'ShapeError'
}

type Shape<T> = { readonly read: (json: unknown, place: string) => T; readonly write: (value: T) => unknown }

const wrong = (place: string, wanted: string): never => {
  throw new ShapeError(`${place} must be ${wanted}.`)
}

/** A whole number from 0 to `max`. */
export const whole = (max: number): Shape<number> => ({
  read: (json, place) =>
    typeof json === 'number' && Number.isInteger(json) && json >= 0 && json <= max
      ? json
      : wrong(place, `a whole number from 0 to ${max}`),
  write: (value) => value,
})

/** A whole number below 2^64: a JSON number, or a text of digits where it is large. */
export const amount: Shape<bigint> = {
  read: (json, place) => {
    const text = typeof json === 'number' && Number.isSafeInteger(json) ? String(json) : json
    if (typeof text !== 'string' || !/^\d{1,20}$/.test(text) || BigInt(text) >= 2n ** 64n)
      return wrong(place, 'a whole number, not negative, below 2^64 (in quotes where it is large)')
    return BigInt(text)
  },
  write: (value) => (value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value)),
}

/** Text of at most `maxLength` characters. */
export const text = (maxLength: number): Shape<string> => ({
  read: (json, place) =>
    typeof json === 'string' && json.isWellFormed() && json.length <= maxLength
      ? json
      : wrong(place, `a text of at most ${maxLength} whole characters`),
  write: (value) => value,
})

/** Bytes in hexadecimal, of one length. */
export const hex = (lengthBytes: number): Shape<Uint8Array> => ({
  read: (json, place) =>
    typeof json === 'string' && new RegExp(`^[0-9a-f]{${lengthBytes * 2}}$`).test(json)
      ? hexToBytes(json)
      : wrong(place, `${lengthBytes} bytes as ${lengthBytes * 2} small hexadecimal digits`),
  write: bytesToHex,
})

/** An address, `bm1…`. */
export const address: Shape<Uint8Array> = {
  read: (json, place) => {
    if (typeof json !== 'string') return wrong(place, 'an address, in quotes')
    try {
      return parseAddress(json)
    } catch (error) {
      if (error instanceof AddressError) return wrong(place, `an address. ${error.message.replace(/\.$/, '')}`)
      throw error
    }
  },
  write: encodeAddress,
}

/** One of a few words. */
export const word = <W extends string>(...words: readonly W[]): Shape<W> => ({
  read: (json, place) => words.find((known) => known === json) ?? wrong(place, `one of: ${words.join(', ')}`),
  write: (value) => value,
})

export const list = <T>(item: Shape<T>): Shape<T[]> => ({
  read: (json, place) =>
    Array.isArray(json) ? json.map((one, at) => item.read(one, `${place}[${at}]`)) : wrong(place, 'a list'),
  write: (value) => value.map(item.write),
})

const unknownKey = (place: string): string =>
  `${place.length > 100 ? `${place.slice(0, 100)}…` : place} is not known: the file was made by a newer program, or it is mistyped. Get the newest bmail, or mend it.`

/** An object with exactly these keys. */
export const record = <T extends object>(fields: { readonly [K in keyof T]: Shape<T[K]> }): Shape<T> => ({
  read: (json, place) => {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) return wrong(place || 'the file', 'an object')
    const at = (key: string) => (place ? `${place}.${key}` : key)
    for (const key of Object.keys(json)) if (!Object.hasOwn(fields, key)) throw new ShapeError(unknownKey(at(key)))
    const entries = Object.entries(fields) as [string, Shape<unknown>][]
    return Object.fromEntries(
      entries.map(([key, shape]) => {
        if (!Object.hasOwn(json, key))
          throw new ShapeError(
            `${at(key)} is missing: the file was made by an older program, or it is mistyped. Add it.`,
          )
        return [key, shape.read((json as Record<string, unknown>)[key], at(key))]
      }),
    ) as T
  },
  write: (value) =>
    Object.fromEntries(
      Object.entries(fields).map(([key, shape]) => [
        key,
        (shape as Shape<unknown>).write((value as Record<string, unknown>)[key]),
      ]),
    ),
})
