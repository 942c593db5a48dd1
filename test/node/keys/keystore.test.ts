import { createHash, hkdfSync } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { p256 } from '@noble/curves/nist.js'
import { test } from 'tap'
import {
  identitySecret,
  KeystoreError,
  mailboxKey,
  parsePhrase,
  phraseOf,
  sealSeed,
  sealSeeds,
  signingPrivateKey,
  stampSecret,
  wayKey,
} from '../../../node/keys/derive.ts'
import {
  addPseudonym,
  changeHabit,
  createKeystore,
  defaultKdf,
  renewPseudonym,
  retirePseudonym,
  sealKeystore,
  unlockKeystore,
  usualHabit,
  writeKeystore,
} from '../../../node/keys/keystore.ts'

const seeded = (seed: string) => {
  let drawn = 0
  return (length: number) =>
    new Uint8Array(createHash('shake256', { outputLength: length }).update(`${seed} ${drawn++}`).digest())
}
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const realm = new Uint8Array(32).fill(5)
/** As cheap as argon2id gets: what is tested is not how dear a guess is. */
const kdf = { memoryKib: 8, passes: 1, lanes: 1 }
const create = (seed: string, options = {}) =>
  createKeystore({ random: seeded(seed), passphrase: 'four words or more', realm, kdf, ...options })

/** BIP-39's English vectors of 256 bits: entropy and phrase. */
const phrases = [
  ['00'.repeat(32), `${'abandon '.repeat(23)}art`],
  [
    '7f'.repeat(32),
    'legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth title',
  ],
  [
    '80'.repeat(32),
    'letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic bless',
  ],
  ['ff'.repeat(32), `${'zoo '.repeat(23)}vote`],
] as const
for (const [entropy, phrase] of phrases)
  test(`phrase: ${phrase.slice(0, 20)}…`, async (t) => {
    t.equal(hex(parsePhrase(phrase)), entropy)
    t.equal(hex(parsePhrase(`  ${phrase.toUpperCase().replaceAll(' ', '\n ')} `)), entropy, 'however it was typed')
    t.equal(phraseOf({ entropy: Buffer.from(entropy, 'hex') }), phrase)
  })

const mistyped = [
  ['nothing', '', /has 0 words instead of 24/],
  ['twelve words', `${'abandon '.repeat(11)}about`, /has 12 words/],
  [
    'a word of no list',
    `abandon abandn ${'abandon '.repeat(21)}art`,
    /Word 2 of the recovery phrase is not in the list/,
  ],
  ['another last word', `${'abandon '.repeat(23)}zoo`, /does not add up/],
] as const
for (const [name, phrase, sentence] of mistyped)
  test(`phrase refused: ${name}`, async (t) => {
    t.throws(() => parsePhrase(phrase), sentence)
    t.throws(() => parsePhrase(phrase), KeystoreError)
    await t.rejects(create('any', { phrase }), sentence)
  })

test('keys are HKDF of the entropy under a text for each purpose', async (t) => {
  const root = { entropy: new Uint8Array(32).fill(1), realm }
  const path = { pseudonym: 2, generation: 258 }
  const derive = (info: Uint8Array, length: number) =>
    Buffer.from(hkdfSync('sha256', root.entropy, 'bmail/recovery/1', info, length))
  const info = (purpose: string) => Buffer.concat([Buffer.from(`bmail/${purpose}/1 `), realm, Uint8Array.of(2, 1, 2)])
  t.equal(hex(sealSeed(root, path)), hex(derive(info('seal'), 32)))
  t.equal(hex(mailboxKey(root)), hex(derive(Buffer.concat([Buffer.from('bmail/mailbox/1 '), realm]), 32)))
  t.equal(hex(wayKey(root)), hex(derive(Buffer.concat([Buffer.from('bmail/way/1 '), realm]), 32)))
  const wide = (bytes: Buffer) => BigInt(`0x${bytes.toString('hex')}`)
  const order = p256.Point.Fn.ORDER
  t.equal(BigInt(`0x${hex(signingPrivateKey(root, path))}`), (wide(derive(info('signing'), 48)) % (order - 1n)) + 1n)
  const bn254 = 21888242871839275222246405745257275088548364400416034343698204186575808495617n
  t.equal(
    identitySecret(root),
    (wide(derive(Buffer.concat([Buffer.from('bmail/identity/1 '), realm]), 48)) % (bn254 - 1n)) + 1n,
  )
  const stamp = Buffer.concat([Buffer.from('bmail/stamp/1 '), realm, Uint8Array.of(0, 0, 1, 2)])
  t.equal(stampSecret(root, 258), (wide(derive(stamp, 48)) % (bn254 - 1n)) + 1n)
})

