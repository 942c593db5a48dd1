/** What a part is saved under where nothing names it. */
import { detectExtension } from 'nodemailer/lib/mime-funcs/mime-types'
import { decodeWords } from 'postal-mime'

/** A name for a part of a type. */
export const namelessPart = (mimeType: string): string => `attachment.${endingOf(mimeType)}`

/** Whether a part has a name, by its fields. */
export const isNamed = (...values: readonly string[]): boolean =>
  values.some((value) => /;\s*(?:file)?name[*\d]*\s*=/i.test(value))

/** The name in a Content-Location (RFC 2557), the last of its path; empty where there is none in it. */
export function locationName(location: string, mimeType: string): string {
  const url = URL.parse(decodeWords(location).replace(/\s+/g, ''), 'file:///')
  const last = url?.pathname.startsWith('/') ? url.pathname.split('/').at(-1)! : ''
  const name = percentDecoded(last)
  return name === '' || /\.[\w-]{1,16}$/.test(name) ? name : `${name}.${endingOf(mimeType)}`
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // a percent sign that stands for itself
  }
}

function endingOf(mimeType: string): string {
  const type = mimeType.toLowerCase().trim()
  const known = endings[type] ?? detectExtension(type)
  if (/^\w+$/.test(known) && known !== 'bin') return known
  return /^(?:text|message)\//.test(type) ? 'txt' : 'bin'
}

/** Where the library has no ending for a type, or one that programs know less. */
const endings: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/heic': 'heic',
  'image/avif': 'avif',
  'audio/mpeg': 'mp3',
  'audio/mp4': 'm4a',
  'application/gzip': 'gz',
  'application/pkcs7-mime': 'p7m',
  'application/pgp-signature': 'asc',
  'text/vcard': 'vcf',
}
