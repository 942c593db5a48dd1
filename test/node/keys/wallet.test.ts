/** A wallet over its keystore’s file: what is asked for at once is all there in the end. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import { createKeystore, unlockKeystore, usualHabit } from '../../../node/keys/keystore.ts'
import { openWallet } from '../../../node/keys/wallet.ts'

/** As cheap as argon2id gets: what is tested is not how dear a guess is. */
const kdf = { memoryKib: 8, passes: 1, lanes: 1 }
const random = (length: number) => new Uint8Array(randomBytes(length))

test('wallet: changes that are asked for at once are all made, and written', async (t) => {
  const path = join(t.testdir({}), 'keystore.json')
  const passphrase = 'four words or more'
  const keystore = await createKeystore({ random, passphrase, realm: new Uint8Array(32), kdf })
  const wallet = await openWallet({ keystore, path, random })
  const first = wallet.own[0]!
  const labels = ['one', 'two', 'three', 'four']
  const [made] = await Promise.all([
    Promise.all(labels.map(wallet.create)),
    wallet.renew(first),
    wallet.changeHabit(first, { ...usualHabit, skipPercent: 30 }),
  ])
  t.strictSame(
    made.map(({ label, index }) => [label, index]),
    labels.map((label, at) => [label, at + 1]),
    'each is told of its own',
  )
  const { pseudonyms } = await unlockKeystore(await readFile(path), passphrase)
  t.strictSame(
    pseudonyms.map(({ label }) => label),
    [first.label, ...labels],
  )
  t.match(pseudonyms[0], { generation: 1, habit: { skipPercent: 30 } })
})
