/**
 * Makes `sealed/letter.json`: a letter that can be opened, with every key. It is written once and then only read, because
 * compressors may differ from one release to the next and a sealed letter is another one each time. After a change of the
 * wire: `node test/vectors/make/letter.ts`.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { shake256 } from '@noble/hashes/sha3.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { seal, sealKeyPairFromSeed } from '../../../node/seal/seal.ts'
import { ada, bob, cyd, keepers, network, rules, seedOf } from '../../kit/fixtures.ts'
import { plain } from './plain.ts'

const letterFile = join(import.meta.dirname, '../sealed/letter.json')

let drawn = 0
const random = (length: number): Uint8Array => shake256(seedOf(`sealing ${drawn++}`), { dkLen: length })
const content = utf8ToBytes('From: ada\r\nTo: bob, cyd\r\nSubject: A letter to open\r\n\r\nSee you at ten.\r\n')

const people = await Promise.all(
  [ada, bob, cyd].map(async ({ name, address }) => {
    const { seed, publicKey } = await sealKeyPairFromSeed(seedOf(`encryption ${name}`))
    return { name, address, seed, sealKey: publicKey }
  }),
)
const [sender, ...recipients] = people
const sealed = await seal({
  random,
  network,
  keeperSet: rules.keepers,
  sender: sender!,
  recipients,
  content,
  maxSizeClass: 8,
})
const { envelopeBytes, envelopeHash, messageId, lockKey, contentKey, sizeClass } = sealed
const letter = {
  network,
  sender: sender!,
  recipients,
  keepers: keepers.map(({ name, lock }) => ({ seed: seedOf(`lock of ${name}`), lockKey: lock.publicKey })),
  keeperSet: { version: rules.keepers.version, threshold: rules.keepers.threshold },
  content,
  envelope: envelopeBytes,
  envelopeHash,
  messageId,
  lockKey,
  contentKey,
  sizeClass,
}
mkdirSync(dirname(letterFile), { recursive: true })
writeFileSync(letterFile, `${JSON.stringify(plain(letter), null, 1)}\n`)
