/** Bytes that are refused, and why: each right but for one thing. */
import { concatBytes } from '@noble/hashes/utils.js'
import type * as P from 'micro-packed'
import { parseAddress } from '../../../protocol/address.ts'
import { Header, Outcome, SealedHeader } from '../../../protocol/batch.ts'
import { decodeStrict } from '../../../protocol/codec.ts'
import { checkEnvelope, Envelope } from '../../../protocol/envelope.ts'
import { fieldModulus } from '../../../protocol/field.ts'
import { readEntry, readOp } from '../../../protocol/doorway.ts'
import { Hello, IdsRequest, Mail, Release } from '../../../protocol/gossip.ts'
import { isLowS, verifySignature } from '../../../protocol/signature.ts'
import { apply } from '../../../protocol/ledger.ts'
import { ada, bob, context, host, rules, seedOf, viewOf } from '../../kit/fixtures.ts'
import { arrivals, envelopes, highTwin } from '../doorway.ts'
import { world } from '../world.ts'
import { links, plainChange } from './batches.ts'
import { beyondLimits } from './limits.ts'
import { plain } from './plain.ts'
import { bytesOf } from './sample.ts'
import { sealed } from './sealed.ts'
import { encodeAddress } from '../../../protocol/address.ts'

const written = (bytes: Uint8Array, at: number, ...values: readonly number[]): Uint8Array => {
  const copy = bytes.slice()
  copy.set(values, at < 0 ? copy.length + at : at)
  return copy
}

/** Encodings that no codec takes. */
const encodings = () => {
  const header = Header.encode(links[1]!.sealed.header)
  const envelope = Envelope.encode(sealed)
  const sent = links[2]!.outcomes[6]!
  const undelivered = links[2]!.outcomes[7]!
  const mail = Mail.encode({ op: bytesOf('op', 20), envelope: undefined })
  const release = Release.encode({
    TAG: 'lockKeys',
    data: { keys: [{ message: bytesOf('m', 32), lockKey: bytesOf('k', 32) }] },
  })
  const cases: readonly (readonly [string, P.CoderType<unknown>, string, Uint8Array])[] = [
    ['Header', Header as never, 'another version', written(header, 0, header[0]! - 1)],
    ['Header', Header as never, 'a byte too few', header.slice(0, -1)],
    ['Header', Header as never, 'a byte too many', concatBytes(header, Uint8Array.of(0))],
    ['SealedHeader', SealedHeader as never, 'without its signature', header],
    ['Envelope', Envelope as never, 'another version', written(envelope, 0, envelope[0]! - 1)],
    ['Envelope', Envelope as never, 'another suite', written(envelope, 1, 2)],
    ['Envelope', Envelope as never, 'no shares', written(envelope, 40, 0)],
    ['Envelope', Envelope as never, 'more shares than a set has keepers', written(envelope, 40, 33)],
    ['Envelope', Envelope as never, 'a byte too many', concatBytes(envelope, Uint8Array.of(0))],
    ['Outcome', Outcome as never, 'a result that there is not', written(sent, 32, 4)],
    ['Outcome', Outcome as never, 'a boolean of 2', written(sent, 33, 2)],
    [
      'Outcome',
      Outcome as never,
      'two factors in the wrong order',
      written(sent, 34 + 32 + 8 + 8 + 21 + 1 + 20 + 1 + 1, 2),
    ],
    [
      'Outcome',
      Outcome as never,
      'a factor that there is not',
      written(sent, 34 + 32 + 8 + 8 + 21 + 1 + 20 + 1 + 1, 99),
    ],
    ['Outcome', Outcome as never, 'a reason that keeps nothing from being mail', written(undelivered, 33, 99)],
    ['Outcome', Outcome as never, 'void, and a reason', written(undelivered, 32, 3)],
    ['Mail', Mail as never, 'a boolean of 2', written(mail, -1, 2)],
    ['Mail', Mail as never, 'an op longer than any', written(mail, 0, 0, 0, 0x10, 0x01)],
    ['Release', Release as never, 'no keys', written(release, 1, 0)],
    [
      'IdsRequest',
      IdsRequest as never,
      'more ids than are allowed',
      concatBytes(Uint8Array.of(4, 1), new Uint8Array(32 * 1025)),
    ],
    ['Hello', Hello as never, 'nothing', new Uint8Array(0)],
    ...beyondLimits(),
  ]
  return cases.map(([codec, coder, name, bytes]) => {
    const decoded = decodeStrict(coder, bytes)
    if (decoded.ok) throw new Error(`${codec}: ${name} is not refused`)
    return { name: `${codec}: ${name}`, codec, hex: plain(bytes), reason: decoded.reason }
  })
}