/** A phrase that turned into other secrets would lose its owner a reputation, and stamps that were paid for. */
test('secrets of identity and stamps stay what they are', async (t) => {
  const root = { entropy: new Uint8Array(32).fill(1), realm }
  t.equal(identitySecret(root), 18232148202337552667159139551885654803686094183676709891745469331898722637293n)
  t.same(
    [0, 1, 65_536].map((index) => stampSecret(root, index)),
    [
      7455567153555301893507358483632178951587489893934667874043840183131637246148n,
      15060968734188815687355714199573953000616167350599652765099993727239214022766n,
      7881505555868491263154717928099458608799776119289823137370979041616687848855n,
    ],
  )
})

test('no two keys are the same, and no two identities on two networks', async (t) => {
  const root = { entropy: new Uint8Array(32).fill(1), realm }
  const elsewhere = { ...root, realm: new Uint8Array(32).fill(6) }
  const keys = [mailboxKey(root), mailboxKey(elsewhere)]
  const secrets = [identitySecret(root), identitySecret(elsewhere)]
  for (const one of [root, elsewhere])
    for (const path of [
      { pseudonym: 0, generation: 0 },
      { pseudonym: 1, generation: 0 },
      { pseudonym: 0, generation: 1 },
    ])
      keys.push(sealSeed(one, path), signingPrivateKey(one, path))
  t.equal(new Set(keys.map(hex)).size, keys.length)
  for (const one of [root, elsewhere]) for (const index of [0, 1, 256]) secrets.push(stampSecret(one, index))
  t.equal(new Set(secrets).size, secrets.length)
})

test('old seeds are kept, the newest first', async (t) => {
  const root = { entropy: new Uint8Array(32).fill(1), realm }
  const seeds = sealSeeds(root, { pseudonym: 3, generation: 2 })
  t.same(
    seeds,
    [2, 1, 0].map((generation) => sealSeed(root, { pseudonym: 3, generation })),
  )
})

test('a keystore is unlocked as it was sealed', async (t) => {
  const keystore = renewPseudonym(addPseudonym(await create('one'), 'für Briefe'), 1)
  const unlocked = await unlockKeystore(sealKeystore(seeded('nonce'), keystore), 'four words or more')
  t.same(unlocked, keystore)
  t.same(unlocked.pseudonyms, [
    { label: 'default', generation: 0, retired: false, habit: usualHabit },
    { label: 'für Briefe', generation: 1, retired: false, habit: usualHabit },
  ])
  const again = await unlockKeystore(
    sealKeystore(seeded('other nonce'), addPseudonym(unlocked, 'third')),
    'four words or more',
  )
  t.equal(again.pseudonyms.length, 3, 'rewritten without asking for the passphrase')
})

test('a retired pseudonym keeps its place and its keys', async (t) => {
  const keystore = retirePseudonym(addPseudonym(await create('one'), 'shop'), 0)
  t.same(
    keystore.pseudonyms.map(({ retired }) => retired),
    [true, false],
  )
  const file = sealKeystore(seeded('nonce'), renewPseudonym(keystore, 0))
  t.same((await unlockKeystore(file, 'four words or more')).pseudonyms[0], {
    label: 'default',
    generation: 1,
    retired: true,
    habit: usualHabit,
  })
  t.throws(() => addPseudonym(keystore, 'default'), /already/, 'its label is not given to another')
})

