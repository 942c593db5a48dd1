/**
 * The certificate that both servers show to programs that want STARTTLS. It is made here and signed by itself, so a program
 * asks its owner once whether they trust it: its fingerprint is what they compare.
 */
import { createECDH, createPrivateKey, webcrypto, X509Certificate } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock, Random } from '../seams.ts'
import { smallFile } from '../settings/files.ts'
import { replaceFile } from '../settings/home.ts'
import { bridgeFolder } from './store.ts'

export type Certificate = {
  /** Both as PEM. */
  readonly cert: string
  readonly key: string
  /** SHA-256 of the certificate, as mail programs show it. */
  readonly fingerprint: string
  /** Where the certificate lies. */
  readonly path: string
}

type Options = { readonly home: string; readonly clock: Pick<Clock, 'now'>; readonly random: Random }

const yearMs = 365 * 86_400_000
const lastsMs = 10 * yearMs
/** So long before it ends another one takes its place. */
const renewedMs = yearMs

/** The certificate of a home, which is made where there is none, or its end is near. */
export async function certificateOf({ home, clock, random }: Options): Promise<Certificate> {
  const path = join(bridgeFolder(home), 'certificate.pem')
  const keyPath = join(bridgeFolder(home), 'certificate.key')
  const kept = pairOf(smallFile(path)?.toString(), smallFile(keyPath)?.toString())
  if (kept && Date.parse(kept.parsed.validTo) - renewedMs > clock.now())
    return { cert: kept.cert, key: kept.key, fingerprint: kept.parsed.fingerprint256, path }
  const made = await makeCertificate(clock.now(), random)
  mkdirSync(bridgeFolder(home), { recursive: true, mode: 0o700 })
  replaceFile(keyPath, made.key, 0o600)
  replaceFile(path, made.cert, 0o644)
  return { ...made, fingerprint: new X509Certificate(made.cert).fingerprint256, path }
}

/** What is kept, where both belong together: a crash may have left the one without the other. */
function pairOf(cert: string | undefined, key: string | undefined) {
  if (!cert || !key) return undefined
  try {
    const parsed = new X509Certificate(cert)
    return parsed.checkPrivateKey(createPrivateKey(key)) ? { cert, key, parsed } : undefined
  } catch {
    return undefined
  }
}

async function makeCertificate(now: number, random: Random): Promise<Pick<Certificate, 'cert' | 'key'>> {
  await import('reflect-metadata') // which the next one asks for before it is loaded
  const x509 = await import('@peculiar/x509')
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const pair = keyPair(random(32))
  const { d: _, ...open } = pair
  const keys = {
    privateKey: await webcrypto.subtle.importKey('jwk', pair, algorithm, false, ['sign']),
    publicKey: await webcrypto.subtle.importKey('jwk', open, algorithm, true, ['verify']),
  }
  const names = [
    { type: 'dns' as const, value: 'localhost' },
    { type: 'ip' as const, value: '127.0.0.1' },
    { type: 'ip' as const, value: '::1' },
  ]
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: Buffer.from([1, ...random(15)]).toString('hex'),
      name: 'CN=b-mail bridge',
      notBefore: new Date(now - yearMs), // for programs whose clock is behind
      notAfter: new Date(now + lastsMs),
      keys,
      signingAlgorithm: algorithm,
      extensions: [new x509.BasicConstraintsExtension(false), new x509.SubjectAlternativeNameExtension(names)],
    },
    webcrypto as Parameters<typeof x509.X509CertificateGenerator.createSelfSigned>[1],
  )
  const key = createPrivateKey({ key: pair, format: 'jwk' }).export({ format: 'pem', type: 'pkcs8' })
  return { cert: `${certificate.toString('pem')}\n`, key: key.toString() }
}

/** A key of P-256 out of 32 random bytes. */
function keyPair(secret: Uint8Array) {
  const curve = createECDH('prime256v1')
  curve.setPrivateKey(secret)
  const point = curve.getPublicKey()
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString('base64url')) as [
    string,
    string,
  ]
  return { kty: 'EC', crv: 'P-256', d: Buffer.from(secret).toString('base64url'), x, y }
}