const addresses = () => {
  const text = encodeAddress(ada.address)
  const texts = {
    nothing: '',
    'another prefix': `bn${text.slice(2)}`,
    'mixed letters': text.slice(0, -1) + text.slice(-1).toUpperCase(),
    'a character too few': text.slice(0, -1),
    'a letter that is never used': `${text.slice(0, 10)}b${text.slice(11)}`,
    'a mistyped character': `${text.slice(0, 10)}${text[10] === 'q' ? 'p' : 'q'}${text.slice(11)}`,
  }
  for (const [name, some] of Object.entries(texts)) if (isAddress(some)) throw new Error(`${name} is no address`)
  return Object.entries(texts).map(([name, some]) => ({ name, text: some }))
}

function isAddress(text: string): boolean {
  try {
    return parseAddress(text).length === 20
  } catch {
    return false
  }
}

export const refusedVectors = () => ({
  modulus: plain(fieldModulus),
  ops: arrivals.map(({ name, bytes, reason }) => {
    const read = readOp(bytes, context)
    if (read.ok || read.reason !== reason) throw new Error(`${name} should be refused: ${reason}`)
    const became = apply(viewOf(world), context, readEntry(bytes, context))
    if (became.kind === 'settled') throw new Error(`${name} is no mail`)
    return {
      name,
      hex: plain(bytes),
      reason,
      became: became.kind,
      ...(became.kind === 'void' ? { void: became.reason } : { changes: became.changes.map(plainChange) }),
    }
  }),
  envelopes: envelopes.map(({ name, envelope, demand, reason }) => {
    const checked = checkEnvelope(envelope, demand)
    if (checked.ok || checked.reason !== reason) throw new Error(`an envelope ${name} should be refused: ${reason}`)
    const { recipientsCount, maxSizeClass } = demand
    const { version, threshold, members } = demand.keeperSet
    const asked = { recipientsCount, maxSizeClass, keeperSet: version, threshold, keepers: members.length }
    return { name, hex: plain(Envelope.encode(envelope)), demand: asked, reason }
  }),
  encodings: encodings(),
  addresses: addresses(),
  signatures: signatures(),
})

/** Signatures that hold, and those that do not. */
function signatures() {
  const { header, signature } = links[1]!.sealed
  const digest = links[2]!.sealed.header.previous
  const cases = {
    'the host’s': { digest, signature, key: host.signingKey },
    'its high-s twin': { digest, signature: highTwin(signature), key: host.signingKey },
    'by another key': { digest, signature, key: bob.signingKey },
    'over another digest': { digest: seedOf('another'), signature, key: host.signingKey },
    'by what is no point': { digest, signature, key: new Uint8Array(33).fill(2) },
    'of zeros': { digest, signature: new Uint8Array(64), key: host.signingKey },
  }
  if (header.height !== 1n || rules.hostKey !== host.signingKey) throw new Error('the first batch is the host’s')
  return Object.entries(cases).map(([name, signed]) => ({
    name,
    ...(plain(signed) as object),
    holds: verifySignature(signed),
    isLowS: isLowS(signed.signature),
  }))
}
