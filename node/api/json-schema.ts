/**
 * JSON schemas as values that know which type they describe: `object<Status>({ … })` does not compile where a property
 * is missing, is one too many, or is of another type.
 */

export type Json = { readonly [key: string]: unknown }

/** A JSON schema of values of type T. */
export type Schema<T> = {
  readonly json: Json
  /** Never there: it binds T, in both directions. */
  readonly type?: (value: T) => T
}

/** A property that may be left out. */
type Optional<T> = Schema<T> & { readonly optional: true }

export type Properties<T> = {
  readonly [Key in keyof T]-?: object extends Pick<T, Key> ? Optional<Exclude<T[Key], undefined>> : Schema<T[Key]>
}

/** A text. At most `maxLength` characters in a request. */
export const text = (maxLength: number): Schema<string> => ({ json: { type: 'string', maxLength } })

/** A text of a form. */
export const pattern = (form: RegExp, description: string): Schema<string> => ({
  json: { type: 'string', pattern: form.source, description },
})

/** An amount. All money there ever is fits in 19 digits, and 20 can be more than 64 bits hold. */
export const amount = pattern(
  /^(0|[1-9][0-9]{0,18})$/,
  'An amount in the smallest unit, in decimal, of at most 19 digits',
)

/** Any text of ours, in an answer. */
export const anyText: Schema<string> = { json: { type: 'string' } }

/** Bytes in base64 (RFC 4648 §4, padded), at most `bytesMax` of them. */
export const base64 = (bytesMax: number): Schema<string> => ({
  json: { type: 'string', format: 'base64', contentEncoding: 'base64', maxLength: Math.ceil(bytesMax / 3) * 4 },
})

export const boolean: Schema<boolean> = { json: { type: 'boolean' } }

export const integer = (least: number, most: number): Schema<number> => ({
  json: { type: 'integer', minimum: least, maximum: most },
})

/** How many there are of something. */
export const count: Schema<number> = integer(0, Number.MAX_SAFE_INTEGER)

/** Anything that JSON can say. */
export const anything: Schema<unknown> = { json: {} }

/** No value at all: the method takes nothing, or answers nothing. */
export const nothing: Schema<undefined> & Schema<void> = { json: {} } as never

/** Bytes that are answered as they are, piece by piece. */
export const pieces: Schema<AsyncIterable<Uint8Array>> = { json: { type: 'string', format: 'binary' } }

export const oneOf = <const T extends string>(...values: readonly T[]): Schema<T> => ({
  json: { type: 'string', enum: values },
})

/** Exactly this text: tells the members of a union apart. */
export const exactly = <const T extends string>(value: T): Schema<T> => ({ json: { type: 'string', const: value } })

export const list = <T>(item: Schema<T>, limits: Json = {}): Schema<readonly T[]> => ({
  json: { type: 'array', items: item.json, ...limits },
})

export const orNull = <T>(schema: Schema<T>): Schema<T | null> => ({
  json:
    typeof schema.json.type === 'string' && !('enum' in schema.json)
      ? { ...schema.json, type: [schema.json.type, 'null'] }
      : { anyOf: [schema.json, { type: 'null' }] },
})

export const union = <T>(...members: readonly Json[]): Schema<T> => ({ json: { oneOf: members } })

export const optional = <T>(schema: Schema<T>): Optional<T> => ({ json: schema.json, optional: true })

/** An object with these properties and no others. */
export const object = <T extends object>(properties: Properties<T>): Schema<T> => {
  const entries = Object.entries(properties as Record<string, Schema<unknown>>)
  return {
    json: {
      type: 'object',
      properties: Object.fromEntries(entries.map(([name, { json }]) => [name, json])),
      required: entries.filter(([, schema]) => !('optional' in schema)).map(([name]) => name),
      additionalProperties: false,
    },
  }
}
