/** A set-up by several people, of small circuits: handed on, interrupted, closed, verified; and tampered with in between. */
import { copyFileSync, cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { curves } from 'snarkjs'
import { test } from 'tap'
import { runCeremony } from '../../circuits/ceremony-commands.ts'
import { compile, type Edit } from '../../circuits/compile.ts'
import { makePowers, powersFile, takePowers, verifyPowers } from '../../circuits/phase-one.ts'
import { begin, type Ceremony, doStep, keyFile, type Parts, progressOf } from '../../circuits/phase-two.ts'
import { faultsOfPublished } from '../../circuits/published.ts'
import { release } from '../../circuits/release.ts'
import { sayTo } from '../../circuits/say.ts'
import { refuseTorn } from '../../circuits/torn.ts'
import type { Circuit } from '../../protocol/statement.ts'
import { fileOf, hashFile, readSetUp, writeSetUp } from '../../circuits/set-up.ts'
import { publishedPowers, worthOf } from '../../node/proofs/set-up-record.ts'
import { faultsOfFiles, faultsOfKeys, faultsOfProgress } from '../../circuits/verify-set-up.ts'

/** In place of each circuit: somebody knows a root of a number, square or cube. */
const small = (power: 2 | 3): Edit => {
  const demand = power === 2 ? 'square === number;' : 'signal cube <== square * root; cube === number;'
  const text = `pragma circom 2.2.0;
    template Small() { signal input number; signal input root; signal square <== root * root; ${demand} }
    component main {public [number]} = Small();`
  return (path, original) => (path.startsWith('main/') ? text : original)
}
const parts: Parts = {
  pass: await compile('pass', { edit: small(2) }),
  renew: await compile('renew', { edit: small(2) }),
  stamp: await compile('stamp', { edit: small(3) }),
}

/** A file that is known by its name. */
const publicName = Object.keys(publishedPowers)[0]!
/** Where the hashes of public powers are published. */
const snarkjsPage = readFileSync(join(import.meta.dirname, '../../node_modules/snarkjs/README.md'), 'utf8')

const root = mkdtempSync(join(tmpdir(), 'bmail-ceremony-'))
const lines: string[] = []
const say = sayTo({ write: (text) => lines.push(text) })
const at = (folder: string): Ceremony => ({ folder: join(root, folder), parts, say })
const contribution = (name: string) => ({ kind: 'contribution', name, entropy: 'typed by somebody' }) as const
const beacon = { kind: 'beacon', name: 'a block', value: '0123456789abcdef0123456789abcdef', iterations: 10 } as const
/** What is wrong with a ceremony under way. */
const faultsOf = async (ceremony: Ceremony) => {
  const progress = await progressOf(ceremony)
  const zkeyOf = (circuit: Circuit) => keyFile(ceremony.folder, circuit, progress.transcript.length - 1)
  return faultsOfProgress(progress, { parts, powers: powersFile(ceremony.folder), zkeyOf, say })
}

const ours = at('ours')
const released = join(root, 'released')
/** A copy of the ceremony, or of what was released, to spoil. */
const copyOf = (folder: string, name: string): string => {
  cpSync(folder, join(root, name), { recursive: true })
  return join(root, name)
}

test('ceremony: several contribute, a beacon closes, and everything follows', async (t) => {
  await begin(ours, () => makePowers(ours.folder, { power: 4, say }))
  await t.rejects(doStep(ours, beacon), /Nobody has contributed/)
  const ada = await doStep(ours, contribution('Ada'))
  t.match(ada, { pass: /^[0-9a-f]{128}$/, stamp: /^[0-9a-f]{128}$/ }, 'hashes to publish')
  t.strictSame(await faultsOf(ours), [], 'the next one can verify what they are given')
  await doStep(ours, contribution('Bob'))
  await t.rejects(release(ours, released), /not closed/)
  await t.rejects(doStep(ours, { ...beacon, value: 'soon' }), /16 to 255 bytes/)
  const closing = await doStep(ours, beacon)
  t.strictSame(await doStep(ours, beacon), closing, 'interrupted before the release, it says the same again')
  await t.rejects(doStep(ours, { ...beacon, name: 'another' }), /closed/)
  await t.rejects(doStep(ours, contribution('Cyd')), /closed/)
  const setUp = await release(ours, released)
  const { contributors, isForgeable, text } = worthOf(setUp.transcript)
  t.equal(contributors, 2, 'and the beacon is nobody')
  t.ok(isForgeable, 'whoever made the powers knows their secret')
  t.match(text, /set-up of 2 contributors, on powers of tau of no public file/)
  t.strictSame(setUp.circuits.stamp?.publics, ['number'])
  t.strictSame(readSetUp(released), setUp)
  t.strictSame(await faultsOfFiles(released, parts), [])
  t.strictSame(await faultsOfKeys(released, { parts, powers: powersFile(ours.folder), say }), [])
  t.ok(
    lines.some((line) => line.startsWith('Contributing to the key of pass')),
    'it says what it does',
  )
})

test('ceremony: what was interrupted goes on, by the same person', async (t) => {
  const theirs = { ...ours, folder: copyOf(ours.folder, 'interrupted') }
  const file = join(theirs.folder, 'transcript.json')
  const progress = JSON.parse(readFileSync(file, 'utf8'))
  const [powers, first, second] = progress.transcript
  // Bob was at the second circuit when the power went.
  const { stamp: _, ...onlyPass } = second.hashes
  writeFileSync(file, JSON.stringify({ ...progress, transcript: [powers, first, { ...second, hashes: onlyPass }] }))
  writeFileSync(`${keyFile(theirs.folder, 'stamp', 2)}.part`, 'half a key')
  rmSync(keyFile(theirs.folder, 'stamp', 2))
  await t.rejects(doStep(theirs, contribution('Cyd')), /contribution of Bob was interrupted/)
  await t.rejects(doStep(theirs, beacon), /contribution of Bob was interrupted/)
  const hashes = await doStep(theirs, contribution('Bob'))
  t.equal(hashes.pass, second.hashes.pass, 'what was done is not done again')
  t.strictSame(await faultsOf(theirs), [])
  await doStep(theirs, contribution('Cyd'))
  t.strictSame(await faultsOf(theirs), [])
})

test('ceremony: a beacon that was interrupted goes on, and is no other', async (t) => {
  const theirs = { ...ours, folder: copyOf(ours.folder, 'closing') }
  const file = join(theirs.folder, 'transcript.json')
  const progress = JSON.parse(readFileSync(file, 'utf8'))
  const last = progress.transcript.at(-1)
  const transcript = [...progress.transcript.slice(0, -1), { ...last, hashes: { pass: last.hashes.pass } }]
  writeFileSync(file, JSON.stringify({ ...progress, transcript }))
  await t.rejects(doStep(theirs, { ...beacon, value: beacon.value.replace('0', '1') }), /was interrupted/)
  t.strictSame(await doStep(theirs, beacon), last.hashes)
  t.strictSame(await faultsOf(theirs), [])
})

test('ceremony: powers that were interrupted go on', async (t) => {
  const folder = copyOf(ours.folder, 'powers')
  rmSync(powersFile(folder))
  const closed = await hashFile(join(folder, 'powers.closed.ptau'), 'sha256')
  const step = await makePowers(folder, { power: 4, say })
  t.equal(await hashFile(join(folder, 'powers.closed.ptau'), 'sha256'), closed, 'what was done is not done again')
  t.strictSame(step, readSetUp(released).transcript[0])
})

test('ceremony: powers are held against what was published', async (t) => {
  const file = powersFile(ours.folder)
  const given = at('given')
  const blake2b = await hashFile(file, 'blake2b512')
  const take = (hash: string) => takePowers(given.folder, { file, blake2b: hash, origin: 'a friend', say })
  await t.rejects(
    begin(given, () => take(blake2b.replace(/^../, '00'))),
    /another file, whatever its name/,
  )
  t.notOk(existsSync(powersFile(given.folder)))
  await begin(given, () => take(blake2b.toUpperCase()))
  await begin(given, () => take(blake2b))
  t.match((await progressOf(given)).transcript, [{ kind: 'powers', origin: 'a friend', blake2b }], 'begun once')
  await doStep(given, contribution('Ada'))
  await t.rejects(
    begin(given, () => take(blake2b)),
    /has begun already/,
  )

  const spoilt = join(root, 'spoilt.ptau')
  const bytes = readFileSync(file)
  bytes[bytes.length >> 1]! ^= 1
  writeFileSync(spoilt, bytes)
  await t.rejects(verifyPowers(spoilt, say), 'and against themselves')
})

test('ceremony: a published file is known by its name, and any other needs the hash that was published for it', async (t) => {
  const [name, hash] = Object.entries(publishedPowers)[0]!
  const begun = (file: string, ...more: string[]) =>
    runCeremony(['new', '--folder', join(root, 'named'), '--ptau', join(root, file), ...more], {
      parts: async () => parts,
      say,
      print: () => undefined,
    })
  for (const file of [name, 'some.ptau']) copyFileSync(powersFile(ours.folder), join(root, file))
  await t.rejects(begun(name), new RegExp(`${name} has the BLAKE2b [0-9a-f]{128}, not ${hash}`))
  await t.rejects(begun(name, '--blake2b', 'ff'.repeat(64)), /not the one that was published for/)
  await t.rejects(begun('some.ptau'), /No BLAKE2b is known for a file called some\.ptau.*--blake2b HEX/)
  await t.rejects(begun('some.ptau', '--blake2b', hash), /another file, whatever its name/)
  t.ok(await begun('some.ptau', '--blake2b', await hashFile(join(root, 'some.ptau'), 'blake2b512')))
  for (const made of [name, hash]) {
    t.ok(readFileSync(join(import.meta.dirname, '../../circuits/README.md'), 'utf8').includes(made), 'the page has it')
    t.ok(snarkjsPage.includes(made), 'and so has who published it')
  }
})

test('ceremony: too few powers, and other sources, are refused', async (t) => {
  const tiny = at('tiny')
  await t.rejects(
    begin(tiny, () => makePowers(tiny.folder, { power: 1, say })),
    /do not serve|power/i,
  )
  const others = { ...ours, parts: { ...parts, stamp: parts.pass! } }
  await t.rejects(doStep(others, contribution('Cyd')), /other constraints of stamp/)
  await t.rejects(progressOf(at('nowhere')), /No ceremony has begun/)
})

test('ceremony: whoever tampers is found out', async (t) => {
  const { folder } = ours
  const swapped = { ...ours, folder: copyOf(folder, 'swapped') }
  copyFileSync(keyFile(folder, 'stamp', 1), keyFile(swapped.folder, 'stamp', 3))
  t.match(await faultsOf(swapped), [/transcript does not say what is in the proving key of stamp/], 'a key of before')
  copyFileSync(keyFile(folder, 'pass', 3), keyFile(swapped.folder, 'stamp', 3))
  t.match(await faultsOf(swapped), [/does not follow/], 'a key of another circuit')

  const setUp = readSetUp(released)
  const check = async (name: string, spoil: (folder: string) => unknown) => {
    const copy = copyOf(released, name)
    await spoil(copy)
    return {
      files: await faultsOfFiles(copy, parts),
      keys: await faultsOfKeys(copy, { parts, powers: powersFile(folder), say }),
    }
  }
  const edited = JSON.stringify(setUp).replaceAll('Ada', 'Eve')
  const renamed = await check('renamed', (copy) => writeFileSync(join(copy, 'set-up.json'), edited))
  t.match(renamed.files, [/set-up.json was changed/])
  t.equal(renamed.keys.length, 3, 'and the keys still have the name')
  const forged = await check('forged', (copy) => writeSetUp(copy, JSON.parse(edited)))
  t.strictSame(forged.files, [], 'hashes can be made to fit')
  t.match(forged.keys, [/transcript does not say/, /of renew/, /of stamp/], 'but keys cannot')
  const lost = await check('lost', (copy) => copyFileSync(fileOf(copy, 'pass', 'vkey'), fileOf(copy, 'stamp', 'vkey')))
  t.match(lost.files, [/stamp.vkey.json is not the one/])
  t.match(lost.keys, [/verification key of stamp is not the one in its proving key/])
  t.match(await faultsOfFiles(released, { ...parts, stamp: parts.pass! }), [/other constraints/, /another stamp.wasm/])
  const others = join(folder, 'powers.closed.ptau')
  t.match(await faultsOfKeys(released, { parts, powers: others, say }), [/not the file of powers/])
  rmSync(fileOf(released, 'pass', 'zkey'))
  t.match(await faultsOfFiles(released, parts), [/pass.zkey is missing/])
})

test('ceremony: a name stands once, whole, in one line', async (t) => {
  const theirs = at('names')
  await begin(theirs, () => makePowers(theirs.folder, { power: 4, say }))
  const hashes = await doStep(theirs, contribution('Ada'))
  const already = `Ada has contributed already, in step 1. If that was you, it is done, and you publish:\nAda pass ${hashes.pass}`
  for (const again of ['Ada', 'ada', 'A d a.'])
    await t.rejects(doStep(theirs, contribution(again)), { message: already })
  await t.rejects(doStep(theirs, { ...beacon, name: 'Ada' }), /Ada has contributed already/)
  for (const name of ['', ' ', ' Bob', 'Bob  Bond', 'Bob\nCyd', '# Bob', 'Bob\u202e', '\ud800', 'b'.repeat(65)])
    await t.rejects(
      doStep(theirs, contribution(name)),
      /A name has 1 to 64 characters, is one line/,
      JSON.stringify(name),
    )
  const longest = 'ß'.repeat(64)
  await doStep(theirs, contribution(longest))
  await doStep(theirs, beacon)
  await release(theirs, join(root, 'named-keys'))
  const all = { parts, powers: powersFile(theirs.folder), say }
  t.strictSame(await faultsOfKeys(join(root, 'named-keys'), all), [], 'the keys have the whole of it')
})

test('ceremony: what is published is held against every step, also where a name stands twice', (t) => {
  const [one, two] = ['1'.repeat(128), '2'.repeat(128)]
  const by = (...hashes: string[]) =>
    hashes.map((pass) => ({ kind: 'contribution', name: 'Ada', hashes: { pass } }) as const)
  const faults = (hashes: string[], list: string[]) =>
    faultsOfPublished(by(...hashes), list.map((hash) => `Ada pass ${hash}`).join('\r\n'), 'a list')
  t.strictSame(faults([one], [one]), [])
  t.strictSame(faults([one, two], [two, one]), [])
  t.match(faults([one, two], [one]), [/Ada pass is in the transcript, and a list does not have it/])
  t.match(faults([one], [one, two]), [/Ada pass is another contribution in the transcript/])
  t.match(faults([one], [two]), [/Ada pass is another contribution in the transcript/])
  t.match(faults([one], []), [/nobody says that they made it/])
  t.end()
})

test('ceremony: a file that a full disk cut off gets no name', async (t) => {
  for (const file of [
    keyFile(ours.folder, 'stamp', 1),
    powersFile(ours.folder),
    join(ours.folder, 'powers.begun.ptau'),
  ]) {
    const bytes = readFileSync(file)
    const torn = join(root, 'torn')
    copyFileSync(file, torn)
    refuseTorn(torn)
    for (const length of [bytes.length - 1, bytes.length >> 1, 100, 24, 12, 5, 0]) {
      writeFileSync(torn, bytes.subarray(0, length))
      t.throws(() => refuseTorn(torn), { message: /torn is not whole: is the disk full\? Make room/ }, `${length}`)
    }
    writeFileSync(torn, Buffer.concat([bytes, Buffer.alloc(1)]))
    t.throws(() => refuseTorn(torn), 'nor does one with more')
  }
  await t.rejects(
    begin({ ...ours, folder: join(root, 'torn-begin') }, async () => {
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    }),
    /no space left/,
  )
  t.notOk(existsSync(join(root, 'torn-begin', 'transcript.json')))
})

test('ceremony: what cannot be meant is said, and nothing is made', async (t) => {
  const printed: string[] = []
  const run = (...args: string[]) =>
    runCeremony(args, { parts: async () => parts, say, print: (text) => void printed.push(text) })
  const [here, nowhere] = [join(root, 'here'), join(root, 'nowhere')]
  for (const power of ['1', '4.5', 'many', '29', ''])
    await t.rejects(run('new', '--power', power, '--folder', here), /--power is a whole number from 2,.* to 28/, power)
  await t.rejects(run('new', '--folder', here), /one of --ptau FILE and --power N/)
  await t.rejects(run('new', '--ptau', join(nowhere, publicName), '--folder', here), /There is no .*--ptau/)
  t.notOk(existsSync(powersFile(here)))
  t.ok(await run('new', '--power', '4', '--folder', here))
  t.ok(await run('new', '--power', '4', '--folder', here), 'again, it is as it was')
  await t.rejects(run('new', '--power', '5', '--folder', here), /begun with --power 4\. Go on with that, or/)
  await t.rejects(
    run('new', '--ptau', publicName, '--folder', here),
    /has begun with other powers of tau \(made for this/,
  )
  await t.rejects(run('contribute', '--folder', here), /Give --name/)
  await t.rejects(run('contribute', '--name', 'Ada', '--folder', nowhere), /No ceremony has begun in .*nowhere/)
  await t.rejects(run('verify', '--folder', nowhere), /No ceremony has begun in .*nowhere: is it another folder/)
  t.ok(await run('verify', '--folder', here), 'before anybody contributed')
  t.match(printed.at(-1), /Nobody has contributed yet/)
  await run('contribute', '--name', 'Ada', '--folder', here)
  const closing = ['beacon', '--name', 'block 1', '--value', beacon.value, '--folder', here]
  await t.rejects(run(...closing), /Give --out/, 'else it would be the program’s own keys that are written over')
  for (const iterations of ['9', '64', '10.5', 'many'])
    await t.rejects(run(...closing, '--out', nowhere, '--iterations', iterations), /hashed 2\^10 to 2\^63 times/)
  t.notOk(existsSync(nowhere))

  const file = join(here, 'transcript.json')
  const text = readFileSync(file, 'utf8')
  const progress = JSON.parse(text)
  const { stamp: _, ...some } = progress.transcript[1].hashes
  writeFileSync(
    file,
    JSON.stringify({ ...progress, transcript: [progress.transcript[0], { ...progress.transcript[1], hashes: some }] }),
  )
  await t.rejects(run('verify', '--folder', here), /contribution of Ada was interrupted\. Run it again/)
  for (const spoilt of ['', '{}', text.slice(0, 100)]) {
    writeFileSync(file, spoilt)
    await t.rejects(run('verify', '--folder', here), /transcript\.json cannot be read: .* Get the folder again/)
  }
  writeFileSync(file, text)
  renameSync(keyFile(here, 'renew', 1), `${keyFile(here, 'renew', 1)}.away`)
  await t.rejects(
    run('contribute', '--name', 'Bob', '--folder', here),
    /renew\.1\.zkey is missing\. Get the folder again/,
  )
  await t.rejects(run('verify', '--folder', here), /contribution of Bob was interrupted/)
  renameSync(`${keyFile(here, 'renew', 1)}.away`, keyFile(here, 'renew', 1))
  t.ok(await run('contribute', '--name', 'Bob', '--folder', here), 'and then it goes on')

  t.ok(await run(...closing, '--out', join(root, 'here-keys')))
  await t.rejects(run('verify', '--folder', here), /Give --out/)
  t.ok(await run('verify', '--folder', here, '--out', join(root, 'here-keys')))
  t.match(printed.slice(-2), [
    /Contributed, by their own words: Ada, Bob\. Ask them/,
    /Closed with block 1: [0-9a-f]{32}, hashed 2\^10 times\. See that this is that number, and that it was announced/,
  ])
  const other = run('verify', '--folder', here, '--out', join(root, 'named-keys'))
  await t.rejects(other, /keys in .*named-keys are of another ceremony than the one in .*here\./)
})

test('ceremony: nothing is left running', async () => {
  await (await curves.getCurveFromName('bn128')).terminate()
  rmSync(root, { recursive: true, force: true })
})
