/** Envelopes, locks and shares: their bytes, and everything that their parts are bound to. */
import {
  Envelope,
  envelopeBytes,
  envelopeHash,
  keptUntil,
  lockKeyHash,
  messageId,
  recipientsHash,
  sealContext,
  sealedHash,
  sharesHash,
  sizeClassOf,
  unitBytes,
  wrapBytes,
} from '../../../protocol/envelope.ts'
import { checkLockKey, combineShares, shareContext, shareHash } from '../../../protocol/lock.ts'
import { combine, split } from '../../../protocol/shamir.ts'
import { ada, bob, cyd, keepers, network, rules } from '../../kit/fixtures.ts'
import { plain } from './plain.ts'
import { bytesOf } from './sample.ts'

const lockKey = bytesOf('lock key', 32)
const threshold = 2
const shares = split(lockKey, { threshold, count: keepers.length, randomness: bytesOf('randomness', 32) })
const parties = { network, sender: ada.address, recipients: [bob.address, cyd.address] }

/** An envelope to Bob and Cyd whose lock opens; its seals are bytes that nothing made. */
export const sealed: Envelope = {
  sizeClass: 1,
  keeperSet: rules.keepers.version,
  threshold,
  lockKeyHash: lockKeyHash(network, lockKey),
  shares: shares.map((share, at) => ({
    hash: shareHash(network, share),
    enc: bytesOf(`enc ${at}`, 32),
    ciphertext: bytesOf(`ciphertext ${at}`, 49),
  })),
  lockedWraps: bytesOf('wraps', 3 * wrapBytes + 16),
  body: bytesOf('body', 2 * unitBytes + 52),
}

export const envelopeVectors = () => {
  const bytes = Envelope.encode(sealed)
  const hash = envelopeHash(network, bytes)
  return {
    parties: plain(parties),
    value: plain(sealed),
    hex: plain(bytes),
    envelopeHash: plain(hash),
    messageId: plain(messageId({ ...parties, envelopeHash: hash })),
    recipientsHash: plain(recipientsHash(network, parties.recipients)),
    sealedHash: plain(sealedHash(network, sealed)),
    sharesHash: plain(sharesHash(network, sealed)),
    sealContext: plain(sealContext(parties, sealed)),
    keepers: keepers.map(({ lock }, index) => {
      const name = { index, lockKey: lock.publicKey }
      return { lockKey: plain(lock.publicKey), shareContext: plain(shareContext(parties, name, sealed)) }
    }),
    sizes: [
      { sizeClass: 0, recipients: 1, keepers: 1 },
      { sizeClass: 3, recipients: 2, keepers: 3 },
      { sizeClass: 8, recipients: 100, keepers: 32 },
    ].map((sizes) => ({ ...sizes, bytes: envelopeBytes(sizes) })),
    sizeClasses: [0, 1, 1024, 1025, 2048, 2049, 262_144, 262_145].map((length) => ({
      length,
      sizeClass: sizeClassOf(length),
    })),
    keptUntil: [1, 30, 365].map((lifetimeDays) => ({
      time: '1800000000123',
      lifetimeDays,
      until: plain(keptUntil({ time: 1_800_000_000_123n, lifetimeDays })),
    })),
  }
}

export const lockVectors = () => {
  const published = shares.map((share, index) => ({ index, share }))
  const swapped = published.map(({ index }) => ({ index, share: shares[(index + 1) % shares.length]! }))
  const cases = {
    'the first two': published.slice(0, 2),
    'the last two, the later first': published.slice(1).reverse(),
    'all three': published,
    'one twice': [published[0]!, published[0]!],
    'one, and one that is wrong': [published[0]!, swapped[1]!],
    none: [],
    'two that are wrong, the later first': [swapped[2]!, swapped[0]!],
  }
  const wide = { threshold: 3, count: 5, randomness: bytesOf('two coefficients', 64) }
  return {
    lockKey: plain(lockKey),
    lockKeyHash: plain(sealed.lockKeyHash),
    opens: checkLockKey(network, sealed, lockKey),
    split: [
      {
        threshold,
        count: 3,
        secret: plain(lockKey),
        randomness: plain(bytesOf('randomness', 32)),
        shares: plain(shares),
      },
      { ...wide, randomness: plain(wide.randomness), secret: plain(lockKey), shares: plain(split(lockKey, wide)) },
    ],
    shareHashes: plain(shares.map((share) => shareHash(network, share))),
    combined: plain(combine(shares.slice(1))),
    locks: Object.entries(cases).map(([name, some]) => ({
      name,
      shares: plain(some),
      lock: plain(combineShares(network, sealed, some)),
    })),
  }
}