test('what passes are taken for a pseudonym is sealed with it, and stays what it is', async (t) => {
  const habit = { warm: true, skipPercent: 30, show: 'at-most', tier: 2 } as const
  const keystore = changeHabit(addPseudonym(await create('one'), 'shop'), 1, habit)
  const file = sealKeystore(seeded('nonce'), retirePseudonym(renewPseudonym(keystore, 1), 0))
  const { pseudonyms } = await unlockKeystore(file, 'four words or more')
  t.same(
    pseudonyms.map((pseudonym) => pseudonym.habit),
    [usualHabit, habit],
  )
})

/** Made by the program before: two pseudonyms, the second with new keys, the first retired. */
const before = {
  version: 1,
  kdf: { name: 'argon2id', memoryKib: 8, passes: 1, lanes: 1 },
  salt: 'c8e78f70e501297f8d35a6cb9f2a8ea4',
  nonce: 'da8ad459ee5461e722d990306c7a87bb970feb9c624246fc',
  sealed:
    '4c35eede562176c812ed8b44b07cbf81f8f8757aac64dad99d8f6169c806b2ad3a44287bc8cf48259092294a9a0e13d7157408c4eaa81c945defe8e2910ed013e50c880a15b16259ddd8183676abcd0640e040679f96688440e11d1f90097dd61a15b2d70a33',
  checksum: 'c5aded05fd9eaf8cc5d776146d3fb6768673e21ebca0c746050a5d1b0c046fdd',
}

test('a file of version 1 is read: its pseudonyms have the usual habit', async (t) => {
  const { pseudonyms, entropy } = await unlockKeystore(Buffer.from(JSON.stringify(before)), 'four words or more')
  t.equal(hex(entropy), hex((await create('one')).entropy))
  t.same(pseudonyms, [
    { label: 'default', generation: 0, retired: true, habit: usualHabit },
    { label: 'shop', generation: 1, retired: false, habit: usualHabit },
  ])
  const again = sealKeystore(
    seeded('nonce'),
    await unlockKeystore(Buffer.from(JSON.stringify(before)), 'four words or more'),
  )
  t.match(JSON.parse(Buffer.from(again).toString()), { version: 2 }, 'and written as of version 2')
})

test('a phrase restores the same keys', async (t) => {
  const lost = await create('lost')
  const restored = await create('elsewhere', { phrase: phraseOf(lost), passphrase: 'another' })
  const path = { pseudonym: 0, generation: 0 }
  t.same(signingPrivateKey(restored, path), signingPrivateKey(lost, path))
  t.notSame(restored.lock, lost.lock)
})

test('the file says nothing of what it holds', async (t) => {
  const keystore = addPseudonym(await create('one'), 'a telling label')
  const file = Buffer.from(sealKeystore(seeded('nonce'), keystore)).toString()
  for (const secret of ['telling', hex(keystore.entropy), hex(keystore.realm), hex(keystore.lock.key)])
    t.notOk(file.includes(secret))
  t.match(JSON.parse(file), { version: 2, kdf: { name: 'argon2id', ...kdf } })
})

