/**
 * The yardstick of everything here: what one core needs to verify a P-256 signature just now, by node:crypto and with the
 * key imported. Machines differ, and a shared one differs from minute to minute; ratios to this do not.
 */
import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { type Spent, spent } from './measure.ts'

const count = 500

/** What 500 bare verifications take. */
export const bareVerifications = (): Promise<Spent> =>
  spent(() => {
    for (const { digest, signature, key } of sample)
      if (!verify('sha256', digest, key, signature)) throw new Error('a signature of the yardstick is wrong')
  })

/** Verifications a second, on the clock and of one core. */
export const perSecondOf = ({ wallMs, cpuMs }: Spent) => ({
  wall: (count / wallMs) * 1000,
  cpu: (count / cpuMs) * 1000,
})

const pairs = Array.from({ length: 50 }, () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }))
const sample = Array.from({ length: count }, (_, at) => {
  const { privateKey, publicKey } = pairs[at % pairs.length]!
  const digest = Buffer.alloc(32, at)
  return { digest, signature: sign('sha256', digest, privateKey), key: publicKey }
})
