/** The letter of the vectors, sealed once: it opens with the keys that stand beside it, as another implementation has to open it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hexToBytes } from '@noble/hashes/utils.js'
import { test } from 'tap'
import { unpack } from '../../../node/seal/content.ts'
import { keeperKeyPairFromSeed, openShare } from '../../../node/seal/share.ts'
import { openWithContentKey, openWithLockKey } from '../../../node/seal/unseal.ts'
import { Envelope, envelopeHash, messageId } from '../../../protocol/envelope.ts'
import { combineShares } from '../../../protocol/lock.ts'

type Person = { readonly address: string; readonly seed: string }
const letter = JSON.parse(readFileSync(join(import.meta.dirname, '../../vectors/sealed/letter.json'), 'utf8')) as {
  readonly [name in
    | 'network'
    | 'content'
    | 'envelope'
    | 'envelopeHash'
    | 'messageId'
    | 'lockKey'
    | 'contentKey']: string
} & {
  readonly sender: Person
  readonly recipients: readonly Person[]
  readonly keepers: readonly { readonly seed: string; readonly lockKey: string }[]
  readonly sizeClass: number
}

const network = hexToBytes(letter.network)
const parties = {
  network,
  sender: hexToBytes(letter.sender.address),
  recipients: letter.recipients.map(({ address }) => hexToBytes(address)),
}
const bytes = hexToBytes(letter.envelope)
const envelope = Envelope.decode(bytes)
const content = hexToBytes(letter.content)

test('sealed letter: its hashes', async (t) => {
  const hash = envelopeHash(network, bytes)
  t.strictSame(hash, hexToBytes(letter.envelopeHash))
  t.strictSame(messageId({ ...parties, envelopeHash: hash }), hexToBytes(letter.messageId))
  t.equal(envelope.sizeClass, letter.sizeClass)
})

test('sealed letter: keepers open its lock', async (t) => {
  const shares = letter.keepers.map(({ seed, lockKey }, index) => {
    const keeper = keeperKeyPairFromSeed(hexToBytes(seed))
    t.strictSame(keeper.publicKey, hexToBytes(lockKey))
    return { index, share: openShare({ ...parties, index, keeper, envelope }) }
  })
  t.strictSame(combineShares(network, envelope, shares.slice(1)), {
    state: 'open',
    lockKey: hexToBytes(letter.lockKey),
  })
})

test('sealed letter: each reader, and its sender, opens it', async (t) => {
  for (const { address, seed } of [...letter.recipients, letter.sender]) {
    const reader = { ownAddress: hexToBytes(address), sealSeeds: [hexToBytes(seed)] }
    const opened = await openWithLockKey({ ...parties, envelope, lockKey: hexToBytes(letter.lockKey), ...reader })
    t.strictSame(new Uint8Array(await unpack(parties, opened.packed)), content)
    t.strictSame(opened.contentKey, hexToBytes(letter.contentKey))
  }
  const kept = openWithContentKey({ ...parties, envelope, contentKey: hexToBytes(letter.contentKey) })
  t.strictSame(new Uint8Array(await unpack(parties, kept.packed)), content, 'and with the content key alone')
})