test('a wrong passphrase and a damaged file are told apart', async (t) => {
  const file = sealKeystore(seeded('nonce'), await create('one'))
  await t.rejects(unlockKeystore(file, 'four words or mor'), {
    name: 'KeystoreError',
    message: /The passphrase is wrong/,
  })
  const parsed = JSON.parse(Buffer.from(file).toString())
  const damage: [string, unknown][] = [
    ['cut', Buffer.from(file).toString().slice(0, 100)],
    ['no object', null],
    ['a version to come', { ...parsed, version: 3 }],
    ['the version before', { ...parsed, version: 1 }],
    ['another function', { ...parsed, kdf: { ...parsed.kdf, name: 'scrypt' } }],
    ['cheaper', { ...parsed, kdf: { ...parsed.kdf, memoryKib: 9 } }],
    ['more memory than there is', { ...parsed, kdf: { ...parsed.kdf, memoryKib: 2 ** 31 } }],
    ['passes without end', { ...parsed, kdf: { ...parsed.kdf, passes: 1e9 } }],
    ['no lanes', { ...parsed, kdf: { ...parsed.kdf, lanes: 0 } }],
    ['half a pass', { ...parsed, kdf: { ...parsed.kdf, passes: 1.5 } }],
    [
      'a flipped bit',
      { ...parsed, sealed: parsed.sealed.replace(/^./, (digit: string) => (digit === '0' ? '1' : '0')) },
    ],
    ['no nonce', { ...parsed, nonce: undefined }],
    ['a short salt', { ...parsed, salt: parsed.salt.slice(2) }],
    ['no hex', { ...parsed, sealed: 'zz' }],
  ]
  for (const [name, content] of damage) {
    const bytes = Buffer.from(typeof content === 'string' ? content : JSON.stringify(content))
    await t.rejects(
      unlockKeystore(bytes, 'four words or more'),
      { name: 'KeystoreError', message: /file is damaged/ },
      name,
    )
  }
  await t.rejects(unlockKeystore(new Uint8Array([0xff, 0xfe]), 'four words or more'), /file is damaged/)
})

test('a passphrase is the same on every keyboard', async (t) => {
  const file = sealKeystore(seeded('nonce'), await create('one', { passphrase: 'Mu\u0308sli' }))
  t.ok(await unlockKeystore(file, 'M\u00fcsli'))
})

test('the default is what OWASP advises, and it works', async (t) => {
  t.same(defaultKdf, { memoryKib: 19 * 1024, passes: 2, lanes: 1 })
  const keystore = await createKeystore({ random: seeded('real'), passphrase: 'p', realm })
  t.same((await unlockKeystore(sealKeystore(seeded('nonce'), keystore), 'p')).entropy, keystore.entropy)
})

test('labels are refused with a sentence', async (t) => {
  const keystore = await create('one')
  t.throws(() => addPseudonym(keystore, 'default'), /already/)
  t.throws(() => addPseudonym(keystore, ''), /1 to 64/)
  t.throws(() => addPseudonym(keystore, 'x'.repeat(65)), /1 to 64/)
  const pseudonyms = Array.from({ length: 255 }, (_, at) => ({
    ...{ label: `${at}`, generation: 0, retired: false },
    habit: usualHabit,
  }))
  t.throws(() => addPseudonym({ ...keystore, pseudonyms }, 'one more'), /at most 255/)
})

test('the file is written whole, for its owner only', async (t) => {
  const folder = t.testdir({ 'keystore.json.new': 'left by a writer that crashed' })
  const path = join(folder, 'keystore.json')
  for (const content of ['first', 'second, and longer']) {
    await writeKeystore(path, Buffer.from(content))
    t.equal(await readFile(path, 'utf8'), content)
    t.equal((await stat(path)).mode & 0o777, 0o600)
    t.same(await readdir(folder), ['keystore.json'])
  }
})

test('a write that fails leaves the file before as it was', async (t) => {
  const folder = t.testdir({ 'keystore.json': 'before', 'keystore.json.new': {} })
  const path = join(folder, 'keystore.json')
  await t.rejects(writeKeystore(path, Buffer.from('after')), { name: 'KeystoreError', message: /could not be written/ })
  t.equal(await readFile(path, 'utf8'), 'before')
  await t.rejects(writeKeystore(join(folder, 'no', 'keystore.json'), Buffer.from('x')), /could not be written/)
})
